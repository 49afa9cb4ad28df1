import io
import json
import re
from contextlib import redirect_stdout
from dataclasses import replace

import pytest

from harness.cli import story
from harness.judged import Compared, Difference, Flip
from harness.render import moved
from harness.render.formats import markdown
from harness.render.plain import one_line, plain, plain_json
from harness.render.terminal import Terminal
from tests.render.test_compared import SAME, WORSE

FLIP = Flip("swift", "math", "math", "c1", lost=True, base=1.0, new=0.0, prompt="2 + 2?", base_reply="4", new_reply="5")
MODEL = Compared(
    "run-1", "run-2", (WORSE, SAME), (FLIP, replace(FLIP, case_id="c2", lost=False, base=0.0, new=1.0)),
    (Difference("served model", "swift", "m-1", "m-2", 40),), ("a note",), failed=True,
)  # fmt: skip
EVIL = "\x1b[2J\x1b]0;title\x07\x00 \u202eright to left \x9b31m \ud800 </script><img src=x onerror=alert(1)> | a | b |\n# head\n````\n</details>\r"


def test_flips_stand_both_ways_with_both_replies():
    lost, gained, else_ = moved.moved(MODEL)
    assert lost.title == "Solved in BASE, not in NEW: 1 case (simulated)"
    assert lost.rows == (("math::c1", "swift", "4", "5"),)
    assert gained.rows[0][0] == "math::c2"
    assert else_.rows == (("served model", "swift", "m-1", "m-2", "40"),)


def test_of_many_flips_each_place_is_shown_before_one_is_shown_twice():
    flips = [replace(FLIP, case_id=f"c{n}") for n in range(9)] + [replace(FLIP, provider="late")]
    (lost, _) = moved.moved(replace(MODEL, flips=tuple(flips)))
    assert [row[1] for row in lost.rows] == ["swift", "late", "swift", "swift", "swift"]
    assert lost.note == "5 more; `--json` and `--format markdown` have all, with whole replies"


def test_markdown_says_the_verdict_first_and_folds_the_rest():
    text = markdown.text(MODEL)
    assert text.startswith("# ❌ run-2 is worse: 1 cell regressed; of 2 cells 1 equal.\n\n> a note\n")
    assert (
        text.index("### Regressed")
        < text.index("<details><summary>2 cases that flipped")
        < text.index("<details><summary>2 cells")
    )
    assert "```text\n4\n```" in text
    assert "(its texts are not kept)" in markdown.text(replace(MODEL, flips=(replace(FLIP, base_reply=None),)))


def test_nothing_breaks_out_of_the_terminal():
    out = io.StringIO()
    terminal = Terminal(out)
    for table in moved.moved(replace(MODEL, flips=(replace(FLIP, case_id=EVIL, new_reply=EVIL * 9),))):
        terminal.table(table)
    terminal.line(EVIL)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800]", out.getvalue())
    assert "␛[2J" in out.getvalue()


def test_nothing_breaks_out_of_markdown():
    evil = replace(FLIP, case_id=EVIL, prompt=EVIL, new_reply=EVIL, new_reason=EVIL)
    text = markdown.text(replace(MODEL, flips=(evil,), notes=(EVIL,)))
    outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "<img" not in outside
    assert "</script>" not in outside
    assert outside.count("</details>") == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800]", text)
    assert "`````text\n" in text  # a fence that the four ticks in it do not end
    for line in outside.splitlines():
        assert not line.startswith("# head")


def test_a_million_characters_are_cut_in_the_terminal_and_in_markdown():
    long = replace(FLIP, new_reply="ab " * 400_000)
    lost, _ = moved.moved(replace(MODEL, flips=(long,)))
    assert len(lost.rows[0][3]) <= 48
    text = markdown.text(replace(MODEL, flips=(long,)))
    assert len(text) < 30_000
    assert "… 1,180,000 more characters; `--json` has all" in text


def test_json_means_the_same_and_holds_no_control_characters():
    out = io.StringIO()
    with redirect_stdout(out):
        story.print_json({"text": EVIL.replace("\ud800", "")})
    assert json.loads(out.getvalue()) == {"text": EVIL.replace("\ud800", "")}
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out.getvalue())
    assert plain_json('"\x9b"') == '"\\u009b"'


@pytest.mark.parametrize(("text", "line"), [("a\nb\tc", "a b c"), ("abcdefghij", "abcdefg…"), ("\x1bx", "␛x")])
def test_one_line_is_one_line(text, line):
    assert one_line(text, 8) == line
    assert "\n" in plain("a\nb")
