"""One request's account: what was found, and its one verdict, recorded and counted.

Nothing is sent before `conclude` has returned, since the record must be durable first.
"""

import asyncio
import logging
from dataclasses import dataclass

from guardedmodel_api.decision_record import DecisionRecord, Stage, Verdict
from guardedmodel_api.reasons import BlockReason, FailReason
from guardedmodel_api.v1alpha1.guards import Enforcement, FailurePolicy
from guardedmodel_sidecar.clock import timestamp
from guardedmodel_sidecar.dialects.base import Route
from guardedmodel_sidecar.errors import RecordError
from guardedmodel_sidecar.moderation.verdict import Judgement
from guardedmodel_sidecar.notices import Disclosed
from guardedmodel_sidecar.policy_source import ActivePolicy
from guardedmodel_sidecar.proxy.guard import Guard

logger = logging.getLogger("guardedmodel.exchange")


@dataclass(frozen=True)
class Outcome:
    """How a request ends."""

    verdict: Verdict
    stage: Stage
    status: int
    reason: BlockReason | FailReason | None = None
    referral: bool = False
    enforced: bool = True


class Ledger:
    """The account of one request."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._started = guard.clock.monotonic()
        self._counted = False
        self.concluded: Outcome | None = None
        self.id = guard.clock.identifier()
        self.route = Route.UNKNOWN
        self.stream = False
        self.active: ActivePolicy | None = None
        self.judgement = Judgement()
        self.failure: FailReason | None = None  # something was let through unjudged
        self.disclosed: Disclosed | None = None
        self.locale = ""
        self.input_commit = ""
        self.output_commit = ""
        guard.metrics.in_flight.inc()

    @property
    def enforces(self) -> bool:
        """False under Audit: verdicts are computed and not acted upon."""
        return self.active is None or self.active.policy.enforcement == Enforcement.ENFORCE

    @property
    def open(self) -> bool:
        """Whether what can't be judged is let through."""
        return self.active is not None and (
            self.active.policy.failure_policy == FailurePolicy.OPEN or not self.enforces
        )

    def understood(self, route: Route, *, stream: bool = False) -> None:
        """Count the request, once, as soon as it is known what it is."""
        if not self._counted:
            self._counted = True
            self.route, self.stream = route, stream
            self._guard.metrics.requests.labels(route.value, str(stream).lower()).inc()

    def failed_open(self, reason: FailReason) -> None:
        """Something goes through unjudged, by failurePolicy Open or under Audit."""
        self.failure = self.failure or reason
        self._guard.metrics.unjudged_open.labels(reason.value).inc()

    def passing(self, status: int, stage: Stage = Stage.RESPONSE) -> Outcome:
        """The outcome of a request whose answer goes out as the model gave it."""
        if self.failure is not None:
            return Outcome(Verdict.UNJUDGED, stage, status, self.failure, enforced=False)
        hit = self.judgement.verdict in {Verdict.BLOCK, Verdict.CRISIS}
        reason = BlockReason.CATEGORY if hit else None
        return Outcome(self.judgement.verdict, stage, status, reason, enforced=self.enforces)

    def failing(
        self, reason: FailReason, stage: Stage, status: int, *, referral: bool = False
    ) -> Outcome:
        """The outcome of a request that gets an error instead of an answer."""
        return Outcome(Verdict.UNJUDGED, stage, status, reason, referral=referral)

    async def conclude(self, outcome: Outcome) -> None:
        """Record durably, then count; RecordError if nothing may go out for want of a record."""
        if self.concluded is not None:
            return
        try:
            await self._record(outcome)
        except RecordError:
            # A person in crisis gets the helplines even if nobody can write it down.
            if outcome.verdict != Verdict.CRISIS and not self.open:
                raise
        except asyncio.CancelledError:
            self._count(outcome)  # the record is on its way and can't be called back
            raise
        self._count(outcome)

    def abandon(self, outcome: Outcome) -> None:
        """Record without waiting: the client is gone, or recording is what failed."""
        if self.concluded is None:
            if self._guard.recorder is not None and outcome.reason != FailReason.RECORD_FAILED:
                self._guard.recorder.submit(self._entry(outcome))
            self._count(outcome)

    async def _record(self, outcome: Outcome) -> None:
        recorder = self._guard.recorder
        if recorder is None:  # not ready: nothing is let through, nothing can be written
            return
        try:
            async with asyncio.timeout(self._guard.settings.deadlines.record):
                await recorder.submit(self._entry(outcome))
        except TimeoutError:
            self._guard.metrics.record_failures.inc()
            raise RecordError("writing the record took too long") from None

    def _count(self, outcome: Outcome) -> None:
        self.concluded = outcome
        metrics = self._guard.metrics
        self.understood(self.route, stream=self.stream)
        reason = outcome.reason.value if outcome.reason else ""
        metrics.verdicts.labels(
            outcome.verdict.value, outcome.stage.value, reason, self.route.value
        ).inc()
        for hit in self.judgement.hits:
            metrics.categories.labels(hit.category, hit.stage.value, hit.action).inc()
        if outcome.referral:
            metrics.referrals.inc()
        if self.disclosed is not None:
            metrics.disclosures.labels(self.disclosed.value).inc()
        metrics.in_flight.dec()

    def _entry(self, outcome: Outcome) -> DecisionRecord:
        clock, settings = self._guard.clock, self._guard.settings
        policy = self.active.policy if self.active else None
        return DecisionRecord(
            seq=0,
            instance=self._guard.instance,
            id=self.id,
            time=timestamp(clock.time()),
            namespace=policy.target.namespace if policy else settings.namespace,
            deployment=policy.target.name if policy else settings.name,
            route=self.route.value,
            stream=self.stream,
            verdict=outcome.verdict,
            enforced=outcome.enforced,
            stage=outcome.stage,
            reason=outcome.reason.value if outcome.reason else "",
            categories=self.judgement.hits,
            controls=self.judgement.controls,
            referral=outcome.referral,
            disclosure=self.disclosed is not None,
            locale=self.locale,
            policy_digest=self.active.digest if self.active else "",
            classifier_digest=self._guard.classifier_digest,
            model_digest=policy.model.digest if policy else "",
            input_commit=self.input_commit,
            output_commit=self.output_commit,
            status=outcome.status,
            duration_ms=int((clock.monotonic() - self._started) * 1000),
        )
