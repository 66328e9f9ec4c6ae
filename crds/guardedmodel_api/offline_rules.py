"""The resources' CEL rules where there is no API server: same sentences, checked in Python.

The command line reads a GuardedModel from a file. The schema alone would let through what a cluster
refuses. Each CEL rule of the models has its Python twin here, found by the rule's own text, so that
a rule without a twin is an error and never a gap. Rules about `oldSelf` need a cluster.
"""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel

from guardedmodel_api.errors import ResourceError
from guardedmodel_api.v1alpha1 import crisis, guarded_model, guards, model_info, serving
from guardedmodel_api.v1alpha1.base import Resource

Predicate = Callable[[Any], bool]

_EXTENSION = "x-kubernetes-validations"
_GUARD_PORTS = (8080, 8081)


def _one_of_server_and_attach(self: guarded_model.GuardedModelSpec) -> bool:
    return (self.server is None) != (self.attach is None)


def _public_contact(self: model_info.ResponsibleParty) -> bool:
    return "@" in self.contact or self.contact.startswith("https://")


def _free_port(self: serving.Server | serving.Attach) -> bool:
    return self.port not in _GUARD_PORTS


def _image_or_template(self: serving.Server) -> bool:
    return (self.image is None) != (self.pod_template is None)


def _template_has_containers(self: serving.Server) -> bool:
    return self.pod_template is None or "containers" in (self.pod_template.get("spec") or {})


def _crisis_for_self_harm_only(self: guards.CategoryGuard) -> bool:
    actions = (self.input.action, self.output.action)
    return self.name is guards.Category.SELF_HARM or guards.Action.CRISIS not in actions


def _texts_have_effect(self: crisis.Disclosure) -> bool:
    return self.start_notice is not crisis.StartNotice.NEVER or not self.texts


_BY_SENTENCE: dict[str, Predicate] = {
    "set exactly one of spec.server": _one_of_server_and_attach,
    "contact must be a mail address": _public_contact,
    "port 8080 and 8081 are the guard's": _free_port,
    "set exactly one of server.image": _image_or_template,
    "server.podTemplate needs spec.containers": _template_has_containers,
    "action Crisis answers with helplines for self-harm": _crisis_for_self_harm_only,
    "disclosure.texts has no effect while": _texts_have_effect,
}
"""Beginning of a rule's sentence, and its twin."""


def check_offline(model: guarded_model.GuardedModel) -> None:
    """Raise ResourceError with every sentence that the API server would say."""
    problems = list(_problems(model.spec, "spec"))
    if problems:
        raise ResourceError(problems)


def rules_of(kind: type[BaseModel]) -> list[dict[str, str]]:
    """CEL rules of a model that look at one version of the object only."""
    extra: Any = kind.model_config.get("json_schema_extra")
    rules = extra.get(_EXTENSION, []) if isinstance(extra, dict) else []
    return [rule for rule in rules if "oldSelf" not in rule["rule"]]


def twin(rule: dict[str, str]) -> Predicate:
    """The Python twin of a rule; LookupError if it has none."""
    for beginning, predicate in _BY_SENTENCE.items():
        if rule["message"].startswith(beginning):
            return predicate
    raise LookupError(f"no offline twin for the rule {rule['message']!r}: add it to offline_rules")


def _problems(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, Resource):
        for rule in rules_of(type(value)):
            if not twin(rule)(value):
                yield f"{where}: {rule['message']}"
        for name, field in type(value).model_fields.items():
            yield from _problems(getattr(value, name), f"{where}.{field.alias or name}")
    elif isinstance(value, list):
        yield from _repeats(value, where)
        for index, item in enumerate(value):
            yield from _problems(item, f"{where}[{index}]")


def _repeats(items: list[Any], where: str) -> Iterator[str]:
    """Lists keyed by name or locale, and sets, hold each key once."""
    seen = set()
    for item in items:
        key = _key(item)
        if key is not None and key in seen:
            yield f"{where}: {key!r} occurs twice; keep one"
        seen.add(key)


def _key(item: Any) -> str | None:
    if isinstance(item, guards.CategoryGuard):
        return str(item.name)
    if isinstance(item, crisis.CrisisLocale | crisis.NoticeText):
        return item.locale
    return str(item) if isinstance(item, guarded_model.Profile) else None
