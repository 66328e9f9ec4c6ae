"""The AI disclosure before the first answer of a conversation. Pure.

It is put into prose that a person reads. Where it would break what a program reads (JSON mode, tool
calls), a header says that the caller has to show it.
"""

from collections.abc import Sequence
from enum import StrEnum

from guardedmodel_api.compiled_policy import CompiledPolicy
from guardedmodel_sidecar.dialects.base import ModelRequest
from guardedmodel_sidecar.http.locales import choose


class Disclosed(StrEnum):
    """Value of the disclosure header."""

    SHOWN = "shown"
    REQUIRED = "required"


def start_notice(
    policy: CompiledPolicy, request: ModelRequest, languages: Sequence[str]
) -> str | None:
    """The notice that this request's answer needs, or None."""
    disclosure = policy.disclosure
    if not (disclosure.start_notice and disclosure.texts and request.first_answer):
        return None
    have = {item.locale: item.text for item in disclosure.texts}
    fallback = choose([policy.crisis.default_locale.lower()], list(have), next(iter(have)))
    return have[choose(languages, list(have), fallback)]
