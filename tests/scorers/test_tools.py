"""tool_calls: the right tools with the right arguments, no more and no fewer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Criterion, ToolCall
from harness.scorers import check
from tests.scorers.replies import answer, score

WEATHER = {"name": "weather", "arguments": {"city": "Paris", "days": 2}}
TIME = {"name": "time", "arguments": {"zone": {"any_of": ["CET", "Europe/Paris"]}}}
PARIS = ToolCall("weather", '{"city": "Paris", "days": 2}')
CET = ToolCall("time", '{"zone": "CET"}')
MAYBE = {"name": "f", "arguments": {"x": {"any_of": [1, 2], "optional": True}}}
DAYS = {"name": "weather", "schema": {"properties": {"days": {"type": "integer", "maximum": 7}}, "required": ["days"]}}
EITHER = [{"name": "f", "arguments": {"x": {"any_of": [1, 2]}}}, {"name": "f", "arguments": {"x": 1}}]

ROWS = [
    ([WEATHER], [PARIS], {}, 1),
    ([WEATHER], [ToolCall("weather", '{"days": 2.0, "city": "Paris"}')], {}, 1),
    ([WEATHER], [ToolCall("weather", '{"city": "paris", "days": 2}')], {}, 0),
    ([WEATHER], [ToolCall("weather", '{"city": "Paris", "days": "2"}')], {}, 0),
    ([WEATHER], [ToolCall("weather", '{"city": "Paris"}')], {}, 0),
    ([WEATHER], [ToolCall("weather", '{"city": "Paris", "days": 2, "unit": "C"}')], {}, 0),
    ([WEATHER], [ToolCall("weather", '{"city": "Paris", "days": 2')], {}, 0),
    ([WEATHER], [ToolCall("weather", '{"city": "Rome", "city": "Paris", "days": 2}')], {}, 0),
    ([WEATHER], [ToolCall("weather", "[" * 100_000)], {}, 0),
    ([WEATHER], [ToolCall("wheather", PARIS.arguments)], {}, 0),
    ([WEATHER], [PARIS, PARIS], {}, 0),
    ([WEATHER], [PARIS, CET], {}, 0),
    ([WEATHER, TIME], [PARIS], {}, 0),
    ([WEATHER, TIME], [PARIS, CET], {}, 1),
    ([WEATHER, TIME], [CET, PARIS], {}, 1),
    ([WEATHER, TIME], [CET, PARIS], {"ordered": True}, 0),
    ([WEATHER, TIME], [PARIS, CET], {"ordered": True}, 1),
    ([WEATHER, WEATHER], [PARIS, CET], {}, 0),
    ([TIME], [ToolCall("time", '{"zone": "Europe/Paris"}')], {}, 1),
    ([TIME], [ToolCall("time", '{"zone": "UTC"}')], {}, 0),
    (EITHER, [ToolCall("f", '{"x": 1}'), ToolCall("f", '{"x": 2}')], {}, 1),
    (EITHER, [ToolCall("f", '{"x": 2}'), ToolCall("f", '{"x": 2}')], {}, 0),
    ([{"name": "now"}], [ToolCall("now", "")], {}, 1),
    ([{"name": "now"}], [ToolCall("now", "{}")], {}, 1),
    ([], [PARIS], {}, 0),
    ([], [PARIS], {"extra": True}, 1),
    ([WEATHER], [PARIS, CET], {"extra": True}, 1),
    ([WEATHER, TIME], [CET, CET, PARIS], {"extra": True}, 1),
    ([WEATHER, TIME], [CET, CET, PARIS], {"extra": True, "ordered": True}, 0),
    ([WEATHER, TIME], [CET, PARIS, PARIS, CET], {"extra": True, "ordered": True}, 1),
    ([WEATHER, WEATHER], [PARIS, CET], {"extra": True}, 0),
    ([WEATHER], [PARIS], {"forbidden": ["delete"]}, 1),
    ([WEATHER], [PARIS, ToolCall("delete", "{}")], {"forbidden": ["delete"], "extra": True}, 0),
    (None, [PARIS, CET], {"forbidden": ["delete"]}, 1),
    (None, [ToolCall("delete", "{}")], {"forbidden": ["delete"]}, 0),
    ([MAYBE], [ToolCall("f", "{}")], {}, 1),
    ([MAYBE], [ToolCall("f", '{"x": 2}')], {}, 1),
    ([MAYBE], [ToolCall("f", '{"x": 4}')], {}, 0),
    ([WEATHER], [ToolCall("weather", '{"city": "PA-RIS", "days": 2}')], {"loose_text": True}, 1),
    ([WEATHER], [ToolCall("weather", '{"city": "Paris!", "days": 2}')], {"loose_text": True}, 0),
    ([DAYS], [PARIS], {}, 1),
    ([DAYS], [ToolCall("weather", '{"days": 9}')], {}, 0),
    ([{**DAYS, "arguments": WEATHER["arguments"]}], [ToolCall("weather", '{"days": 2}')], {}, 0),
]


@pytest.mark.parametrize(("expect", "calls", "options", "value"), ROWS)
def test_calls_are_judged_by_name_and_value(expect, calls, options, value):
    one = score(Criterion("tool_calls", options), expect, answer("", *calls, finish="tool_calls"))
    assert (one.state, one.value) == ("scored", value), one
    assert one.value or one.reason


@pytest.mark.parametrize(
    ("expect", "reply", "state", "value"),
    [
        ([], "It is sunny.", "scored", 1),
        ([], "I'm sorry, I can't help with that.", "scored", 1),
        ([], "", "unscored", None),
        ([WEATHER], "It is sunny.", "scored", 0),
        ([WEATHER], 'weather(city="Paris", days=2)', "scored", 0),
        ([WEATHER], "I'm sorry, but I can't provide that.", "unscored", None),
        ([WEATHER], " ", "unscored", None),
    ],
)
def test_a_reply_in_text_is_right_only_where_no_call_is_wanted(expect, reply, state, value):
    one = score(Criterion("tool_calls"), expect, answer(reply))
    assert (one.state, one.value) == (state, value)


def test_arguments_nested_beyond_reason_are_wrong_and_no_crash():
    deep: object = 1
    for _ in range(900):
        deep = [deep]
    one = score(Criterion("tool_calls"), [{"name": "f", "arguments": {"x": deep}}],
                answer("", ToolCall("f", '{"x": ' + "[" * 900 + "1" + "]" * 900 + "}")))  # fmt: skip
    assert one.state == "scored"


@given(st.permutations(range(5)), st.integers(0, 4))
def test_any_order_is_right_and_any_altered_call_wrong(order, altered):
    expect = [{"name": "f", "arguments": {"x": number}} for number in range(5)]
    calls = [ToolCall("f", json.dumps({"x": number})) for number in order]
    assert score(Criterion("tool_calls"), expect, answer("", *calls)).value == 1
    calls[altered] = ToolCall("f", '{"x": 9}')
    assert score(Criterion("tool_calls"), expect, answer("", *calls)).value == 0


def test_the_reason_names_the_argument_that_differs():
    one = score(
        Criterion("tool_calls"), [TIME, WEATHER], answer("", CET, ToolCall("weather", '{"city": "Rome", "days": 2}'))
    )
    assert one.reason == 'weather.city is "Rome", not "Paris"'
    assert one.extracted == 'time({"zone": "CET"}), weather({"city": "Rome", "days": 2})'


def test_the_reason_tells_which_expectation_no_call_meets():
    one = score(Criterion("tool_calls"), [TIME, WEATHER], answer("", CET, CET))
    assert one.reason == "it calls 'time', not 'weather'"
    one = score(
        Criterion("tool_calls"), [EITHER[1], EITHER[1]], answer("", *[ToolCall("f", f'{{"x": {x}}}') for x in (1, 2)])
    )
    assert one.reason == "one call answers two expectations"
    one = score(Criterion("tool_calls", {"ordered": True}), [TIME, WEATHER], answer("", PARIS, CET))
    assert one.reason == "the calls are not in the expected order"


def test_the_reason_names_the_argument_that_breaks_its_schema():
    one = score(Criterion("tool_calls"), [DAYS], answer("", ToolCall("weather", '{"days": 9}')))
    assert one.reason == "weather.days: 9 is greater than the maximum of 7"


@pytest.mark.parametrize(
    ("options", "expect", "says"),
    [
        ({"forbidden": ["f"]}, [{"name": "f"}], "tool_calls: 'f' is expected and forbidden"),
        ({}, [{"name": "f", "schema": {"type": "dict"}}], "'schema' is no JSON Schema"),
        ({}, [{"name": "f", "schema": "object"}], "'schema' must be a mapping, not 'object'"),
    ],
)
def test_what_no_call_could_meet_is_refused(options, expect, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(Criterion("tool_calls", options), expect)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        (None, "tool_calls: 'expect' must be a list of {name, arguments} (empty: no call), not None"),
        (["weather"], "each expected call must be {name, arguments}, not 'weather'"),
        ([{"arguments": {}}], "each expected call must be {name, arguments}"),
        ([{"name": "f", "args": {}}], "has only 'name', 'arguments' and 'schema', not 'args'"),
        ([{"name": "f", "arguments": "{}"}], "the arguments of 'f' must be a mapping"),
    ],
)
def test_unfit_expectations_are_refused(expect, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared in the next line
        check(Criterion("tool_calls"), expect)
    assert says in str(caught.value)
