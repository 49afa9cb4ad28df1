"""Markdown: the report of a run, and a comparison for a pull request: the verdict first, only what changed, the rest folded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from harness.judged import Compared, Flip
from harness.render import compared, markdown, moved
from harness.render.figures import plural
from harness.render.markdown import escape, table_of
from harness.render.plain import plain
from harness.shown import RunResults

MOST_CHARACTERS = 20_000
"""So much of a prompt or reply stands in the Markdown; JSON has all of it."""


def run(model: RunResults, out: TextIO) -> None:
    """The report of a run, without the plots, which are files of their own."""
    out.write(markdown.report(model.report, {}))


def comparison(model: Compared, out: TextIO) -> None:
    """The whole comparison."""
    out.write(text(model))


def text(model: Compared, most_bytes: int | None = None) -> str:
    """The comparison in at most so many bytes: what does not fit is left out, the folded parts first, and said to be."""
    shown = _Shown(most_bytes)
    shown.add(f"# {'❌' if model.failed else '✅'} {escape(compared.verdict(model.cells, model.new))}")
    shown.add_each(f"> {escape(note)}" for note in model.notes)
    *changed, counts = compared.changed(model.cells)
    shown.add_each(table_of(one) for one in (*changed, *moved.moved(model)))
    shown.add_each(f"- {escape(gap)}" for gap in compared.gaps(model.cells))
    if model.flips:
        shown.fold(f"{plural(len(model.flips), 'case')} that flipped, with both replies", map(_flip, model.flips))
    shown.fold(plural(len(model.cells), "cell"), [table_of(one) for one in (counts, compared.every(model.cells))])
    return shown.text()


class _Shown:
    """Parts of a page, as long as there is room for them."""

    _RESERVED = 200
    """Bytes, for saying what was left out."""

    def __init__(self, most_bytes: int | None) -> None:
        self._room = None if most_bytes is None else most_bytes - self._RESERVED
        self._parts: list[str] = []
        self._left_out = 0

    def add(self, part: str) -> bool:
        size = len(part.encode()) + 2
        if self._room is not None and size > self._room:
            self._left_out += 1
            return False
        if self._room is not None:
            self._room -= size
        self._parts.append(part)
        return True

    def add_each(self, parts: Iterable[str]) -> None:
        for part in parts:
            self.add(part)

    def fold(self, title: str, parts: Iterable[str]) -> None:
        """Behind a title that opens; of what is folded as much as there is room for."""
        end = "</details>"
        if not self.add(f"<details><summary>{title}</summary>{' ' * len(end)}"):
            return
        self._parts[-1] = self._parts[-1].rstrip()
        self.add_each(parts)
        self._parts.append(end)

    def text(self) -> str:
        if self._left_out:
            self._parts.append(f"{plural(self._left_out, 'part')} left out, as there is no room here: `--format markdown` and `--format html` have all.")  # fmt: skip
        return "\n\n".join(self._parts) + "\n"


def _flip(flip: Flip) -> str:
    how = "solved in BASE, not in NEW" if flip.lost else "solved in NEW, not in BASE"
    lines = [
        f"**{escape(f'{flip.provider}: {flip.suite}::{flip.case_id}')}**: {how} ({flip.base:.2g} → {flip.new:.2g})"
    ]
    if flip.prompt is not None:
        lines += ["Prompt:", fenced(flip.prompt)]
    lines += _side("BASE", flip.base_reply, flip.base_reason)
    lines += _side("NEW", flip.new_reply, flip.new_reason)
    return "\n\n".join(lines)


def _side(name: str, reply: str | None, reason: str | None) -> Iterator[str]:
    yield f"{name}{': ' + escape(reason[:300]) if reason else ''}"
    yield fenced(reply) if reply is not None else "(its texts are not kept)"


def fenced(text: str) -> str:
    """The text as a block of code that nothing in it can end."""
    cut = plain(text[:MOST_CHARACTERS])
    longest = max((len(run) for run in re.findall(r"`+", cut)), default=0)
    fence = "`" * max(3, longest + 1)
    more = (
        f"\n\n… {len(text) - MOST_CHARACTERS:,} more characters; `--json` has all"
        if len(text) > MOST_CHARACTERS
        else ""
    )
    return f"{fence}text\n{cut}\n{fence}{more}"
