"""List the replies that are kept on disk, or clear them. `harness ask` uses them, and `harness run --cache`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from harness.cli import options as shared
from harness.errors import ExitCode

if TYPE_CHECKING:
    from harness.client import Cache

SHOWN = 40
"""Replies that are listed unless all are asked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness cache ls | clear`."""
    actions = parser.add_subparsers(dest="action", metavar="ls | clear", required=True)
    listing = actions.add_parser("ls", description="List the kept replies, the newest first.", help="list them")
    listing.add_argument("--all", action="store_true", help=f"every one, not the newest {SHOWN}")
    clearing = actions.add_parser("clear", description="Remove kept replies: all, or some.", help="remove all, or some")
    clearing.add_argument("--older-than", type=shared.age, metavar="AGE", help="only those: 30m, 12h, 7d")
    clearing.add_argument("--model", metavar="NAME", help="only those of this model or provider")
    for one in (listing, clearing):
        shared.add_cache_dir(one)
        shared.add_json(one)


def main(options: argparse.Namespace) -> ExitCode:
    """Do the one or the other."""
    from harness.client import Cache

    with Cache(options.cache_dir) as cache:
        (_list if options.action == "ls" else _clear)(cache, options)
    return ExitCode.FINE


def _list(cache: Cache, options: argparse.Namespace) -> None:
    from datetime import UTC, datetime

    from harness.cli import story
    from harness.render.figures import DASH, ago, count, plural, size
    from harness.render.tables import Table
    from harness.render.terminal import Terminal

    entries = cache.entries()
    if options.json:
        story.print_json({"file": cache.file, "entries": entries})
        return
    now = datetime.now(UTC)
    shown = entries if options.all else entries[:SHOWN]
    rows = tuple(
        (
            ago((now - one.asked_at).total_seconds()),
            one.provider,
            one.model,
            _cut(one.question),
            DASH if one.tokens is None else count(one.tokens),
            size(one.size),
        )
        for one in shown
    )
    total = sum(one.size for one in entries)
    title = f"{plural(len(entries), 'reply')}, {size(total)} in {cache.file}"
    if not rows:
        Terminal().line(title)
        return
    more = f"and {len(entries) - len(shown):,} more; --all lists them" if len(shown) < len(entries) else ""
    Terminal().table(Table(title, ("asked", "provider", "model", "question", "tokens", "size"), rows, more))


def _cut(question: str, most: int = 36) -> str:
    return question if len(question) <= most else question[: most - 1].rstrip() + "…"


def _clear(cache: Cache, options: argparse.Namespace) -> None:
    from harness.cli import story
    from harness.render.figures import plural, size

    cleared = cache.clear(older_than_s=options.older_than, model=options.model)
    if options.json:
        story.print_json({"file": cache.file, "removed": cleared.entries, "freed_bytes": cleared.size})
    elif cleared.entries is None:
        print(f"removed {cache.file}, which was damaged: {size(cleared.size)} freed")
    else:
        print(f"{plural(cleared.entries, 'reply')} removed from {cache.file}: {size(cleared.size)} freed")
