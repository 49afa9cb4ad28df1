"""routing.toml: a table written down for people to review, and read back."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import tomli_w

from harness.addressed import content_address
from harness.document import read_toml
from harness.errors import BadInput, Problem, StoreError
from harness.judged import Estimate, Route, RoutingTable
from harness.routing.schema import VERSION, Place, faults, schema

HINT = "it is written by `harness route --apply`; take it from version control, or move it away and let it be written again"
STRANGER = (
    "register it in providers.toml, or let the evidence route anew: `harness route --apply --force` replaces the table"
)
_ROUNDING = 1e-6


def save(table: RoutingTable, path: Path) -> None:
    """Write a table as TOML; the file is replaced in one step, so that nobody reads half of it. The same table, the same bytes.

    Raises:
        StoreError: it cannot be written.
    """
    head = f"# written by harness route; simulated: {str(table.simulated).lower()}\n"
    text = head + tomli_w.dumps(_document(table))
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        fresh.unlink(missing_ok=True)


def load(path: Path, known: Collection[str] | None = None) -> RoutingTable:
    """Read a table. With `known` its providers must be among these.

    Raises:
        BadInput: the file cannot be read, is not TOML, is no routing table, or sends traffic to an unknown provider; every problem with its line.
    """
    document = read_toml(path)
    found = [*faults(document.data, schema())] or [*_nonsense(document.data)]
    hint = HINT
    if not found and known is not None:
        found, hint = [*_strangers(document.data, known)], STRANGER
    if found:
        raise BadInput([Problem(path, document.line(place), f"{_named(place)}{text}", hint) for place, text in found])
    return _table(document.data)


def address(table: RoutingTable) -> str:
    """The content address of a table: of what it says, not of how its file is laid out or whether it is in force."""
    document = {name: value for name, value in _document(table).items() if name != "status"}
    return content_address({**document, "created": table.created.astimezone(UTC).isoformat()})


def _named(place: Place) -> str:
    return f"{'.'.join(str(one) for one in place)}: " if place else ""


def _nonsense(data: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """What has the right form and cannot be."""
    for capability, route in data["routes"].items():
        place = ("routes", capability)
        weights = route["weights"]
        total = sum(weights.values())
        if abs(total - 1) > _ROUNDING:
            yield (*place, "weights"), f"the weights sum to {total:g}, not to 1"
        if route["incumbent"] not in weights:
            yield (*place, "incumbent"), f"the incumbent {route['incumbent']!r} has no weight"
        if route["decision"] == "shift" and route.get("challenger") not in weights:
            yield (*place, "challenger"), "a shift needs a challenger with a weight"


def _strangers(data: Mapping[str, Any], known: Collection[str]) -> Iterator[tuple[Place, str]]:
    for capability, route in data["routes"].items():
        for name, share in route["weights"].items():
            if share > 0 and name not in known:
                yield ("routes", capability, "weights", name), f"there is no provider {name!r}"


def _document(table: RoutingTable) -> dict[str, Any]:
    """The table as TOML's types; what is None is left out."""
    return _known(
        simulated=table.simulated,
        version=VERSION,
        status=table.status,
        created=table.created.astimezone(UTC),
        objective=table.objective,
        margin=float(table.margin),
        confidence=float(table.confidence),
        prior_mass=float(table.prior_mass),
        run_ids=list(table.run_ids),
        price_ids=list(table.price_ids),
        parent=table.parent,
        terms=dict(table.terms) or None,
        suite_hashes=dict(table.suite_hashes),
        routes={route.capability: _route_document(route) for route in table.routes},
    )


def _route_document(route: Route) -> dict[str, Any]:
    return _known(
        decision=route.decision,
        incumbent=route.incumbent,
        challenger=route.challenger,
        probability=route.probability,
        n_needed=route.n_needed,
        why=route.why,
        weights={name: float(weight) for name, weight in route.weights.items()},
        difference=_estimate(route.difference),
        gain=_estimate(route.gain),
        costs=dict(route.costs) or None,
    )


def _estimate(seen: Estimate | None) -> dict[str, Any] | None:
    return _known(value=seen.value, n=seen.n, low=seen.low, high=seen.high) if seen else None


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _table(data: Mapping[str, Any]) -> RoutingTable:
    return RoutingTable(
        routes=tuple(_route(capability, route) for capability, route in data["routes"].items()),
        objective=data["objective"],
        margin=float(data["margin"]),
        confidence=float(data["confidence"]),
        prior_mass=float(data["prior_mass"]),
        run_ids=tuple(data["run_ids"]),
        suite_hashes=data["suite_hashes"],
        price_ids=tuple(data["price_ids"]),
        simulated=data["simulated"],
        created=data["created"].astimezone(UTC),
        parent=data.get("parent"),
        terms={name: float(value) for name, value in data.get("terms", {}).items()},
        status=data.get("status", "active"),
    )


def _route(capability: str, data: Mapping[str, Any]) -> Route:
    return Route(
        capability=capability,
        decision=data["decision"],
        weights={name: float(weight) for name, weight in data["weights"].items()},
        incumbent=data["incumbent"],
        challenger=data.get("challenger"),
        probability=data.get("probability"),
        difference=Estimate(**data["difference"]) if "difference" in data else None,
        n_needed=data.get("n_needed"),
        why=data["why"],
        gain=Estimate(**data["gain"]) if "gain" in data else None,
        costs={name: float(usd) for name, usd in data.get("costs", {}).items()},
    )
