"""What each trial of a run came to, with what was asked, expected and replied: what the formats with single cases are made of."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from harness.ask import Case, Suite
from harness.judged import Measure, Timing
from harness.late import pd
from harness.shown import Result
from harness.standing.facts import timed
from harness.standing.moved import reasons_of, text_of
from harness.standing.outcomes import PLACE
from harness.stats import KEY, trials_of

_TIMES: tuple[Measure, ...] = ("ttft", "latency")
_TOLD = ["case_id", "repeat", "messages_json", "text", "tool_calls_json", "error", "ttft_s", "latency_s", "cost_usd", "completion_tokens"]  # fmt: skip

Expected = Mapping[tuple[str, str], str]
"""What is expected, by suite and `case_hash`."""


def expectations(suites: Iterable[Suite]) -> dict[tuple[str, str], str]:
    """What the cases of these suites expect, in words: the value to compare with, or else the criteria with their options."""
    return {(suite.name, case.hash): _expectation(case) for suite in suites for case in suite.cases}


def _expectation(case: Case) -> str:
    if case.expect is None:
        return "; ".join(_criterion(one.scorer, one.options, negate=one.negate) for one in case.criteria)
    return case.expect if isinstance(case.expect, str) else json.dumps(case.expect, ensure_ascii=False)


def _criterion(scorer: str, options: Mapping[str, Any], *, negate: bool) -> str:
    told = f" {json.dumps(dict(options), ensure_ascii=False)}" if options else ""
    return f"{'not ' if negate else ''}{scorer}{told}"


def results(calls: pd.DataFrame, scores: pd.DataFrame, expected: Expected) -> list[Result]:
    """One for each trial of phase measure, sorted by suite, case, provider and repeat.

    `calls` has the columns `RESULTS` and `scores` `JUDGED`. Of several attempts the deciding one is shown: a success rather than a failure, the last rather than
    the first.
    """
    measured = calls[(calls["phase"] == "measure").astype(bool)]
    ranked = measured.assign(ok=measured["status"] == "ok").sort_values("ok", kind="stable")
    deciding = ranked.drop_duplicates(KEY, keep="last")[[*KEY, *_TOLD]]
    clean = timed(calls)[KEY].drop_duplicates().assign(timed=True)
    table = trials_of(calls, scores).merge(deciding, on=KEY).merge(reasons_of(scores), on=KEY, how="left")
    table = table.merge(clean, on=KEY, how="left").sort_values(
        ["suite", "case_id", "provider", "repeat"], kind="stable"
    )
    prompts = {text: conversation(text) for text in table["messages_json"].unique()}
    return [_result(row, prompts, expected) for row in table.to_dict("records")]


def _result(row: dict[Hashable, Any], prompts: Mapping[str, str], expected: Expected) -> Result:
    said = text_of(row["reason"])
    failed = row["state"] == "failed"
    return Result(
        provider=str(row["provider"]),
        suite=str(row["suite"]),
        capability=str(row["capability"]),
        case_id=str(row["case_id"]),
        repeat=int(row["repeat"]),
        state=row["state"],
        value=_number(row["value"]),
        reason=(text_of(row["error"]) if failed else None) or said or "",
        failure=text_of(row["kind"]) if failed else None,
        prompt=prompts[row["messages_json"]],
        expected=expected.get((str(row["suite"]), str(row["case_hash"]))),
        reply=text_of(row["text"]) or text_of(row["tool_calls_json"]) or "",
        ttft_s=_number(row["ttft_s"]),
        latency_s=_number(row["latency_s"]),
        timed=row["timed"] is True,
        cost_usd=_number(row["cost_usd"]),
        completion_tokens=None if pd.isna(row["completion_tokens"]) else int(row["completion_tokens"]),
    )


def _number(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(value)  # type: ignore[call-overload, arg-type]


def conversation(messages_json: object) -> str:
    """What was asked, to be read: the user's words alone, or with who said what where there is more; the record itself where it is no conversation."""
    try:
        messages: Any = json.loads(str(messages_json))["messages"]
        turns = [(one["role"], _content(one.get("content"))) for one in messages]
    except (ValueError, TypeError, KeyError):
        return text_of(messages_json) or ""
    if [role for role, _ in turns] == ["user"]:
        return turns[0][1]
    return "\n\n".join(f"{role}: {said}" for role, said in turns)


def _content(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def timings(base: pd.DataFrame, new: pd.DataFrame) -> list[Timing]:
    """The times of two tables of `outcomes`, for each provider, suite and capability of either."""
    sides = [{tuple(map(str, key)): rows for key, rows in one.groupby(PLACE, sort=True)} for one in (base, new)]
    found = []
    for provider, suite, capability in sorted(sides[0].keys() | sides[1].keys()):
        rows = [side.get((provider, suite, capability)) for side in sides]
        for measure in _TIMES:
            before, after = (() if one is None else _known(one[measure]) for one in rows)
            if before or after:
                found.append(Timing(provider, suite, capability, measure, before, after))
    return found


def _known(column: pd.Series) -> tuple[float, ...]:
    return tuple(map(float, column.dropna()))
