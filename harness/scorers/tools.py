"""The scorer `tool_calls`: the tools that a reply calls, with their arguments by value and by schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.ask import ToolCall
from harness.scorers.likeness import Likeness, difference, pairs_up
from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.scorers.structure import check_schema, parse_json, schema_difference
from harness.told import Outcome


@dataclass(frozen=True, slots=True)
class ToolCallsOptions:
    """`tool_calls`: the reply makes exactly the calls of `expect`, a list of `{name, arguments}`, in any order unless `ordered`.

    Arguments are compared as JSON (1 is 1.0, text with its case); `{any_of: […]}` in their place allows each of its
    values, and with `optional: true` beside it the argument may be missing. `loose_text` compares texts without case, spaces and
    , . / - _ * ^ as BFCL does. A call may have `schema` (a JSON Schema of its arguments) beside `arguments` or in their place.
    An empty list: no tool may be called, so a reply in text is right. With `extra` there may be further calls; tools in
    `forbidden` must never be called, and then `expect` may be left out.
    """

    ordered: bool = False
    extra: bool = False
    forbidden: tuple[str, ...] = ()
    loose_text: bool = False


def _fits(options: ToolCallsOptions, expect: Any) -> None:
    if expect is None and options.forbidden:
        return
    if not isinstance(expect, list | tuple):
        raise Unfit(f"'expect' must be a list of {{name, arguments}} (empty: no call), not {expect!r}")
    for call in expect:
        if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
            raise Unfit(f"each expected call must be {{name, arguments}}, not {call!r}")
        if unknown := set(call) - {"name", "arguments", "schema"}:
            raise Unfit(f"an expected call has only 'name', 'arguments' and 'schema', not {min(map(str, unknown))!r}")
        if not isinstance(call.get("arguments", {}), Mapping):
            raise Unfit(f"the arguments of {call['name']!r} must be a mapping, not {call['arguments']!r}")
        if call["name"] in options.forbidden:
            raise Unfit(f"{call['name']!r} is expected and forbidden")
        if "schema" in call:
            check_schema(call["schema"])


def _judge(options: ToolCallsOptions, expect: Any, outcome: Outcome) -> Opinion:
    calls = outcome.reply.tool_calls
    shown = ", ".join(f"{call.name}({call.arguments})" for call in calls) or None
    called = next((call.name for call in calls if call.name in options.forbidden), None)
    if called is not None:
        return wrong(f"it calls {called!r}, which must not be called", shown)
    if expect is None or (options.extra and not expect):
        return right(shown, "" if calls else "no tool was called")
    if not expect:
        return (
            wrong("it calls a tool, and none was to be called", shown) if calls else right(reason="no tool was called")
        )
    why = _missed(options, expect, calls)
    return wrong(why, shown) if why else right(shown)


def _missed(options: ToolCallsOptions, expect: Sequence[Mapping[str, Any]], calls: Sequence[ToolCall]) -> str | None:
    """Why the calls are not those that are expected, None where they are."""
    if not calls:
        return "it calls no tool"
    if len(calls) < len(expect) or (len(calls) > len(expect) and not options.extra):
        return f"it makes {len(calls)} calls, not {len(expect)}"
    like = Likeness(loose_text=options.loose_text)
    reasons = [[_call_difference(call, wanted, like) for call in calls] for wanted in expect]
    fits = [[reason is None for reason in row] for row in reasons]
    if _in_order(fits) if options.ordered else pairs_up(fits):
        return None
    unmet = next((row for row in reasons if None not in row), None)
    if unmet is not None:
        return _nearest(unmet)
    return "the calls are not in the expected order" if options.ordered else "one call answers two expectations"


def _in_order(fits: Sequence[Sequence[bool]]) -> bool:
    """Whether each row fits a column behind that of the row before; the first that fits leaves most to the rest."""
    column = 0
    for row in fits:
        while column < len(row) and not row[column]:
            column += 1
        if column == len(row):
            return False
        column += 1
    return True


def _nearest(row: Sequence[str | None]) -> str:
    """Of the reasons why no call is the expected one, one about its arguments rather than its name."""
    reasons = [reason for reason in row if reason]
    return next((reason for reason in reasons if not reason.startswith("it calls ")), reasons[0])


def _call_difference(call: ToolCall, wanted: Mapping[str, Any], like: Likeness) -> str | None:
    if call.name != wanted["name"]:
        return f"it calls {call.name!r}, not {wanted['name']!r}"
    try:
        arguments = parse_json(call.arguments) if call.arguments.strip() else {}
        schema = wanted.get("schema")
        if schema is not None and (why := schema_difference(arguments, schema, call.name)):
            return why
        if schema is not None and "arguments" not in wanted:
            return None
        return difference(arguments, wanted.get("arguments", {}), like, call.name)
    except ValueError as no_json:
        return f"the arguments of {call.name!r}: {no_json}"
    except RecursionError:
        return f"the arguments of {call.name!r} are nested too deeply"


TOOL_CALLS = Scorer("1", ToolCallsOptions, _fits, _judge, reads_text=False)
