"""Plain words of a crisis, for the moment when nothing can be judged. Pure.

Not a detector: the classifier is. When it is down, these phrases alone decide whether a person gets
the helplines at once instead of an error. Few and explicit, so that a false alarm is rare.
"""

import re

_PHRASES = (
    r"kill(ing)? myself|end (my|it) (own )?(life|all)|suicid\w*",
    r"(want|going) to (die|be dead)",
    r"wish i (was|were) dead|hurt(ing)? myself|cut(ting)? myself|self[- ]?harm\w*|better off dead",
    r"(quiero|voy a) (morir|matarme)|quitarme la vida|suicidarme|hacerme da[nñ]o",
    r"(quero|vou) (morrer|me matar)|tirar (a )?minha vida",
    r"(veux|vais) (mourir|me tuer)|me suicider|mettre fin [aà] (mes jours|ma vie)",
    r"mich (um|selbst t[oö]ten)|umbringen|(will|m[oö]chte) sterben|selbstmord|suizid",
)
_CRISIS = re.compile(r"\b(" + "|".join(_PHRASES) + r")\b", re.IGNORECASE)
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u200b": None, "\u00ad": None})


def speaks_of_crisis(text: str) -> bool:
    """Whether one of the phrases is in `text`."""
    return _CRISIS.search(" ".join(text.translate(_APOSTROPHES).split())) is not None
