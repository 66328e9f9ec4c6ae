"""One request from its head to its answer: gather, decide, act, record.

Every way out ends in one verdict. What no branch foresaw ends as `unjudged/internal` with nothing
sent, so that a mistake here can't become a pass.
"""

import asyncio
import logging
import traceback

from aiohttp import web

from guardedmodel_api.decision_record import Stage, Verdict
from guardedmodel_api.reasons import BlockReason, FailReason
from guardedmodel_sidecar.crisis import crisis_text
from guardedmodel_sidecar.dialects import DIALECTS, openai_models, replies
from guardedmodel_sidecar.dialects.base import AnswerError, Dialect, Json, Route
from guardedmodel_sidecar.errors import JudgeError, RecordError, RequestRefused, UpstreamError
from guardedmodel_sidecar.http import strict_json
from guardedmodel_sidecar.http.headers import to_upstream, value_of
from guardedmodel_sidecar.http.locales import preferred
from guardedmodel_sidecar.http.request_rules import (
    CheckedHead,
    check_content_type,
    check_head,
)
from guardedmodel_sidecar.proxy.body import read_body, read_head
from guardedmodel_sidecar.proxy.case import Case, json_response
from guardedmodel_sidecar.proxy.failures import STATUS, sentence, with_help
from guardedmodel_sidecar.proxy.guard import Guard, Parts
from guardedmodel_sidecar.proxy.ledger import Ledger, Outcome
from guardedmodel_sidecar.proxy.plain import answer_plain, check_status, garbage, parse_object
from guardedmodel_sidecar.proxy.stream import Client, answer_stream, speak_stream

logger = logging.getLogger("guardedmodel.exchange")

_CLOSING = frozenset({BlockReason.MALFORMED, BlockReason.TOO_LARGE})
_RETRY_AFTER = [("Retry-After", "2")]


