"""What 20,000 recorded trials take to become standings and routes."""

import random

import pytest

from harness import routing, standing
from tests.stats.tables import Table

PROVIDERS, CAPABILITIES, CASES = "abcde", [f"skill-{number}" for number in range(10)], 400


@pytest.fixture(scope="module")
def frames():
    """Calls and scores of 5 providers × 10 capabilities × 400 cases."""
    table, chance = Table(), random.Random(7)
    for quality, provider in enumerate(PROVIDERS, 5):
        for capability in CAPABILITIES:
            for case in range(CASES):
                right = float(chance.random() < quality / 10)
                wait = chance.lognormvariate(-1, 0.5)
                table.trial(
                    f"{capability}-{case}",
                    right,
                    provider=provider,
                    capability=capability,
                    ttft_s=wait,
                    latency_s=4 * wait,
                )
    return table.frames()


@pytest.mark.benchmark(group="standings of 20,000 trials")
def test_standings(benchmark, frames):
    """`standing.standings`: quality, reliability, latency and cost with their intervals, for 55 cells."""
    found = benchmark.pedantic(standing.standings, frames, rounds=5)
    assert len(found) == len(PROVIDERS) * (len(CAPABILITIES) + 1)


@pytest.mark.benchmark(group="standings of 20,000 trials")
def test_standings_peer_groupby(benchmark, frames):
    """Peer: pandas merges calls and scores and takes the means of value, time and cost in each cell, without intervals."""
    calls, scores = frames

    def means():
        rows = calls.merge(scores[["trial_id", "value"]], on="trial_id")
        return rows.groupby(["provider", "capability"])[["value", "ttft_s", "latency_s", "cost_usd"]].mean()

    assert len(benchmark.pedantic(means, rounds=10)) == len(PROVIDERS) * len(CAPABILITIES)


@pytest.mark.benchmark(group="routes from 20,000 trials")
def test_choose(benchmark, frames):
    """`routing.choose`: the paired evidence for every capability and the routes that it supports."""
    calls, scores = frames
    table = benchmark.pedantic(
        lambda: routing.choose(calls, scores, incumbent=None, objective=routing.Objective()), rounds=5
    )
    assert len(table.routes) == len(CAPABILITIES)


@pytest.mark.benchmark(group="routes from 20,000 trials")
def test_choose_peer_best_mean(benchmark, frames):
    """Peer: pandas takes the provider with the best mean for each capability, with no regard to chance."""
    _, scores = frames

    def best():
        return scores.groupby(["capability", "provider"])["value"].mean().unstack().idxmax(axis="columns")

    assert len(benchmark.pedantic(best, rounds=10)) == len(CAPABILITIES)
