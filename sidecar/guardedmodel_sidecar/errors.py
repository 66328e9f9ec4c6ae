"""Errors of the sidecar.

    SidecarError
    ├── SettingsError    an option that can't be used: the process does not start
    ├── ArtefactError    the classifier's files are missing, changed or wrong: never ready
    ├── KeysError        the commitment key is missing or too short: never ready
    ├── RecordError      a decision could not be written down: this request fails
    ├── JudgeError       text could not be judged; carries the FailReason
    ├── UpstreamError    no usable answer came from the model; carries FailReason and status
    └── RequestRefused   the request breaks a rule; carries BlockReason, status and parameter

Every message names field, value, reason and remedy, and never holds prompt text.
"""

from guardedmodel_api.reasons import BlockReason, FailReason


class SidecarError(Exception):
    """Base of everything this package raises."""


class SettingsError(SidecarError):
    """An option or environment variable that can't be used."""


class ArtefactError(SidecarError):
    """A classifier that must not be used."""


class KeysError(SidecarError):
    """A commitment key that must not be used."""


class RecordError(SidecarError):
    """A decision that could not be made durable."""


class JudgeError(SidecarError):
    """Text that could not be judged."""

    def __init__(self, reason: FailReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UpstreamError(SidecarError):
    """No usable answer from the model; `status` is what the client is told."""

    def __init__(self, reason: FailReason, message: str, status: int = 502) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status


class RequestRefused(SidecarError):  # noqa: N818 it isn't our error
    """A request that breaks a rule before any text is judged."""

    def __init__(
        self, reason: BlockReason, message: str, *, status: int = 400, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.param = param
