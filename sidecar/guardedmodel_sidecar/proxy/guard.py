"""What all requests of one sidecar share, and whether it is ready."""

from dataclasses import dataclass, field

from guardedmodel_api.reasons import FailReason
from guardedmodel_sidecar.clock import Clock
from guardedmodel_sidecar.errors import JudgeError
from guardedmodel_sidecar.metrics import Metrics
from guardedmodel_sidecar.moderation.judge import Judge
from guardedmodel_sidecar.policy_source import ActivePolicy, PolicySource
from guardedmodel_sidecar.proxy.upstream import Upstream
from guardedmodel_sidecar.records.recorder import Recorder
from guardedmodel_sidecar.settings import Settings


@dataclass
class Guard:
    """One running sidecar. Parts are None until the start order has reached them."""

    settings: Settings
    instance: str
    metrics: Metrics = field(default_factory=Metrics)
    clock: Clock = field(default_factory=Clock)
    policies: PolicySource | None = None
    judge: Judge | None = None
    recorder: Recorder | None = None
    upstream: Upstream | None = None
    key: bytes = b""
    draining: bool = False
    problem: str = "starting"
    """Why it isn't ready, or an empty string."""

    @property
    def active(self) -> ActivePolicy | None:
        """The policy in force."""
        return self.policies.current if self.policies else None

    @property
    def loaded(self) -> bool:
        """Whether policy, key, classifier and recorder are there and the golden set passed."""
        parts = (self.judge, self.recorder, self.upstream, self.active, self.key)
        return all(part is not None and part != b"" for part in parts)

    @property
    def classifier_digest(self) -> str:
        """Digest of the classifier, or an empty string before it is loaded."""
        return self.judge.classifier.artefact.digest if self.judge else ""

    def why_not_ready(self) -> str:
        """One sentence, or an empty string when ready."""
        if self.draining:
            return "draining: the process was told to stop"
        if not self.loaded:
            return self.problem or (self.policies.problem if self.policies else "starting")
        if self.recorder is not None and not self.recorder.healthy:
            return "records can't be written; see the log"
        return ""

    def parts(self) -> "Parts":
        """Everything a request needs, at one moment; JudgeError if it isn't there yet."""
        if not (self.policies and self.judge and self.recorder and self.upstream and self.key):
            raise JudgeError(FailReason.NOT_READY, "the guard is starting")
        active = self.policies.current
        if active is None:
            raise JudgeError(FailReason.NOT_READY, "the guard has no policy yet")
        return Parts(active, self.judge, self.recorder, self.upstream)


@dataclass(frozen=True)
class Parts:
    """What one request works with from start to end, even if the policy changes meanwhile."""

    active: ActivePolicy
    judge: Judge
    recorder: Recorder
    upstream: Upstream
