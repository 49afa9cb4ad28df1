import io
from dataclasses import replace

import pandas as pd
import pytest

from harness.render import markdown, plots
from harness.render.progress import Bar
from harness.render.tables import Table
from harness.render.terminal import Terminal
from harness.told import Tally
from tests.render.words import REPORT, STANDINGS, standing

NAMES = [name for name, _ in markdown.PLOTS]


def test_markdown_says_simulated_before_any_number():
    text = markdown.report(REPORT, NAMES)
    assert text.index("**Simulated.**") < text.index("## Standings")


def test_markdown_shows_only_plots_that_were_drawn():
    assert "![" not in markdown.report(REPORT, [])
    assert markdown.report(REPORT, NAMES).count("![") == 3


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


def test_the_three_plots_are_png_files(tmp_path):
    times = pd.DataFrame(
        [("careful", 0.1, 0.4), ("careful", 0.2, 0.5), ("frugal", 0.05, 0.1), ("unstreamed", None, 0.2)],
        columns=["provider", "ttft_s", "latency_s"],
    )
    assert plots.quality_cost(STANDINGS, tmp_path / "a.png")
    assert plots.latency(times, tmp_path / "b.png", simulated=True)
    assert plots.heatmap(STANDINGS, tmp_path / "c.png")
    for name in "abc":
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_plot_without_data_is_not_drawn(tmp_path):
    assert not plots.quality_cost([standing("free", "all", 0.9, cost=None)], tmp_path / "a.png")
    assert not plots.latency(
        pd.DataFrame({"provider": ["silent"], "ttft_s": [None], "latency_s": [None]}),
        tmp_path / "b.png",
        simulated=False,
    )
    assert not plots.heatmap([standing("alone", "all", 0.9)], tmp_path / "c.png")
    assert list(tmp_path.iterdir()) == []


def test_plots_stand_missing_cells_free_calls_and_intervals(tmp_path):
    gaps = [*STANDINGS[:3], standing("free", "all", 0.9, cost=0.0), standing("free", "facts", 0.9, quality=None)]
    assert plots.quality_cost(gaps, tmp_path / "a.png")
    assert plots.heatmap(gaps, tmp_path / "c.png")
