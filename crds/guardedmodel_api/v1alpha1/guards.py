"""`spec.guards`: what is looked for, from which score on, and what happens then."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from guardedmodel_api.v1alpha1.base import Resource, cel, list_map


class Category(StrEnum):
    """What the classifier tells apart; eating disorders count as self_harm."""

    SELF_HARM = "self_harm"
    SEXUAL = "sexual"
    SEXUAL_MINORS = "sexual_minors"
    VIOLENCE = "violence"
    HATE = "hate"
    HARASSMENT = "harassment"
    ILLICIT = "illicit"
    PROMPT_INJECTION = "prompt_injection"


class Action(StrEnum):
    """What follows a score at or above the threshold, from mildest to strictest."""

    ALLOW = "Allow"
    ANNOTATE = "Annotate"
    BLOCK = "Block"
    CRISIS = "Crisis"

    @property
    def strictness(self) -> int:
        """0 for Allow to 3 for Crisis; a merge takes the larger."""
        return list(Action).index(self)


class Enforcement(StrEnum):
    """Enforce acts on verdicts; Audit computes, counts and records them and lets all pass."""

    ENFORCE = "Enforce"
    AUDIT = "Audit"


class FailurePolicy(StrEnum):
    """What follows when something could not be judged."""

    CLOSED = "Closed"
    OPEN = "Open"


class Rule(Resource):
    """One direction of one category."""

    action: Action | None = None
    """Allow, Annotate (pass, mark and record), Block (refuse) or Crisis (answer with helplines).
    Default: Crisis for self_harm, Block for the rest."""
    threshold: Annotated[float, Field(ge=0.01, le=0.99)] | None = None
    """Score from which the action follows, 0.01 to 0.99. Default: the classifier's own calibrated
    threshold for this category and direction."""


class CategoryGuard(Resource):
    """How one category is guarded; what isn't named here keeps its default."""

    name: Category
    """The category."""
    input: Rule = Field(default_factory=Rule)
    """What users, tools and system prompts send to the model."""
    output: Rule = Field(default_factory=Rule)
    """What the model answers."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "self.name == 'self_harm' || ((!has(self.input) || !has(self.input.action) ||"
                " self.input.action != 'Crisis') && (!has(self.output) ||"
                " !has(self.output.action) || self.output.action != 'Crisis'))",
                "action Crisis answers with helplines for self-harm and fits category self_harm"
                " only: use Block for this category",
            )
        )
    )


class Guards(Resource):
    """Overrides of the default guards."""

    categories: Annotated[
        list[CategoryGuard], Field(max_length=8, json_schema_extra=list_map("name"))
    ] = Field(default_factory=list)
    """Categories that differ from the defaults."""
    refusal_message: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """What a user reads when something is blocked. Default: a short built-in text."""
