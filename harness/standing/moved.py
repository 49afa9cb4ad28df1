"""What moved between two runs besides the figures: the cases that flipped, with both replies, and what they were asked and judged under."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from harness.judged import SOLVED, Difference, Flip
from harness.late import pd
from harness.standing.outcomes import CASE
from harness.stats import KEY, trials_of

TEXTS = ["prompt", "reply", "reason"]
_NAMED = 3
_TOLD = {"model": "model", "served": "served model", "fingerprint": "fingerprint", "price_id": "prices", "scorers": "scorers"}  # fmt: skip


def replies(calls: pd.DataFrame, scores: pd.DataFrame, wanted: pd.DataFrame | None = None) -> pd.DataFrame:
    """What was said for each judged case: `CASE`, then prompt, reply and what the scorers said of it (`TEXTS`).

    Of several repeats it is the best one where the case is solved (its mean is 0.5 or more) and otherwise the worst one. `wanted`: only the cases whose
    `case_hash` is in this table. The reply is the text, or the tool calls as JSON where there is none.
    """
    if wanted is not None:
        hashes = set(wanted["case_hash"])
        calls, scores = (table[table["case_hash"].isin(hashes)] for table in (calls, scores))
    if calls.empty:
        return pd.DataFrame(columns=[*CASE, *TEXTS])
    trials = trials_of(calls, scores)
    trials = trials[trials["state"] == "scored"]
    solved = trials.groupby(CASE)["value"].transform("mean") >= SOLVED
    rank = trials["value"].where(solved, -trials["value"])
    chosen = trials.assign(rank=rank).sort_values("rank", kind="stable").drop_duplicates(CASE, keep="last")
    said = calls[calls["status"] == "ok"].drop_duplicates(KEY, keep="last")
    said = said.reindex(columns=[*KEY, "messages_json", "text", "tool_calls_json"])
    table = chosen[[*KEY, *CASE]].merge(said, on=KEY).merge(reasons_of(scores), on=KEY, how="left")
    table["prompt"] = [_prompt(text) for text in table["messages_json"]]
    table["reply"] = [text_of(text) or text_of(calls) for text, calls in zip(table["text"], table["tool_calls_json"], strict=True)]  # fmt: skip
    return table[[*CASE, *TEXTS]]


def reasons_of(scores: pd.DataFrame) -> pd.DataFrame:
    """What the scorers said of each trial: `KEY` and `reason`, of those of which they said anything."""
    told = scores.reindex(columns=[*KEY, "reason"])
    told = told[told["reason"].notna() & (told["reason"] != "")].drop_duplicates()
    return told.groupby(KEY)["reason"].agg("; ".join).reset_index()


def _prompt(messages_json: object) -> str | None:
    """The last thing that the user said."""
    try:
        messages: Any = json.loads(str(messages_json))["messages"]
    except (ValueError, TypeError, KeyError):
        return None
    said = [one.get("content") for one in messages if one.get("role") == "user"]
    if not said:
        return None
    return said[-1] if isinstance(said[-1], str) else json.dumps(said[-1], ensure_ascii=False)


def text_of(value: object) -> str | None:
    """The value of a cell that holds a text; None for an empty or missing one."""
    return value if isinstance(value, str) and value else None


def flipped(base: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The cases that one of two tables of outcomes solved and the other did not: `CASE`, `case_id`, `quality_base`, `quality_new`.

    Only those that compare: asked with the same parameters and judged by the same scorers.
    """
    columns = [*CASE, "case_id", "quality", "params", "scorers"]
    both = base[columns].merge(new[columns], on=CASE, suffixes=("_base", "_new")).dropna(subset=["quality_base", "quality_new"])  # fmt: skip
    fair = both[~_differs(both, "params") & ~_differs(both, "scorers")]
    moved = fair[(fair["quality_base"] >= SOLVED) != (fair["quality_new"] >= SOLVED)]
    return moved.rename(columns={"case_id_new": "case_id"})


def _differs(both: pd.DataFrame, name: str) -> pd.Series:
    one, other = both[f"{name}_base"], both[f"{name}_new"]
    return one.notna() & other.notna() & (one != other)


