"""Sentences for a person about what an injection did. Pure."""

from guardedmodel_api.reasons import SKIP_SENTENCES
from guardedmodel_operator.injection.inject import InjectionResult


def sentences(result: InjectionResult) -> list[str]:
    """One line per reason, `token: sentence`; empty when the guard went in."""
    return [f"{reason}: {SKIP_SENTENCES[reason]}" for reason in result.reasons]
