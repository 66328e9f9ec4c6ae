"""Texts in, scores out, in time or not at all: the one door to the classifier.

One worker thread runs it, batch by batch, so that a long text does not hold up a short one. Every
way to fail has its FailReason; a text that was scored lately is not scored again.
"""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from guardedmodel_api.reasons import BlockReason, FailReason
from guardedmodel_sidecar.errors import JudgeError, RequestRefused
from guardedmodel_sidecar.moderation.classifier import Classifier
from guardedmodel_sidecar.moderation.windows import Scores, strictest

T = TypeVar("T")


@dataclass(frozen=True)
class JudgeLimits:
    """Bounds of judging."""

    timeout: float = 10.0
    """Seconds for all texts of one call."""
    waiting: int = 64
    """Calls at the same time; more are refused as overloaded, which the client may retry."""
    windows: int = 1024
    """Windows of one call, about 98,000 tokens: some seconds of work on one CPU."""
    batch: int = 8
    """Windows of one run of the model; other calls get their turn in between."""
    cached: int = 4096
    """Texts whose scores are kept: the history of a conversation costs nothing again."""


class Judge:
    """Scores texts with the classifier that it was given."""

    def __init__(self, classifier: Classifier, limits: JudgeLimits | None = None) -> None:
        self.classifier = classifier
        self.limits = limits or JudgeLimits()
        # One thread: onnxruntime has its own for the work inside.
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judge")
        self._cache: OrderedDict[bytes, Scores] = OrderedDict()
        self._cache_key = secrets.token_bytes(32)
        self._active = 0

    async def scores(self, texts: Sequence[str]) -> list[Scores]:
        """Scores of each text; JudgeError if they could not be had."""
        keys = [self._key(text) for text in texts]
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._cache}
        known = {key: self._recall(key) for key in keys if key not in fresh}
        if fresh:
            found = await self._guarded(list(fresh.values()))
            known |= dict(zip(fresh, found, strict=True))
            self._remember(known)
        return [known[key] for key in keys]

    def close(self) -> None:
        """Stop the thread after its current batch."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _guarded(self, texts: list[str]) -> list[Scores]:
        if self._active >= self.limits.waiting:
            raise JudgeError(FailReason.OVERLOADED, "too many texts wait to be judged")
        self._active += 1
        try:
            async with asyncio.timeout(self.limits.timeout):
                return await self._score(texts)
        except TimeoutError:
            raise JudgeError(
                FailReason.CLASSIFIER_TIMEOUT,
                f"judging took longer than {self.limits.timeout} s",
            ) from None
        except (JudgeError, RequestRefused):
            raise
        except Exception as error:  # noqa: BLE001 whatever broke, nothing was judged
            raise JudgeError(
                FailReason.CLASSIFIER_ERROR, f"the classifier failed: {type(error).__name__}"
            ) from None
        finally:
            self._active -= 1

    async def _score(self, texts: list[str]) -> list[Scores]:
        by_text = await self._run(lambda: [self.classifier.tokenize(text) for text in texts])
        windows = [(number, ids) for number, parts in enumerate(by_text) for ids in parts]
        if len(windows) > self.limits.windows:
            raise RequestRefused(
                BlockReason.TOO_LARGE,
                f"the text has {len(windows)} windows, more than {self.limits.windows} that the"
                " guard reads at once: shorten the conversation",
                status=413,
            )
        # Windows of like length together: short ones are not padded to long ones.
        windows.sort(key=lambda item: len(item[1]))
        scored: list[list[Scores]] = [[] for _ in texts]
        for start in range(0, len(windows), self.limits.batch):
            batch = windows[start : start + self.limits.batch]
            ids = [item for _, item in batch]
            results = await self._run(lambda ids=ids: self.classifier.score(ids))
            for (number, _), result in zip(batch, results, strict=True):
                scored[number].append(result)
        return [strictest(parts) for parts in scored]

    async def _run(self, work: Callable[..., T]) -> T:
        loop = asyncio.get_running_loop()
        result: Any = await loop.run_in_executor(self._pool, work)
        return result  # type: ignore[no-any-return]

    def _key(self, text: str) -> bytes:
        # Keyed: memory holds no digest that could be compared with one of a known text.
        return hashlib.blake2b(text.encode(), key=self._cache_key, digest_size=24).digest()

    def _recall(self, key: bytes) -> Scores:
        self._cache.move_to_end(key)
        return self._cache[key]

    def _remember(self, known: dict[bytes, Scores]) -> None:
        self._cache |= known
        while len(self._cache) > self.limits.cached:
            self._cache.popitem(last=False)
