"""A streamed answer of the model: held until judged, released in order, ended if need be.

The rules of holding are in `moderation.stream_window`; here are the bytes, the waiting and the end.
The response begins with the first text that may leave, so that a stream which is refused at once is
an ordinary stream of the guard, and a failure before any text is an ordinary error.
"""

import asyncio
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from guardedmodel_api.decision_record import Stage, Verdict
from guardedmodel_api.reasons import FailReason
from guardedmodel_api.v1alpha1.guards import Action
from guardedmodel_sidecar.dialects import replies
from guardedmodel_sidecar.dialects.base import AnswerError, ChunkReading, Json, Piece
from guardedmodel_sidecar.errors import JudgeError, RecordError, UpstreamError
from guardedmodel_sidecar.http import sse
from guardedmodel_sidecar.http.headers import to_client
from guardedmodel_sidecar.moderation.stream_window import Due, StreamWindow
from guardedmodel_sidecar.moderation.verdict import Judgement
from guardedmodel_sidecar.notices import Disclosed
from guardedmodel_sidecar.proxy.case import Case, stamp
from guardedmodel_sidecar.proxy.failures import STATUS, end_of_stream, sentence
from guardedmodel_sidecar.proxy.plain import answer_plain, garbage, parse_object

_EVENT_STREAM = "text/event-stream"
_MAX_CHANNELS = 256
_DONE = sse.event(sse.DONE)


@dataclass(frozen=True)
class _Chunk:
    data: bytes
    finished: tuple[int, ...]
    speaks: bool  # holds text: the response begins no earlier
    at: float


async def answer_stream(
    case: Case, answer: aiohttp.ClientResponse, client: web.BaseRequest
) -> web.StreamResponse:
    """The model's stream, judged, or the guard's in its place."""
    if answer.status != 200:
        return await answer_plain(case, answer)
    if answer.content_type != _EVENT_STREAM:
        raise UpstreamError(FailReason.UPSTREAM_GARBAGE, "the model did not stream its answer")
    return await _Relay(case, answer, Client(case, client, to_client(answer.headers.items()))).run()


class Client:
    """The client's end of a stream, which begins with the first write."""

    def __init__(
        self, case: Case, request: web.BaseRequest, headers: list[tuple[str, str]] | None = None
    ) -> None:
        self._case = case
        self._request = request
        self.response = web.StreamResponse(
            headers={"Content-Type": _EVENT_STREAM, "Cache-Control": "no-cache"}
        )
        for name, value in headers or ():
            self.response.headers[name] = value

    @property
    def begun(self) -> bool:
        """Whether the client has seen anything yet."""
        return self.response.prepared

    async def write(self, data: bytes, verdict: Verdict | None = None) -> None:
        """Send; waits while the client is slow."""
        if not self.begun:
            stamp(self.response, self._case.ledger, verdict or self._case.ledger.judgement.verdict)
            await self.response.prepare(self._request)
        async with asyncio.timeout(self._case.guard.settings.deadlines.between):
            await self.response.write(data)

    async def end(self, data: bytes, verdict: Verdict | None = None) -> web.StreamResponse:
        """Send the last bytes."""
        await self.write(data, verdict)
        await self.response.write_eof()
        return self.response


async def speak_stream(
    case: Case, client: Client, judgement: Judgement, *, stage: Stage, choices: tuple[int, ...] = ()
) -> web.StreamResponse:
    """The guard's words as a stream, or as the end of one."""
    reply = case.reply(judgement.action, opened=client.begun, choices=choices)
    await case.ledger.conclude(case.outcome(judgement, stage))
    data = b"".join(sse.json_event(chunk) for chunk in case.dialect.reply_chunks(reply))
    return await client.end(data + _DONE, judgement.verdict)


