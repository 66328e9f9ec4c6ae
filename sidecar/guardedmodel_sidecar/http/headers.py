"""Which headers pass the guard, in both directions (RFC 9110 section 7.6.1). Pure.

Towards the model: all but hop-by-hop, framing and reserved ones. Towards the client: a short list
of known ones, since a header of the model could carry text that nobody judged.
"""

from collections.abc import Iterable

from guardedmodel_api.names import HEADER_PREFIX

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Written anew by our own client: framing, addressing, and what would compress the answer.
_OWN = frozenset({"host", "content-length", "accept-encoding", "expect"})
_FROM_MODEL = frozenset({"retry-after", "x-request-id", "openai-processing-ms", "openai-version"})
_FROM_MODEL_PREFIX = "x-ratelimit-"
_MAX_VALUE = 128  # of a header from the model


def to_upstream(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """The client's headers as they are sent to the model, with ours added."""
    pairs = [(name.decode("ascii").lower(), value.decode("latin-1")) for name, value in headers]
    named = {
        token.strip().lower()
        for name, value in pairs
        if name == "connection"
        for token in value.split(",")
    }
    kept = [(name, value) for name, value in pairs if _may_pass(name) and name not in named]
    return [*kept, ("accept-encoding", "identity")]


def to_client(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The model's headers that the client gets."""
    return [
        (name, value)
        for name, value in headers
        if len(value) <= _MAX_VALUE
        and (name.lower() in _FROM_MODEL or name.lower().startswith(_FROM_MODEL_PREFIX))
    ]


def value_of(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """All values of `name` joined with commas, or an empty string."""
    found = [value.decode("latin-1") for key, value in headers if key.lower() == name]
    return ", ".join(found)


def _may_pass(name: str) -> bool:
    # Underscores are read as hyphens by CGI-like servers.
    reserved = name.replace("_", "-").startswith(HEADER_PREFIX)
    return not reserved and name not in _HOP_BY_HOP and name not in _OWN
