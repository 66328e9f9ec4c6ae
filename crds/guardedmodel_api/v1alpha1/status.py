"""`status` of a GuardedModel: conditions, digests, pods and controls, as last observed."""

from pydantic import Field

from guardedmodel_api.v1alpha1.base import Resource, list_map


class Condition(Resource):
    """A condition as in metav1.Condition."""

    type: str
    """Name of the condition."""
    status: str
    """True, False or Unknown."""
    reason: str
    """One CamelCase word; the same token is the Event's reason."""
    message: str = ""
    """A sentence for a person."""
    last_transition_time: str
    """When status last changed, RFC 3339."""
    observed_generation: int = 0
    """metadata.generation that this condition is about."""


class PolicyStatus(Resource):
    """The compiled policy that is in force."""

    digest: str = ""
    """sha256 of the policy's canonical JSON."""
    compiled_at: str = ""
    """When this digest was first compiled, RFC 3339."""


class PodStatus(Resource):
    """One pod of the model."""

    name: str
    """Name of the pod."""
    guarded: bool = False
    """Whether the guard's container is there, and first."""
    ready: bool = False
    """Whether Kubernetes calls the pod ready."""
    policy_digest: str = ""
    """Digest that the guard says it has loaded; empty while it could not be asked."""
    isolated: bool | None = None
    """Whether the model's port refused a connection from outside; empty while it was not tried."""


class PodCounts(Resource):
    """Pods of the model, counted and, up to 50 of them, listed."""

    matched: int = 0
    """Pods that run the model."""
    guarded: int = 0
    """Pods with the guard."""
    unguarded: int = 0
    """Pods without the guard; 0 is the only good number."""
    synced: int = 0
    """Pods whose guard has loaded the policy in force."""
    summary: str = "0/0"
    """guarded/matched, for the printer column."""
    items: list[PodStatus] = Field(default_factory=list, json_schema_extra=list_map("name"))
    """The pods, at most 50."""


class ControlState(Resource):
    """One requirement that is not enforced, and why."""

    requirement: str
    """profile/control@phase."""
    state: str
    """audit-only, unmet, undeclared, recorded or unavailable."""
    reason: str = ""
    """Why, and what to change."""


class ControlsStatus(Resource):
    """Requirements of the chosen profiles, counted by state. Never a statement of compliance."""

    enforced: int = 0
    """Enforced in the data path."""
    admission: int = 0
    """Checked before anything runs, and met."""
    recorded: int = 0
    """Recorded and counted only."""
    audit_only: int = 0
    """Of a phase that begins later: computed and measured, never blocking."""
    unmet: int = 0
    """Not met; `notEnforced` says what to change."""
    undeclared: int = 0
    """Need a named human's declaration, which is not on file."""
    unavailable: int = 0
    """Not built in this version."""
    not_enforced: list[ControlState] = Field(default_factory=list)
    """The requirements that are not enforced, with the reason."""
    upcoming: list[str] = Field(default_factory=list)
    """What changes within 90 days, one sentence each."""


class GuardedModelStatus(Resource):
    """What was observed."""

    observed_generation: int = 0
    """metadata.generation that was last compiled."""
    conditions: list[Condition] = Field(default_factory=list, json_schema_extra=list_map("type"))
    """Accepted, PolicyCompiled, Injected, Available, PolicySynced, Isolated and Ready."""
    policy: PolicyStatus = Field(default_factory=PolicyStatus)
    """The policy in force."""
    pods: PodCounts = Field(default_factory=PodCounts)
    """Pods of the model."""
    controls: ControlsStatus = Field(default_factory=ControlsStatus)
    """Controls of the chosen profiles."""
    responsible_party: str = ""
    """Who answers for the model, as in spec.model.responsibleParty."""
    profiles: str = ""
    """Profiles in force, for the printer column."""
