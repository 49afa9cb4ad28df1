"""The report of one run as Markdown: the summary first, then tables, plots and the routes with their reasons."""

from __future__ import annotations

from collections.abc import Mapping

from harness.judged import Report
from harness.render import load_tables, tables
from harness.render.figures import DASH, plural
from harness.render.plain import plain
from harness.render.tables import Table


def report(model: Report, plots: Mapping[str, str]) -> str:
    """The whole report; `plots` are those that were drawn beside it: what each shows, by the name of its file."""
    parts = [f"# Run {model.run_id}", tables.summary(model)]
    if model.simulated:
        parts.append("> **Simulated.** These providers are simulated; nothing here says anything about a real one.")
    if model.state == "interrupted":
        parts.append("> **Interrupted.** The run did not finish; what was recorded until then is reported.")
    parts += [f"> {escape(note)}" for note in model.notes]
    parts += [table_of(one) for one in load_tables.levels(model)]
    if model.gates:
        parts.append(table_of(tables.gates(model.gates, simulated=model.simulated)))
        parts.append("\n".join(f"- {escape(gap)}" for gap in tables.gaps(model.gates)))
    parts += ["## Standings", *(table_of(one) for one in tables.quality(model.standings))]
    parts += [f"![{text}]({name})" for name, text in plots.items()]
    parts.append(table_of(tables.providers(model.standings)))
    parts.append(table_of(tables.counts(model.standings)))
    parts.append(table_of(tables.judging(model)))
    parts.append(table_of(tables.repeats(model.repeats, simulated=model.simulated)))
    if model.routing is not None:
        parts += ["## Routing", table_of(tables.routes(model.routing))]
        parts.append("\n".join(f"- {escape(reason)}" for reason in tables.reasons(model.routing)))
    if model.calibration:
        parts += ["## Calibration", "What the harness measured beside what the simulated providers know to be true."]
        parts += [table_of(one) for one in tables.calibration(model.calibration)]
    parts += ["## Provenance", _provenance(model)]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is: no HTML, no table cells, no links, no line breaks."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return " ".join(plain(text).split())


def table_of(table: Table) -> str:
    """A heading, the rows, the note below; nothing for a table without rows."""
    if not table.rows:
        return ""
    lines = [
        f"### {escape(table.title)}",
        "",
        "| " + " | ".join(escape(name) for name in table.head) + " |",
        "|" + "|".join(" --- " if table.is_left(number) else " ---: " for number in range(len(table.head))) + "|",
        *("| " + " | ".join(escape(cell) for cell in row) + " |" for row in table.rows),
    ]
    return "\n".join(lines) + (f"\n\n{escape(table.note)}" if table.note else "")


def _provenance(model: Report) -> str:
    routing = model.routing
    suites = [f"{escape(name)} ({plural(cases, 'case')})" for name, cases in model.suites.items()]
    lines = [
        f"- harness {model.harness_version}, seed {model.seed}, started {model.created:%Y-%m-%d %H:%M:%S} UTC",
        f"- prices: {', '.join(routing.price_ids) if routing and routing.price_ids else DASH}",
        f"- suites: {', '.join(suites)}",
        f"- the rows: `calls.parquet` and `scores.parquet` in `reports/runs/{model.run_id}/`",
    ]
    return "\n".join(lines)
