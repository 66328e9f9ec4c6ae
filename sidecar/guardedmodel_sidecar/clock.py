"""Time and chance as parameters, so that a test decides both."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic as _monotonic
from time import time as _time


@dataclass(frozen=True)
class Clock:
    """Wall time for records, monotonic time for durations, random ids."""

    time: Callable[[], float] = _time
    monotonic: Callable[[], float] = _monotonic
    identifier: Callable[[], str] = lambda: secrets.token_hex(12)


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC with milliseconds."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
