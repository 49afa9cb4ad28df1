"""Texts that try to break out of the format they are shown in do no harm in any of them."""

import csv
import html
import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.render import formats
from tests.render.words import CELLS, COMPARED, FAILED, FLIPS, RUN, WRONG

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
TRICKS = {
    "a script's end": "</script><script>alert(1)</script>",
    "a script in a comment": "<!--<script>",
    "a picture that fails": "<img src=x onerror=alert(1)>",
    "a table's cells": "a | b |\n|---|\n| c \\| d",
    "a block of code and its end": "````\n```\n~~~\n</details>\n# head",
    "a link and a picture": "[x](javascript:alert(1)) ![x](http://127.0.0.1/x.png) <http://127.0.0.1>",
    "colours and a title": "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b2J",
    "a mail to somebody": "@everyone #1 :warning:",
    "NUL and half a pair": "a\x00b\ud800c\udfff",
    "from right to left": "user\u202etxt.exe\u2066\u200f",
    "the end of CDATA": "]]></failure><![CDATA[",
    "no character of XML": "\ufffe\uffff\x0b\x01",
    "an entity": "&lt;&#0;&xxe; %25",
    "a formula": '=cmd()|"/C calc"!A0',
    "a formula in another way": "+1+1",
    "and another": "@SUM(1,1)",
    "a template's braces": "{{ 7*7 }}{% raw %}${{ secrets.KEY }}",
    "a workflow's command": "\n::error::no\r\n::set-env name=PATH::x\n##[error]no",
    "quotes and commas": "a\"b,c;d'e\r\nf",
    "a very long word": "x" * 1_000_000,
    "very many words": "ab \n" * 250_000,
}


def told(name, model):
    out = io.StringIO(newline="")
    formats.write(name, model, out)
    return out.getvalue()


def run_with(text):
    case = {"case_id": text[:1000], "reason": text, "prompt": text, "expected": text, "reply": text}
    report = replace(RUN.report, notes=(text[:1000],))
    return replace(RUN, report=report, results=(replace(WRONG, **case), replace(FAILED, **case, failure="overloaded")))


def comparison_with(text):
    said = {
        "case_id": text,
        "prompt": text,
        "base_reply": text,
        "new_reply": text,
        "base_reason": text,
        "new_reason": text,
    }
    cells = (replace(CELLS[0], suite=text[:1000]), replace(CELLS[4], why=text[:1000]), *CELLS[1:4])
    differences = (replace(COMPARED.differences[0], base=text, new=text),)
    return replace(COMPARED, cells=cells, flips=tuple(replace(one, **said) for one in FLIPS), differences=differences, notes=(text[:1000],))  # fmt: skip


EVERY = [("run", name) for name in formats.of_runs()] + [("comparison", name) for name in formats.of_comparisons()]
MODELS = {"run": run_with, "comparison": comparison_with}


@pytest.mark.parametrize(("of", "name"), EVERY)
@pytest.mark.parametrize("trick", TRICKS)
def test_no_text_breaks_out_of_any_format(of, name, trick):
    text = TRICKS[trick]
    shown = told(name, MODELS[of](text))
    shown.encode()  # no half of a surrogate pair is left
    assert not UNSEEN.search(shown)
    CHECKS.get(name, lambda *_: None)(shown, text)


@pytest.mark.parametrize(("of", "name"), EVERY)
@given(text=st.text(max_size=60))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nor_does_any_other(of, name, text):
    shown = told(name, MODELS[of](text))
    assert not UNSEEN.search(shown)
    CHECKS.get(name, lambda *_: None)(shown, text)


def in_json(shown, text):
    read = json.loads(shown)
    said = read["results"][0]["reply"] if "results" in read else read["flips"][0]["new_reply"]
    assert (
        said == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") or "\ud800" in text or said == text
    )


def in_csv(shown, _text):
    rows = list(csv.reader(io.StringIO(shown)))
    assert {len(row) for row in rows} == {len(rows[0])}
    for cell in (cell for row in rows for cell in row):
        assert len(cell) <= 32_767
        assert not cell.startswith(("=", "+", "@", "\t", "\r"))
        assert not cell.startswith("-") or re.fullmatch(r"-[\d.e-]+", cell)


def in_junit(shown, _text):
    for test in ET.fromstring(shown).iter("testcase"):  # parsing it is the proof
        assert {part.tag for part in test} <= {"failure", "error", "skipped"}
    assert len(shown) < 100_000 or shown.count("<testcase") > 1


def in_markdown(shown, _text):
    outside = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", shown)
    assert "<script" not in outside
    assert "<img" not in outside
    assert not re.search(r"(?<!\\)\]\(", outside)
    assert shown.count("<details>") <= 2


def in_github(shown, _text):
    annotations, _, rest = shown.partition("::stop-commands::")
    token, _, summary = rest.partition("\n")
    assert summary.endswith(f"::{token}::\n")
    assert summary.count(token) == 1
    for line in annotations.splitlines():
        assert re.match(r"::(error|warning|notice) title=[^:,]*::", line)
        assert len(line) < 3_000


def in_comment(shown, text):
    assert len(shown) < 65_536
    in_markdown(shown, text)


def in_html(shown, text):
    bare = re.sub(r"(?s)<script\b.*?</script>|<style>.*?</style>|<svg.*?</svg>", "", shown)
    assert shown.count("<script") == shown.count("</script>") <= 3
    assert "onerror=alert(1)>" not in bare
    assert not text or text.isspace() or html.escape(text[:20]) == text[:20] or text[:20] not in bare or not set("<>") & set(text[:20])  # fmt: skip


CHECKS = {
    "json": in_json, "csv": in_csv, "junit": in_junit, "markdown": in_markdown, "github": in_github, "github-summary": in_markdown,
    "github-comment": in_comment, "html": in_html,
}  # fmt: skip
