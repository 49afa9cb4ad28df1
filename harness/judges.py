"""Judges: what a run's scorers must ask of other models. It is asked and recorded as everything is, into the same run; judging then reads the record.

    hearing   the questions that a recorded run leads to, and which of them it has no answer to
    ask       these, by the same path as any trial                   → rows of phase judge in the run's calls.parquet
    rulings   what the answers come to, for the scorers

A question's trial is the content address of what is asked, so that it is found again in the record: what was answered once is never asked again,
equal replies to a case are judged once, and other words in a rubric are another question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from harness import engine, scorers, store
from harness.ask import Case, Criterion, Provider, Suite, Trial
from harness.asking import ask_here
from harness.bench import Bench
from harness.errors import WrongUse
from harness.foreseeing import against, asking, question_trial
from harness.matching import Matched
from harness.pipeline import Serve
from harness.registry import ModelFacts
from harness.settings import Terms
from harness.told import Outcome, Tally
from harness.wording import only_refuses, said

JUDGING = "Judging: "
"""How notes begin that say why judges were not asked."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a criterion asks about one reply: its questions as trials, in its order."""

    criterion: Criterion
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class Errand:
    """What is still to be asked of one judge, and what is known of its model."""

    plan: engine.Plan
    facts: ModelFacts

    @property
    def judge(self) -> Provider:
        """Who is asked."""
        return self.plan.providers[0]

    @property
    def most_usd(self) -> float | None:
        """The most that it can cost in USD, retries included; None where a price or a limit is unknown."""
        return self.plan.most_it_can_cost(lambda _: self.facts.max_output_tokens)[self.judge.name]


