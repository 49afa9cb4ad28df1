"""The second story: a run held against another or against the baseline, what is blessed, and how it went over many runs.

side      a run, or what was blessed         → its case outcomes
compare   two sides                          → verdicts, what flipped, what else changed
bless     a run                              → reports/baseline/
history   all runs of the same cases         → steps, and whether the last run is unusual
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness import standing, store
from harness.errors import NothingSelected, WrongUse
from harness.judged import Compared, Trend
from harness.late import pd
from harness.settings import Places

BASELINE, BEFORE = "baseline", "previous"
"""What BASE may be called besides a run's name."""

OLD_DAYS = 30
"""From this age on a baseline is said to be old."""

LAYOUT = store.Layout(standing.FIGURES, standing.FLAGS, standing.CONDITIONS)


@dataclass(frozen=True)
class Side:
    """One of two things that are compared: its name, its case outcomes, and what was said for those cases of it that are wanted."""

    name: str
    run_id: str
    created: datetime
    outcomes: pd.DataFrame
    replies: Callable[[pd.DataFrame], pd.DataFrame]
    notes: tuple[str, ...] = ()
    partner: str | None = None
    """The run that it was interleaved with, case by case."""
    spent: float = 1.0
    """The share of the error that its comparison may spend: less where it was looked at while it grew."""


def side_of(run: store.Run) -> Side:
    """A run as a side. As `store.Run.scores`."""
    notes = [f"{run.run_id} was interrupted: what it did not ask is missing."] if run.state == "interrupted" else []
    return Side(
        run.run_id,
        run.run_id,
        run.info.created,
        outcomes_of(run),
        lambda wanted: standing.replies(run.calls(standing.SAID), run.scores(standing.JUDGED), wanted),
        tuple(notes),
        run.info.interleaved.get("with"),
        run.info.interleaved.get("spent", 1.0),
    )


def outcomes_of(run: store.Run) -> pd.DataFrame:
    """What each provider did with each case of the run."""
    return standing.outcomes(run.calls(standing.COMPARED), run.scores(standing.JUDGED))


def baseline_side(places: Places, now: datetime) -> Side:
    """The baseline as a side, with a note where it is old.

    Raises:
        WrongUse: there is none.
        StoreError: it is damaged.
    """
    kept = store.load_baseline(places.baseline, LAYOUT)
    days = (now - kept.created).days
    notes = []
    if days >= OLD_DAYS:
        notes.append(
            f"The baseline is {days} days old ({OLD_DAYS} or more are many): `harness bless RUN` takes a newer run."
        )
    if kept.texts.empty:
        notes.append(
            "The baseline keeps no texts (`harness bless --texts` does): of what flipped, BASE's replies are not shown."
        )
    name = f"baseline ({kept.run_id})"
    return Side(
        name, kept.run_id, kept.created, standing.typed(kept.outcomes), lambda _wanted: kept.texts, tuple(notes)
    )


def base_for(new: store.Run, name: str | None, places: Places, now: datetime) -> Side:
    """What `new` is held against: a run by name, `BASELINE`, `BEFORE`; without a name the baseline where there is one, otherwise the run before.

    Raises:
        WrongUse: there is no such thing, or it is `new` itself.
        StoreError: it is damaged.
    """
    if name in (None, BASELINE):
        places.stored.fetch_folder(BASELINE)
    if name is None:
        name = BASELINE if store.has_baseline(places.baseline) else BEFORE
    if name == BASELINE:
        return baseline_side(places, now)
    run = store.run_before(new, places.reports) if name == BEFORE else store.open_run(name, places.reports)
    if run.run_id == new.run_id:
        raise WrongUse(f"both are the run {run.run_id}: it equals itself; name another as BASE")
    return side_of(run)


def interleaved(base: Side, new: Side) -> bool:
    """Whether both were asked in the same minutes, case by case."""
    return base.run_id == new.partner and new.run_id == base.partner


def tolerance(base: Side, new: Side, said: Mapping[str, float]) -> standing.Tolerance:
    """The usual tolerance for two such sides, with what is `said` in its place."""
    return replace(standing.Tolerance.usual(interleaved=interleaved(base, new)), **said)


def compare(base: Side, new: Side, tolerance: standing.Tolerance, fail_on: Collection[str]) -> Compared:
    """Hold NEW against BASE, case by case, and say what moved.

    Raises:
        WrongUse: one is simulated and the other is not.
        NothingSelected: neither has a measured trial.
    """
    together = interleaved(base, new)
    spent = new.spent if together else 1.0
    cells = standing.compare(base.outcomes, new.outcomes, tolerance, interleaved=together, spent=spent)
    if not cells:
        raise NothingSelected(f"neither {base.name} nor {new.name} has a measured trial")
    moved = standing.flipped(base.outcomes, new.outcomes)
    return Compared(
        base=base.name,
        new=new.name,
        cells=tuple(cells),
        flips=tuple(standing.flips(moved, base.replies(moved), new.replies(moved))),
        differences=tuple(standing.differences(base.outcomes, new.outcomes)),
        notes=(_TOGETHER if together else _apart(base, new), *base.notes, *new.notes),
        failed=any(one.verdict in fail_on and not one.explained for one in cells),
        base_id=base.run_id,
        new_id=new.run_id,
        tolerance=asdict(tolerance),
        fail_on=tuple(fail_on),
        timings=tuple(standing.timings(base.outcomes, new.outcomes)),
    )


