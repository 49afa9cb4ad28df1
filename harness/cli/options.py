"""The flags that mean the same in every command, and what they are made into."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import WrongUse

if TYPE_CHECKING:  # settings load the client; `--help` must not
    from harness.client import Cache
    from harness.settings import Patience, Places, Selection
    from harness.store import Run


NEWEST = "newest"
SUITES, PROVIDERS, REPORTS = Path("suites"), Path("providers.toml"), Path("reports")


def add_suites(parser: argparse.ArgumentParser) -> None:
    """`[SUITE …] --data PATH`."""
    what = "files, folders, or a dataset's name (default: suites)"
    parser.add_argument("suites", nargs="*", type=Path, default=[SUITES], metavar="SUITE", help=what)
    parser.add_argument("--data", type=Path, metavar="PATH", help="the file of a dataset, or its folder")


def add_providers(parser: argparse.ArgumentParser) -> None:
    """`--providers FILE`."""
    what = f"the registry (default: {PROVIDERS})"
    parser.add_argument("--providers", type=Path, default=PROVIDERS, metavar="FILE", help=what)


def add_reports(parser: argparse.ArgumentParser) -> None:
    """`--reports PLACE`."""
    what = f"where runs and reports lie: a folder, or s3://bucket/prefix with credentials from the environment (default: {REPORTS})"
    parser.add_argument("--reports", default=REPORTS, metavar="PLACE", help=what)


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`: the result as one JSON document on standard output; what is told goes to standard error."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_run(parser: argparse.ArgumentParser) -> None:
    """`[RUN]`: which run."""
    parser.add_argument(
        "run", nargs="?", default="latest", metavar="RUN", help="a run's id or folder (default: the last one)"
    )


def add_selection(parser: argparse.ArgumentParser) -> None:
    """`-k -m --limit --seed`: which cases."""
    parser.add_argument(
        "-k",
        dest="keyword",
        metavar="EXPR",
        help="only cases whose suite::case matches, as in pytest: 'sum and not hard'",
    )
    parser.add_argument("-m", dest="marker", metavar="EXPR", help="only cases with these tags, as in pytest: 'smoke'")
    parser.add_argument(
        "--limit",
        type=whole(1),
        metavar="N",
        help="N cases of each suite; generated suites can give more than they do unasked",
    )
    parser.add_argument(
        "--seed",
        type=whole(0),
        default=0,
        metavar="N",
        help="draws the cases of generated suites and the order of asking (default: 0)",
    )


def add_participants(parser: argparse.ArgumentParser) -> None:
    """`--only --simulated`: which providers."""
    parser.add_argument("--only", type=names, default=(), metavar="NAME,…", help="only these providers")
    parser.add_argument(
        "--simulated", action="store_true", help="the simulated fleet takes part also when a real provider is ready"
    )


def add_judge(parser: argparse.ArgumentParser) -> None:
    """`--judge`: who judges, where a scorer asks for a model's opinion."""
    what = "these providers judge, where a suite asks for a model's opinion and names none (default: those registered with judge = true)"
    parser.add_argument("--judge", dest="judges", type=names, default=(), metavar="NAME,…", help=what)


def add_patience(parser: argparse.ArgumentParser) -> None:
    """`--timeout-connect-s` and its like, `--max-retries`: how long to wait and how often to try again, as in providers.toml."""
    waits = {
        "connect": "to connect",
        "first_token": "for the first token",
        "stall": "between two chunks",
        "total": "for the whole reply",
    }
    for name, what in waits.items():
        parser.add_argument(
            f"--timeout-{name.replace('_', '-')}-s",
            type=seconds,
            metavar="S",
            help=f"wait so long {what} (default: each provider's timeout_{name}_s)",
        )
    parser.add_argument(
        "--max-retries",
        type=whole(0),
        metavar="N",
        help="try again so often after a failure that may pass (default: each provider's max_retries)",
    )


def add_cache(parser: argparse.ArgumentParser, *, on: bool) -> None:
    """`--cache`, or `--no-cache` where it is `on`; `--cache-ttl --cache-dir`."""
    if on:
        parser.add_argument(
            "--no-cache",
            dest="cache",
            action="store_false",
            help="ask though the answer is in the cache, and keep none",
        )
    else:
        parser.add_argument(
            "--cache",
            action="store_true",
            help="answer from the cache what was asked before; keep the answers to the rest",
        )
    parser.add_argument(
        "--cache-ttl", type=age, metavar="AGE", help="replay no answer older than this: 30m, 12h, 7d (default: 7d)"
    )
    add_cache_dir(parser)


