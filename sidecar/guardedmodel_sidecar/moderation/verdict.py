"""What follows from scores: the compiled policy's rules, applied. Pure.

The strictest action of all texts wins, and Crisis beats Block: a person in danger gets help even
when another rule would refuse them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guardedmodel_api.compiled_policy import CompiledPolicy, CompiledRule
from guardedmodel_api.decision_record import CategoryScore, Stage, Verdict
from guardedmodel_api.errors import PolicyError
from guardedmodel_api.v1alpha1.guards import Action, Category
from guardedmodel_sidecar.moderation.artefact import Artefact
from guardedmodel_sidecar.moderation.conversation import ReadTurn
from guardedmodel_sidecar.moderation.windows import Scores

VERDICTS = {
    Action.ALLOW: Verdict.ALLOW,
    Action.ANNOTATE: Verdict.ANNOTATE,
    Action.BLOCK: Verdict.BLOCK,
    Action.CRISIS: Verdict.CRISIS,
}


@dataclass(frozen=True)
class Rule:
    """One direction of one category, ready to be compared."""

    category: Category
    column: int  # in the classifier's scores
    action: Action
    threshold: float
    controls: tuple[str, ...]


@dataclass(frozen=True)
class RuleSet:
    """The rules that can have a consequence; Allow is left out, since nothing follows from it."""

    input: tuple[Rule, ...]
    output: tuple[Rule, ...]


@dataclass(frozen=True)
class Judgement:
    """The strictest action and what led to it."""

    action: Action = Action.ALLOW
    hits: tuple[CategoryScore, ...] = ()
    controls: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The verdict of this action."""
        return VERDICTS[self.action]

    def __or__(self, other: "Judgement") -> "Judgement":
        """Both: the stricter action, the hits of either, the higher score of each category."""
        best: dict[tuple[str, Stage], CategoryScore] = {}
        for hit in (*self.hits, *other.hits):
            key = (hit.category, hit.stage)
            old = best.get(key)
            if old is None or _weight(hit) > _weight(old):
                best[key] = hit
        return Judgement(
            max(self.action, other.action, key=lambda action: action.strictness),
            tuple(best.values()),
            tuple(dict.fromkeys((*self.controls, *other.controls))),
        )


def rule_set(policy: CompiledPolicy, artefact: Artefact) -> RuleSet:
    """The rules of `policy` for this classifier; PolicyError if it can't tell a category."""
    inputs: list[Rule] = []
    outputs: list[Rule] = []
    for category in policy.categories:
        if category.name not in artefact.labels:
            raise PolicyError(
                f"policy category {category.name.value}: the classifier can't tell it; use a"
                " sidecar image with a classifier that can"
            )
        column = artefact.labels.index(category.name)
        default = artefact.thresholds[category.name]
        for rules, rule, own in (
            (inputs, category.input, default.input),
            (outputs, category.output, default.output),
        ):
            if rule.action != Action.ALLOW:
                rules.append(_rule(category.name, column, rule, own, category.controls))
    return RuleSet(tuple(inputs), tuple(outputs))


def judge_input(
    rules: Sequence[Rule], turns: Sequence[ReadTurn], scores: Sequence[Scores]
) -> Judgement:
    """The judgement of a request: every turn counts, Crisis only where a person speaks."""
    result = Judgement()
    for turn, row in zip(turns, scores, strict=True):
        result |= _judge(rules, row, Stage.REQUEST, crisis=turn.crisis_counts)
    return result


def judge_output(rules: Sequence[Rule], scores: Iterable[Scores]) -> Judgement:
    """The judgement of texts of the model."""
    result = Judgement()
    for row in scores:
        result |= _judge(rules, row, Stage.RESPONSE, crisis=True)
    return result


def _judge(rules: Sequence[Rule], row: Scores, stage: Stage, *, crisis: bool) -> Judgement:
    hit = [rule for rule in rules if row[rule.column] >= rule.threshold]
    if not hit:
        return _NOTHING
    actions = [
        Action.ANNOTATE if rule.action == Action.CRISIS and not crisis else rule.action
        for rule in hit
    ]
    return Judgement(
        max(actions, key=lambda action: action.strictness),
        tuple(
            CategoryScore(
                category=rule.category.value,
                stage=stage,
                score_bucket=min(10, int(row[rule.column] * 10)),
                threshold=rule.threshold,
                action=action.value,
            )
            for rule, action in zip(hit, actions, strict=True)
        ),
        tuple(dict.fromkeys(control for rule in hit for control in rule.controls)),
    )


_NOTHING = Judgement()


def _weight(hit: CategoryScore) -> tuple[int, int]:
    return Action(hit.action).strictness, hit.score_bucket


def _rule(
    name: Category, column: int, rule: CompiledRule, default: float, controls: tuple[str, ...]
) -> Rule:
    return Rule(name, column, rule.action, rule.threshold or default, controls)
