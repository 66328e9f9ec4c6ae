"""What each API means: where its text is, and how it says no. Pure, one module per API."""

from guardedmodel_sidecar.dialects.base import Dialect, Route
from guardedmodel_sidecar.dialects.openai_chat import ChatDialect
from guardedmodel_sidecar.dialects.openai_completions import CompletionsDialect
from guardedmodel_sidecar.dialects.openai_embeddings import EmbeddingsDialect

DIALECTS: dict[Route, Dialect] = {
    Route.CHAT: ChatDialect(),
    Route.COMPLETIONS: CompletionsDialect(),
    Route.EMBEDDINGS: EmbeddingsDialect(),
}

__all__ = ["DIALECTS", "Dialect", "Route"]
