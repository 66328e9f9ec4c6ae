"""`spec.model`: which model it is, who answers for it, and its card.

Sources: EU AI Act Art. 16 and 25 (provider, deployer, distributor); the six card fields of
control GM-DOC-01.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from guardedmodel_api.v1alpha1.base import Resource, cel


class Role(StrEnum):
    """In which role the responsible party answers."""

    PROVIDER = "provider"
    DEPLOYER = "deployer"
    DISTRIBUTOR = "distributor"


class ResponsibleParty(Resource):
    """Who answers for the model being available; asserted by whoever writes the resource."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """Legal name of the person or organisation."""
    role: Role = Role.DEPLOYER
    """Role under which that party answers: provider, deployer or distributor."""
    contact: Annotated[str, Field(min_length=3, max_length=300)]
    """A contact that a member of the public can reach: a mail address or an https URL."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "self.contact.contains('@') || self.contact.startsWith('https://')",
                "contact must be a mail address or an https:// URL that the public can reach,"
                " such as safety@example.org",
            )
        )
    )


class ModelCard(Resource):
    """The model card's own fields (GM-DOC-01); the responsible party stands beside it."""

    intended_use: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    """What the model is meant for, and by whom."""
    limitations: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    """What it is not good at, and what is out of scope."""
    failure_modes: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    """How it fails, and what that looks like to a user."""
    safety_test_results: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    """Results of safety tests, or a URL at which they stand."""
    recommended_safeguards: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    """What a deployer should put around the model."""


class ModelInfo(Resource):
    """The model that is guarded."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the model as its users know it, such as llama-3.2-1b-instruct."""
    version: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """Version or revision of the weights."""
    source: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """Where the weights came from: a URL or a registry reference."""
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    """Digest of the weights: sha256: and 64 lower-case hex digits."""
    responsible_party: ResponsibleParty
    """Who answers for this model. Required: a guard without a name behind it protects nobody."""
    card: ModelCard = Field(default_factory=ModelCard)
    """The model card, inline."""
