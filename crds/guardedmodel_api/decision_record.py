"""What is recorded of every decision: metadata and keyed commitments, never text.

One canonical JSON object a line. Fields follow the "minimal entry" of the project's reading of the
laws; `input_commit` and `output_commit` are HMAC-SHA-256 under the GuardedModel's key, so that a
person who has the text can prove that it is the one and nobody else learns it.
"""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from guardedmodel_api.canonical import canonical_json


class Verdict(StrEnum):
    """Exactly one per request. `unjudged` means "could not look" and is never success."""

    ALLOW = "allow"
    ANNOTATE = "annotate"
    REDACT = "redact"
    BLOCK = "block"
    CRISIS = "crisis"
    UNJUDGED = "unjudged"


class Stage(StrEnum):
    """Where the decision fell."""

    REQUEST = "request"  # before the model: routing, parsing, input guards
    RESPONSE = "response"  # the model's answer


class CategoryScore(BaseModel):
    """Score of one category in tenths (0 to 10): exact scores would fingerprint the text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: str
    stage: Stage
    score_bucket: int
    threshold: float
    action: str


class DecisionRecord(BaseModel):
    """One decision of one sidecar."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    v: Literal[1] = 1
    seq: int  # from 1, without gaps, within `instance`
    instance: str  # random id of this sidecar process
    id: str  # decision id, also in the response header
    time: str  # RFC 3339, UTC, milliseconds
    namespace: str
    deployment: str  # name of the GuardedModel
    route: str  # from the closed set of known routes, or "unknown"
    stream: bool
    verdict: Verdict
    enforced: bool  # False under enforcement Audit: computed, not acted upon
    stage: Stage
    reason: str  # a BlockReason or FailReason token, or ""
    categories: tuple[CategoryScore, ...] = ()
    controls: tuple[str, ...] = ()
    referral: bool = False  # helplines were shown (GM-CRIS-08 counts these)
    disclosure: bool = False  # the AI notice was put in
    locale: str = ""
    policy_digest: str
    classifier_digest: str
    model_digest: str = ""
    input_commit: str = ""
    output_commit: str = ""
    status: int  # HTTP status that the client saw
    duration_ms: int

    def to_line(self) -> bytes:
        """Canonical JSON and a newline."""
        return canonical_json(self.model_dump(mode="json")) + b"\n"
