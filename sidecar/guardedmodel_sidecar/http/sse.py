"""Server-sent events, sans-IO (WHATWG HTML, section 9.2). Pure.

Bytes in, data of whole events out. Only `data` is kept: comments, ids and event names are not part
of any dialect that is guarded, and would be a way for unjudged text to leave.
"""

from guardedmodel_sidecar.http.strict_json import dump

MAX_EVENT_BYTES = 1024 * 1024
DONE = "[DONE]"


class SseError(ValueError):
    """A stream that can't be read; the message never quotes it."""


class SseParser:
    """Feed it bytes as they come; it gives back the data of every event that is complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._after_cr = False
        self._data: list[bytes] = []
        self._size = 0

    @property
    def at_boundary(self) -> bool:
        """Whether nothing of an unfinished event is held."""
        return not self._rest and not self._data

    def feed(self, data: bytes) -> list[str]:
        """The data of the events that `data` completes."""
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
        if data:
            self._after_cr = data.endswith(b"\r")
        lines = (self._rest + data).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop()
        events = [event for line in lines if (event := self._line(line)) is not None]
        if self._size + len(self._rest) > MAX_EVENT_BYTES:
            raise SseError(f"an event is larger than {MAX_EVENT_BYTES} bytes")
        return events

    def _line(self, line: bytes) -> str | None:
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
                self._size += len(value)
            return None
        if not self._data:
            return None
        joined = b"\n".join(self._data)
        self._data, self._size = [], 0
        try:
            return joined.decode("utf-8")
        except UnicodeDecodeError:
            raise SseError("an event is not UTF-8") from None


def event(data: str) -> bytes:
    """One event with one line of data; `data` has no line breaks."""
    return b"data: " + data.encode("utf-8") + b"\n\n"


def json_event(value: object) -> bytes:
    """One event that holds `value` as JSON."""
    return b"data: " + dump(value) + b"\n\n"
