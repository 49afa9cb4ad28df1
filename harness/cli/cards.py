"""What `harness models` shows: facts, measurements and routes of each provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.cli import story
from harness.judged import ALL
from harness.pipeline import ModelCard
from harness.render.figures import DASH, count, percent, seconds, usd
from harness.render.tables import Table


def tables_of(cards: Sequence[ModelCard]) -> list[Table]:
    """The catalogue's facts, what was measured last, and the routes; the last two only where there are any."""
    tables = [
        Table(
            "Facts of the catalogue",
            ("provider", "model", "context", "$/1M in", "$/1M out", "can"),
            tuple(_facts(one) for one in cards),
            "a dash is unknown; own prices and facts in providers.toml win over the catalogue",
        )
    ]
    measured = [one for one in cards if ALL in one.measured]
    if measured:
        said = " (simulated)" if any(one.measured[ALL].simulated for one in measured) else ""
        head = ("provider", "quality", "best at", "answered %", "p50", "$/1k solved", "routed")
        note = "routed: the capabilities whose traffic it gets, by reports/routing.toml"
        tables.append(
            Table(f"Measured in the last report{said}", head, tuple(_measured(one) for one in measured), note)
        )
    return tables


def _facts(card: ModelCard) -> tuple[str, ...]:
    facts = card.facts
    prices = facts.prices
    return (
        card.provider.name,
        card.provider.model,
        count(facts.context_tokens) if facts.context_tokens else DASH,
        _million(prices.input),
        _million(prices.output),
        ", ".join(sorted(facts.capabilities)) or DASH,
    )


def _million(price: float | None) -> str:
    return DASH if price is None else f"${1e6 * price:,.2f}"


def _measured(card: ModelCard) -> tuple[str, ...]:
    overall = card.measured[ALL]
    by_quality = sorted(
        (one for name, one in card.measured.items() if name != ALL and one.quality),
        key=lambda one: -(one.quality.value if one.quality else 0.0),
    )
    routed = [f"{name} {100 * share:.0f} %" for name, share in card.routes.items()]
    return (
        card.provider.name,
        percent(overall.quality),
        by_quality[0].capability if by_quality else DASH,
        percent(overall.reliability),
        seconds(overall.latency.p50),
        usd(None if overall.cost_per_solved is None else 1000 * overall.cost_per_solved),
        ", ".join(routed) or DASH,
    )


def as_json(card: ModelCard) -> dict[str, Any]:
    """The card as JSON: everything but the key."""
    return {
        "provider": card.provider.name,
        "model": card.provider.model,
        "facts": story.as_json(card.facts),
        "measured": story.as_json(card.measured),
        "routes": story.as_json(card.routes),
    }
