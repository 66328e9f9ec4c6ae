"""One understood request on its way through the guard: judging it, and speaking in its place."""

from dataclasses import dataclass

from aiohttp import web

from guardedmodel_api.decision_record import Stage, Verdict
from guardedmodel_api.names import HEADER_DECISION_ID, HEADER_DISCLOSURE, HEADER_VERDICT
from guardedmodel_api.reasons import BlockReason, FailReason
from guardedmodel_api.v1alpha1.guards import Action, Category
from guardedmodel_sidecar.crisis import crisis_text
from guardedmodel_sidecar.dialects.base import USER, Dialect, Json, ModelRequest, Piece, Reply
from guardedmodel_sidecar.errors import JudgeError
from guardedmodel_sidecar.http.strict_json import dump
from guardedmodel_sidecar.moderation.conversation import read_turns
from guardedmodel_sidecar.moderation.fallback import speaks_of_crisis
from guardedmodel_sidecar.moderation.verdict import Judgement, judge_input, judge_output
from guardedmodel_sidecar.moderation.windows import Scores
from guardedmodel_sidecar.notices import Disclosed, start_notice
from guardedmodel_sidecar.proxy.guard import Guard, Parts
from guardedmodel_sidecar.proxy.ledger import Ledger, Outcome
from guardedmodel_sidecar.records.commitments import commit


def json_response(
    ledger: Ledger,
    status: int,
    body: bytes,
    verdict: Verdict,
    extra: list[tuple[str, str]] | None = None,
) -> web.Response:
    """A JSON response with the guard's headers."""
    response = web.Response(status=status, body=body, content_type="application/json")
    for name, value in extra or ():
        response.headers[name] = value
    stamp(response, ledger, verdict)
    return response


def stamp(response: web.StreamResponse, ledger: Ledger, verdict: Verdict) -> None:
    """The guard's headers."""
    response.headers[HEADER_VERDICT] = verdict.value
    response.headers[HEADER_DECISION_ID] = ledger.id
    if ledger.disclosed is not None:
        response.headers[HEADER_DISCLOSURE] = ledger.disclosed.value


@dataclass
class Case:
    """What is known of one request, and what the guard does with it."""

    guard: Guard
    parts: Parts
    ledger: Ledger
    dialect: Dialect
    request: ModelRequest
    languages: tuple[str, ...]

    @property
    def notice(self) -> str | None:
        """The AI notice that the answer needs."""
        return start_notice(self.parts.active.policy, self.request, self.languages)

    @property
    def judges_output(self) -> bool:
        """Whether any rule could have a consequence for the answer."""
        return self.request.speaks and bool(self.parts.active.rules.output)

    async def judge_request(self) -> Judgement:
        """Judge all turns; JudgeError if they can't be judged and that must not pass."""
        rules = self.parts.active.rules.input
        turns = [turn for turn in self.request.turns if turn.text]
        self.ledger.input_commit = commit(
            self.guard.key, [(turn.role, turn.text) for turn in turns]
        )
        if not rules or not turns:
            return Judgement()
        read = read_turns(turns, self.parts.active.policy.crisis)
        try:
            scores = await self.scores([turn.text for turn in read], Stage.REQUEST)
        except JudgeError as error:
            last = next((turn.text for turn in reversed(turns) if turn.role == USER), "")
            if self._crisis_is_guarded() and speaks_of_crisis(last):
                self.ledger.judgement = Judgement(Action.CRISIS)
                return self.ledger.judgement
            self._pass_or_raise(error)
            return Judgement()
        self.ledger.judgement |= judge_input(rules, read, scores)
        return self.ledger.judgement

    async def judge_texts(self, texts: list[str]) -> Judgement:
        """Judge texts of the model; JudgeError if they can't be judged and that must not pass."""
        try:
            scores = await self.scores(texts, Stage.RESPONSE)
        except JudgeError as error:
            self._pass_or_raise(error)
            return Judgement()
        found = judge_output(self.parts.active.rules.output, scores)
        self.ledger.judgement |= found
        return found

    async def scores(self, texts: list[str], stage: Stage) -> list[Scores]:
        """Scores, timed and with failures counted."""
        with self.guard.metrics.guard_seconds.labels(stage.value).time():
            try:
                return await self.parts.judge.scores(texts)
            except JudgeError as error:
                self.guard.metrics.classifier_errors.labels(error.reason.value).inc()
                raise

    def stops(self, judgement: Judgement) -> bool:
        """Whether the model's words give way to the guard's."""
        return self.ledger.enforces and judgement.action in {Action.BLOCK, Action.CRISIS}

    def commit_output(self, pieces: list[Piece]) -> None:
        """Remember the answer for the record."""
        listed = [(piece.choice, piece.field, piece.text) for piece in pieces]
        self.ledger.output_commit = commit(self.guard.key, listed)

    def crisis(self) -> str:
        """The locale's helplines, noting the locale."""
        locale, text = crisis_text(self.parts.active.policy.crisis, self.languages)
        self.ledger.locale = locale
        return text

    def reply(
        self, action: Action, *, opened: bool = False, choices: tuple[int, ...] = (), text: str = ""
    ) -> Reply:
        """The guard's own words for an action."""
        crisis = action == Action.CRISIS
        spoken = text or (self.crisis() if crisis else self.parts.active.policy.refusal_message)
        notice = None if opened else self.notice
        if notice and self.request.prose:
            # Help comes first; what the person talks to comes second.
            spoken = f"{spoken}\n\n{notice}" if crisis else f"{notice}\n\n{spoken}"
            self.ledger.disclosed = Disclosed.SHOWN
        elif notice:
            self.ledger.disclosed = Disclosed.REQUIRED
        return Reply(
            id=self.ledger.id,
            created=int(self.guard.clock.time()),
            text=spoken,
            crisis=crisis,
            request=self.request,
            opened=opened,
            choices=choices or tuple(range(self.request.choices)),
        )

    def outcome(self, judgement: Judgement, stage: Stage, status: int = 200) -> Outcome:
        """The outcome of a request in which the guard speaks."""
        return Outcome(
            judgement.verdict,
            stage,
            status,
            BlockReason.CATEGORY,
            referral=judgement.action == Action.CRISIS,
        )

    async def speak(self, judgement: Judgement, stage: Stage) -> web.Response:
        """The guard's plain answer: recorded, then handed out."""
        status = 200 if self.request.speaks else 400
        document: Json = self.dialect.reply(self.reply(judgement.action))
        outcome = self.outcome(judgement, stage, status)
        await self.ledger.conclude(outcome)
        return json_response(self.ledger, status, dump(document), outcome.verdict)

    def _crisis_is_guarded(self) -> bool:
        entry = self.parts.active.policy.category(Category.SELF_HARM)
        return self.ledger.enforces and entry is not None and entry.input.action == Action.CRISIS

    def _pass_or_raise(self, error: JudgeError) -> None:
        if not self.ledger.open or error.reason == FailReason.NOT_READY:
            raise error
        self.ledger.failed_open(error.reason)
