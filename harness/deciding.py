"""The third story: from the evidence of one run or of several to the routes in force, and back.

evidence   the runs that count               → calls and scores
propose    evidence, the routes in force     → a candidate
apply      a candidate                       → reports/routing.toml; what it replaces goes to reports/routing/
roll back  the parent of what is in force    → reports/routing.toml again
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from harness import routing, standing, store
from harness.errors import WrongUse
from harness.judged import RoutingTable, Status
from harness.late import pd
from harness.settings import Places

RETIRED = "routing"
"""The folder in reports of the tables that were in force before, each under its address."""

CANDIDATE = f"latest/{store.ROUTING}"
"""The last proposal, beside the report that it may come from."""

FAR_PAST = 5
"""Half-lives: of an older run less than one case in thirty would count."""


def routes_in_force(places: Places, known: Collection[str] | None = None) -> RoutingTable | None:
    """The routing file's table; None where there is no file. With `known` its providers must be among these. Raises BadInput."""
    return routing.load(places.routing, known) if places.stored.fetch(store.ROUTING).exists() else None


def with_earlier(run: store.Run, places: Places, half_life_days: float) -> tuple[store.Run, ...]:
    """A run and those before it whose evidence still counts, oldest first: of the same kind, judged, not imported, at most 5 half-lives older."""
    if run.info.imported:
        return (run,)
    since = run.info.created - timedelta(days=FAR_PAST * half_life_days)
    runs = store.load_runs(str(places.stored) if places.stored.remote else places.stored.folder)
    earlier = (one for one in runs.where(since=since, until=run.info.created).runs if one.run_id != run.run_id)
    kind = _kinds(run)
    return (*(one for one in earlier if one.scored and not one.info.imported and _kinds(one) == kind), run)


def _kinds(run: store.Run) -> set[bool]:
    return {bool(one.get("simulated")) for one in run.info.providers.values()}


