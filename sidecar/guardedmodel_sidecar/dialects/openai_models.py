"""OpenAI model list: GET /v1/models and GET /v1/models/{id}. Pure.

Nothing is judged here, so only the members that the API defines are handed on.
"""

import re
from typing import Any

from guardedmodel_sidecar.dialects.base import AnswerError, Json

_PATH = re.compile(r"/v1/models(/[A-Za-z0-9._:-]{1,128}(/[A-Za-z0-9._:-]{1,128})?)?")
_MEMBERS = ("id", "object", "created", "owned_by", "root", "parent", "max_model_len")


def is_models_path(path: str) -> bool:
    """Whether `path` lists models or names one."""
    return _PATH.fullmatch(path) is not None and "/.." not in path


def clean(answer: Any) -> Json:
    """The known members of an answer; AnswerError if it isn't one."""
    if isinstance(answer, dict) and isinstance(answer.get("data"), list):
        return {"object": "list", "data": [_model(item) for item in answer["data"]]}
    return _model(answer)


def _model(value: Any) -> Json:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise AnswerError("the answer has no model with an id")
    return {name: value[name] for name in _MEMBERS if _is_plain(value.get(name, ...))}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)
