"""Every metric, in a registry of its own. Labels come from closed sets only.

`requests_total` is counted when a request is understood or refused, `verdicts_total` when its
verdict falls: the two are equal whenever nothing is in flight, and a gap is a request that got away
without a verdict.
"""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_DURATIONS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ANSWERS = (0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)


@dataclass
class Metrics:
    """All counters, gauges and histograms of one sidecar."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self._count_requests()
        self._count_failures()
        self._describe_state()
        self._measure_time()

    def _count_requests(self) -> None:
        self.requests = self._counter("requests", "Requests at the socket", ("route", "stream"))
        self.verdicts = self._counter(
            "verdicts", "Verdicts, exactly one a request", ("verdict", "stage", "reason", "route")
        )
        self.categories = self._counter(
            "category", "Texts in which a category was found", ("category", "stage", "action")
        )
        self.referrals = self._counter("crisis_referrals", "Answers that showed helplines")
        self.disclosures = self._counter("disclosures", "AI notices", ("how",))
        self.in_flight = Gauge(
            "guardedmodel_in_flight_requests", "Requests without a verdict yet",
            registry=self.registry,
        )  # fmt: skip

    def _count_failures(self) -> None:
        self.classifier_errors = self._counter(
            "classifier_errors", "Texts that could not be judged", ("reason",)
        )
        self.unjudged_open = self._counter(
            "unjudged_open", "Let through unjudged under failurePolicy Open", ("reason",)
        )
        self.record_failures = self._counter("record_failures", "Records not written")
        self.reloads = self._counter("policy_reloads", "Attempts to load a policy", ("result",))

    def _describe_state(self) -> None:
        self.policy_info = Gauge(
            "guardedmodel_policy_info", "The policy in force", ("digest",), registry=self.registry
        )
        self.classifier_info = Gauge(
            "guardedmodel_classifier_info", "The classifier in use", ("digest",),
            registry=self.registry,
        )  # fmt: skip
        self.ready = Gauge("guardedmodel_ready", "1 when ready", registry=self.registry)
        self.policy_stale = Gauge(
            "guardedmodel_policy_stale",
            "1 while the policy file can't be used and the last good policy is in force",
            registry=self.registry,
        )

    def _measure_time(self) -> None:
        self.guard_seconds = Histogram(
            "guardedmodel_guard_duration_seconds", "Time to judge, by stage", ("stage",),
            buckets=_DURATIONS, registry=self.registry,
        )  # fmt: skip
        self.upstream_seconds = Histogram(
            "guardedmodel_upstream_duration_seconds", "Time until the model's answer was whole",
            ("route",), buckets=_ANSWERS, registry=self.registry,
        )  # fmt: skip
        self.held_seconds = Histogram(
            "guardedmodel_stream_held_seconds", "How long streamed text was held back",
            buckets=_DURATIONS, registry=self.registry,
        )  # fmt: skip

    def show_policy(self, digest: str) -> None:
        """Exactly one policy is in force."""
        self.policy_info.clear()
        self.policy_info.labels(digest).set(1)

    def render(self) -> bytes:
        """Prometheus text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"guardedmodel_{name}", text, labels, registry=self.registry)
