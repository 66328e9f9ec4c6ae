"""OpenAI error objects with stable codes. Pure."""

from guardedmodel_sidecar.dialects.base import Json


def error(message: str, code: str, *, status: int, param: str | None = None) -> Json:
    """The object that the official clients turn into an exception."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
