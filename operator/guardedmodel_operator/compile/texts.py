"""The words that reach a person, by locale: built-in tables under what the spec says. Pure.

A built-in helpline is shown with no more certainty than it has: each carries source and the day on
which it was read, and `stale` says which are too old.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from guardedmodel_api.compiled_policy import (
    CompiledCrisis,
    CompiledDisclosure,
    CrisisResourceText,
    CrisisText,
    LocalizedText,
)
from guardedmodel_api.v1alpha1.crisis import Crisis, CrisisLocale, CrisisResource, Disclosure
from guardedmodel_operator.compile.catalogue import data


@dataclass(frozen=True)
class CrisisTable:
    """Effective helplines by locale, and the default message by language."""

    locales: dict[str, CrisisLocale]
    messages: dict[str, str]

    def message(self, locale: str) -> str | None:
        """The locale's own message, else the built-in one of its language."""
        return self.locales[locale].message or self.messages.get(_language(locale))


@cache
def _builtin_crisis() -> tuple[dict[str, CrisisLocale], dict[str, str]]:
    table = data("crisis.yaml")
    locales = {
        locale: CrisisLocale(
            locale=locale, resources=[CrisisResource.model_validate(item) for item in items]
        )
        for locale, items in table["locales"].items()
    }
    return locales, {language: text.strip() for language, text in table["messages"].items()}


@cache
def _texts() -> Any:
    return data("texts.yaml")


def crisis_table(crisis: Crisis) -> CrisisTable:
    """The built-in table with the spec's locales over it, whole locale by whole locale."""
    locales, messages = _builtin_crisis()
    return CrisisTable(locales | {item.locale: item for item in crisis.locales}, messages)


def crisis_problems(crisis: Crisis, table: CrisisTable, today: date) -> list[str]:
    """What is missing in it, one sentence per field."""
    found = []
    if crisis.default_locale not in table.locales:
        found.append(
            f"spec.crisis.defaultLocale: {crisis.default_locale!r} has no helplines; add it to"
            f" spec.crisis.locales or use one of {', '.join(sorted(table.locales))}"
        )
    for item in crisis.locales:
        if table.message(item.locale) is None:
            found.append(
                f"spec.crisis.locales[{item.locale}].message: there is no built-in text in this"
                f" language (there is {', '.join(sorted(table.messages))}); write one"
            )
        found += [_day_problem(item.locale, resource, today) for resource in item.resources]
    return [sentence for sentence in found if sentence]


def _day_problem(locale: str, resource: CrisisResource, today: date) -> str:
    where = f"spec.crisis.locales[{locale}].resources[{resource.name}].lastVerified"
    if not is_date(resource.last_verified):
        return f"{where}: {resource.last_verified!r} is not a day of the calendar"
    # one day of grace: somewhere it is tomorrow already
    if (date.fromisoformat(resource.last_verified) - today).days > 1:
        return f"{where}: {resource.last_verified} lies in the future; write the day of the check"
    return ""


def compiled_crisis(
    crisis: Crisis, table: CrisisTable, jurisdictions: tuple[str, ...]
) -> CompiledCrisis:
    """The table as the sidecar reads it, locales in alphabetical order."""
    return CompiledCrisis(
        default_locale=crisis.default_locale,
        locales=tuple(
            CrisisText(
                locale=locale,
                message=table.message(locale) or "",
                resources=tuple(_resource_text(item) for item in entry.resources),
            )
            for locale, entry in sorted(table.locales.items())
        ),
        jurisdictions=jurisdictions,
    )


def compiled_disclosure(disclosure: Disclosure, *, start_notice: bool) -> CompiledDisclosure:
    """The notice in each locale: the spec's text over the built-in one."""
    builtin = _texts()["disclosure"]
    texts = {locale: builtin[_language(locale)] for locale in _builtin_crisis()[0]}
    texts |= {item.locale: item.text for item in disclosure.texts}
    return CompiledDisclosure(
        start_notice=start_notice,
        texts=tuple(LocalizedText(locale=key, text=text) for key, text in sorted(texts.items())),
    )


def default_refusal() -> str:
    """What a user reads when something is blocked and the spec says nothing."""
    return str(_texts()["refusal"])


def stale(table: CrisisTable, today: date, max_age_days: int) -> list[str]:
    """Helplines that nobody has checked for longer than that, as `locale name (day)`."""
    return [
        f"{locale} {item.name} ({item.last_verified})"
        for locale, entry in sorted(table.locales.items())
        for item in entry.resources
        if not is_date(item.last_verified)
        or (today - date.fromisoformat(item.last_verified)).days > max_age_days
    ]


def oldest(table: CrisisTable) -> date | None:
    """The earliest day on which one of the helplines was checked."""
    days = [
        date.fromisoformat(item.last_verified)
        for entry in table.locales.values()
        for item in entry.resources
        if is_date(item.last_verified)
    ]
    return min(days, default=None)


def is_date(text: str) -> bool:
    """Whether `text` is a day of the calendar, YYYY-MM-DD."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _resource_text(item: CrisisResource) -> CrisisResourceText:
    return CrisisResourceText(
        name=item.name, type=item.type, contact=item.contact, hours=item.hours or ""
    )


def _language(locale: str) -> str:
    return locale.partition("-")[0]
