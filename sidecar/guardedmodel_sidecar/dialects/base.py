"""What the data path needs of every dialect: the text of a request and of an answer, and replies.

Knows no sockets, no clock and no policy.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

Json = dict[str, Any]
SYSTEM_ROLES = frozenset({"system", "developer"})
USER = "user"
ASSISTANT = "assistant"
TOOL_ROLES = frozenset({"tool", "function"})
OPTION = "option"  # text in tools, schemas and other options


class Route(StrEnum):
    """Every route that is guarded, and `unknown` for the rest."""

    CHAT = "/v1/chat/completions"
    COMPLETIONS = "/v1/completions"
    EMBEDDINGS = "/v1/embeddings"
    MODELS = "/v1/models"
    UNKNOWN = "unknown"


class AnswerError(ValueError):
    """An answer of the model that isn't of the dialect; the message never quotes it."""


@dataclass(frozen=True)
class Turn:
    """All the text of one message, or of the options."""

    role: str
    text: str


@dataclass(frozen=True)
class ModelRequest:
    """A request as the guard understands it."""

    turns: tuple[Turn, ...]
    model: str = ""
    stream: bool = False
    choices: int = 1
    speaks: bool = True  # the answer is text that a person may read
    prose: bool = True  # False in JSON mode: nothing of ours may be put into the content
    first_answer: bool = False  # a conversation begins: no assistant turn yet
    include_usage: bool = False  # a stream must end with a chunk of token counts


@dataclass(frozen=True)
class Piece:
    """Text of an answer: which choice, which of its fields, and the text or the next bit of it."""

    choice: int
    field: str
    text: str


@dataclass(frozen=True)
class ChunkReading:
    """What one streamed chunk holds."""

    pieces: tuple[Piece, ...] = ()
    finished: tuple[int, ...] = ()  # choices that end here
    first_content: tuple[int, ...] = ()  # choices whose content (not tool call) has text here
    calls_tool: bool = False


@dataclass(frozen=True)
class Reply:
    """What the guard says in the model's place."""

    id: str
    created: int  # seconds since the epoch
    text: str
    crisis: bool
    request: ModelRequest
    opened: bool = False  # the stream had begun: the text follows what was already shown
    choices: tuple[int, ...] = field(default=(0,))  # which choices of a stream are still open


class Dialect(Protocol):
    """One API."""

    route: Route

    def read_request(self, body: Json) -> ModelRequest:
        """The request; RequestRefused for what can't be judged."""

    def read_answer(self, answer: Json) -> tuple[Piece, ...]:
        """All text of a plain answer; AnswerError if it isn't one."""

    def read_chunk(self, chunk: Json) -> ChunkReading:
        """All text of one streamed chunk; AnswerError if it isn't one."""

    def reply(self, reply: Reply) -> Json:
        """The guard's own answer as a whole."""

    def reply_chunks(self, reply: Reply) -> list[Json]:
        """The guard's own answer, or end of an answer, as streamed chunks."""

    def add_notice(self, answer: Json, notice: str) -> bool:
        """Put `notice` before the content, in place; False if the answer has no prose."""

    def notice_chunk(self, chunk: Json, choice: int, notice: str) -> Json:
        """A chunk with `notice`, to be sent before `chunk`."""
