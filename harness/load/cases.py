"""From what is said of a case to a Case: the prompt, the criteria, the answer key."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness import scorers
from harness.ask import Answer, Case, Criterion, Prompt, ToolCall
from harness.document import did_you_mean
from harness.load.criteria import Said, read_score
from harness.load.place import Place
from harness.load.shapes import AnswerShape, CaseShape, FunctionShape, SuiteShape

NO_CALL = "I can answer this without a tool."
"""The reference of a case that expects no tool call and gives no reference itself."""

_COMPARED_WITH_TEXT = frozenset({"exact", "contains", "choice", "number"})


@dataclass(frozen=True)
class Shared:
    """What a suite gives to its cases."""

    capability: str | None
    tags: frozenset[str]
    system: str | None
    criteria: tuple[Said, ...]


@dataclass(frozen=True)
class SaidCase:
    """A case and where it was said; `has_own_score` is whether it does without the suite's."""

    case: Case
    place: Place
    has_own_score: bool


def share(suite: SuiteShape, place: Place) -> Shared:
    """What the suite gives to its cases; what is wrong with its `score` is noted."""
    return Shared(suite.capability, suite.tags, suite.system, read_score(suite.score, place.below("score")))


def build(shape: CaseShape, shared: Shared, place: Place) -> SaidCase:
    """The case, with what is wrong with its own tools, schema and score noted."""
    own = read_score(shape.score, place.below("score"))
    has_own = shape.score is not None
    criteria = tuple(said.criterion for said in (own if has_own else shared.criteria))
    for said in own:
        with said.place.expecting_fit():
            scorers.check(said.criterion, shape.expect)
    _check_schemas(shape, place)
    if any(criterion.scorer == "tool_calls" for criterion in criteria):
        _check_called(shape, place.below("expect"))
    case = Case(
        id=shape.id,
        prompt=_prompt(shape, shared.system),
        capability=shape.capability or shared.capability or "",
        criteria=criteria,
        expect=shape.expect,
        tags=shared.tags | shape.tags,
        cluster=shape.cluster,
        params=shape.params,
        reference=_answer(shape.reference) or _reference(criteria, shape.expect),
        distractor=_answer(shape.distractor),
        line=place.line,
    )
    return SaidCase(case, place, has_own)


def _check_schemas(shape: CaseShape, place: Place) -> None:
    for number, tool in enumerate(shape.tools):
        what = f"the parameters of the tool '{tool.name}'"
        at = place.below("tools", number, "parameters")
        if tool.parameters.get("type") != "object":
            at.wrong(f"{what} are not of type object", "{type: object, properties: {…}, required: […]}")
        else:
            _check_schema(tool.parameters, what, at)
    if shape.response_schema is not None:
        _check_schema(shape.response_schema, "`response_schema`", place.below("response_schema"))


def _check_schema(schema: dict[str, Any], what: str, place: Place) -> None:
    try:
        scorers.check(Criterion("json", {"schema": schema}), None)
    except ValueError as error:
        place.wrong(f"{what}: not a valid JSON Schema", str(error).removeprefix("json: "))


def _check_called(shape: CaseShape, place: Place) -> None:
    """An expected call of a tool that is not offered would make every reply wrong."""
    offered = [tool.name for tool in shape.tools]
    for number, call in enumerate(shape.expect if isinstance(shape.expect, list) else []):
        name = call.get("name") if isinstance(call, dict) else None
        if isinstance(name, str) and name not in offered:
            place.below(number).wrong(
                f"expects a call of '{name}', which is not among the tools", did_you_mean(name, offered)
            )


def _prompt(shape: CaseShape, shared_system: str | None) -> Prompt:
    if shape.messages is None:
        messages: list[dict[str, Any]] = [{"role": "user", "content": shape.prompt}]
    else:
        messages = [message.model_dump(exclude_none=True) for message in shape.messages]
    system = shape.system if shape.system is not None else shared_system
    if system and not any(message["role"] == "system" for message in messages):
        messages.insert(0, {"role": "system", "content": system})
    return Prompt(
        messages=tuple(messages),
        tools=tuple(_tool(tool) for tool in shape.tools),
        tool_choice=shape.tool_choice,
        response_format=None if shape.response_schema is None else _response_format(shape.response_schema),
    )


def _tool(tool: FunctionShape) -> dict[str, Any]:
    return {"type": "function", "function": tool.model_dump(exclude_none=True)}


def _response_format(schema: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's form of structured output, which litellm translates for the others."""
    return {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema, "strict": True}}


def _answer(said: AnswerShape | None) -> Answer | None:
    if said is None:
        return None
    return Answer(said.text, tuple(_call(call.name, call.arguments) for call in said.tool_calls))


def _call(name: str, arguments: Any) -> ToolCall:
    return ToolCall(name, json.dumps(arguments, ensure_ascii=False))


def _reference(criteria: Iterable[Criterion], expect: Any) -> Answer | None:
    """The right reply as far as `expect` tells it: by the first criterion that compares with the whole of it."""
    for criterion in criteria:
        if criterion.negate or expect is None or (criterion.extract and "all" not in criterion.extract):
            continue
        if criterion.scorer == "tool_calls" and isinstance(expect, list):
            calls = tuple(_call(call["name"], call.get("arguments", {})) for call in _one_of(expect))
            return Answer(tool_calls=calls) if calls else Answer(NO_CALL)
        if criterion.scorer == "json":
            return Answer(json.dumps(_one_of(expect), ensure_ascii=False))
        if criterion.scorer in _COMPARED_WITH_TEXT and isinstance(expect, str | int | float):
            return Answer(str(expect))
    return None


def _one_of(expect: Any) -> Any:
    """The expected value with the first of the alternatives wherever `{any_of: […]}` allows several."""
    if isinstance(expect, dict):
        some = expect.get("any_of") if expect.keys() <= {"any_of", "optional"} else None
        if isinstance(some, list) and some:
            return _one_of(some[0])
        return {key: _one_of(value) for key, value in expect.items()}
    return [_one_of(value) for value in expect] if isinstance(expect, list) else expect
