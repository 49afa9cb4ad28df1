"""A comparison of two runs as Markdown, for a pull request: the verdict first, only what changed, the rest folded."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.judged import Compared, Flip
from harness.render import compared, moved
from harness.render.figures import plural
from harness.render.markdown import escape, table_of
from harness.render.plain import plain

MOST_CHARACTERS = 20_000
"""So much of a prompt or reply stands in the Markdown; JSON has all of it."""


def markdown(model: Compared) -> str:
    """The whole comparison."""
    parts = [f"# {'❌' if model.failed else '✅'} {escape(compared.verdict(model.cells, model.new))}"]
    parts += [f"> {escape(note)}" for note in model.notes]
    parts += [table_of(one) for one in (*compared.changed(model.cells), *moved.moved(model))]
    parts += [f"- {escape(gap)}" for gap in compared.gaps(model.cells)]
    if model.flips:
        parts.append(
            _folded(f"{plural(len(model.flips), 'case')} that flipped, with both replies", map(_flip, model.flips))
        )
    every = compared.every(model.cells)
    parts.append(_folded(plural(len(model.cells), "cell"), [table_of(every)]))
    return "\n\n".join(parts) + "\n"


def _folded(title: str, parts: Sequence[str] | map[str]) -> str:
    return "\n\n".join([f"<details><summary>{title}</summary>", *parts, "</details>"])


def _flip(flip: Flip) -> str:
    how = "solved in BASE, not in NEW" if flip.lost else "solved in NEW, not in BASE"
    lines = [
        f"**{escape(f'{flip.provider}: {flip.suite}::{flip.case_id}')}**: {how} ({flip.base:.2g} → {flip.new:.2g})"
    ]
    if flip.prompt is not None:
        lines += ["Prompt:", fenced(flip.prompt)]
    for name, reply, reason in (
        ("BASE", flip.base_reply, flip.base_reason),
        ("NEW", flip.new_reply, flip.new_reason),
    ):
        lines.append(f"{name}{': ' + escape(reason[:300]) if reason else ''}")
        lines.append(fenced(reply) if reply is not None else "(its texts are not kept)")
    return "\n\n".join(lines)


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