@dataclass(frozen=True)
class Hearing:
    """What a run's criteria ask of other models, by the judged trial and the criterion's place in its case; `settled` is what needs no question.

    `errands` ask what the run has no answer to; `before` counts attempts that were made at that, by trial.
    """

    inquiries: Mapping[tuple[str, int], Inquiry] = field(default_factory=dict)
    settled: scorers.Rulings = field(default_factory=dict)
    errands: tuple[Errand, ...] = ()
    before: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many questions are to be asked."""
        return sum(one.plan.count for one in self.errands)


def hearing(run: store.Run, suites: Sequence[Suite], bench: Bench) -> Hearing:
    """What judging a run needs to have asked, and what of it is still to be asked.

    Raises:
        WrongUse: somebody who is needed is not there.
        StoreError: the run cannot be read.
    """
    if not any(True for suite in suites for _ in asking(suite)):
        return Hearing()
    return hearing_of(run, tuple(Matched(run, suites)), suites, bench, partial(_judged, run))


def hearing_of(
    run: store.Run,
    pairs: Sequence[tuple[Case, Outcome]],
    suites: Sequence[Suite],
    bench: Bench,
    judged: Callable[[Outcome], Provider],
) -> Hearing:
    """The same of any replies with their cases; the run keeps the answers, and `judged` tells whose a reply is. As `hearing`."""
    return _Summons(run, suites, bench, judged).hearing(pairs)


def _judged(run: store.Run, outcome: Outcome) -> Provider:
    """Whose a reply is, as the run knows it: the registry may have others by now."""
    name = outcome.ref.provider
    known = run.info.providers.get(name, {})
    profile = known.get("simulated") or (name if outcome.simulated else None)
    return Provider(name, str(known.get("model", name)), simulated=profile)


class _Summons:
    """One look through a run's replies for what they lead to."""

    def __init__(
        self, run: store.Run, suites: Sequence[Suite], bench: Bench, judged: Callable[[Outcome], Provider]
    ) -> None:
        self._bench, self._judged = bench, judged
        self._suites = {suite.name: suite for suite in suites}
        rows = run.calls(["trial_id", "phase", "status", "attempt"])
        rows = rows[rows["phase"] == "judge"]
        self._answered = frozenset(rows.loc[rows["status"] == "ok", "trial_id"])
        self._before = {str(name): int(number) for name, number in rows.groupby("trial_id")["attempt"].max().items()}
        self._inquiries: dict[tuple[str, int], Inquiry] = {}
        self._settled: dict[tuple[str, int], scorers.Ruling] = {}
        self._whose: dict[tuple[str, int], tuple[str, str, str]] = {}
        self._examples: dict[tuple[str, str, str], tuple[Criterion, Outcome]] = {}

    def hearing(self, pairs: Sequence[tuple[Case, Outcome]]) -> Hearing:
        """What judging these replies by these cases takes."""
        beside = {_place(outcome, outcome.ref.provider): outcome for _, outcome in pairs}
        for case, outcome in pairs:
            for number, criterion in enumerate(case.criteria):
                if scorers.asks(criterion):
                    self._summon(case, number, outcome, beside)
        return self._sorted()

    def _summon(self, case: Case, number: int, outcome: Outcome, beside: Mapping[Any, Outcome]) -> None:
        criterion = case.criteria[number]
        key, other = (outcome.ref.trial_id, number), against(criterion)
        self._whose[key] = outcome.ref.provider, criterion.scorer, repr(criterion.options)
        self._examples.setdefault(self._whose[key], (criterion, outcome))
        baseline = beside.get(_place(outcome, other)) if other else None
        if other == outcome.ref.provider:
            self._settled[key] = _ruled(0.5, "it is the baseline: by definition as good as itself")
            return
        if other and (baseline is None or not baseline.answered):
            self._settled[key] = _ruled(None, f"the baseline {other} has no reply to this case")
            return
        if baseline is not None and said(baseline.reply) == said(outcome.reply):
            self._settled[key] = _ruled(0.5, f"a tie: it is the very reply of {other}")
            return
        questions = scorers.questions(case, number, outcome, baseline)
        if not questions:
            if baseline is not None and outcome.answered and scorers.questions(case, number, outcome, outcome):
                self._settled[key] = _ruled(None, f"the baseline {other} has no reply that could be judged")
            return
        candidates = self._bench.candidates(criterion, self._judged(outcome))
        trials = [
            tuple(question_trial(outcome.ref.suite, case, one, judge) for one in questions) for judge in candidates
        ]
        known = next((those for those in trials if all(one.ref.trial_id in self._answered for one in those)), None)
        if known is None:
            known = trials[candidates.index(self._bench.chosen(candidates))]
        self._inquiries[key] = Inquiry(criterion, known)

    def _with_judges(self) -> dict[tuple[str, int], scorers.Ruling]:
        """What is settled, with who is asked about other replies of the same provider: what was not asked about is judged alike."""
        who = {self._whose[key]: one.trials[0].provider.model for key, one in self._inquiries.items()}
        unasked = {key: whose for key, whose in self._whose.items() if key not in self._inquiries}
        for whose in dict.fromkeys(unasked.values()):
            if whose not in who and (would := self._would_judge(whose)) is not None:
                who[whose] = would
        return {
            key: replace(self._settled.get(key, scorers.Ruling()), by=who.get(whose)) for key, whose in unasked.items()
        }

    def _would_judge(self, whose: tuple[str, str, str]) -> str | None:
        """The model that would be asked; None where nobody is there to be asked, and nobody needs to be."""
        criterion, outcome = self._examples[whose]
        with suppress(WrongUse):
            return self._bench.chosen(self._bench.candidates(criterion, self._judged(outcome))).model
        return None

    def _sorted(self) -> Hearing:
        """What is missing as an errand to each judge's model."""
        missing: defaultdict[tuple[str, str], dict[str, Trial]] = defaultdict(dict)
        for trial in (one for inquiry in self._inquiries.values() for one in inquiry.trials):
            if trial.ref.trial_id not in self._answered:
                missing[trial.provider.name, trial.provider.model].setdefault(trial.ref.trial_id, trial)
        plans = [self._plan([*trials.values()]) for trials in missing.values()]
        errands = tuple(Errand(plan, self._bench.facts(plan.providers[0])) for plan in plans)
        ids = {name for trials in missing.values() for name in trials}
        before = {name: number for name, number in self._before.items() if name in ids}
        return Hearing(self._inquiries, {**self._settled, **self._with_judges()}, errands, before)

    def _plan(self, trials: Sequence[Trial]) -> engine.Plan:
        by_suite: defaultdict[str, list[Case]] = defaultdict(list)
        for trial in trials:
            by_suite[trial.suite].append(trial.case)
        suites = [Suite(name, tuple(cases), self._suites[name].path) for name, cases in by_suite.items()]
        return engine.Plan(tuple(suites), (trials[0].provider,), repeat=1, phase="judge")


def ask(
    run: store.Run,
    heard: Hearing,
    terms: Terms,
    *,
    spent_usd: float = 0.0,
    serve: Serve | None = None,
    progress: Callable[[Tally], None] | None = None,
) -> store.Run:
    """Ask what is missing and record it into the run; returns it with the answers. Ctrl-C ends it early; what was recorded stays.

    The judges are asked one after the other, by this process.

    Raises:
        WrongUse: a simulated judge is to be asked and nothing serves it.
        StoreError: the run cannot be written.
    """
    if not heard.missing:
        return run
    made_up = [one.judge for one in heard.errands if one.judge.simulated and not one.judge.base_url]
    if made_up and serve is None:
        raise WrongUse(f"{made_up[0].name} is simulated: `harness run` and `harness score` serve it")
    before = store.Remainder(run, frozenset(), 0, frozenset(), heard.before)
    how = replace(terms.run_options, spent_usd=spent_usd, max_failures=None, max_time_s=None, progress=progress)
    options = store.WriteOptions(durability=terms.durability)
    with engine.ctrl_c() as wish, store.Recorder.again(before, run.info, options=options) as recorder:
        suites = [suite for one in heard.errands for suite in one.plan.suites]
        with serve(made_up, suites, recorder.truth) if serve and made_up else nullcontext(()) as served:
            errands = _placed(heard.errands, dict(zip(map(_address, made_up), served, strict=True)))
            tallies = list(_asked(errands, recorder, terms, how, wish))
        ended = [one for one in run.ended if not one.startswith(JUDGING)]
        ended += [JUDGING + note for tally in tallies for note in tally.notes]
        cut_short = wish.done() or any(tally.interrupted for tally in tallies)
        whole = run.trials >= run.info.planned and not cut_short
        recorder.close("complete" if whole else "interrupted", ended)
    return store.load_run(recorder.path)


