"""What a router knows: who can be asked, what is known and was measured of them, the routes in force, what happens when one fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import registry
from harness.ask import Provider
from harness.document import did_you_mean, read_toml
from harness.errors import BadInput, Problem, WrongUse
from harness.judged import ALL, Route, RoutingTable, Standing
from harness.registry import Catalogue, Fallback, ModelFacts, Profile, Registry
from harness.routing.file import load as load_table
from harness.store import ROUTING, Place, latest_standings


@dataclass(frozen=True)
class Candidate:
    """A provider that can be asked, with its prices; `measured` are its last standings by capability, `place` counts the registry's entries."""

    provider: Provider
    facts: ModelFacts = field(default_factory=ModelFacts)
    measured: Mapping[str, Standing] = field(default_factory=dict)
    place: int = 0

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.provider.name

    def standing(self, capability: str | None) -> Standing | None:
        """Its standing for a capability; where it has none there, over all of them."""
        return self.measured.get(capability or ALL) or self.measured.get(ALL)


@dataclass(frozen=True)
class Known:
    """`not_ready` says by name why a registered provider cannot be asked; `table` is None where no routes are in force."""

    candidates: tuple[Candidate, ...]
    not_ready: Mapping[str, str] = field(default_factory=dict)
    table: RoutingTable | None = None
    fallback: Fallback = field(default_factory=Fallback)
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    @property
    def routes(self) -> dict[str, Route]:
        """The routes by capability."""
        return {route.capability: route for route in self.table.routes} if self.table else {}

    def at(self, placed: Sequence[Provider]) -> Known:
        """The same with the addresses at which simulated providers are served."""
        urls = {one.name: one.base_url for one in placed}
        candidates = tuple(
            replace(one, provider=replace(one.provider, base_url=urls.get(one.name, one.provider.base_url)))
            for one in self.candidates
        )
        return replace(self, candidates=candidates)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a router reads: the registry, the place of routes and standings, who may take part (empty: who is ready), the environment."""

    providers: Path
    reports: Path | str
    only: tuple[str, ...]
    env: Mapping[str, str]


def known(sources: Sources) -> Known:
    """Read it all.

    Raises:
        BadInput: a file says something wrong; routes name a provider that is not registered.
        WrongUse: `only` names a provider that is not there or not ready; the routes are for simulated providers and these are real, or the reverse.
        NothingSelected: nobody is ready.
        StoreError: an object store cannot be asked.
    """
    registered = registry.load(sources.providers, sources.env)
    catalogue = Catalogue.load()
    part = registry.participants(registered, sources.only, simulated=False)
    place = Place.of(sources.reports)
    file = place.fetch(ROUTING)
    table = load_table(file) if file.exists() else None
    if table is not None:
        _check(table, file, registered, part)
    standings = latest_standings(place)
    numbers = {entry.provider.name: number for number, entry in enumerate(registered.entries)}
    candidates = tuple(_candidate(registered, catalogue, one, standings, numbers[one.name]) for one in part)
    return Known(
        candidates, _not_ready(registered, part, sources.only), table, registered.fallback, registered.profiles
    )


def _candidate(
    registered: Registry, catalogue: Catalogue, provider: Provider, standings: Sequence[Standing], place: int
) -> Candidate:
    facts = catalogue.facts(registered.get(provider.name))
    simulated = provider.simulated is not None
    mine = [one for one in standings if one.provider == provider.name and one.simulated == simulated]
    return Candidate(replace(provider, prices=facts.prices), facts, {one.capability: one for one in mine}, place)


def _not_ready(registered: Registry, part: Sequence[Provider], only: Sequence[str]) -> dict[str, str]:
    names = {one.name for one in part}
    reasons = {}
    for entry in registered.entries:
        name = entry.provider.name
        if name in names:
            continue
        state = registry.readiness(entry)
        if entry.judge == "only" and not only:
            reasons[name] = "only judges the replies of others"
        elif not state.ready:
            reasons[name] = f"is not ready: {state.reason}"
        elif only:
            reasons[name] = "is not among those that were named"
        else:
            reasons[name] = "is simulated, and real providers are ready"
    return reasons


def _check(table: RoutingTable, file: Path, registered: Registry, part: Sequence[Provider]) -> None:
    problems = [*_strangers(table, file, registered)]
    if problems:
        raise BadInput(problems)
    other = [one.name for one in part if (one.simulated is not None) != table.simulated]
    if other:
        kinds = {True: "simulated", False: "real"}
        raise WrongUse(
            f"{file} has routes for {kinds[table.simulated]} providers, and {other[0]} is {kinds[not table.simulated]}: their evidence says nothing "
            "of each other; move the file away, or name in `only` whom to ask"
        )


def _strangers(table: RoutingTable, file: Path, registered: Registry) -> Iterator[Problem]:
    names = [entry.provider.name for entry in registered.entries]
    document = read_toml(file)
    for route in table.routes:
        for name in route.weights:
            if name not in names:
                said = f"the route for '{route.capability}' names '{name}', and {registered.path} has no provider of that name"
                hint = f"{did_you_mean(name, names)}; register it, or let `harness route --apply` choose anew".lstrip(
                    "; "
                )
                yield Problem(file, document.line(("routes", route.capability, "weights", name)), said, hint)
