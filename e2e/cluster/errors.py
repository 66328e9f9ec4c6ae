"""What can go wrong in the harness, each with what to do about it.

HarnessError
├── MissingToolError         a program is not installed and can't be installed from here
├── MissingPrivilegeError    root, a capability or a kernel feature
├── BuildError         a binary or an image could not be made
├── NotReadyError            something started, and did not answer in time
└── WrongStateError          asked for something that the present state has no place for
"""

from pathlib import Path

LOG_LINES_SHOWN = 15


class HarnessError(Exception):
    """Says what failed and, as `remedy`, what the reader can do."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  what to do: {self.remedy}" if self.remedy else self.what


class MissingToolError(HarnessError):
    """A program is not there."""


class MissingPrivilegeError(HarnessError):
    """The machine does not let us."""


class BuildError(HarnessError):
    """A binary or an image could not be made."""


class NotReadyError(HarnessError):
    """Something was started and does not answer."""


class WrongStateError(HarnessError):
    """The request does not fit what is running."""


def tail(log: Path, lines: int = LOG_LINES_SHOWN) -> str:
    """The end of a log, indented, for an error message."""
    if not log.exists():
        return "    (no log)"
    last = log.read_text("utf-8", "replace").splitlines()[-lines:]
    return "\n".join(f"    {line}" for line in last)
