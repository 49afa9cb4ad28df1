"""The scorer `tool_calls`: the tools that a reply calls, with their arguments by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.ask import ToolCall
from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.scorers.structure import difference, parse_json
from harness.told import Reply


@dataclass(frozen=True, slots=True)
class ToolCallsOptions:
    """`tool_calls`: the reply makes exactly the calls of `expect`, a list of `{name, arguments}`, in any order unless `ordered`.

    Arguments are compared as JSON (1 is 1.0, text with its case); `{any_of: […]}` in their place allows each of its
    values. An empty list: no tool may be called, so a reply in text is right.
    """

    ordered: bool = False


def _fits(_options: ToolCallsOptions, expect: Any) -> None:
    if not isinstance(expect, list | tuple):
        raise Unfit(f"'expect' must be a list of {{name, arguments}} (empty: no call), not {expect!r}")
    for call in expect:
        if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
            raise Unfit(f"each expected call must be {{name, arguments}}, not {call!r}")
        if unknown := set(call) - {"name", "arguments"}:
            raise Unfit(f"an expected call has only 'name' and 'arguments', not {min(map(str, unknown))!r}")
        if not isinstance(call.get("arguments", {}), Mapping):
            raise Unfit(f"the arguments of {call['name']!r} must be a mapping, not {call['arguments']!r}")


def _judge(options: ToolCallsOptions, expect: Any, reply: Reply) -> Opinion:
    calls = reply.tool_calls
    shown = ", ".join(f"{call.name}({call.arguments})" for call in calls) or None
    if not expect:
        return (
            wrong("it calls a tool, and none was to be called", shown) if calls else right(reason="no tool was called")
        )
    if not calls:
        return wrong("it calls no tool")
    if len(calls) != len(expect):
        return wrong(f"it makes {len(calls)} calls, not {len(expect)}", shown)
    reasons = [[_call_difference(call, wanted) for wanted in expect] for call in calls]
    if options.ordered:
        why = next((row[place] for place, row in enumerate(reasons) if row[place]), None)
    elif _pairs_up([[reason is None for reason in row] for row in reasons]):
        why = None
    else:
        why = next((_nearest(row) for row in reasons if None not in row), "two calls answer the same expectation")
    return wrong(why, shown) if why else right(shown)


def _nearest(row: Sequence[str | None]) -> str:
    """Of the reasons why a call is none of the expected, one about its arguments rather than its name."""
    reasons = [reason for reason in row if reason]
    return next((reason for reason in reasons if not reason.startswith("it calls ")), reasons[0])


def _call_difference(call: ToolCall, wanted: Mapping[str, Any]) -> str | None:
    if call.name != wanted["name"]:
        return f"it calls {call.name!r}, not {wanted['name']!r}"
    try:
        arguments = parse_json(call.arguments) if call.arguments.strip() else {}
        return difference(arguments, wanted.get("arguments", {}), place=call.name)
    except ValueError as no_json:
        return f"the arguments of {call.name!r}: {no_json}"
    except RecursionError:
        return f"the arguments of {call.name!r} are nested too deeply"


def _pairs_up(fits: Sequence[Sequence[bool]]) -> bool:
    """Whether each row can have a column of its own where it fits (augmenting paths, Kuhn 1955)."""
    owner: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        for column, fit in enumerate(fits[row]):
            if fit and column not in tried:
                tried.add(column)
                if column not in owner or place(owner[column], tried):
                    owner[column] = row
                    return True
        return False

    return all(place(row, set()) for row in range(len(fits)))


TOOL_CALLS = Scorer("1", ToolCallsOptions, _fits, _judge, reads_text=False)
