import io
import re
from dataclasses import replace

import pandas as pd
import pytest

from harness.render import markdown, plots
from harness.render.forest import forest
from harness.render.progress import Bar
from harness.render.tables import Table
from harness.render.terminal import Terminal
from harness.told import Tally
from tests.render.words import CELLS, COMPARED, REPORT, STANDINGS, standing

NAMES = {f"{name}.png": text for name, text in plots.CAPTIONS.items()}


def test_markdown_says_simulated_before_any_number():
    text = markdown.report(REPORT, NAMES)
    assert text.index("**Simulated.**") < text.index("## Standings")


def test_markdown_shows_only_plots_that_were_drawn():
    assert "![" not in markdown.report(REPORT, {})
    assert markdown.report(REPORT, NAMES).count("![") == 4


def test_markdown_tables_have_as_many_cells_in_each_row():
    lines = [line for line in markdown.report(REPORT, NAMES).splitlines() if line.startswith("|")]
    heads = [number for number, line in enumerate(lines) if set(line) <= set("|-: ")]
    assert len(heads) >= 6
    for rule in heads:
        assert lines[rule].count("|") == lines[rule - 1].count("|")


def test_an_interrupted_run_and_its_notes_are_said_first():
    text = markdown.report(replace(REPORT, state="interrupted", notes=("frugal gave no answer",)), NAMES)
    assert "**Interrupted.**" in text
    assert "> frugal gave no answer" in text


def test_a_real_run_without_routes_has_neither_section():
    text = markdown.report(replace(REPORT, simulated=False, routing=None, calibration=()), NAMES)
    assert "Simulated" not in text
    assert "## Routing" not in text
    assert "## Calibration" not in text


@pytest.mark.parametrize("trick", ["a | b", "<script>x</script>", "[x](http://h)", "line\nbreak", "`code`", "# head"])
def test_text_from_outside_cannot_break_out_of_markdown(trick):
    text = markdown.escape(trick)
    assert "\n" not in text
    assert "<" not in text
    for mark in "|[]`#":
        assert text.count(mark) == text.count(f"\\{mark}")


def test_the_terminal_shows_text_as_it_is():
    out = io.StringIO()
    Terminal(out).table(
        Table("Title", ("name", "value"), (("[red]not markup[/red]", "5"), ("b", "words here")), "the note")
    )
    text = out.getvalue()
    assert "[red]not markup[/red]" in text
    assert text.splitlines()[0].strip() == "Title"
    assert "the note" in text


def test_numbers_align_right_and_words_left():
    out = io.StringIO()
    Terminal(out).table(Table("T", ("name", "n", "word"), (("a", "5", "x"), ("b", "1,234", "yyy"))))
    rows = out.getvalue().splitlines()[2:4]
    assert rows[0].index("5") == rows[1].index("4")
    assert rows[0].index("x") == rows[1].index("y")


def test_the_bar_tells_failures_and_spend():
    out = io.StringIO()
    with Bar(10, out, simulated=True) as bar:
        bar(Tally(planned=10, done=4, failed=1, spend_usd=0.5))
        bar(Tally(planned=10, done=10, failed=2, spend_usd=1.25))
    last = out.getvalue().replace("\r", "\n").strip().splitlines()[-1]
    assert "10/10" in last
    assert "2 failed, $1.25 simulated spend" in last


def test_the_bar_says_what_has_no_price():
    out = io.StringIO()
    with Bar(2, out) as bar:
        bar(Tally(planned=2, done=2, unpriced=2))
    assert "$0.00 spend + 2 unpriced" in out.getvalue()


def test_plots_are_files_for_slides_and_pages_the_same_for_the_same_run(tmp_path):
    times = pd.DataFrame(
        [("careful", 0.1 + number / 100, 0.4) for number in range(9)]
        + [("frugal", 0.05, 0.1), ("unstreamed", None, 0.2)],
        columns=["provider", "ttft_s", "latency_s"],
    )
    drawn = plots.of_run(STANDINGS, times)
    assert list(drawn) == list(plots.CAPTIONS)
    for name, figure in drawn.items():
        png, svg = plots.save(figure, tmp_path / "one", name)
        assert png.read_bytes().startswith(b"\x89PNG")
        assert (
            svg.read_bytes() == plots.save(plots.of_run(STANDINGS, times)[name], tmp_path / "two", name)[1].read_bytes()
        )


def test_a_plot_in_a_page_takes_its_colours_and_has_ids_of_its_own():
    figure = plots.quality_cost(STANDINGS)
    assert figure is not None
    svg = plots.inline(figure, "first")
    assert svg.startswith('<svg role="img" aria-label=')
    assert "var(--ink)" in svg
    assert plots.INK not in svg
    ids, used = (set(re.findall(found, svg)) for found in (r'\bid="([^"]*)', r"(?:href=.|url\()#([^\")]*)"))
    assert used <= ids
    assert all(one.startswith("first-") for one in ids)


def test_a_plot_without_data_is_not_drawn():
    silent = pd.DataFrame({"provider": ["silent"], "ttft_s": [None], "latency_s": [None]})
    assert plots.of_run([standing("alone", "all", 0.9, cost=None)], silent) == {}


def test_plots_stand_missing_cells_free_calls_and_intervals():
    gaps = [*STANDINGS[:3], standing("free", "all", 0.9, cost=0.0), standing("free", "facts", 0.9, quality=None)]
    assert plots.quality_cost(gaps)
    assert plots.heatmap(gaps)


def test_the_forest_shows_what_changed_first_and_no_more_than_fits(tmp_path):
    many = [replace(CELLS[2], provider=f"p{number:02}") for number in range(40)]
    figure = forest(replace(COMPARED, cells=(*many, *CELLS)))
    assert figure is not None
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names[0] == "frugal  math"
    assert len(names) == 24
    assert "18 more rows not shown" in figure.get_supxlabel()
    plots.save(figure, tmp_path, "changes")


def test_without_pairs_there_is_no_forest():
    assert forest(replace(COMPARED, cells=CELLS[4:])) is None
