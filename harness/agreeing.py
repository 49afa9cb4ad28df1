"""Does a judge agree with people? Human labels held against verdicts: told with the labels, recorded in a run, or asked now.

What is asked now is recorded in a run of its own below reports/checks, which goes on with each check: what was answered once is never asked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import __version__, judges, scorers, stats, store
from harness.addressed import content_address
from harness.ask import Answer, Case, Criterion, Prompt, Provider, Suite, TrialRef
from harness.bench import Bench
from harness.errors import NothingSelected, WrongUse
from harness.foreseeing import CAPABILITY
from harness.load.labels import Label
from harness.settings import Places
from harness.told import Outcome, Reply

LABELLED = "labelled"
"""Who is judged, where nobody says whose replies people labelled."""

_RIGHT = frozenset({"correct", "right", "true", "yes", "pass", "passed", "good", "1"})
_WRONG = frozenset({"incorrect", "wrong", "false", "no", "fail", "failed", "bad", "0"})
_OF_VALUES: Mapping[float, str] = {1.0: "win", 0.5: "tie", 0.0: "loss"}

Said = str | float


@dataclass(frozen=True, slots=True)
class Checked:
    """How far a judge and people agree, over the labels that have a verdict.

    `unscored` have none because the judge gave none, for the reasons counted in `reasons`; `unmatched` because the run has no such reply. `table` counts pairs of
    label and verdict.
    """

    found: stats.Agreement
    table: Mapping[tuple[Said, Said], int]
    unscored: int = 0
    unmatched: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


def check(
    labels: Sequence[Label], verdicts: Sequence[str | None], reasons: Sequence[str], unmatched: int = 0
) -> Checked:
    """Hold labels against verdicts, in the same order; None is a judge's that gave none.

    Words for right and wrong (yes, pass, 1, …) are the same wherever one side says nothing else.

    Raises:
        NothingSelected: no label has a verdict.
        WrongUse: labels and verdicts are not in the same words.
    """
    both = [(one.label, said) for one, said in zip(labels, verdicts, strict=True) if said is not None]
    if not both:
        why = f": {', '.join(dict.fromkeys(reasons))}" if reasons else ""
        raise NothingSelected(f"no label has a verdict to be held against{why}")
    pairs = _alike(both)
    ours, theirs = {one for one, _ in pairs}, {one for _, one in pairs}
    if not ours & theirs and len(ours | theirs) > 2:  # two who always contradict each other use the same words
        raise WrongUse(f"people said {_list(ours)} and the judge {_list(theirs)}: they have no word in common")
    counts = Counter(pairs)
    return Checked(stats.agreement(pairs), counts, len(labels) - len(both), unmatched, Counter(reasons))


def _alike(pairs: Sequence[tuple[str, str]]) -> list[tuple[Said, Said]]:
    """The pairs in one form: numbers as numbers, right and wrong in two words where either side says nothing else."""
    sides = [{one.casefold() for one in side} for side in zip(*pairs, strict=True)]
    binary = all(side <= _RIGHT | _WRONG for side in sides)
    return [(_plain(one, binary=binary), _plain(other, binary=binary)) for one, other in pairs]


def _plain(text: str, *, binary: bool) -> Said:
    word = text.casefold()
    if binary:
        return "correct" if word in _RIGHT else "incorrect"
    try:
        return float(word)
    except ValueError:
        return word


def _list(said: set[Said]) -> str:
    return ", ".join(sorted(f"{one:g}" if isinstance(one, float) else one for one in said)[:5])


def verdict_of(extracted: str | None, value: float) -> str:
    """A judge's verdict in the words that people use: a grade, correct or incorrect; of a comparison win, tie or loss."""
    text = extracted or ""
    if text in {"correct", "incorrect"}:
        return text
    grade, of, _ = text.partition(" of ")
    return grade if of else _OF_VALUES.get(value, f"{value:g}")


def recorded(labels: Sequence[Label], run: store.Run) -> tuple[list[Label], list[str | None], list[str]]:
    """The labels of which a run has the reply judged by a model, the verdicts on these, and why some have none.

    Raises:
        WrongUse: a label does not say which case it is of, or fits several replies; or the run was judged by no model.
        StoreError: the run cannot be read.
    """
    rows: Any = run.scores(
        ["suite", "case_id", "provider", "repeat", "scorer", "state", "value", "extracted", "reason"]
    )
    rows = rows[rows["scorer"] == "judge"]
    if rows.empty:
        raise WrongUse(f"no reply of {run.run_id} was judged by a model")
    by_case: dict[str, list[Any]] = {}
    for row in rows.itertuples(index=False):
        by_case.setdefault(row.case_id, []).append(row)
    kept: list[Label] = []
    verdicts: list[str | None] = []
    reasons: list[str] = []
    for one in labels:
        row = _row_of(one, by_case.get(one.case_id or "", []))
        if row is None:
            continue
        kept.append(one)
        scored = row.state == "scored"
        verdicts.append(verdict_of(row.extracted, float(row.value)) if scored else None)
        reasons += [] if scored else [row.reason]
    return kept, verdicts, reasons


