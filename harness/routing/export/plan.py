"""What every target is made of: the routes, and what is known of the providers that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.ask import Prices, Provider
from harness.errors import WrongUse
from harness.judged import ALL, Route, RoutingTable, Standing
from harness.routing.file import address


@dataclass(frozen=True, slots=True)
class Deployment:
    """A provider as others are to call it. `key_variable` names the environment variable of its key; None: it needs none."""

    provider: Provider
    key_variable: str | None = None
    context_tokens: int | None = None

    @property
    def name(self) -> str:
        """Its name in the registry."""
        return self.provider.name

    @property
    def kind(self) -> str:
        """litellm's name of whoever serves it."""
        return self.provider.kind

    @property
    def model(self) -> str:
        """The model's name without the prefix."""
        return self.provider.model.partition("/")[2] or self.provider.model

    @property
    def prices(self) -> Prices:
        """What its tokens cost."""
        return self.provider.prices or Prices()


@dataclass(frozen=True)
class Export:
    """A table, the deployments of its providers, what was measured of them (`standings`), and which versions it was made with."""

    table: RoutingTable
    deployments: Mapping[str, Deployment]
    standings: Sequence[Standing] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := sorted({name for one in self.table.routes for name in one.weights} - set(self.deployments)):
            raise WrongUse(
                f"the routes send traffic to {', '.join(unknown)}, and nobody of that name is registered: a file for others needs its model and key"
            )

    @property
    def provenance(self) -> str:
        """One line that says what the file rests on."""
        said = "simulated providers, for no real traffic" if self.table.simulated else "measured"
        runs = ", ".join(self.table.run_ids) or "no run"
        return f"llm-harness routes {address(self.table)} ({said}; by {self.table.objective}; runs {runs})"

    def standing(self, provider: str, capability: str = ALL) -> Standing | None:
        """What was measured of a provider for a capability; None where nothing was."""
        return next((one for one in self.standings if (one.provider, one.capability) == (provider, capability)), None)

    def used(self) -> list[Deployment]:
        """Everybody with a share of any traffic, by name."""
        return [self.deployments[name] for name in sorted({name for one in self.table.routes for name in shares(one)})]


def shares(route: Route) -> dict[str, float]:
    """The shares above 0, largest first, then by name."""
    some = {name: weight for name, weight in route.weights.items() if weight > 0}
    return dict(sorted(some.items(), key=lambda one: (-one[1], one[0])))


def whole(weights: Mapping[str, float], total: int) -> dict[str, int]:
    """Shares as whole numbers that sum to `total`, by largest remainder (Hamilton's method); of equal remainders the larger share, then by name.

    A share above 0 keeps at least 1, so that nobody who should be seen vanishes; the largest gives it.
    """
    exact = {name: weight * total / sum(weights.values()) for name, weight in weights.items()}
    found = {name: int(value) for name, value in exact.items()}
    order = sorted(exact, key=lambda name: (found[name] - exact[name], -exact[name], name))
    for name in order[: total - sum(found.values())]:
        found[name] += 1
    largest = max(exact, key=lambda name: exact[name])
    for name, value in exact.items():
        if value > 0 and found[name] == 0:
            found[name], found[largest] = 1, found[largest] - 1
    return found
