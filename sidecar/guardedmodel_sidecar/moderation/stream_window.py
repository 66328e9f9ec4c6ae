"""Holding streamed text back until it is judged, sans-IO. Pure.

Events (chunks of the model, as they came) wait in order. Each carries text of channels: one per
choice and field. When a channel has a sentence or enough text, the unjudged part is due together
with what went before it as context. An event leaves only when all text in it was judged, and all
events before it left: the client sees a prefix of the model's stream, and nothing unjudged.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Channel = tuple[int, str]
E = TypeVar("E")
_ENDS = ".!?\n\u3002\uff01\uff1f"  # the last three are full-width


@dataclass(frozen=True)
class WindowLimits:
    """How text is cut for judging, in characters."""

    sentence: int = 40
    """A sentence is judged when it ends, unless it is shorter than this."""
    most: int = 240
    """So much is judged in any case: about half of the classifier's window."""
    context: int = 240
    """So much of the judged text is read again, so that nothing hides across a cut."""


@dataclass(frozen=True)
class Due:
    """Text of one channel that is to be judged; `end` settles it."""

    channel: Channel
    text: str
    end: int


class _Window:
    """One channel: the tail of its text, with how much was ever fed and judged."""

    def __init__(self, limits: WindowLimits) -> None:
        self._limits = limits
        self._tail = ""
        self._start = 0  # position of the tail in the whole text
        self.judged = 0
        self.fed = 0

    def feed(self, text: str) -> int:
        self._tail += text
        self.fed += len(text)
        return self.fed

    def due(self, *, force: bool) -> tuple[str, int] | None:
        fresh = self.fed - self.judged
        if not fresh or not (force or self._complete(fresh)):
            return None
        start = max(self._start, self.judged - self._limits.context)
        return self._tail[start - self._start :], self.fed

    def settle(self, end: int) -> None:
        self.judged = max(self.judged, end)
        keep = max(self._start, self.judged - self._limits.context)
        self._tail = self._tail[keep - self._start :]
        self._start = keep

    def _complete(self, fresh: int) -> bool:
        if fresh >= self._limits.most:
            return True
        return fresh >= self._limits.sentence and self._tail.rstrip(" ")[-1:] in _ENDS


@dataclass(frozen=True)
class _Held(Generic[E]):
    event: E
    needs: tuple[tuple[Channel, int], ...]  # released when every channel is judged up to here


class StreamWindow(Generic[E]):
    """Push events, judge what is due, settle it, release."""

    def __init__(self, limits: WindowLimits | None = None) -> None:
        self._limits = limits or WindowLimits()
        self._windows: dict[Channel, _Window] = {}
        self._held: deque[_Held[E]] = deque()

    @property
    def holds(self) -> bool:
        """Whether any event waits."""
        return bool(self._held)

    @property
    def channels(self) -> int:
        """How many channels have had text."""
        return len(self._windows)

    def push(self, event: E, texts: Iterable[tuple[Channel, str]]) -> None:
        """Take the next event with the text in it."""
        needs: dict[Channel, int] = {}
        for channel, text in texts:
            window = self._windows.setdefault(channel, _Window(self._limits))
            needs[channel] = window.feed(text)
        self._held.append(_Held(event, tuple(needs.items())))

    def due(self, *, force: bool = False) -> list[Due]:
        """What is to be judged now; with `force`, everything that is unjudged."""
        found = []
        for channel, window in self._windows.items():
            if part := window.due(force=force):
                found.append(Due(channel, *part))
        return found

    def settle(self, judged: Iterable[Due]) -> None:
        """These were judged and may leave."""
        for item in judged:
            self._windows[item.channel].settle(item.end)

    def release(self) -> list[E]:
        """The events that may leave now, in the order in which they came."""
        free: list[E] = []
        while self._held and self._may_leave(self._held[0]):
            free.append(self._held.popleft().event)
        return free

    def _may_leave(self, held: _Held[E]) -> bool:
        return all(self._windows[channel].judged >= end for channel, end in held.needs)
