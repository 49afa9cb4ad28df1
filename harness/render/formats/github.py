"""What GitHub's runner and pages read: annotations in a job's log, the job's summary, a comment at the pull request."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TextIO

from harness.judged import Compared, Comparison
from harness.render import compared
from harness.render.compared import MEASURES, VERDICTS, place
from harness.render.figures import plural
from harness.render.formats.markdown import text
from harness.render.plain import one_line, plain

MARK = "<!-- llm-harness: compare -->"
"""The first line of a comment: by it the comment of an earlier push is found, to be replaced."""

MOST_COMMENT, MOST_SUMMARY = 65_000, 1_000_000
"""Bytes; GitHub takes 65,536 characters and 1 MiB."""

MOST_ANNOTATIONS = 10
"""GitHub shows so many of a kind for each step."""

_MESSAGE = 400


def log(model: Compared, out: TextIO) -> None:
    """A job's log: an annotation for each place that changed, then the summary, in which the runner is told to read no commands."""
    out.writelines(line + "\n" for line in annotated(model))
    shown = text(model, MOST_SUMMARY)
    token = hashlib.sha256(shown.encode()).hexdigest()  # no text can hold its own hash, so none can end this
    out.write(f"::stop-commands::{token}\n{shown}::{token}::\n")


def summary(model: Compared, out: TextIO) -> None:
    """The Markdown, for $GITHUB_STEP_SUMMARY."""
    out.write(text(model, MOST_SUMMARY))


def comment(model: Compared, out: TextIO) -> None:
    """The Markdown with the mark before it."""
    out.write(f"{MARK}\n\n{text(model, MOST_COMMENT - len(MARK))}")


def annotated(model: Compared) -> Iterator[str]:
    """Workflow commands: an error for what fails, a warning for what got worse without failing, a notice for what improved; at most ten of each."""
    groups: dict[tuple[str, str], dict[str, list[Comparison]]] = {}
    for cell in model.cells:
        level = _level(cell, model.fail_on)
        if level and not cell.explained:
            groups.setdefault((level, cell.verdict), {}).setdefault(f"{cell.provider} on {place(cell)}", []).append(cell)  # fmt: skip
    for (level, verdict), places in groups.items():
        for where, cells in list(places.items())[:MOST_ANNOTATIONS]:
            told = "; ".join(f"{MEASURES[one.measure]} {compared.in_a_line(one)}" for one in cells)
            yield command(level, f"{VERDICTS[verdict]}: {where}", told)  # type: ignore[index]
        if len(places) > MOST_ANNOTATIONS:
            yield f"{plural(len(places) - MOST_ANNOTATIONS, 'more place')} {verdict}"


def _level(cell: Comparison, fail_on: tuple[str, ...]) -> str:
    if cell.verdict in fail_on:
        return "error"
    return {"regressed": "warning", "missing": "warning", "improved": "notice"}.get(cell.verdict, "")


def command(level: str, title: str, message: str) -> str:
    """A workflow command in one line, which nothing in title or message can end: `::error title=…::…`."""
    head = _escaped(one_line(title, _MESSAGE)).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={head}::{_escaped(one_line(message, _MESSAGE))}"


def _escaped(text: str) -> str:
    return plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