def _row_of(label: Label, rows: Sequence[Any]) -> Any:
    if label.case_id is None:
        raise WrongUse(f"line {label.line} of the labels names no case_id, by which the run's reply is found")
    fitting = [
        row
        for row in rows
        if label.provider in (None, row.provider)
        and label.suite in (None, row.suite)
        and label.repeat in (None, str(row.repeat))
    ]
    if len(fitting) > 1:
        raise WrongUse(
            f"line {label.line} of the labels fits {len(fitting)} replies to {label.case_id}: columns `provider`, `suite` and `repeat` tell them apart"
        )
    return fitting[0] if fitting else None


@dataclass(frozen=True, slots=True)
class Docket:
    """Labelled replies that a judge is to be asked about: the run that keeps its answers, the cases, and what is missing."""

    run: store.Run
    pairs: tuple[tuple[Case, Outcome], ...]
    heard: judges.Hearing


def docket(labels: Sequence[Label], criterion: Criterion, bench: Bench, places: Places) -> Docket:
    """What asking a judge about the labelled replies takes; nothing is sent.

    Raises:
        WrongUse: a label has no reply, nobody may judge, or the criterion does not fit.
    """
    made_up = bool(bench.named) and all(bench.registry.get(name).provider.simulated for name in bench.named)
    pairs = tuple(_pair(one, criterion, simulated=made_up) for one in labels)
    kept = _kept(places)
    suite = Suite("labels", tuple(case for case, _ in pairs), Path("labels"))
    models = {outcome.ref.trial_id: one.model for (_, outcome), one in zip(pairs, labels, strict=True)}

    def judged(outcome: Outcome) -> Provider:
        simulated = LABELLED if made_up else None
        return Provider(outcome.ref.provider, models[outcome.ref.trial_id] or LABELLED, simulated=simulated)

    return Docket(kept, pairs, judges.hearing_of(kept, pairs, [suite], bench, judged))


def _pair(label: Label, criterion: Criterion, *, simulated: bool) -> tuple[Case, Outcome]:
    if label.reply is None:
        raise WrongUse(
            f"line {label.line} of the labels has no reply, and no verdict: give a column `reply` and one `prompt`, or --run RUN, whose replies were judged"
        )
    case = Case(
        label.case_id or f"line-{label.line}",
        Prompt(({"role": "user", "content": label.prompt or "(what was asked is not known)"},)),
        CAPABILITY,
        (criterion,),
        expect=label.reference,
    )
    try:
        scorers.check(criterion, case.expect)
    except ValueError as error:
        raise WrongUse(f"line {label.line} of the labels: {error}") from error
    if simulated:  # a simulated judge is told what people said
        answer = Answer(label.reply)
        case = replace(case, reference=answer) if _is_best(label, criterion) else replace(case, distractor=answer)
    name = content_address([label.line, label.prompt, label.reply])
    ref = TrialRef(name, label.provider or LABELLED, "labels", "", case.id, case.hash, case.capability)
    return case, Outcome(ref, Reply(label.reply), simulated=simulated)


def _is_best(label: Label, criterion: Criterion) -> bool:
    """Whether a person gave the best grade, or said right where there are no grades."""
    if criterion.options.get("rubric") is None:
        return label.label.casefold() in _RIGHT
    return label.label == str(criterion.options.get("scale", 10))


def _kept(places: Places) -> store.Run:
    """The run below reports/checks that keeps what judges said of labelled replies; a new one where there is none."""
    place = f"{places.reports}/checks"
    try:
        return store.newest_run(place)
    except WrongUse:
        now = datetime.now(UTC)
        info = store.RunInfo(run_id=store.new_run_id(now), created=now, planned=0, harness_version=__version__)
        with store.Recorder(place, info) as recorder:
            pass
        return store.load_run(recorder.path)


def asked(found: Docket, run: store.Run) -> tuple[list[str | None], list[str]]:
    """The verdicts of the judge on the labelled replies, in their order, from the run that has its answers; and why some have none."""
    rulings = judges.rulings(run, found.heard)
    verdicts: list[str | None] = []
    reasons: list[str] = []
    for score in scorers.judge_all(found.pairs, scorers.Permissions(rulings=rulings)):
        verdicts.append(None if score.value is None else verdict_of(score.extracted, score.value))
        reasons += [score.reason] if score.value is None else []
    return verdicts, reasons
