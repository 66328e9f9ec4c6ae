"""The compiled policy: everything that a sidecar needs, as canonical JSON with a digest.

The operator compiles it, the sidecar loads it and chooses nothing else. Strict on load: unknown
fields, another version or a digest that doesn't match are refused, never guessed at.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from guardedmodel_api.canonical import canonical_json, sha256_digest
from guardedmodel_api.errors import PolicyError
from guardedmodel_api.v1alpha1.guards import Action, Category, Enforcement, FailurePolicy
from guardedmodel_api.v1alpha1.serving import Protocol

SCHEMA_VERSION = 1
MAX_POLICY_BYTES = 900_000  # a ConfigMap holds 1 MiB


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PolicyTarget(_Part):
    """Which GuardedModel this policy belongs to."""

    namespace: str
    name: str


class PolicyModel(_Part):
    """The model, and who answers for it."""

    name: str
    version: str = ""
    digest: str = ""
    responsible_party: str
    contact: str


class PolicyUpstream(_Part):
    """Where the sidecar reaches the model: always loopback in a pod."""

    protocol: Protocol
    port: Annotated[int, Field(ge=1, le=65535)]


class CompiledRule(_Part):
    """One direction of one category; `threshold` None means the classifier's own."""

    action: Action
    threshold: Annotated[float, Field(ge=0.01, le=0.99)] | None = None


class CompiledCategory(_Part):
    """One category, both directions, with the control ids that ask for it."""

    name: Category
    input: CompiledRule
    output: CompiledRule
    controls: tuple[str, ...] = ()


class CrisisResourceText(_Part):
    """One helpline as it is shown."""

    name: str
    type: str
    contact: str
    hours: str = ""


class CrisisText(_Part):
    """The crisis answer of one locale: message, then resources in order."""

    locale: str
    message: str
    resources: tuple[CrisisResourceText, ...]


class CompiledCrisis(_Part):
    """Crisis answers by locale. `default_locale` is always among `locales`."""

    default_locale: str
    locales: tuple[CrisisText, ...]
    jurisdictions: tuple[str, ...] = ()


class LocalizedText(_Part):
    """A text of one locale."""

    locale: str
    text: str


class CompiledDisclosure(_Part):
    """The AI disclosure before the first answer of a conversation."""

    start_notice: bool
    texts: tuple[LocalizedText, ...]


class PolicyControl(_Part):
    """One requirement, `profile/control@phase`, and its state when compiled."""

    requirement: str
    state: str


class CompiledPolicy(_Part):
    """What the sidecar is given. Build it with `compile`, read it with `load_policy`."""

    schema_version: Literal[1] = 1
    target: PolicyTarget
    model: PolicyModel
    upstream: PolicyUpstream
    enforcement: Enforcement
    failure_policy: FailurePolicy
    categories: Annotated[tuple[CompiledCategory, ...], Field(min_length=1)]
    refusal_message: str
    crisis: CompiledCrisis
    disclosure: CompiledDisclosure
    controls: tuple[PolicyControl, ...] = ()
    profile_set_digest: str = ""
    card: dict[str, Any] = Field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Canonical JSON (see `canonical`)."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """sha256 of `to_bytes()`."""
        return sha256_digest(self.to_bytes())

    def category(self, name: Category) -> CompiledCategory | None:
        """The entry of category `name`, or None if the policy doesn't look for it."""
        return next((item for item in self.categories if item.name == name), None)


def load_policy(data: bytes) -> CompiledPolicy:
    """The policy in `data`; PolicyError if it can't be used as it is.

    `data` must be the canonical bytes: what was digested is what is in force.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise PolicyError(f"policy has {len(data)} bytes, more than {MAX_POLICY_BYTES}")
    try:
        document = json.loads(data)
    except ValueError as error:
        raise PolicyError(f"policy is not JSON: {error}; is the file half-written?") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        raise PolicyError(
            f"policy has schema_version {version!r}, this sidecar reads {SCHEMA_VERSION}:"
            " use a sidecar image of the operator's release"
        )
    try:
        policy = CompiledPolicy.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PolicyError(f"policy field {where}: {first['msg']}") from error
    if policy.crisis.default_locale not in {item.locale for item in policy.crisis.locales}:
        raise PolicyError("policy field crisis.default_locale: no crisis text of that locale")
    if policy.to_bytes() != data:
        raise PolicyError("policy is not in canonical form: it was edited after it was compiled")
    return policy
