"""What moved between two runs, as text in rows: the cases that flipped, with both replies in short, and what else is not the same."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judged import Compared, Flip
from harness.render.figures import DASH, count, plural
from harness.render.plain import one_line
from harness.render.tables import Table

SHOWN = 5
_REPLY = 48
_VALUE = 60


def moved(model: Compared) -> list[Table]:
    """At most `SHOWN` cases that were lost and as many that were gained, then everything else that changed."""
    said = " (simulated)" if model.simulated else ""
    tables = []
    for lost, title in ((True, "Solved in BASE, not in NEW"), (False, "Solved in NEW, not in BASE")):
        found = [one for one in model.flips if one.lost == lost]
        if found:
            rows = tuple((f"{one.suite}::{one.case_id}", one.provider, *_replies(one)) for one in _spread(found))
            more = len(found) - len(rows)
            note = f"{more:,} more; `--json` and `--format markdown` have all, with whole replies" if more else ""
            tables.append(Table(f"{title}: {plural(len(found), 'case')}{said}", ("case", "provider", "BASE", "NEW"), rows, note))  # fmt: skip
    return [*tables, *others(model)]


def others(model: Compared) -> list[Table]:
    """Everything but cases and figures that changed."""
    if not model.differences:
        return []
    said = " (simulated)" if model.simulated else ""
    told = tuple(
        (one.what, one.provider or DASH, one_line(one.base, _VALUE), one_line(one.new, _VALUE), count(one.n_cases))
        for one in model.differences
    )
    return [Table(f"What else changed{said}", ("what", "provider", "BASE", "NEW", "cases"), told)]


def _spread(flips: Sequence[Flip]) -> list[Flip]:
    """The first of each provider and capability before the second of any."""
    seen: dict[tuple[str, str, str], int] = {}
    ranked = []
    for flip in flips:
        place = (flip.provider, flip.suite, flip.capability)
        seen[place] = seen.get(place, 0) + 1
        ranked.append((seen[place], flip))
    return [flip for _, flip in sorted(ranked, key=lambda one: one[0])[:SHOWN]]


def _replies(flip: Flip) -> tuple[str, str]:
    base, new = (DASH if text is None else one_line(text, _REPLY) for text in (flip.base_reply, flip.new_reply))
    return base, new