class Exchange:
    """One request."""

    def __init__(self, guard: Guard, request: web.BaseRequest) -> None:
        self._guard = guard
        self._request = request
        self._ledger = Ledger(guard)

    async def run(self) -> web.StreamResponse:
        """The response; never raises but for a client that went away."""
        try:
            return await self._guarded()
        except (asyncio.CancelledError, ConnectionError):
            self._ledger.abandon(self._ledger.failing(FailReason.CLIENT_GONE, Stage.RESPONSE, 499))
            raise
        except Exception as error:  # noqa: BLE001 nothing may slip past the guard
            # The message could quote what the client sent: only the place is logged.
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.error(  # noqa: TRY400 a traceback would quote the request
                "Failed a request error=%s file=%s line=%s",
                type(error).__name__,
                place.filename.rpartition("/")[2],
                place.lineno,
            )
            return self._last_resort()

    async def refuse_unparsed(self) -> web.StreamResponse:
        """What the HTTP parser could not read."""
        refused = RequestRefused(BlockReason.MALFORMED, "the request is not valid HTTP/1.1")
        return await self._refuse(refused)

    async def _guarded(self) -> web.StreamResponse:
        try:
            return await self._answer()
        except RequestRefused as error:
            return await self._refuse_or_fail(error)
        except JudgeError as error:
            return await self._fail(error.reason, str(error), STATUS[error.reason])
        except UpstreamError as error:
            return await self._fail(error.reason, str(error), error.status)
        except RecordError:
            return self._unrecorded()

    async def _answer(self) -> web.StreamResponse:
        raw = self._request.raw_headers
        head = check_head(read_head(self._request))
        dialect = self._route(head)
        parts = self._guard.parts()
        self._ledger.active = parts.active
        if dialect is None:
            self._ledger.understood(Route.MODELS)
            return await self._list_models(head, parts)
        check_content_type(raw)
        body = await read_body(self._request, head, self._guard.settings)
        asked = dialect.read_request(_object(body))
        self._ledger.understood(dialect.route, stream=asked.stream)
        languages = preferred(value_of(raw, b"accept-language"))
        case = Case(self._guard, parts, self._ledger, dialect, asked, languages)
        return await self._judge_and_forward(case, body)

    async def _judge_and_forward(self, case: Case, body: bytes) -> web.StreamResponse:
        found = await case.judge_request()
        if case.stops(found):
            if case.request.stream:
                client = Client(case, self._request)
                return await speak_stream(case, client, found, stage=Stage.REQUEST)
            return await case.speak(found, Stage.REQUEST)
        headers = to_upstream(self._request.raw_headers)
        route = case.dialect.route.value
        with self._guard.metrics.upstream_seconds.labels(route).time():
            async with case.parts.upstream.exchange("POST", route, headers, body) as answer:
                if case.request.stream:
                    return await answer_stream(case, answer, self._request)
                return await answer_plain(case, answer)

    def _route(self, head: CheckedHead) -> Dialect | None:
        """The dialect of a path, None for the model list; RequestRefused for all else."""
        if openai_models.is_models_path(head.path):
            self._check_method("GET", Route.MODELS)
            return None
        dialect = next((item for item in DIALECTS.values() if item.route == head.path), None)
        if dialect is None:
            raise RequestRefused(
                BlockReason.UNKNOWN_ROUTE,
                "this path is not guarded, so it is not served; known are "
                + ", ".join(route.value for route in Route if route != Route.UNKNOWN),
                status=404,
            )
        self._check_method("POST", dialect.route)
        return dialect

    def _check_method(self, wanted: str, route: Route) -> None:
        self._ledger.route = route
        if self._request.method != wanted:
            raise RequestRefused(
                BlockReason.METHOD_NOT_ALLOWED, f"use {wanted} on {route.value}", status=405
            )

    async def _list_models(self, head: CheckedHead, parts: Parts) -> web.Response:
        headers = to_upstream(self._request.raw_headers)
        async with parts.upstream.exchange("GET", head.path, headers, None) as answer:
            check_status(answer)
            data = await parts.upstream.read(answer)
            status = answer.status
        if status == 200:
            body = _clean_models(data)
        else:
            message = f"the model server refused the request with status {status}"
            body = replies.error(message, "upstream_refused", status=status)
        outcome = self._ledger.passing(status)
        await self._ledger.conclude(outcome)
        return json_response(self._ledger, status, strict_json.dump(body), outcome.verdict)

    async def _refuse_or_fail(self, error: RequestRefused) -> web.StreamResponse:
        try:
            return await self._refuse(error)
        except RecordError:
            return self._unrecorded()

    async def _refuse(self, error: RequestRefused) -> web.StreamResponse:
        """A request that breaks a rule."""
        await self._ledger.conclude(
            Outcome(Verdict.BLOCK, Stage.REQUEST, error.status, error.reason)
        )
        body = replies.error(str(error), error.reason.value, status=error.status, param=error.param)
        response = json_response(self._ledger, error.status, strict_json.dump(body), Verdict.BLOCK)
        if error.reason in _CLOSING:
            response.force_close()  # what follows on this connection may be part of an attack
        return response

    async def _fail(self, reason: FailReason, detail: str, status: int) -> web.StreamResponse:
        """No answer can be given; who can't be judged still reads the helplines."""
        crisis = self._crisis() if reason in STATUS else ""
        stage = Stage.REQUEST if reason in STATUS else Stage.RESPONSE
        outcome = self._ledger.failing(reason, stage, status, referral=bool(crisis))
        try:
            await self._ledger.conclude(outcome)
        except RecordError:
            return self._unrecorded()
        return self._error(with_help(sentence(reason, detail), crisis), reason, status)

    def _unrecorded(self) -> web.StreamResponse:
        reason = FailReason.RECORD_FAILED
        crisis = self._crisis()
        self._ledger.abandon(
            self._ledger.failing(reason, Stage.RESPONSE, 503, referral=bool(crisis))
        )
        return self._error(with_help(sentence(reason, ""), crisis), reason, 503)

    def _last_resort(self) -> web.StreamResponse:
        reason = FailReason.INTERNAL
        self._ledger.abandon(self._ledger.failing(reason, Stage.RESPONSE, 500))
        response = self._error(sentence(reason, ""), reason, 500)
        response.force_close()
        return response

    def _error(self, message: str, reason: FailReason, status: int) -> web.Response:
        body = strict_json.dump(replies.error(message, reason.value, status=status))
        extra = _RETRY_AFTER if status == 503 else []
        return json_response(self._ledger, status, body, Verdict.UNJUDGED, extra)

    def _crisis(self) -> str:
        """The helplines, if a policy is there to name them."""
        active = self._ledger.active or self._guard.active
        if active is None:
            return ""
        languages = preferred(value_of(self._request.raw_headers, b"accept-language"))
        self._ledger.locale, text = crisis_text(active.policy.crisis, languages)
        return text


def _object(body: bytes) -> Json:
    try:
        document = strict_json.parse(body)
    except strict_json.JsonError as error:
        raise RequestRefused(
            BlockReason.MALFORMED, f"the body can't be read as JSON in one way only: {error}"
        ) from None
    if not isinstance(document, dict):
        raise RequestRefused(BlockReason.MALFORMED, "the body must be a JSON object")
    return document


def _clean_models(data: bytes) -> Json:
    try:
        return openai_models.clean(parse_object(data))
    except AnswerError as error:
        raise garbage(error) from None