def evidence(runs: Sequence[store.Run]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calls and scores of all runs, in the columns that routes are chosen by. Raises WrongUse if a run was not judged, StoreError."""
    found = [one.evidence(routing.CALLS, routing.SCORES) for one in runs]
    calls = [standing.dated(mine, run.info.created) for run, (mine, _) in zip(runs, found, strict=True)]
    if len(runs) == 1:
        return calls[0], found[0][1]
    return pd.concat(calls, ignore_index=True), pd.concat([scores for _, scores in found], ignore_index=True)


@dataclass(frozen=True)
class Proposal:
    """The routes that evidence supports, and those that they are held against: the ones in force, or what these replaced where nothing is new."""

    table: RoutingTable
    before: RoutingTable | None
    evidence: routing.Evidence
    objective: routing.Objective

    @property
    def moves(self) -> bool:
        """Whether any traffic goes to somebody else."""
        return _moves(self.table)

    def verify(self) -> routing.Proof:
        """How the route does on cases that it was not chosen from, beside what it replaces. Raises NothingSelected for too few cases."""
        present = {route.capability: route for route in self.before.routes} if self.before else {}
        return routing.cross_fit(self.evidence, present, self.objective)

    def objection(self) -> str | None:
        """Why the routes must not be applied; None if they may: they move no traffic, or beat what they replace on held-out cases."""
        return self.objection_by(self.verify()) if self.moves else None

    def objection_by(self, proof: routing.Proof) -> str | None:
        """The same, by what was verified already."""
        return routing.objection(proof, self.objective, first=self.before is None) if self.moves else None


def propose(
    runs: Sequence[store.Run], places: Places, present: RoutingTable | None, objective: routing.Objective
) -> Proposal:
    """The routes that runs support beside those in force, a candidate.

    What is in force already comes back as it is where the same evidence and terms gave it: to apply it twice changes nothing.

    Raises:
        WrongUse: simulated and real providers in one run: their evidence does not mix.
    """
    calls, scores = evidence(runs)
    if present is not None and present.simulated != bool(calls["simulated"].any()):
        present = None
    seen = routing.Evidence.gather(calls, scores, objective.half_life_days)
    if present is not None:
        earlier = _retired(present.parent, places) if present.parent else None
        if earlier is None or earlier.exists():
            before = routing.load(earlier) if earlier else None
            same = routing.choose_from(seen, incumbent=before, objective=objective)
            if routing.address(same) == routing.address(present):
                return Proposal(present, before, seen, objective)
    return Proposal(routing.choose_from(seen, incumbent=present, objective=objective), present, seen, objective)


def objection_to(table: RoutingTable, run: store.Run, places: Places) -> str | None:
    """Why the routes that a run's report has must not be applied; None if they may. As `Proposal.objection`, by quality."""
    if not _moves(table):
        return None
    objective, before = routing.Objective(), routes_in_force(places)
    seen = routing.Evidence.gather(*evidence([run]), objective.half_life_days)
    return Proposal(
        table, before if before and before.simulated == table.simulated else None, seen, objective
    ).objection()


def _moves(table: RoutingTable) -> bool:
    return any(route.decision == "shift" for route in table.routes)


def save_candidate(table: RoutingTable, places: Places) -> Path:
    """Write a proposal to reports/latest/routing.toml, for people to look at; nothing follows it. Raises StoreError."""
    path = places.stored.folder / CANDIDATE
    path.parent.mkdir(parents=True, exist_ok=True)
    _save(table, places, CANDIDATE, "candidate")
    return path


def apply_routes(table: RoutingTable, places: Places) -> None:
    """Write the routes to reports/routing.toml; what they replace is kept in reports/routing/.

    Raises:
        WrongUse: the table is simulated and would replace one for real providers, or the reverse; or another table is in force than the one
            that it was proposed to replace.
        StoreError: another process writes routes now, or the file cannot be written.
    """
    with _writing(places):
        present = routes_in_force(places)
        routing.check_replaces(present, table)
        in_force = routing.address(present) if present else None
        if in_force == routing.address(table):
            return
        if table.parent != in_force:
            raise WrongUse(
                f"{places.stored.shown(places.routing)} was changed since these routes were proposed: `harness route` proposes anew"
            )
        _replace(present, table, places)


def roll_back(places: Places) -> tuple[RoutingTable, RoutingTable]:
    """Put the table that the present one replaced in force again; returns both, the present one first. It is kept as retired.

    Raises:
        WrongUse: there is nothing to go back to.
        BadInput: the earlier table is damaged, or is not what it was.
        StoreError: another process writes routes now, or the file cannot be written.
    """
    with _writing(places):
        present = routes_in_force(places)
        shown = places.stored.shown
        if present is None or present.parent is None:
            what = "there is no" if present is None else "these are the first routes: there is no earlier"
            raise WrongUse(f"{what} {shown(places.routing)} to go back from")
        path = _retired(present.parent, places)
        if not path.exists():
            raise WrongUse(
                f"{shown(path)}, which the present routes replaced, is not there: take it from version control"
            )
        before = routing.load(path)
        if routing.address(before) != present.parent:
            raise WrongUse(f"{shown(path)} was edited since it was in force: take it from version control")
        _replace(present, before, places)
        return present, before


def _replace(present: RoutingTable | None, table: RoutingTable, places: Places) -> None:
    """First what is replaced is safe, then the other is in force: an interruption between leaves the present one."""
    if present is not None:
        _save(present, places, f"{RETIRED}/{routing.address(present)}.toml", "retired")
    _save(table, places, store.ROUTING, "active")


def _save(table: RoutingTable, places: Places, name: str, status: Status) -> None:
    routing.save(replace(table, status=status), places.stored.folder / name)
    places.stored.send(name)


def _retired(address: str, places: Places) -> Path:
    return places.stored.fetch(f"{RETIRED}/{address}.toml")


@contextmanager
def _writing(places: Places) -> Iterator[None]:
    folder = places.stored.folder / RETIRED
    with store.on_disk(folder, "cannot be made"):
        folder.mkdir(parents=True, exist_ok=True)
    with store.Lock(folder, "it has changed the routes"):
        yield
