"""A plain answer of the model: read whole, judged whole, then handed on as it came."""

import aiohttp
from aiohttp import web

from guardedmodel_api.decision_record import Stage
from guardedmodel_api.reasons import FailReason
from guardedmodel_sidecar.dialects import fields, replies
from guardedmodel_sidecar.dialects.base import AnswerError, Json, Piece
from guardedmodel_sidecar.errors import UpstreamError
from guardedmodel_sidecar.http import strict_json
from guardedmodel_sidecar.http.headers import to_client
from guardedmodel_sidecar.notices import Disclosed
from guardedmodel_sidecar.proxy.case import Case, json_response

_JSON = "application/json"
_RETRY_STATUSES = frozenset({500, 502, 503, 504})


def check_status(answer: aiohttp.ClientResponse) -> None:
    """UpstreamError unless the model answered 200 or says what the client did wrong (4xx)."""
    status = answer.status
    if status >= 500:
        told = status if status in _RETRY_STATUSES else 502
        raise UpstreamError(
            FailReason.UPSTREAM_ERROR, f"the model server answered with status {status}", told
        )
    if status != 200 and not 400 <= status < 500:
        raise UpstreamError(
            FailReason.UPSTREAM_GARBAGE, f"the model server answered with status {status}"
        )
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UpstreamError(
            FailReason.UPSTREAM_GARBAGE, "the model server compressed its answer unasked"
        )


async def answer_plain(case: Case, answer: aiohttp.ClientResponse) -> web.Response:
    """The model's answer, or the guard's in its place."""
    check_status(answer)
    data = await case.parts.upstream.read(answer)
    if answer.status != 200:
        return await _pass_error(case, answer, data)
    notice = case.notice
    if not case.judges_output and notice is None:
        _check_type(answer)
        return await _pass(case, answer, data)
    document = parse_object(data)
    pieces = list(_read(case, document))
    case.commit_output(pieces)
    if case.judges_output and pieces:
        found = await case.judge_texts([piece.text for piece in pieces])
        if case.stops(found):
            return await case.speak(found, Stage.RESPONSE)
    if notice is not None:
        if case.request.prose and case.dialect.add_notice(document, notice):
            case.ledger.disclosed = Disclosed.SHOWN
            data = strict_json.dump(document)
        else:
            case.ledger.disclosed = Disclosed.REQUIRED
    return await _pass(case, answer, data)


def parse_object(data: bytes) -> Json:
    """The JSON object that a model server sent; UpstreamError for anything else."""
    try:
        document = strict_json.parse(data)
    except strict_json.JsonError as error:
        raise UpstreamError(
            FailReason.UPSTREAM_GARBAGE, f"the model's answer is not clean JSON: {error}"
        ) from None
    if not isinstance(document, dict):
        raise UpstreamError(FailReason.UPSTREAM_GARBAGE, "the model's answer is no JSON object")
    return document


def garbage(error: AnswerError) -> UpstreamError:
    """An answer of another kind than the request asked for."""
    return UpstreamError(FailReason.UPSTREAM_GARBAGE, str(error))


def _read(case: Case, document: Json) -> list[Piece]:
    try:
        return list(case.dialect.read_answer(document))
    except AnswerError as error:
        raise garbage(error) from None


def _check_type(answer: aiohttp.ClientResponse) -> None:
    if answer.content_type != _JSON:
        raise UpstreamError(FailReason.UPSTREAM_GARBAGE, "the model's answer is not JSON")


async def _pass(case: Case, answer: aiohttp.ClientResponse, data: bytes) -> web.Response:
    outcome = case.ledger.passing(answer.status)
    await case.ledger.conclude(outcome)
    kept = to_client(answer.headers.items())
    return json_response(case.ledger, answer.status, data, outcome.verdict, kept)


async def _pass_error(case: Case, answer: aiohttp.ClientResponse, data: bytes) -> web.Response:
    """What the client did wrong, in the model server's words if these may be shown."""
    code = "upstream_refused"
    message = f"the model server refused the request with status {answer.status}"
    try:
        told = "\n".join(fields.strings(list(parse_object(data).values())))
        found = await case.judge_texts([told]) if case.judges_output and told else None
    except UpstreamError:
        found, told = None, ""
    if not told or (found is not None and case.stops(found)):
        data = strict_json.dump(replies.error(message, code, status=answer.status))
    return await _pass(case, answer, data)
