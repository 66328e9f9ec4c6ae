"""The recorder: every decision becomes durable before it is visible.

`Recorder` is the interface; a later log can take its place. `JsonLinesRecorder` appends canonical
JSON lines and shares one fsync among all decisions that wait (group commit).

Order of one group, and what a crash leaves behind at each step:
1. number the records (lost numbers are given again: nothing saw them),
2. write all lines at once (a torn last line: closed with a newline at the next start),
3. fsync (lines may or may not be there: no client was answered),
4. let the requests go on (the lines are there).
A write that fails is cut off again, so that the file holds whole lines only.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from guardedmodel_api.decision_record import DecisionRecord
from guardedmodel_sidecar.errors import RecordError

logger = logging.getLogger("guardedmodel.records")

FILE_NAME = "decisions.jsonl"
_MAX_WAITING = 4096
_MAX_GROUP = 512


class Recorder(Protocol):
    """Where decisions go."""

    @property
    def seq(self) -> int:
        """Number of the last durable record; 0 before the first."""

    @property
    def healthy(self) -> bool:
        """Whether the last attempt to write succeeded."""

    def submit(self, record: DecisionRecord) -> asyncio.Future[int]:
        """Queue a record (its seq is set here); the future has its number, or RecordError."""

    async def run(self) -> None:
        """Write until cancelled; the owner of the recorder runs this."""

    async def close(self) -> None:
        """Write what is queued, make it durable, close."""


@dataclass
class _Sink:
    """The file, and the blocking part of the work."""

    path: Path | None
    echo: bool
    descriptor: int = -1
    size: int = 0

    def open(self) -> None:
        if self.path is None:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self.descriptor = os.open(self.path / FILE_NAME, flags, 0o640)
            self.size = os.fstat(self.descriptor).st_size
            self._close_torn_line()
        except OSError as error:
            raise RecordError(
                f"records folder {self.path}: {error.strerror}; it must exist and be writable"
            ) from error

    def write(self, data: bytes) -> None:
        """All of `data`, durable; on failure the file is as it was."""
        if self.descriptor >= 0:
            try:
                self._append(data)
                os.fdatasync(self.descriptor)
            except OSError:
                self._cut_off()
                raise
            self.size += len(data)

    def show(self, data: bytes) -> None:
        """The same lines on standard output, for log collectors; best effort."""
        if self.echo:
            try:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            except (OSError, ValueError):
                self.echo = False
                logger.warning("Standard output was closed; records go to the file only")

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _append(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.descriptor, view) :]

    def _cut_off(self) -> None:
        try:
            os.ftruncate(self.descriptor, self.size)
        except OSError:
            logger.warning("A failed record could not be cut off; its line may be torn")

    def _close_torn_line(self) -> None:
        if self.size == 0 or self.path is None:
            return
        with (self.path / FILE_NAME).open("rb") as file:
            file.seek(-1, os.SEEK_END)
            whole = file.read(1) == b"\n"
        if not whole:
            logger.warning("The last record of an earlier run was torn; its line was closed")
            self._append(b"\n")
            self.size += 1


@dataclass
class _Waiting:
    record: DecisionRecord
    done: asyncio.Future[int] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class JsonLinesRecorder:
    """Records as JSON lines in a file and on standard output."""

    def __init__(
        self,
        folder: Path | None,
        *,
        to_stdout: bool,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self._sink = _Sink(folder, to_stdout)
        self._sink.open()
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(_MAX_WAITING)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records")
        self._on_failure = on_failure
        self._seq = 0
        self._healthy = True

    @property
    def seq(self) -> int:
        """Number of the last durable record; 0 before the first."""
        return self._seq

    @property
    def healthy(self) -> bool:
        """Whether the last attempt to write succeeded."""
        return self._healthy

    def submit(self, record: DecisionRecord) -> asyncio.Future[int]:
        """Queue a record; the future has its number, or RecordError."""
        waiting = _Waiting(record)
        # A caller that was cancelled never looks at the future: that isn't worth a warning.
        waiting.done.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull:
            self._on_failure()
            waiting.done.set_exception(RecordError("too many records wait to be written"))
        return waiting.done

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            group = [await self._queue.get()]
            while len(group) < _MAX_GROUP and not self._queue.empty():
                group.append(self._queue.get_nowait())
            await self._commit(group)

    async def close(self) -> None:
        """Write what is queued, make it durable, close."""
        while not self._queue.empty():
            count = min(self._queue.qsize(), _MAX_GROUP)
            await self._commit([self._queue.get_nowait() for _ in range(count)])
        self._pool.shutdown(wait=True)
        self._sink.close()

    async def _commit(self, group: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        numbered = range(self._seq + 1, self._seq + 1 + len(group))
        data = b"".join(
            item.record.model_copy(update={"seq": number}).to_line()
            for number, item in zip(numbered, group, strict=True)
        )
        # Shielded: a cancelled owner must not leave a group half done.
        writing = loop.run_in_executor(self._pool, self._sink.write, data)
        try:
            await asyncio.shield(writing)
        except OSError as error:
            self._fail(group, error)
            return
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            self._settle(group, writing)
            raise
        self._succeed(group)
        loop.run_in_executor(self._pool, self._sink.show, data)

    def _settle(self, group: list[_Waiting], writing: asyncio.Future[None]) -> None:
        error = writing.exception()
        if error is None:
            self._succeed(group)
        else:
            self._fail(group, error)

    def _succeed(self, group: list[_Waiting]) -> None:
        self._healthy = True
        for item in group:
            self._seq += 1
            if not item.done.done():
                item.done.set_result(self._seq)

    def _fail(self, group: list[_Waiting], error: BaseException) -> None:
        self._healthy = False
        cause = getattr(error, "strerror", None) or type(error).__name__
        logger.error("Records could not be written cause=%s count=%d", cause, len(group))
        for item in group:
            self._on_failure()
            if not item.done.done():
                item.done.set_exception(RecordError(f"record not written: {cause}"))
