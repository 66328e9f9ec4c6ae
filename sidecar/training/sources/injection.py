"""Attempts to override a model's instructions, and prompts that only look like them."""

from collections.abc import Iterator
from pathlib import Path

from training.labels import PROMPT_INJECTION, Row, benign, known
from training.sources.files import json_file, table
from training.words import clear_of

_VARIANTS = {
    "ignore_previous_instructions", "system_mode", "mixed_techniques", "virtualization",
    "output_formatting_manipulation", "token_smuggling",
}  # fmt: skip


def deepset(root: Path) -> Iterator[Row]:
    """Short injections and ordinary questions; some German."""
    for part in ("train", "test"):
        for item in table(root / "deepset_prompt_injections" / f"deepset_{part}.csv"):
            text = item["text"]
            if item["label"] == "1":
                yield known(text, "deepset_prompt_injections", {PROMPT_INJECTION}, clear_of(text))
            else:
                yield benign(text, "deepset_prompt_injections", kind="")


def jailbreaks(root: Path) -> Iterator[Row]:
    """Jailbreak prompts that people posted, and fuzzing templates."""
    folder = root / "jailbreak_inthewild"
    texts = [(t, "jailbreak_inthewild") for t in json_file(folder / "inthewild_jailbreak_llms.json")]
    for path in sorted(folder.glob("*.json")):
        if path.name.lower().startswith(("dan_", "chatgpt_dev", "stan", "dude", "antidan")):
            texts += [(t, "jailbreak_inthewild") for t in json_file(path)]
    for item in table(root / "gptfuzz" / "GPTFuzzer.csv"):
        text = item["text"].replace("[INSERT PROMPT HERE]", "what I asked before")
        texts.append((text, "gptfuzz_templates"))
    for text, source in texts:
        cleaned = text.replace("{generator.name}", "ChatGPT").strip()
        yield known(cleaned, source, {PROMPT_INJECTION}, clear_of(cleaned, {"hate"}))


def cyberseceval(root: Path) -> Iterator[Row]:
    """Direct injections of the kinds that one message shows."""
    for item in json_file(root / "cyberseceval" / "prompt_injection.json"):
        text = item["user_input"]
        if item["injection_variant"] in _VARIANTS and item["injection_type"] == "direct":
            yield known(text, "cyberseceval_injection", {PROMPT_INJECTION}, clear_of(text))
        yield benign(item["test_case_prompt"], "cyberseceval_system", kind="chat")
