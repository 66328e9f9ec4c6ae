"""OpenAI embeddings: POST /v1/embeddings. Pure.

An embedding can't carry a sentence, so a refusal is an error object (see `replies`), and there is
no text of the model to be judged: the answer's strings are names and base64 vectors.
"""

from guardedmodel_sidecar.dialects import fields
from guardedmodel_sidecar.dialects.base import (
    OPTION,
    USER,
    AnswerError,
    ChunkReading,
    Json,
    ModelRequest,
    Piece,
    Reply,
    Route,
    Turn,
)
from guardedmodel_sidecar.dialects.openai_completions import texts_of

_BODY = frozenset({"input", "model", "encoding_format", "dimensions"})
_READ = frozenset({"input"})


class EmbeddingsDialect:
    """Embeddings: input is judged, output is numbers."""

    route = Route.EMBEDDINGS

    def read_request(self, body: Json) -> ModelRequest:
        """The request; RequestRefused for what can't be judged."""
        fields.check_case(body, _BODY, "body")
        turns = [Turn(USER, text) for text in texts_of(body.get("input"), "input")]
        if options := fields.option_text(body, _READ, frozenset()):
            turns.append(Turn(OPTION, options))
        return ModelRequest(tuple(turns), fields.model_name(body), speaks=False, prose=False)

    def read_answer(self, answer: Json) -> tuple[Piece, ...]:
        """Nothing to judge; AnswerError if it isn't a list of embeddings."""
        if not isinstance(answer.get("data"), list):
            raise AnswerError("the answer has no list of embeddings")
        return ()

    def read_chunk(self, chunk: Json) -> ChunkReading:
        """Embeddings are never streamed."""
        del chunk
        raise AnswerError("embeddings are not streamed")

    def reply(self, reply: Reply) -> Json:
        """An error object: the guard's words can't be an embedding."""
        return {
            "error": {
                "message": reply.text,
                "type": "invalid_request_error",
                "param": "input",
                "code": "content_filter",
            }
        }

    def reply_chunks(self, reply: Reply) -> list[Json]:
        """Embeddings are never streamed."""
        return [self.reply(reply)]

    def add_notice(self, answer: Json, notice: str) -> bool:
        """Never: there is no prose."""
        del answer, notice
        return False

    def notice_chunk(self, chunk: Json, choice: int, notice: str) -> Json:
        """Embeddings are never streamed."""
        del choice, notice
        return chunk
