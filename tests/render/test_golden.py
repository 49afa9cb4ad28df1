"""Every format of a small run and a small comparison, as it should look: `pytest tests/render/test_golden.py --update-golden` writes them anew."""

import io
import re
from pathlib import Path

import pytest

from harness.judged import Compared
from harness.render import formats
from harness.shown import RunResults
from tests.render.words import COMPARED, RUN

GOLDEN = Path(__file__).parent / "golden"
MODELS: dict[str, RunResults | Compared] = {"run": RUN, "comparison": COMPARED}
EVERY = [("run", name) for name in formats.of_runs()] + [("comparison", name) for name in formats.of_comparisons()]
DRAWN = re.compile(r"(?s)(<svg [^>]*aria-label=\"[^\"]*\")[^>]*>.*?</svg>")
"""Plots have a test of their own, and lines that depend on the fonts' measures."""


@pytest.mark.parametrize(("of", "name"), EVERY)
def test_each_format_is_as_it_was_looked_at(of, name, request):
    out = io.StringIO(newline="")
    formats.write(name, MODELS[of], out)
    shown = DRAWN.sub(r"\1/>", out.getvalue())
    file = GOLDEN / f"{of}.{name}"
    if request.config.getoption("--update-golden"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown, encoding="utf-8", newline="")
    assert shown == file.read_text(encoding="utf-8")


def test_there_is_no_golden_file_of_a_format_that_is_gone():
    assert {file.name for file in GOLDEN.iterdir()} == {f"{of}.{name}" for of, name in EVERY}
