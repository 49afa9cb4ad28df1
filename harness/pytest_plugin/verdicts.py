"""What an item tells: right, or in plain words why not. An answer that is wrong, one that cannot be judged and none at all are told apart.

A reply that could not be judged fails its item: to pass it, or to skip it, would let a change go through that nothing speaks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Never, cast

import pytest
from _pytest.outcomes import Failed

from harness.ask import Case, Gate
from harness.scorers import NOT_ALLOWED
from harness.told import SIDES, Outcome

SOLVED_FROM = 0.5
"""A criterion holds from this value on; of a case all have to hold."""

LONGEST = 1500
"""Characters of a prompt or a reply that are shown."""

Kind = Literal["right", "wrong", "counted", "not judged", "not allowed", "no answer"]
"""`counted`: wrong or not answered, in a suite whose gate decides on that over all of its cases."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`text`: what is wrong, in a first line and details. `properties`: figures for `--junitxml`."""

    kind: Kind
    text: str = ""
    properties: tuple[tuple[str, object], ...] = ()


class _Plain(Failed):
    """Told without a traceback: there is no code to look at."""

    def __init__(self, text: str) -> None:
        super().__init__(text, pytrace=False)


class WrongAnswer(_Plain):
    """There is an answer, and it is wrong."""


class NotJudged(_Plain):
    """There is an answer, and it could not be judged."""


class NoAnswer(_Plain):
    """There is no answer: the provider, the network or our own limits failed."""


class GateNotReached(_Plain):
    """All cases together do not come to what the suite asks."""


for _one in (WrongAnswer, NotJudged, NoAnswer, GateNotReached):
    _one.__module__ = "builtins"  # so that pytest names it without our modules, as it does with its own


def raise_for(verdict: Verdict, kind: type[_Plain] = WrongAnswer) -> None:
    """Raises what pytest shows for a verdict; nothing where it is right."""
    if verdict.kind == "right":
        return
    if verdict.kind == "not allowed":
        pytest.skip(verdict.text)
    if verdict.kind == "counted":
        pytest.xfail(verdict.text)
    _raise({"not judged": NotJudged, "no answer": NoAnswer}.get(verdict.kind, kind), verdict.text)


def _raise(kind: type[_Plain], text: str) -> Never:
    raise kind(text)


Scored = Mapping[str, Any]
"""A row of scores.parquet: scorer, state, value, reason, weight."""


def verdict_of(outcome: Outcome, scores: Sequence[Scored], case: Case, where: str, gate: Gate | None) -> Verdict:
    """The verdict on one trial. `where` says where the case stands; what `gate` bounds is decided on by it, over all cases."""
    if not outcome.answered:
        kind, text = _unanswered(outcome, case, where, gate)
    elif wrong := [one for one in scores if one["state"] == "scored" and one["value"] < SOLVED_FROM]:
        reasons = "; ".join(map(_reason, wrong))
        counted = gate is not None and gate.min_quality is not None
        kind = "counted" if counted else "wrong"
        text = f"wrong, counted by the gate: {reasons}" if counted else _details(reasons, outcome, case, where)
    elif not_judged := [one for one in scores if one["state"] != "scored"]:
        kind, text = _unjudged(not_judged, outcome, case, where)
    else:
        kind, text = ("right", "") if scores else ("not judged", "the run has no scores for it")
    return Verdict(kind, text, _properties(outcome, scores))


def _unanswered(outcome: Outcome, case: Case, where: str, gate: Gate | None) -> tuple[Kind, str]:
    kind = outcome.failure_kind or ""
    if gate is not None and gate.min_reliability is not None and SIDES.get(kind) == "provider":
        return "counted", f"no answer, counted by the gate: {kind}"
    why = outcome.error or "no reason was given"
    return "no answer", f"{outcome.ref.provider} did not answer: {kind}: {why}\n{_asked(case, where)}"


def _unjudged(scores: Sequence[Scored], outcome: Outcome, case: Case, where: str) -> tuple[Kind, str]:
    if all(one["reason"] == NOT_ALLOWED for one in scores):
        return "not allowed", "code is not run unless it is allowed: --harness-run=--allow-code"
    return "not judged", _details(f"could not be judged: {'; '.join(map(_reason, scores))}", outcome, case, where)


def _properties(outcome: Outcome, scores: Sequence[Scored]) -> tuple[tuple[str, object], ...]:
    values = [one["value"] for one in scores if one["state"] == "scored"]
    told = {
        "provider": outcome.ref.provider,
        "simulated": outcome.simulated,
        "value": sum(values) / len(values) if values else None,
        "latency_s": outcome.latency_s,
        "cost_usd": outcome.cost_usd,
        "failure_kind": outcome.failure_kind,
    }
    return tuple((name, value) for name, value in told.items() if value is not None)


def _reason(one: Scored) -> str:
    name = cast("str", one["scorer"])
    return f"{name}: {one['reason'] or 'it does not hold'}"


def _details(first: str, outcome: Outcome, case: Case, where: str) -> str:
    reply = outcome.reply
    said = [_block("reply", reply.text)] if reply.text.strip() or not reply.tool_calls else []
    said += [_block("calls", f"{one.name}({one.arguments})") for one in reply.tool_calls]
    if reply.finish_reason not in (None, "stop", "tool_calls"):
        said.append(_block("ended by", str(reply.finish_reason)))
    if case.expect is not None:
        text = case.expect if isinstance(case.expect, str) else json.dumps(case.expect, ensure_ascii=False)
        said.append(_block("expected", text))
    return "\n".join([first, _asked(case, where), *said])


def _asked(case: Case, where: str) -> str:
    prompt = case.prompt
    messages = [(str(one["role"]), _content(one.get("content"))) for one in prompt.messages]
    only = len(messages) == 1 and messages[0][0] == "user"
    lines = [_block("prompt" if only else role, text) for role, text in messages]
    if prompt.tools:
        lines.append(_block("tools", ", ".join(str(one["function"]["name"]) for one in prompt.tools)))
    return "\n".join([*lines, _block("case", where)])


def _content(content: object) -> str:
    if isinstance(content, list):
        return " ".join(str(part.get("text") or f"[{part['type']}]") for part in content)
    return "" if content is None else str(content)


def _block(name: str, text: str) -> str:
    """`name` and the text beside it, its further lines below one another."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
    first, *rest = cut.splitlines() or ["(nothing)"]
    return "\n".join([f"  {name:<9} {first}", *(f"  {'':<9} {line}" for line in rest)])
