"""The flags that say on what terms and under which load to ask, and what they come to.

The names of a load's flags are those that load testers know: --rate, --burstiness and --concurrency as in vLLM's benchmark, several levels behind a
comma as in guidellm, --duration as in k6.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.cli.options import age, cache, patience, whole
from harness.errors import WrongUse

if TYPE_CHECKING:  # the engine loads the client; `--help` must not
    from harness.engine import Load
    from harness.settings import Terms

ARRIVALS = ("constant", "poisson", "gamma")
_OPEN = ("duration", "arrivals", "burstiness", "ramp", "queue")


def add_terms(parser: argparse.ArgumentParser) -> None:
    """`--repeat --budget -x --max-failures --max-time --metadata`: on what terms."""
    parser.add_argument(
        "--repeat", type=whole(1), metavar="N", help="ask each case N times (default: as its suite says)"
    )
    parser.add_argument(
        "--budget",
        "--max-cost",
        type=_dollars,
        metavar="USD",
        help="spend at most this over the whole run; it stops before it would spend more",
    )
    parser.add_argument(
        "-x",
        dest="max_failures",
        action="store_const",
        const=1,
        help="stop at the first trial without an answer, as --max-failures 1",
    )
    parser.add_argument(
        "--max-failures",
        type=_failures,
        metavar="N|SHARE",
        help="stop when N trials have had no answer (20), or more than a share of those planned (5%%); what is in flight may end",
    )
    parser.add_argument(
        "--max-time",
        type=age,
        metavar="TIME",
        help="ask nothing new after so long (90s, 10m, 1h); what is in flight then has 30 s to end",
    )
    parser.add_argument(
        "--metadata",
        type=_label,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a label of yours on every row",
    )


def add_durability(parser: argparse.ArgumentParser) -> None:
    """`--durability`."""
    parser.add_argument(
        "--durability",
        choices=("process", "group", "record"),
        default="group",
        help="what a record survives as soon as it is written: the death of the process; also a power cut, a quarter of "
        "a second later (default); also a power cut",
    )


def add_load(parser: argparse.ArgumentParser) -> None:
    """`--concurrency --adaptive --workers --rate --duration --arrivals --burstiness --ramp --queue --no-warmup`."""
    group = parser.add_argument_group("load")
    group.add_argument(
        "--concurrency",
        type=_levels(whole(1)),
        metavar="N[,N…]",
        help="requests in flight for each provider (default: its max_concurrency); several: one after the other, to find the knee",
    )
    group.add_argument(
        "--adaptive",
        action="store_true",
        help="find the most requests in flight that each provider takes, up to --concurrency or its max_concurrency (or 100)",
    )
    group.add_argument(
        "--workers",
        type=whole(1),
        metavar="N",
        help="ask from N processes, each its own providers (default: 1; more from 256 requests in flight or 200 a second on, as cores allow)",
    )
    group.add_argument(
        "--rate",
        type=_levels(_above(0)),
        metavar="R[,R…]",
        help="send R requests a second to each provider, whether or not it has answered; several: one after the other",
    )
    group.add_argument(
        "--duration",
        type=_above(0),
        metavar="S",
        help="with --rate: for S seconds, asking cases again or leaving some out (default: until each was asked)",
    )
    group.add_argument("--arrivals", choices=ARRIVALS, help="with --rate: how requests are spaced (default: constant)")
    group.add_argument(
        "--burstiness",
        type=_above(0),
        metavar="B",
        help="with --arrivals gamma: its shape; 1 is Poisson, below 1 burstier",
    )
    group.add_argument(
        "--ramp", type=_above(-1), metavar="FROM", help="with --rate: begin at FROM and rise to it over the duration"
    )
    group.add_argument(
        "--queue",
        type=whole(0),
        metavar="N",
        help="with --rate: drop what is due while N wait for a free slot (default: all wait)",
    )
    group.add_argument(
        "--no-warmup",
        dest="warm_up",
        action="store_false",
        help="leave out the discarded call to each provider before anything is measured",
    )


def terms(options: argparse.Namespace) -> Terms:
    """The terms, from parsed options."""
    from harness.settings import Terms

    return Terms(
        load=load(options),
        warm_up=options.warm_up,
        budget_usd=options.budget,
        max_failures=options.max_failures,
        max_time_s=options.max_time,
        metadata=dict(options.metadata),
        patience=patience(options),
        durability=options.durability,
        cache=cache(options),
        adaptive=options.adaptive,
        workers=options.workers,
        command=("harness", "run", *options.words),
    )


def load(options: argparse.Namespace) -> Load:
    """The load, from parsed options.

    Raises:
        WrongUse: flags that do not go together.
    """
    from harness import engine

    levels: tuple[float, ...] = options.concurrency or ()
    if options.adaptive and len(levels) > 1:
        raise WrongUse("--adaptive finds the concurrency itself: give it one --concurrency, the most that it may try")
    if options.rate is None:
        for name in _OPEN:
            if getattr(options, name) is not None:
                raise WrongUse(f"--{name} belongs to a load of so many requests a second: say how many with --rate")
        return engine.sweep_of(engine.Closed(), levels) if levels else engine.AS_LIMITED
    if len(levels) > 1:
        raise WrongUse("--rate takes one --concurrency, the most in flight: sweep over one of them at a time")
    shape = engine.Open(
        rate=options.rate[0],
        duration_s=options.duration,
        arrivals=options.arrivals or "constant",
        burstiness=options.burstiness or 1.0,
        ramp_from=options.ramp,
        concurrency=int(levels[0]) if levels else None,
        queue=options.queue,
    )
    return engine.sweep_of(shape, options.rate)


def _dollars(text: str) -> float:
    try:
        value = float(text.removeprefix("$"))
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not an amount in dollars, such as 0.50")
    return value


def _failures(text: str) -> int | float:
    """A number of trials, or a share of them."""
    number = text.removesuffix("%")
    try:
        value = float(number) / 100 if number != text else int(text) if number.isdecimal() else float(text)
    except ValueError:
        value = -1.0
    if isinstance(value, int) and value >= 1:
        return value
    if not (isinstance(value, float) and 0 <= value < 1):
        raise argparse.ArgumentTypeError(f"'{text}' is neither a number of trials, such as 20, nor a share, such as 5%")
    return value


def _label(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not key or not sign:
        raise argparse.ArgumentTypeError(f"'{text}' is not KEY=VALUE")
    return key, value


def _levels(read: Callable[[str], float]) -> Callable[[str], tuple[float, ...]]:
    return lambda text: tuple(read(one.strip()) for one in text.split(","))


def _above(least: float) -> Callable[[str], float]:
    words = "above 0" if least == 0 else "of at least 0"

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not (least < value < float("inf") and value >= 0):
            raise argparse.ArgumentTypeError(f"'{text}' is not a number {words}")
        return value

    return read
