"""The rules that hold for every scorer: what is failed, what is unscored, and that neither is a wrong answer."""

import threading

import pytest

from harness.ask import Criterion, ToolCall
from harness.scorers import Permissions, check, judge, judge_all
from harness.scorers.judging import LONGEST
from harness.told import Outcome, Reply
from tests.scorers.replies import REF, answer, case, score

NUMBER = Criterion("number")
PLUS = Criterion("code", {"tests": "assert plus(1, 2) == 3"})


@pytest.mark.parametrize("name", ["number", "refusal", "tool_calls"])
def test_no_answer_is_failed_whatever_had_come(name):
    outcome = Outcome(REF, Reply(text="4"), failure_kind="timeout_stall", error="nothing came for 30 s")
    (one,) = judge(case(Criterion(name), expect=[]), outcome)
    assert (one.state, one.value, one.reason) == ("failed", None, "timeout_stall: nothing came for 30 s")


def test_an_error_without_words_is_failed_by_its_kind():
    (one,) = judge(case(NUMBER, expect=4), Outcome(REF, Reply(), failure_kind="tls"))
    assert (one.state, one.reason) == ("failed", "tls")


def test_a_score_carries_who_gave_it_and_to_what():
    (one,) = judge(case(Criterion("number", weight=2.5), expect=4), answer("4"))
    assert (one.ref, one.scorer, one.weight, one.value) == (REF, "number", 2.5, 1)
    assert one.scorer_version


def test_each_criterion_gives_one_score_in_order():
    both = case(Criterion("contains"), Criterion("exact"), expect="a")
    assert [(one.scorer, one.value) for one in judge(both, answer("a b"))] == [("contains", 1), ("exact", 0)]


@pytest.mark.parametrize(
    ("finish", "text", "state", "value", "reason"),
    [
        ("length", "The answer is 4", "scored", 1, ""),
        ("length", "The answer is 5", "unscored", None, "cut off by its token limit"),
        ("length", "First, we", "unscored", None, "cut off by its token limit"),
        ("length", "", "unscored", None, "cut off by its token limit before it said anything"),
        ("length", "<think>4", "unscored", None, "cut off by its token limit before it said anything"),
        ("content_filter", "The answer is 4", "unscored", None, "filtered: the provider's content filter stopped it"),
        ("content_filter", "", "unscored", None, "filtered: the provider's content filter stopped it"),
        ("stop", "", "unscored", None, "empty"),
        (None, "5", "scored", 0, "it is not 4"),
        ("stop", "I'm sorry, I can't help with that.", "unscored", None, "refused"),
    ],
)
def test_what_cannot_be_judged_is_unscored_with_its_reason(finish, text, state, value, reason):
    one = score(NUMBER, 4, answer(text, finish=finish))
    assert (one.state, one.value, one.reason) == (state, value, reason)


def test_a_reply_of_tool_calls_only_is_empty_for_text_and_not_for_tool_calls():
    calls = answer("", ToolCall("f", "{}"), finish="tool_calls")
    text = score(NUMBER, 4, calls)
    assert (text.state, text.reason) == ("unscored", "empty: it calls tools and says nothing")
    assert score(Criterion("tool_calls"), [{"name": "f"}], calls).value == 1


@pytest.mark.parametrize(
    ("reply", "state", "value", "reason"),
    [
        (answer("b"), "scored", 1, "not wanted: it does not contain 'a'"),
        (answer("a"), "scored", 0, "it holds, and should not"),
        (answer("b", finish="length"), "unscored", None, "cut off by its token limit"),
        (answer("a", finish="length"), "scored", 0, "it holds, and should not"),
        (answer("I can't help with that."), "scored", 0, "it holds, and should not"),
        (answer(""), "unscored", None, "empty"),
    ],
)
def test_not_turns_the_value_round_and_nothing_else(reply, state, value, reason):
    one = score(Criterion("contains", negate=True), "a", reply)
    assert (one.state, one.value, one.reason) == (state, value, reason)


