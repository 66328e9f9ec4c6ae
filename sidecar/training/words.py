"""Word patterns that decide what is *unknown* in a data set, and sort unsorted requests.

Used on training data only, where a set's own label does not say which of our
labels apply. Never part of the artefact and never looked at when serving.
"""

import re
from typing import Final

from training.labels import (
    HARASSMENT,
    HATE,
    ILLICIT,
    SELF_HARM,
    SEXUAL,
    SEXUAL_MINORS,
    VIOLENCE,
)

RISK: Final = re.compile(
    r"suicid|kill(ing|ed)? (myself|himself|herself|themsel|yourself|urself)|kys\b|self[- ]?harm"
    r"|end (my|your|his|her|their) (own )?li(fe|ves)|end it all|take my (own )?life|want(ed)? to die"
    r"|wish i (was|were) dead|better off (dead|without me)|(cut|cutting|hurt|hurting|harm|harming)"
    r" (myself|herself|himself|yourself)|overdos|anorexi|bulimi|starv|purg(e|ing)|hang(ing)? (my|your)self"
    r"|not (be|being) alive|don'?t want to (live|be here|exist|wake up)|no reason to live|ending it"
    r"|die in my sleep|stop existing|disappear forever|slit",
    re.IGNORECASE,
)
FIRST_PERSON_RISK: Final = re.compile(
    r"\b(i|i'm|im|i've|i'll|i'd)\b.{0,60}(kill(ing|ed)? myself|end(ing)? my (own )?life|"
    r"end(ing)? it all|tak(e|ing) my (own )?life|want(ed)? to die|suicidal|suicide|"
    r"cut(ting)? myself|hurt(ing)? myself|harm(ing)? myself|self[- ]?harm|wish i (was|were) dead|"
    r"better off (dead|without me)|don'?t want to (live|be alive|exist|wake up)|overdos)",
    re.IGNORECASE | re.DOTALL,
)
SEX: Final = re.compile(
    r"\bsex|porn|nude|naked|rape|rapist|molest|orgasm|masturbat|erotic|penis|vagina|dick\b|cock\b"
    r"|pussy|blowjob|prostitut|incest|pedophil|paedophil|fetish|horny|cum\b|boobs|tits\b",
    re.IGNORECASE,
)
FORCE: Final = re.compile(
    r"\bkill|murder|shoot|shot\b|stab|bomb|massacre|assassin|behead|torture|attack|beat(ing)? "
    r"|strangl|terror|violen|lynch|genocid|exterminat|burn (them|him|her)",
    re.IGNORECASE,
)
INSULT: Final = re.compile(
    r"idiot|stupid|moron|loser|fuck|shit|bitch|asshole|dumb|pathetic|trash|scum|retard|clown|liar"
    r"|disgust|hate (you|him|her)|shut up|ugly|coward|ignoran",
    re.IGNORECASE,
)
OVERRIDE: Final = re.compile(
    r"ignore (all|any|the|previous|your)|jailbreak|\bDAN\b|system prompt|previous instructions"
    r"|developer mode|pretend (to be|you)|act as|role-?play",
    re.IGNORECASE,
)
_MINOR: Final = re.compile(
    r"\bchild|\bkid(s|die)?\b|minor|underage|teen|pedophil|paedophil|grooming|\bboys?\b|\bgirls?\b"
    r"|\bCSAM\b|preteen|toddler",
    re.IGNORECASE,
)
_SEXUAL_ACT: Final = re.compile(
    r"sex|porn|nude|molest|rape|erotic|pedophil|paedophil|CSAM|groom|explicit|abus", re.IGNORECASE
)
_GROUP: Final = re.compile(
    r"racis|racial|hate|sexis|antisemit|islamopho|homopho|transpho|immigrant|muslim|jew|"
    r"white suprem|neo-?nazi|minorit|xenopho|ethnic|holocaust|discriminat|stereotyp|bigot",
    re.IGNORECASE,
)
_BULLY: Final = re.compile(
    r"bully|bulli|harass|stalk|defam|humiliat|revenge porn|doxx|blackmail|insult", re.IGNORECASE
)


def labels_of_request(text: str) -> set[str]:
    """Labels that the words of a request known to be harmful point to; `illicit` when none does."""
    found: set[str] = set()
    if _MINOR.search(text) and _SEXUAL_ACT.search(text):
        return {SEXUAL_MINORS}
    if RISK.search(text):
        found.add(SELF_HARM)
    if SEX.search(text):
        found.add(SEXUAL)
    if _GROUP.search(text):
        found.add(HATE)
    if _BULLY.search(text):
        found.add(HARASSMENT)
    if FORCE.search(text) and not found:
        found.add(VIOLENCE)
    return found or {ILLICIT}


def clear_of(text: str, also: set[str] | None = None) -> set[str]:
    """Labels that `text` can be taken not to have: those whose words it lacks, and `also`."""
    clear: set[str] = set(also or ())
    if not RISK.search(text):
        clear.add(SELF_HARM)
    if not SEX.search(text):
        clear |= {SEXUAL, SEXUAL_MINORS}
    if not FORCE.search(text):
        clear.add(VIOLENCE)
    return clear
