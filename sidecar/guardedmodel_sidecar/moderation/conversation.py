"""Who speaks in a conversation, and where a crisis has been answered already. Pure.

A caller sends the whole history with every request. A crisis of three turns ago that got its
helplines must not be answered for ever, and one that did not must not be passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from guardedmodel_api.compiled_policy import CompiledCrisis
from guardedmodel_sidecar.crisis import helpline
from guardedmodel_sidecar.dialects.base import ASSISTANT, USER, Turn


@dataclass(frozen=True)
class ReadTurn:
    """One turn, and whether a crisis in it is to be answered now."""

    text: str
    crisis_counts: bool


def read_turns(turns: Sequence[Turn], crisis: CompiledCrisis) -> list[ReadTurn]:
    """The turns in order.

    A crisis counts where a person speaks: in user turns, or in any turn if the caller sent none of
    the user's. It is settled once a later assistant turn shows a helpline as this policy words it;
    the words after the last assistant turn are never settled.
    """
    speakers = {USER} if any(turn.role == USER for turn in turns) else None
    helplines = {helpline(item) for text in crisis.locales for item in text.resources}
    last_help = max(
        (
            number
            for number, turn in enumerate(turns)
            if turn.role == ASSISTANT and any(line in turn.text for line in helplines)
        ),
        default=-1,
    )
    return [
        ReadTurn(turn.text, (speakers is None or turn.role in speakers) and number > last_help)
        for number, turn in enumerate(turns)
    ]
