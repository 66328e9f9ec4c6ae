"""What every resource model shares: camelCase on the wire, no unknown fields, CEL beside the type.

`schema_extra` and `cel` fill `json_schema_extra`, from which
`guardedmodel_api.structural_schema` writes the CRD. Knows nothing of Kubernetes clients.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Resource(BaseModel):
    """Base of every part of a resource; fields are snake_case here and camelCase on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )


def cel(*rules: tuple[str, str]) -> dict[str, Any]:
    """`x-kubernetes-validations` from (CEL rule, message) pairs, for `json_schema_extra`."""
    return {
        "x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in rules]
    }


def list_map(*keys: str) -> dict[str, Any]:
    """A list that server-side apply merges by `keys` and in which each key occurs once."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


def list_set() -> dict[str, Any]:
    """A list of scalars without repeats."""
    return {"x-kubernetes-list-type": "set"}
