"""Which sets are read, under which licences, how much of each, and what is held out whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training import synthetic
from training.labels import Row
from training.sources import everyday, harm, hate, injection, people


@dataclass(frozen=True, slots=True)
class Licence:
    """Licence of one source."""

    name: str
    from_memory: bool = False
    """Not seen at the source; to be checked before a release."""


LOADERS: Final[tuple[Callable[[Path], Iterator[Row]], ...]] = (
    hate.measuring_hate, hate.hatemoji, hate.toxigen, hate.implicit_hate, hate.edos,
    hate.toxic_spans, hate.surge, hate.convabuse,
    harm.ailuminate, harm.harmbench, harm.catqa, harm.sorted_by_words, harm.aart,
    harm.multijail, harm.malicious_uses, harm.diasafety,
    injection.deepset, injection.jailbreaks, injection.cyberseceval,
    everyday.assistants, everyday.prompts, everyday.comments, everyday.stories,
    everyday.idioms, everyday.health, everyday.documents,
    people.counselling, people.simulated,
    synthetic.rows,
)  # fmt: skip

LICENCES: Final = {
    "measuring_hate_ken20": Licence("CC-BY-4.0", from_memory=True),
    "hatemoji": Licence("CC-BY-4.0"),
    "toxigen": Licence("CDLA-Permissive-2.0"),
    "implicit_hate": Licence("MIT"),
    "edos": Licence("CC0-1.0"),
    "toxic_spans": Licence("CC0-1.0"),
    "surge_toxicity": Licence("MIT"),
    "convabuse": Licence("CC-BY-4.0"),
    "ailuminate_demo": Licence("CC-BY-4.0"),
    "harmbench": Licence("MIT"),
    "strongreject": Licence("MIT"),
    "catqa": Licence("Apache-2.0"),
    "dangerousqa": Licence("Apache-2.0"),
    "advbench": Licence("MIT", from_memory=True),
    "advbench_strings": Licence("MIT", from_memory=True),
    "gptfuzz_questions": Licence("MIT"),
    "gptfuzz_templates": Licence("MIT"),
    "aart": Licence("CC-BY-4.0"),
    "multijail": Licence("MIT"),
    "malicious_uses": Licence("Apache-2.0"),
    "diasafety": Licence("Apache-2.0"),
    "deepset_prompt_injections": Licence("Apache-2.0", from_memory=True),
    "jailbreak_inthewild": Licence("Apache-2.0 and MIT"),
    "cyberseceval_injection": Licence("MIT"),
    "cyberseceval_system": Licence("MIT"),
    "cyberseceval_frr": Licence("MIT"),
    "clinc150": Licence("CC-BY-3.0"),
    "banking77": Licence("CC-BY-4.0"),
    "nlu_evaluation": Licence("CC-BY-4.0"),
    "self_instruct": Licence("Apache-2.0"),
    "arena_hard": Licence("Apache-2.0"),
    "mt_vicuna_bench": Licence("Apache-2.0"),
    "humanebench": Licence("Apache-2.0"),
    "goemotions": Licence("Apache-2.0 and CC-BY-4.0"),
    "fairytaleqa": Licence("Apache-2.0"),
    "impli_idioms": Licence("Apache-2.0 and CC-BY-4.0"),
    "medquad_subset": Licence("CC-BY-4.0"),
    "bipia": Licence("MIT"),
    "counsel_chat": Licence("MIT"),
    "vera_mh": Licence("MIT with conditions"),
    "synthetic": Licence("Apache-2.0"),
}

HELD_OUT: Final = frozenset({"nlu_evaluation", "multijail", "arena_hard"})
"""Sources that validate only: what the model says about sets it never saw."""

CAPS: Final = {
    "measuring_hate_ken20": 7000,
    "implicit_hate": 1600,
    "edos": 3600,
    "toxic_spans": 4500,
    "diasafety": 1000,
    "clinc150": 5500,
    "banking77": 1500,
    "goemotions": 5000,
    "fairytaleqa": 1500,
    "impli_idioms": 2000,
    "medquad_subset": 1600,
    "bipia": 700,
    "nlu_evaluation": 5000,
}
"""Most rows of a source; drawn by the hash of the text, so that the draw is stable."""


def load(root: Path) -> list[Row]:
    """All rows of all sets under `root`, before deduplication."""
    rows = [row for loader in LOADERS for row in loader(root)]
    strangers = {row.source for row in rows} - LICENCES.keys()
    if strangers:
        raise ValueError(f"sources {sorted(strangers)} have no licence in the catalogue")
    return [row for row in rows if len(row.text.strip()) >= 2]