class _Relay:
    """One stream."""

    def __init__(self, case: Case, answer: aiohttp.ClientResponse, client: Client) -> None:
        self._case = case
        self._answer = answer
        self._client = client
        self._parser = sse.SseParser()
        self._window: StreamWindow[_Chunk] = StreamWindow()
        self._notice = case.notice
        self._noticed: set[int] = set()
        self._seen: set[int] = set()
        self._finished: set[int] = set()  # choices whose end was read
        self._closed: set[int] = set()  # choices whose end was sent
        self._waiting: list[_Chunk] = []  # may leave, but the response has not begun
        self._said: dict[tuple[int, str], list[str]] = {}

    async def run(self) -> web.StreamResponse:
        """Relay until the end, one way or the other."""
        try:
            return await self._relay()
        except (UpstreamError, RecordError) as error:
            if not self._client.begun:
                raise
            return await self._break_off(error)
        except JudgeError as error:
            if not self._client.begun:
                raise
            return await self._end_unjudged(error)

    async def _relay(self) -> web.StreamResponse:
        done = False
        while not done:
            part = await self._next_part()
            if part == b"":
                self._check_end()
                break
            for data in self._events(part or b""):
                if data == sse.DONE:
                    done = True
                    break
                self._take(data)
            found = await self._judge(force=part is None)
            if self._case.stops(found):
                return await self._give_way(found)
            if not done and not self._all_finished():
                await self._release()
        return await self._finish()

    async def _next_part(self) -> bytes | None:
        """The next bytes; empty at the end; None if held text has waited long enough."""
        if not self._window.holds:
            return await self._case.parts.upstream.next_part(self._answer)
        try:
            async with asyncio.timeout(self._case.guard.settings.deadlines.flush):
                return await self._case.parts.upstream.next_part(self._answer)
        except TimeoutError:
            return None

    def _events(self, part: bytes) -> list[str]:
        try:
            return self._parser.feed(part)
        except sse.SseError as error:
            raise UpstreamError(FailReason.UPSTREAM_GARBAGE, str(error)) from None

    def _take(self, data: str) -> None:
        """One chunk of the model into the window."""
        chunk = parse_object(data.encode())
        if "error" in chunk:
            raise UpstreamError(FailReason.UPSTREAM_ERROR, "the model server reported an error")
        try:
            reading = self._case.dialect.read_chunk(chunk)
        except AnswerError as error:
            raise garbage(error) from None
        self._disclose(chunk, reading)
        self._finished.update(reading.finished)
        texts = [((piece.choice, piece.field), piece.text) for piece in reading.pieces]
        for channel, text in texts:
            self._seen.add(channel[0])
            self._said.setdefault(channel, []).append(text)
        self._push(data.encode(), reading, texts if self._case.judges_output else [])
        if self._window.channels > _MAX_CHANNELS:
            raise UpstreamError(FailReason.UPSTREAM_GARBAGE, "the stream has too many parts")

    def _push(
        self, data: bytes, reading: ChunkReading, texts: list[tuple[tuple[int, str], str]]
    ) -> None:
        lines = b"data: " + data.replace(b"\n", b"\ndata: ") + b"\n\n"
        speaks = bool(reading.pieces or reading.finished)
        now = self._case.guard.clock.monotonic()
        self._window.push(_Chunk(lines, reading.finished, speaks, now), texts)

    def _disclose(self, chunk: Json, reading: ChunkReading) -> None:
        """The notice goes before the first content of each choice; tool calls get the header."""
        if self._notice is None:
            return
        ledger = self._case.ledger
        if not self._case.request.prose or reading.calls_tool:
            ledger.disclosed = ledger.disclosed or Disclosed.REQUIRED
            return
        for choice in reading.first_content:
            if choice not in self._noticed:
                self._noticed.add(choice)
                ledger.disclosed = Disclosed.SHOWN
                notice = self._case.dialect.notice_chunk(chunk, choice, self._notice)
                data = sse.json_event(notice)
                now = self._case.guard.clock.monotonic()
                self._window.push(_Chunk(data, (), speaks=False, at=now), [])

    async def _judge(self, *, force: bool) -> Judgement:
        due: list[Due] = self._window.due(force=force or self._all_finished())
        if not due:
            return Judgement()
        found = await self._case.judge_texts([item.text for item in due])
        if not self._case.stops(found):
            self._window.settle(due)
        return found

    async def _release(self) -> None:
        self._waiting += self._window.release()
        if not self._waiting:
            return
        if not self._client.begun and not any(chunk.speaks for chunk in self._waiting):
            return
        await self._client.write(self._flush())

    def _flush(self) -> bytes:
        chunks, self._waiting = self._waiting, []
        now = self._case.guard.clock.monotonic()
        for chunk in chunks:
            self._closed.update(chunk.finished)
            self._case.guard.metrics.held_seconds.observe(now - chunk.at)
        return b"".join(chunk.data for chunk in chunks)

    async def _finish(self) -> web.StreamResponse:
        """The model is done: judge the rest, record, send the end."""
        found = await self._judge(force=True)
        if self._case.stops(found):
            return await self._give_way(found)
        self._commit()
        outcome = self._case.ledger.passing(200)
        await self._case.ledger.conclude(outcome)
        self._waiting += self._window.release()
        return await self._client.end(self._flush() + _DONE, outcome.verdict)

    async def _give_way(self, judgement: Judgement) -> web.StreamResponse:
        """Drop what is held; the guard speaks in every choice that is still open."""
        self._commit()
        return await speak_stream(
            self._case, self._client, judgement, stage=Stage.RESPONSE, choices=self._open_choices()
        )

    async def _end_unjudged(self, error: JudgeError) -> web.StreamResponse:
        """The rest can't be judged: it ends here, with the helplines."""
        self._commit()
        ledger = self._case.ledger
        text = end_of_stream(self._case.crisis())
        reply = self._case.reply(Action.BLOCK, opened=True, choices=self._open_choices(), text=text)
        status = STATUS.get(error.reason, 503)
        await ledger.conclude(ledger.failing(error.reason, Stage.RESPONSE, status, referral=True))
        chunks = self._case.dialect.reply_chunks(reply)
        return await self._client.end(b"".join(map(sse.json_event, chunks)) + _DONE)

    async def _break_off(self, error: UpstreamError | RecordError) -> web.StreamResponse:
        """An error object in the stream, which the official clients raise, and no [DONE]."""
        self._commit()
        ledger = self._case.ledger
        if isinstance(error, UpstreamError):
            reason = error.reason
            await ledger.conclude(ledger.failing(reason, Stage.RESPONSE, error.status))
        else:
            reason = FailReason.RECORD_FAILED
            ledger.abandon(ledger.failing(reason, Stage.RESPONSE, 503))
        told = replies.error(sentence(reason, str(error)), reason.value, status=502)
        return await self._client.end(sse.json_event(told))

    def _check_end(self) -> None:
        """Some servers leave out [DONE]; an end without any finish_reason is a broken stream."""
        if not self._parser.at_boundary or not self._all_finished():
            raise UpstreamError(FailReason.UPSTREAM_BROKE_OFF, "the model's answer broke off")

    def _all_finished(self) -> bool:
        return len(self._finished) >= max(self._case.request.choices, len(self._seen))

    def _open_choices(self) -> tuple[int, ...]:
        every = self._seen | set(range(self._case.request.choices))
        return tuple(sorted(every - self._closed)) or (0,)

    def _commit(self) -> None:
        self._case.commit_output(
            [Piece(choice, field, "".join(text)) for (choice, field), text in self._said.items()]
        )