def flips(moved: pd.DataFrame, base_replies: pd.DataFrame, new_replies: pd.DataFrame) -> list[Flip]:
    """Those cases with what was said, lost ones first; a run that keeps no texts has an empty table of `replies`."""
    said = [
        one.drop_duplicates(CASE).set_index(CASE)[TEXTS].astype(object).to_dict("index")
        for one in (base_replies, new_replies)
    ]
    found = []
    for row in moved.to_dict("records"):
        key = tuple(row[name] for name in CASE)
        before, after = (texts.get(key, dict.fromkeys(TEXTS)) for texts in said)
        found.append(
            Flip(
                provider=row["provider"],
                suite=row["suite"],
                capability=row["capability"],
                case_id=row["case_id"],
                lost=row["quality_base"] >= SOLVED,
                base=row["quality_base"],
                new=row["quality_new"],
                prompt=text_of(after["prompt"]) or text_of(before["prompt"]),
                base_reply=text_of(before["reply"]),
                new_reply=text_of(after["reply"]),
                base_reason=text_of(before["reason"]),
                new_reason=text_of(after["reason"]),
            )
        )
    return sorted(found, key=lambda one: (not one.lost, one.provider, one.suite, one.case_id))


def differences(base: pd.DataFrame, new: pd.DataFrame) -> list[Difference]:
    """What else is not the same: suites, then for each provider failures, models, fingerprints, parameters, prices, scorers."""
    found = list(_suites(base, new))
    both = base.merge(new, on=CASE, suffixes=("_base", "_new"))
    for provider, rows in both.groupby("provider", sort=True):
        found += _of_provider(str(provider), rows)
    return found


def _suites(base: pd.DataFrame, new: pd.DataFrame) -> Iterator[Difference]:
    sides = [one.drop_duplicates(["suite", "case_id"]).set_index(["suite", "case_id"])["case_hash"] for one in (base, new)]  # fmt: skip
    both = pd.concat(sides, axis=1, keys=["base", "new"])
    for suite, rows in both.groupby(level=0, sort=True):
        edited = rows["base"].notna() & rows["new"].notna() & (rows["base"] != rows["new"])
        gone, added = rows["new"].isna(), rows["base"].isna()
        changed = int((edited | gone | added).sum())
        if changed:
            said = [f"{int(n):,} {word}" for n, word in ((edited.sum(), "edited"), (gone.sum(), "gone"), (added.sum(), "new")) if n]  # fmt: skip
            before, after = int(rows["base"].notna().sum()), int(rows["new"].notna().sum())
            yield Difference(f"suite {suite}", "", f"{before:,} cases", f"{after:,} cases: {', '.join(said)}", changed)


def _of_provider(provider: str, rows: pd.DataFrame) -> Iterator[Difference]:
    failed = _kinds(rows["failure_base"]), _kinds(rows["failure_new"])
    if failed[0] != failed[1]:
        n = int((rows["failure_base"].fillna("") != rows["failure_new"].fillna("")).sum())
        yield Difference("failures", provider, failed[0] or "none", failed[1] or "none", n)
    for name, word in _TOLD.items():
        differ = _differs(rows, name)
        sides = [rows.loc[rows[f"{name}_{side}"].notna(), f"{name}_{side}"] for side in ("base", "new")]
        if differ.any() and set(sides[0]) != set(sides[1]):
            yield Difference(word, provider, _first(sides[0]), _first(sides[1]), int(differ.sum()))
    differ = _differs(rows, "params")
    told = rows.loc[differ, ["params_base", "params_new"]].value_counts()
    for pair, n in told.head(_NAMED).items():
        before, after = _only_different(*map(str, pair if isinstance(pair, tuple) else (pair, pair)))
        yield Difference("parameters", provider, before, after, int(n))


def _kinds(column: pd.Series) -> str:
    counts = column.dropna().value_counts().sort_index()
    return ", ".join(f"{kind} {n:,}" for kind, n in counts.items())


def _first(values: Iterable[Any]) -> str:
    names = sorted({str(value) for value in values})
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _only_different(base: str, new: str) -> tuple[str, str]:
    """Of two JSON objects what is not in both: "temperature: 0.7"; whatever they are if they are none."""
    try:
        one, other = json.loads(base), json.loads(new)
        keys = sorted({key for key in (*one, *other) if one.get(key) != other.get(key)})
    except (ValueError, TypeError, AttributeError):
        return base, new
    before, after = (", ".join(f"{key}: {json.dumps(side[key], ensure_ascii=False)}" for key in keys if key in side) for side in (one, other))  # fmt: skip
    return before or "none", after or "none"