def add_cache_dir(parser: argparse.ArgumentParser) -> None:
    """`--cache-dir DIR`."""
    what = "where replies are kept (default: HARNESS_CACHE_DIR, otherwise your own folder for caches)"
    parser.add_argument("--cache-dir", type=Path, metavar="DIR", help=what)


def add_retry_failed(parser: argparse.ArgumentParser) -> None:
    """`--retry-failed`."""
    parser.add_argument(
        "--retry-failed", action="store_true", help="when a run is resumed, also ask again what failed for good in it"
    )


def run_to_resume(name: str, places: Places) -> Run:
    """The run of that name; NEWEST is the one that was begun last.

    Raises:
        WrongUse: there is no such run.
        StoreError: it still goes on, or is damaged.
    """
    from harness import store

    return store.newest_run(places.reports) if name == NEWEST else store.open_run(name, places.reports)


def places(options: argparse.Namespace) -> Places:
    """Where things lie, from parsed options."""
    from harness.settings import Places

    return Places(
        tuple(getattr(options, "suites", None) or [SUITES]),
        getattr(options, "providers", PROVIDERS),
        getattr(options, "reports", REPORTS),
        getattr(options, "data", None),
    )


def selection(options: argparse.Namespace) -> Selection:
    """What takes part, from parsed options."""
    from harness.settings import Selection

    return Selection(
        only=options.only,
        simulated=options.simulated,
        keyword=options.keyword,
        marker=options.marker,
        limit=options.limit,
        seed=options.seed,
        repeat=options.repeat,
        judges=options.judges,
    )


def patience(options: argparse.Namespace) -> Patience:
    """How long to wait and how often to try again, from parsed options."""
    from harness.settings import Patience

    return Patience(
        connect_s=options.timeout_connect_s,
        first_token_s=options.timeout_first_token_s,
        stall_s=options.timeout_stall_s,
        total_s=options.timeout_total_s,
        max_retries=options.max_retries,
    )


def cache(options: argparse.Namespace) -> Cache | None:
    """The cache, from parsed options; None where it is off. What is wrong with it is told on standard error.

    Raises:
        WrongUse: options for a cache that is off.
    """
    from harness.client import Cache

    if not options.cache:
        if options.cache_ttl or options.cache_dir:
            raise WrongUse("--cache-ttl and --cache-dir are for a cache, and it is off")
        return None
    ttl = {"ttl_s": options.cache_ttl} if options.cache_ttl else {}
    return Cache(options.cache_dir, **ttl, tell=lambda note: print(f"harness: {note}", file=sys.stderr))


def age(text: str) -> float:
    """Reads a length of time, such as 90s, 30m, 12h, 7d or 2w, in seconds.

    Raises:
        argparse.ArgumentTypeError: it is none, or none above 0.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text, re.ASCII)
    value = float(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}[found[2]] if found else 0.0
    if not value > 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a length of time, such as 30m, 12h or 7d")
    return value


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Reads a whole number of at least `least`, and at most `most`."""
    span = f"from {least} on" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= (most or int(text)):
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number {span}")
        return int(text)

    return read


def share(text: str) -> float:
    """Reads a probability.

    Raises:
        argparse.ArgumentTypeError: it is no number between 0 and 1.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number between 0 and 1, such as 0.9")
    return value


def seconds(text: str) -> float:
    """Reads a number of seconds above 0.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a time in seconds, such as 2.5")
    return value


def names(text: str) -> tuple[str, ...]:
    """Reads names between commas.

    Raises:
        argparse.ArgumentTypeError: there is none.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:  # an empty variable in a script would otherwise ask everybody
        raise argparse.ArgumentTypeError("it names no provider; `harness providers` lists them")
    return names


def pair(form: str) -> Callable[[str], tuple[str, str]]:
    """Reads a name and a value with = between; `form` says it in an error."""

    def read(text: str) -> tuple[str, str]:
        name, sign, value = text.partition("=")
        if not sign or not name or not value:
            raise argparse.ArgumentTypeError(f"'{text}' is not {form}")
        return name, value

    return read