_TOGETHER = "BASE and NEW were asked in the same minutes, case by case in random order: what providers differ by the hour is in both."


def _apart(base: Side, new: Side) -> str:
    seconds = abs((new.created - base.created).total_seconds())
    return (
        f"BASE {base.name} and NEW {new.name} were taken {span(seconds)} apart: providers drift by the hour, and no test tells that "
        "from a change that stays. If it matters, run both again."
    )


def span(seconds: float) -> str:
    """A length of time in the unit that fits."""
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


@dataclass(frozen=True, slots=True)
class Blessed:
    """A baseline that was written: where, of which run, how large."""

    folder: Path
    run_id: str
    simulated: bool
    providers: Sequence[str]
    n_cases: int
    n_outcomes: int
    bytes: int

    @property
    def bytes_a_case(self) -> float:
        """Its size for each case that a provider was asked."""
        return self.bytes / self.n_outcomes


def bless(run: store.Run, places: Places, now: datetime, *, texts: bool = False) -> Blessed:
    """Make the run the baseline, in place of the one before.

    Raises:
        WrongUse: the run was interrupted, or is not scored.
        NothingSelected: it measured nothing.
        StoreError: it cannot be read, or the baseline not written.
    """
    if run.state == "interrupted":
        raise WrongUse(f"{run.run_id} was interrupted: what it did not ask would never be missed; `harness resume` asks the rest")  # fmt: skip
    table = outcomes_of(run)
    if table.empty:
        raise NothingSelected(f"{run.run_id} has no measured trial")
    info = run.info
    about = {
        "run_id": run.run_id,
        "created": info.created.astimezone(UTC).isoformat(),
        "blessed": now.isoformat(timespec="seconds"),
        "harness_version": info.harness_version,
        "litellm_version": info.litellm_version,
        "git_commit": info.git_commit,
        "price_id": info.price_id,
        "seed": info.seed,
        "suites": dict(info.suites),
        "standings": [
            {
                "provider": one.provider,
                "capability": one.capability,
                "quality": asdict(one.quality) if one.quality else None,
                "reliability": asdict(one.reliability) if one.reliability else None,
                "latency_p50_s": one.latency.p50.value if one.latency.p50 else None,
                "cost_per_call": one.cost_per_call,
            }
            for one in standing.standings(*run.evidence(standing.CALLS, standing.SCORES))
        ],
    }
    kept = standing.replies(run.calls(standing.SAID), run.scores(standing.JUDGED)) if texts else None
    size = store.save_baseline(places.baseline, about, table, LAYOUT, kept)
    places.stored.send_folder(BASELINE, store.BASELINE_FILE)
    return Blessed(
        folder=places.baseline,
        run_id=run.run_id,
        simulated=bool(table["simulated"].any()),
        providers=sorted(table["provider"].unique()),
        n_cases=table.drop_duplicates(["suite", "case_id"]).shape[0],
        n_outcomes=len(table),
        bytes=size,
    )


def history(places: Places, providers: Collection[str] = (), last: int | None = None) -> tuple[list[Trend], list[str]]:
    """How each figure of these providers (none: all) went over the last so many scored runs; besides, which runs are left out, in sentences.

    Simulated runs and those of real providers are not mixed: the newest run says which they are.

    Raises:
        WrongUse: there is no folder of runs.
        NothingSelected: no run has outcomes of these providers.
        StoreError: a run is damaged.
    """
    kept: list[standing.Night] = []
    unscored = others = 0
    simulated: bool | None = None
    for run in reversed(store.load_runs(f"{places.reports}/runs").runs):
        if last is not None and len(kept) == last:
            break
        try:
            table = outcomes_of(run)
        except WrongUse:
            unscored += 1
            continue
        table = table[table["provider"].isin(list(providers))] if providers else table
        if table.empty:
            continue
        made_up = bool(table["simulated"].any())
        simulated = made_up if simulated is None else simulated
        if made_up != simulated:
            others += 1
            continue
        kept.append(standing.Night(run.run_id, run.info.created, table))
    if not kept:
        raise NothingSelected(f"{places.reports} holds no scored run of {', '.join(providers) or 'any provider'}")
    notes = []
    if unscored:
        notes.append(f"{unscored:,} runs are not scored yet and left out (`harness score RUN` scores one)")
    if others:
        notes.append(f"{others:,} runs of {'real' if simulated else 'simulated'} providers are left out: the newest is of {'simulated' if simulated else 'real'} ones")  # fmt: skip
    return standing.history(kept[::-1]), notes
