"""Keyed commitments: proof of a text for who has it, and nothing for anybody else.

`hmac-sha256:` and the hex of HMAC-SHA-256(key, canonical JSON). The JSON is a list: of
[role, text] for a request, of [choice, field, text] for an answer.
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Sequence
from pathlib import Path

from guardedmodel_api.canonical import canonical_json
from guardedmodel_api.names import COMMITMENT_KEY_FILE
from guardedmodel_sidecar.errors import KeysError

logger = logging.getLogger("guardedmodel.records")

KEY_BYTES = 32


def load_key(folder: Path | None) -> bytes:
    """The commitment key in `folder`, or a new one in memory if there is no folder."""
    if folder is None:
        logger.warning(
            "Generated a commitment key in memory; records of this run can't be checked later"
            " remedy=%s",
            "set the keys folder",
        )
        return secrets.token_bytes(KEY_BYTES)
    path = folder / COMMITMENT_KEY_FILE
    try:
        key = path.read_bytes()
    except OSError as error:
        raise KeysError(f"key {path}: {error.strerror}; mount the Secret with the keys") from error
    if len(key) != KEY_BYTES:
        raise KeysError(f"key {path} has {len(key)} bytes, not {KEY_BYTES}: create it anew")
    return key


def commit(key: bytes, value: Sequence[Sequence[str | int]]) -> str:
    """The commitment to `value`; an empty string for nothing."""
    if not value:
        return ""
    data = canonical_json([list(item) for item in value])
    return "hmac-sha256:" + hmac.new(key, data, hashlib.sha256).hexdigest()
