"""code: which code of a reply is run, and what comes of it."""

import pytest

from harness.ask import Criterion
from harness.scorers import check
from harness.scorers.code import code_of
from harness.scorers.sandbox import Verdict
from tests.scorers.replies import answer, score

DOUBLE = "def double(x):\n    return 2 * x\n"
TESTS = "assert double(2) == 4\nassert double(-1) == -2, 'negative'"


def judged(text, **options):
    return score(Criterion("code", {"tests": TESTS, **options}), None, answer(text), code=True)


@pytest.mark.parametrize(
    ("text", "entry_point", "code"),
    [
        (DOUBLE, None, DOUBLE),
        (f"Here:\n```python\n{DOUBLE}```\nDone.", None, DOUBLE),
        (f"```py\n{DOUBLE}```", None, DOUBLE),
        (f"```\n{DOUBLE}```", None, DOUBLE),
        (f"```python\n{DOUBLE}", None, DOUBLE),
        (f"```python\nx = 1\n```\n```python\n{DOUBLE}```", None, DOUBLE),
        (f"```python\n{DOUBLE}```\n```\n4\n```", None, DOUBLE),
        (f"```python\n{DOUBLE}```\n```bash\npython x.py\n```", None, DOUBLE),
        (f"```python\n{DOUBLE}```\nUse:\n```python\nprint(double(2))\n```", "double", DOUBLE),
        ("```python\nclass A: pass\n```\n```python\nA()\n```", "A", "class A: pass\n"),
        ("```python\nf = abs\n```\n```python\nf(1)\n```", "f", "f = abs\n"),
        ("```python\nx = 1\n```\n```python\ny = 2\n```", "double", "y = 2\n"),
    ],
)
def test_the_block_that_matters_is_chosen(text, entry_point, code):
    assert code_of(text, entry_point) == code


def test_right_code_passes_and_the_reason_says_what_confined_it():
    one = judged(f"```python\n{DOUBLE}```")
    assert (one.state, one.value, one.extracted) == ("scored", 1, DOUBLE)
    assert one.reason.startswith("all tests passed [confined by: limits, audit hook, ")


def test_wrong_code_fails_with_the_line_of_the_tests():
    one = judged("def double(x): return x * x")
    assert one.value == 0
    assert one.reason.startswith("AssertionError: negative at: assert double(-1) == -2, 'negative' [confined by: ")


def test_prose_is_a_wrong_answer_and_no_crash():
    one = judged("You multiply by two.")
    assert one.value == 0
    assert one.reason.startswith("SyntaxError: ")


def test_a_system_that_starts_no_process_leaves_the_trial_unscored(monkeypatch):
    def full(*_):
        raise BlockingIOError("no more processes")

    monkeypatch.setattr("harness.scorers.code.run_confined", full)
    one = judged(DOUBLE)
    assert (one.state, one.reason) == ("unscored", "it could not be run: no more processes")


def test_code_that_was_never_started_is_not_blamed(monkeypatch):
    monkeypatch.setattr("harness.scorers.code.run_confined", lambda *_: Verdict("it was too slow", None))
    one = judged(DOUBLE)
    assert (one.state, one.reason) == ("unscored", "it could not be run: it was too slow")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "code needs the option 'tests'"),
        ({"tests": "  "}, "'tests' must not be empty"),
        ({"tests": "assert ("}, "'tests' is no Python"),
        ({"tests": "a\0b"}, "'tests' is no Python"),
        ({"tests": TESTS, "entry_point": "f(x)"}, "'entry_point' must be a name, not 'f(x)'"),
        ({"tests": TESTS, "timeout_s": 0}, "'timeout_s' must be above 0 and at most 300, not 0"),
        ({"tests": TESTS, "timeout_s": 1e9}, "'timeout_s' must be above 0 and at most 300"),
    ],
)
def test_unfit_criteria_are_refused(options, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(Criterion("code", options), None)
    assert says in str(caught.value)
