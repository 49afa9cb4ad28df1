"""Check a judge against human labels: agreement and Cohen's kappa, with 95 % intervals.

The labels are a table (CSV, JSON lines, Parquet) with a column `label`, what a person said of a reply: a grade, or a word for right or wrong. The judge's
verdict is in a column `verdict`; or in a run, with --run and columns `case_id` and `provider`; or it is asked for now, of the judge that --judge names,
with columns `reply`, `prompt` and `reference`, after saying the most that this can cost.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli import options as shared
from harness.errors import ExitCode, WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.agreeing import Checked, Docket
    from harness.cli.story import Teller
    from harness.load.labels import Label
    from harness.settings import Places
    from harness.stats import Kappa


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness judge check LABELS`."""
    actions = parser.add_subparsers(dest="action", metavar="check", required=True)
    check = actions.add_parser(
        "check",
        description=__doc__,
        help="hold verdicts against human labels",
    )
    check.add_argument("labels", type=Path, metavar="LABELS", help="a table of human labels")
    check.add_argument("--run", metavar="RUN", help="the run whose replies were judged, by id or folder")
    check.add_argument(
        "--map", type=shared.pair("FIELD=COLUMN"), action="append", default=[], metavar="FIELD=COLUMN", help="which column holds a field, such as label=human"
    )  # fmt: skip
    shared.add_judge(check)
    check.add_argument(
        "--rubric", metavar="TEXT", help="what is graded (default: whether it says what `reference` says)"
    )
    check.add_argument("--scale", type=shared.whole(2, 100), metavar="N", help="grades go from 1 to N (default: 10)")
    check.add_argument("--dry-run", action="store_true", help="say what would be asked, and stop")
    shared.add_providers(check)
    shared.add_reports(check)
    shared.add_json(check)


def main(options: argparse.Namespace) -> ExitCode:
    """Find the verdicts, hold them against the labels, tell."""
    from harness import agreeing, store
    from harness.cli import story
    from harness.load.labels import read_labels

    labels = read_labels(options.labels, dict(options.map))
    places, teller = shared.places(options), story.Teller(json_on_stdout=options.json)
    if all(one.verdict for one in labels):
        checked = agreeing.check(labels, [one.verdict for one in labels], ())
    elif options.run:
        kept, verdicts, reasons = agreeing.recorded(labels, store.open_run(options.run, places.reports))
        checked = agreeing.check(kept, verdicts, reasons, len(labels) - len(kept))
    else:
        found = _docket(labels, options, places)
        teller.hearing(found.heard)
        if not found.heard.missing:
            teller.terminal.line("judging  nothing is to be asked: the answers are recorded")
        if options.dry_run:
            return ExitCode.FINE
        checked = agreeing.check(labels, *_asked(found))
    _tell(checked, teller)
    if options.json:
        story.print_json(_as_json(checked))
    return ExitCode.FINE


def _docket(labels: Sequence[Label], options: argparse.Namespace, places: Places) -> Docket:
    from harness import agreeing
    from harness.ask import Criterion
    from harness.cli import judging

    said = {"rubric": options.rubric, "scale": options.scale}
    criterion = Criterion("judge", {name: value for name, value in said.items() if value is not None})
    if not any(one.reply for one in labels):
        raise WrongUse(
            "the labels have neither a `verdict` nor a `reply`: name the run whose replies were judged with --run RUN"
        )
    return agreeing.docket(labels, criterion, judging.bench(places, options.judges), places)


def _asked(found: Docket) -> tuple[list[str | None], list[str]]:
    from harness import agreeing, judges
    from harness.cli import fleet
    from harness.render.progress import Bar
    from harness.settings import Terms

    run = found.run
    if found.heard.missing:
        with Bar(found.heard.missing) as bar:
            run = judges.ask(run, found.heard, Terms(), serve=fleet.serve, progress=bar)
    return agreeing.asked(found, run)


def _tell(checked: Checked, teller: Teller) -> None:
    from harness.render.figures import plural
    from harness.render.tables import Table

    found = checked.found
    rows = [
        (
            "agreement",
            f"{100 * found.share:.1f} %",
            f"{100 * found.interval.low:.1f} – {100 * found.interval.high:.1f} %",
        )
    ]
    rows += [("Cohen's kappa", *_kappa(found.kappa))]
    if found.weighted is not None:
        rows += [("kappa, quadratic weights", *_kappa(found.weighted))]
    note = "kappa: agreement beyond chance, 1 is full and 0 is chance"
    teller.terminal.table(
        Table(f"The judge against {plural(found.n, 'human label')}", ("", "value", "95 % interval"), tuple(rows), note)
    )
    said = sorted(checked.table.items(), key=lambda item: -item[1])
    cells = tuple((_word(label), _word(verdict), f"{count:,}") for (label, verdict), count in said)
    teller.terminal.table(Table("What was said", ("label", "verdict", "n"), cells))
    if checked.unscored:
        why = ", ".join(f"{reason}: {count:,}" for reason, count in checked.reasons.items())
        teller.terminal.line(
            f"{plural(checked.unscored, 'label')} without a verdict, in no figure ({why})", style="bold yellow"
        )
    if checked.unmatched:
        teller.terminal.line(
            f"{plural(checked.unmatched, 'label')} of which the run has no judged reply", style="bold yellow"
        )


def _kappa(kappa: Kappa | None) -> tuple[str, str]:
    if kappa is None:
        return "–", "both always say the same one thing"
    if kappa.low is None:
        return f"{kappa.value:.3f}", "– (one side always says the same)"
    return f"{kappa.value:.3f}", f"{kappa.low:.3f} – {kappa.high:.3f}"


def _word(said: str | float) -> str:
    return said if isinstance(said, str) else f"{said:g}"


def _as_json(checked: Checked) -> dict[str, Any]:
    found = checked.found

    def kappa(one: Kappa | None) -> dict[str, float | None] | None:
        return None if one is None else one._asdict()

    return {
        "n": found.n,
        "agreement": {"value": found.share, "low": found.interval.low, "high": found.interval.high},
        "kappa": kappa(found.kappa),
        "weighted_kappa": kappa(found.weighted),
        "table": [{"label": one, "verdict": other, "n": n} for (one, other), n in checked.table.items()],
        "unscored": checked.unscored,
        "reasons": checked.reasons,
        "unmatched": checked.unmatched,
    }
