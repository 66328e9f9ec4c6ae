"""Categories and actions: built-in defaults, under the spec, under what profiles ask. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from guardedmodel_api.compiled_policy import CompiledCategory, CompiledRule
from guardedmodel_api.v1alpha1.guards import Action, Category, Guards, Rule
from guardedmodel_operator.compile.controls import DEMANDS, Demand

_DIRECTIONS = ("input", "output")


def compile_categories(
    guards: Guards, in_force: Mapping[str, Sequence[str]]
) -> tuple[tuple[CompiledCategory, ...], list[str]]:
    """All categories, and a sentence for each action that a profile made stricter.

    `in_force` maps control ids to the requirements that ask for them.
    """
    own = {item.name: item for item in guards.categories}
    compiled, tightened = [], []
    for category in Category:
        entry = own.get(category)
        chosen: dict[str, CompiledRule] = {}
        for direction in _DIRECTIONS:
            rule: Rule = getattr(entry, direction) if entry else Rule()
            action, sentence = _action(category, direction, rule.action, in_force)
            chosen[direction] = CompiledRule(action=action, threshold=rule.threshold)
            tightened += sentence
        compiled.append(
            CompiledCategory(
                name=category,
                input=chosen["input"],
                output=chosen["output"],
                controls=tuple(sorted(_controls(category, in_force))),
            )
        )
    return tuple(compiled), tightened


def default_action(category: Category) -> Action:
    """What follows when the spec says nothing."""
    return Action.CRISIS if category is Category.SELF_HARM else Action.BLOCK


def _action(
    category: Category,
    direction: str,
    asked: Action | None,
    in_force: Mapping[str, Sequence[str]],
) -> tuple[Action, list[str]]:
    action = asked or default_action(category)
    asking = [
        (demand, requirement)
        for control, requirements in sorted(in_force.items())
        for demand in _matching(DEMANDS.get(control, ()), category, direction)
        for requirement in requirements
    ]
    strictest = max([action, *(demand.action for demand, _ in asking)], key=_strictness)
    if strictest is action:
        return action, []
    by = ", ".join(requirement for demand, requirement in asking if demand.action is strictest)
    where = f"guards.categories[{category}].{direction}.action"
    return strictest, [f"{where}: {action} became {strictest}, as {by} asks"]


def _controls(category: Category, in_force: Iterable[str]) -> list[str]:
    return [
        control
        for control in in_force
        if any(demand.category is category for demand in DEMANDS.get(control, ()))
    ]


def _matching(demands: Iterable[Demand], category: Category, direction: str) -> list[Demand]:
    return [item for item in demands if (item.category, item.direction) == (category, direction)]


def _strictness(action: Action) -> int:
    return action.strictness
