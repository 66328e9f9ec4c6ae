"""Canonical JSON and digests: the same value gives the same bytes everywhere.

RFC 8785 for the values that the contract allows: strings, booleans, null,
integers within 2**53, lists, objects with string keys, and numbers whose
shortest form Python and ECMAScript agree on (thresholds between 1e-6 and 1).
"""

import hashlib
import json
import math
from typing import Any

_EXACT = 2**53


def canonical_json(value: Any) -> bytes:
    """UTF-8 bytes of `value` with sorted keys and no spaces; ValueError for what has no such form."""
    _check(value)
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode("utf-8")


def sha256_digest(data: bytes) -> str:
    """`sha256:` and 64 hex digits, the form that OCI and in-toto use."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _check(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"object key {key!r} is not a string")
            _check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item)
    elif isinstance(value, bool) or value is None or isinstance(value, str):
        return
    elif isinstance(value, int):
        if abs(value) >= _EXACT:
            raise ValueError(f"integer {value} is too large to be exact in JSON")
    elif isinstance(value, float):
        _check_float(value)
    else:
        raise ValueError(f"{type(value).__name__} has no canonical JSON form")


def _check_float(value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a JSON number")
    # Python writes 1.0 and 1e-07 where ECMAScript writes 1 and 1e-7.
    if value.is_integer() or not 1e-6 <= abs(value) < 1e16:
        raise ValueError(f"{value} has no portable form: use an integer or a value in [1e-6, 1e16)")