def test_what_a_score_keeps_of_a_long_reply_is_bounded():
    one = score(Criterion("exact"), "x" * 9999, answer("y" * 9999))
    assert one.extracted is not None
    assert len(one.extracted) == len(one.reason) == LONGEST
    assert one.extracted.endswith("…")


def test_code_is_not_run_without_permission():
    one = score(PLUS, None, answer("def plus(a, b): return a + b"))
    assert (one.state, one.reason) == ("unscored", "code is not run unless --allow-code is given")


def pairs(values):
    for value in values:
        criterion = PLUS if value % 2 else Criterion("number")
        yield case(criterion, expect=value), answer(f"def plus(a, b): return {3 if value % 3 else 0}  # {value}")


def test_all_pairs_are_judged_in_their_order_whatever_takes_longer():
    scores = list(judge_all(pairs(range(12)), Permissions(code=True), workers=2))
    assert [one.scorer for one in scores] == ["number", "code"] * 6
    assert [one.value for one in scores] == [float(value % 2 == 0 or value % 3 != 0) for value in range(12)]


def test_pairs_are_read_as_their_scores_are_taken(monkeypatch):
    monkeypatch.setattr("harness.scorers.judging.AHEAD", 1)
    read = []

    def endless():
        for value in iter(int, 1):
            read.append(value)
            yield case(PLUS), answer("x = 1")

    before = threading.active_count()
    scores = judge_all(endless(), Permissions(code=True), workers=1)
    next(scores)
    assert len(read) <= 3
    scores.close()  # type: ignore[attr-defined]  # it is a generator
    assert threading.active_count() == before


def test_at_least_one_worker_is_needed():
    with pytest.raises(ValueError, match="at least one worker is needed, not 0"):
        list(judge_all([], workers=0))


def test_an_unknown_scorer_is_an_error_and_not_a_score():
    with pytest.raises(ValueError, match="there is no scorer 'exakt'; did you mean 'exact'"):
        list(judge_all([(case(Criterion("exakt")), answer("x"))], Permissions(code=True)))


@pytest.mark.parametrize(
    ("extract", "text", "state", "value"),
    [
        (("boxed",), r"40, no, \boxed{42}.", "scored", 1),
        (("boxed",), "42", "scored", 0),
        (("boxed", "all"), "42", "scored", 1),
        (("last_line",), "41\n\n42\n", "scored", 1),
        (("first_line",), "42\n41", "scored", 1),
        (("fence",), "Here:\n```\n42\n```\nDone", "scored", 1),
        (("fence", "boxed"), r"```" + "\n\n```\n" + r"\boxed{42}", "scored", 1),
        (("marked",), "The answer is\n\n42\n\nGood?", "scored", 1),
        (("marked",), "<think>The answer is 41</think>Answer: 42", "scored", 1),
        (("marked",), "42", "scored", 0),
        (("boxed",), "I'm sorry, but I can't help with that.", "unscored", None),
    ],
)
def test_a_criterion_may_be_shown_a_part_of_the_reply(extract, text, state, value):
    one = score(Criterion("exact", extract=extract), 42, answer(text))
    assert (one.state, one.value) == (state, value)
    assert one.value != 0 or one.reason == f"it has no {extract[0]}"


def test_what_was_cut_off_before_its_box_is_not_wrong():
    one = score(Criterion("exact", extract=("boxed",)), 42, answer("Let me think", finish="length"))
    assert one.state == "unscored"


@pytest.mark.parametrize(
    ("criterion", "says"),
    [
        (Criterion("exact", extract=("box",)), "exact: there is no part 'box' to extract; did you mean 'boxed'?"),
        (
            Criterion("tool_calls", extract=("boxed",)),
            "tool_calls reads no text, so there is nothing to extract for it",
        ),
        (Criterion("cost", {"max_usd": 1}, extract=("all",)), "cost reads no text"),
    ],
)
def test_parts_that_there_are_not_are_refused(criterion, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(criterion, [])
    assert says in str(caught.value)
