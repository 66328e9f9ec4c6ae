"""Which of the texts we have fits the languages a person asked for (RFC 4647 lookup). Pure."""

from collections.abc import Sequence

_MAX_HEADER = 512
_MAX_TAGS = 20


def preferred(header: str) -> tuple[str, ...]:
    """Language tags of an Accept-Language header, best first; garbage is left out."""
    weighted: list[tuple[float, int, str]] = []
    for position, item in enumerate(header[:_MAX_HEADER].split(",")[:_MAX_TAGS]):
        tag, _, parameter = item.strip().partition(";")
        weight = _weight(parameter)
        if tag and tag != "*" and weight > 0 and tag.replace("-", "").isalnum():
            weighted.append((-weight, position, tag.strip().lower()))
    return tuple(tag for _, _, tag in sorted(weighted))


def choose(tags: Sequence[str], have: Sequence[str], default: str) -> str:
    """The locale among `have` that fits best: the whole tag, else the language, else `default`."""
    for tag in tags:
        exact = next((locale for locale in have if locale.lower() == tag), None)
        language = tag.partition("-")[0]
        near = next((loc for loc in have if loc.lower().partition("-")[0] == language), None)
        if found := exact or near:
            return found
    return default


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
