"""Telling the person who waits what is being done, on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_begun = time.monotonic()


def say(message: str) -> None:
    """One line, with the seconds since the command began."""
    print(f"[{time.monotonic() - _begun:6.1f}s] {message}", file=sys.stderr, flush=True)


@contextmanager
def step(message: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    say(f"{message} …")
    begun = time.monotonic()
    yield
    say(f"{message}: {time.monotonic() - begun:.1f} s")
