"""The flags that say what routes are chosen for, and what they are made into."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from harness.cli import options as shared

if TYPE_CHECKING:
    from harness.routing import Objective

NAMES = ("quality", "cost", "latency", "balanced", "dollars")


def add_objective(parser: argparse.ArgumentParser) -> None:
    """`--objective --floor --slo --slo-ttft --solved-usd --second-usd --margin --confidence`."""
    group = parser.add_argument_group("what routes are chosen for")
    group.add_argument(
        "--objective",
        choices=NAMES,
        default=NAMES[0],
        help="quality; cost: the cheapest above the floor; latency: quality within --slo; balanced: 60 %% cost, 40 %% quality; dollars",
    )
    for name, what in {
        "floor": "for cost: at most so much quality under the best single provider and the incumbent (default: 0.02, two points)",
        "margin": "shift only to what is better by more than this: quality, for cost the share saved, for dollars USD a task (default: 0)",
    }.items():
        group.add_argument(f"--{name}", type=_below_one, metavar="X", help=what)
    for name, what in {"slo": "end", "slo-ttft": "begin"}.items():
        group.add_argument(
            f"--{name}", type=shared.seconds, metavar="S", help=f"95 %% of replies must {what} within S seconds"
        )
    for name, what in {"solved": "a solved task is worth", "second": "a second of waiting costs"}.items():
        group.add_argument(f"--{name}-usd", type=_usd, metavar="USD", help=f"for dollars: what {what}")
    group.add_argument(
        "--confidence",
        type=shared.share,
        default=0.8,
        metavar="P",
        help="the posterior probability from which on traffic shifts, or stays for good (default: 0.8)",
    )


def objective(options: argparse.Namespace) -> Objective:
    """What routes are chosen for, from parsed options. Raises WrongUse if something is missing for it."""
    from harness.routing import Objective

    half_life = getattr(options, "half_life", None)
    said = {
        "floor": options.floor,
        "margin": options.margin,
        "slo_s": options.slo,
        "slo_ttft_s": options.slo_ttft,
        "solved_usd": options.solved_usd,
        "second_usd": options.second_usd,
        "half_life_days": half_life / 86400 if half_life else None,
    }
    given = {name: value for name, value in said.items() if value is not None}
    return Objective(name=options.objective, confidence=options.confidence, **given)


def _below_one(text: str) -> float:
    return 0.0 if text in {"0", "0.0"} else shared.share(text)


def _usd(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not an amount of USD, such as 0.05")
    return value
