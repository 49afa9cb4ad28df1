"""What `harness models` shows: facts, measurements and routes of each provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.cards import ModelCard
from harness.judged import ALL
from harness.render import tables
from harness.render.figures import DASH, count, percent, seconds, usd
from harness.render.formats.json import as_json as plain_values
from harness.render.tables import Table


def tables_of(cards: Sequence[ModelCard]) -> list[Table]:
    """The catalogue's facts, what was measured last, and the routes; the last two only where there are any."""
    found = [
        Table(
            "Facts of the catalogue",
            ("provider", "model", "reads", "writes", "$/1M in", "$/1M out"),
            tuple(_facts(one) for one in cards),
            "the most tokens that it reads and writes; a dash is unknown; own prices and facts in providers.toml win over the catalogue",
        ),
        Table("What the models can do", ("provider", "can"), tuple(map(_capabilities, cards))),
    ]
    measured = [one for one in cards if ALL in one.measured]
    if measured:
        said = " (simulated)" if any(one.measured[ALL].simulated for one in measured) else ""
        head = ("provider", "quality %", "answered %", "TTFT p50", "p50", "$/1k solved")
        note = "mean (95 % interval) over all capabilities; latency to the last token"
        found.append(Table(f"Measured in the last report{said}", head, tuple(_measured(one) for one in measured), note))
        found += tables.quality([standing for one in measured for standing in one.measured.values()])
    if routed := _routed(cards):
        found.append(Table("Routes in force", ("capability", "traffic"), routed))
    return found


def _routed(cards: Sequence[ModelCard]) -> tuple[tuple[str, str], ...]:
    """Each capability with the shares of its traffic, largest first."""
    shares: dict[str, dict[str, float]] = {}
    for one in cards:
        for capability, share in one.routes.items():
            shares.setdefault(capability, {})[one.provider.name] = share
    return tuple((name, tables.shares(weights)) for name, weights in sorted(shares.items()))


def _facts(card: ModelCard) -> tuple[str, ...]:
    facts = card.facts
    prices = facts.prices
    return (
        card.provider.name,
        card.provider.model,
        count(facts.context_tokens) if facts.context_tokens else DASH,
        count(facts.max_output_tokens) if facts.max_output_tokens else DASH,
        _million(prices.input),
        _million(prices.output),
    )


def _capabilities(card: ModelCard) -> tuple[str, str]:
    return card.provider.name, ", ".join(sorted(card.facts.capabilities)) or DASH


def _million(price: float | None) -> str:
    return DASH if price is None else f"${1e6 * price:,.2f}"


def _measured(card: ModelCard) -> tuple[str, ...]:
    overall = card.measured[ALL]
    return (
        card.provider.name,
        percent(overall.quality),
        percent(overall.reliability),
        seconds(overall.ttft.p50),
        seconds(overall.latency.p50),
        usd(None if overall.cost_per_solved is None else 1000 * overall.cost_per_solved),
    )


def as_json(card: ModelCard) -> dict[str, Any]:
    """The card as JSON: everything but the key."""
    return {
        "provider": card.provider.name,
        "model": card.provider.model,
        "embedding_model": card.provider.embedding_model,
        "facts": plain_values(card.facts),
        "measured": plain_values(card.measured),
        "routes": plain_values(card.routes),
    }
