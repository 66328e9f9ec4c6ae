"""The words that reach a person in crisis, from the compiled policy. Pure."""

from collections.abc import Sequence

from guardedmodel_api.compiled_policy import CompiledCrisis, CrisisResourceText, CrisisText
from guardedmodel_sidecar.http.locales import choose


def crisis_text(crisis: CompiledCrisis, languages: Sequence[str]) -> tuple[str, str]:
    """Locale and text: the message, then every helpline on its own line."""
    have = [item.locale for item in crisis.locales]
    locale = choose(languages, have, crisis.default_locale)
    found = next(item for item in crisis.locales if item.locale == locale)
    return locale, _compose(found)


def _compose(text: CrisisText) -> str:
    return "\n\n".join([text.message, "\n".join(helpline(item) for item in text.resources)])


def helpline(item: CrisisResourceText) -> str:
    """One helpline as it is shown."""
    hours = f" ({item.hours})" if item.hours else ""
    return f"- {item.name}: {item.contact}{hours}"
