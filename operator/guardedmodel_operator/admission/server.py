"""The webhook's HTTPS server: glue between sockets, the pure review and the cluster.

It keeps no state but a certificate: any number of replicas may run. Every failure is an answer that
refuses with a sentence, never one that lets pass.
"""

import asyncio
import contextlib
import logging
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from guardedmodel_api import names
from guardedmodel_operator.admission import review
from guardedmodel_operator.admission.certificates import (
    Action,
    Bundle,
    apply_rotation,
    expires,
    rotation,
)
from guardedmodel_operator.admission.ports import CertificateStore, ModelLookup
from guardedmodel_operator.injection import SidecarDefaults

LOG = logging.getLogger("guardedmodel.admission")
MAX_REVIEW_BYTES = 4 * 1024 * 1024  # an object is at most 3 MiB
LOOKUP_SECONDS = 5.0  # the API server waits for 10
CERTIFICATE_SECONDS = 60.0


@dataclass
class Metrics:
    """Counts of one admission process, on a registry of its own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.reviews = Counter(
            "guardedmodel_admission_reviews_total",
            "Admission reviews by webhook, outcome and reason",
            ["webhook", "outcome", "reason"],
            registry=self.registry,
        )
        self.expiry = Gauge(
            "guardedmodel_admission_certificate_expiry_timestamp_seconds",
            "End of validity of the serving certificate",
            registry=self.registry,
        )


class AdmissionServer:
    """Serves /mutate-pods and /validate-services over TLS, and health and metrics beside it."""

    def __init__(
        self,
        lookup: ModelLookup,
        store: CertificateStore,
        defaults: SidecarDefaults,
        hosts: tuple[str, ...],
    ) -> None:
        self._lookup = lookup
        self._store = store
        self._defaults = defaults
        self._hosts = hosts
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._loaded: bytes = b""
        self.metrics = Metrics()

    async def run(self, port: int, health_port: int, stop: asyncio.Event) -> None:
        """Serve until `stop` is set."""
        await self.refresh_certificate()
        webhook = web.AppRunner(self.application(), access_log=None)
        health = web.AppRunner(self.health(), access_log=None)
        await webhook.setup()
        await health.setup()
        try:
            await web.TCPSite(webhook, port=port, ssl_context=self._context).start()
            await web.TCPSite(health, port=health_port).start()
            LOG.info("Admission server listens on port %d", port)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._rotate(stop))
        finally:
            await webhook.cleanup()
            await health.cleanup()

    def application(self) -> web.Application:
        """The webhook endpoints."""
        application = web.Application(client_max_size=MAX_REVIEW_BYTES)
        application.router.add_post("/mutate-pods", self._mutate_pods)
        application.router.add_post("/validate-services", self._validate_services)
        return application

    def health(self) -> web.Application:
        """Liveness, readiness and metrics, without TLS, for the kubelet and Prometheus."""
        application = web.Application()
        application.router.add_get("/livez", self._live)
        application.router.add_get("/readyz", self._ready)
        application.router.add_get("/metrics", self._metrics)
        return application

    async def refresh_certificate(self) -> None:
        """Rotate if due, load what is stored, and write the trust. Safe with several replicas."""
        bundle, version = await self._store.read()
        now = datetime.now(UTC)
        action = rotation(bundle, now)
        if action is not Action.NONE:
            renewed = apply_rotation(bundle, action, self._hosts, now)
            if await self._store.write(renewed, version):
                LOG.info("Rotated certificates: %s", action)
                bundle = renewed
            else:
                bundle, _ = await self._store.read()
        if bundle is None:
            raise RuntimeError("the certificate Secret is empty though it was just written")
        # Trust before use: a certificate is served only once its CA is in the configurations.
        await self._store.trust(bundle.trust)
        self._load(bundle)

    def _load(self, bundle: Bundle) -> None:
        if bundle.tls_cert == self._loaded:
            return
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = Path(folder) / "tls.crt", Path(folder) / "tls.key"
            certificate.write_bytes(bundle.tls_cert)
            key.touch(mode=0o600)
            key.write_bytes(bundle.tls_key)
            # The running listener uses this very context: new connections get the new chain.
            self._context.load_cert_chain(certificate, key)
        self._loaded = bundle.tls_cert
        self.metrics.expiry.set(expires(bundle.tls_cert).timestamp())

    async def _rotate(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), CERTIFICATE_SECONDS)
            try:
                await self.refresh_certificate()
            except Exception:
                # The loaded certificate is good for weeks; the expiry metric tells on.
                LOG.exception("Could not refresh certificates, will try again")

    async def _mutate_pods(self, http: web.Request) -> web.Response:
        request = await self._parse(http)
        name = request.labels.get(names.LABEL_MODEL, "")
        async with asyncio.timeout(LOOKUP_SECONDS):
            model = await self._lookup.find(request.namespace, name) if name else None
        answer = review.mutate_pod(request, model, self._defaults)
        return self._answer("mutate-pods", request, answer)

    async def _validate_services(self, http: web.Request) -> web.Response:
        request = await self._parse(http)
        async with asyncio.timeout(LOOKUP_SECONDS):
            guarded = await self._lookup.guarded_pods(request.namespace)
        answer = review.validate_service(request, guarded)
        return self._answer("validate-services", request, answer)

    async def _parse(self, http: web.Request) -> review.Request:
        try:
            return review.parse_review(await http.read())
        except review.MalformedReviewError as error:
            raise web.HTTPBadRequest(text=str(error)) from error

    def _answer(self, webhook: str, request: review.Request, answer: review.Answer) -> web.Response:
        self.metrics.reviews.labels(webhook, answer.outcome, answer.reason).inc()
        return web.json_response(review.render(request.uid, answer))

    async def _live(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _ready(self, _: web.Request) -> web.Response:
        if not self._loaded:
            return web.Response(status=503, text="no certificate yet")
        return web.Response(text="ok")

    async def _metrics(self, _: web.Request) -> web.Response:
        body = generate_latest(self.metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