def _asked(
    errands: Sequence[Errand], recorder: store.Recorder, terms: Terms, how: engine.RunOptions, wish: engine.Wish
) -> Iterator[Tally]:
    """Asks one judge after the other, until the money is spent or the wish ends it; how far each came."""
    before = Tally(0)
    for errand in errands:
        if wish.done():
            return
        options = replace(how, spent_usd=how.spent_usd + before.spend_usd, progress=_after(before, how.progress))
        tally = ask_here(errand.plan, {errand.judge.name: errand.facts}, recorder, terms, options, wish).tally
        yield tally
        if tally.interrupted:
            return
        before = _both(before, tally)


def _after(before: Tally, progress: Callable[[Tally], None] | None) -> Callable[[Tally], None] | None:
    """Tells of all judges together."""
    return None if progress is None else lambda tally: progress(_both(before, tally))


def _both(one: Tally, other: Tally) -> Tally:
    return Tally(
        planned=one.planned + other.planned,
        done=one.done + other.done,
        failed=one.failed + other.failed,
        attempts=one.attempts + other.attempts,
        spend_usd=one.spend_usd + other.spend_usd,
        unpriced=one.unpriced + other.unpriced,
    )


def _address(judge: Provider) -> tuple[str, str]:
    return judge.name, judge.model


def _placed(errands: Sequence[Errand], served: Mapping[tuple[str, str], Provider]) -> list[Errand]:
    """The errands, to where their judges are served."""
    return [
        replace(one, plan=replace(one.plan, providers=(served.get(_address(one.judge), one.judge),))) for one in errands
    ]


def rulings(run: store.Run, heard: Hearing) -> scorers.Rulings:
    """What the recorded answers come to, for the scorers: opinions, or why there is none.

    Raises:
        StoreError: the run cannot be read.
    """
    if not heard.inquiries:
        return heard.settled
    answers = {one.ref.trial_id: one for one in run.outcomes("judge")}
    return {**heard.settled, **{key: _ruling(one, answers) for key, one in heard.inquiries.items()}}


def _ruling(inquiry: Inquiry, answers: Mapping[str, Outcome]) -> scorers.Ruling:
    """The ruling that the answers support. What a judge did not say, or not as it was asked to, says nothing of the reply."""
    scorer, options = scorers.scorer_of(inquiry.criterion)
    assert scorer.asks is not None
    ids = [one.ref.trial_id for one in inquiry.trials]
    found = [answers.get(name) for name in ids]
    judge = inquiry.trials[0].provider
    who = f"the {scorer.asks.whom} {judge.name}"
    answered = [one for one in found if one is not None and one.answered]
    if len(answered) < len(found):
        failed = next((one for one in found if one is not None and not one.answered), None)
        why = f"did not answer: {failed.failure_kind}" if failed else "was not asked"
        return scorers.Ruling(
            scorers.Opinion(None, None, f"{who} {why}"), ",".join(ids) if failed else None, judge.model
        )
    opinion = scorer.asks.read(options, [one.reply.text for one in answered])
    if opinion.value is None:
        opinion = replace(opinion, reason=f"{who} {_off_form(answered) or opinion.reason}")
    return scorers.Ruling(opinion, ",".join(ids), judge.model)


def _off_form(answers: Sequence[Outcome]) -> str | None:
    """What kept a judge from answering in its form, where that shows."""
    replies = [one.reply for one in answers]
    if any(one.finish_reason == "length" for one in replies):
        return "was cut off by its token limit"
    if any(one.finish_reason == "content_filter" for one in replies):
        return "was filtered by its provider"
    return "refused" if any(only_refuses(said(one)) for one in replies) else None


def _place(outcome: Outcome, provider: str) -> tuple[str, str, str, int]:
    """Where another provider's reply to the same case stands."""
    return outcome.ref.suite, outcome.ref.case_id, provider, outcome.ref.repeat


def _ruled(value: float | None, why: str) -> scorers.Ruling:
    return scorers.Ruling(scorers.Opinion(value, None, why))
