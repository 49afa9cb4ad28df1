"""What each provider did with each case of a run, in a row: what comparisons, baselines and histories are made from."""

from __future__ import annotations

import json

import numpy as np

from harness.late import pd
from harness.standing.facts import answered, timed
from harness.stats import cases_of, flags, trials_of

PLACE = ["provider", "suite", "capability"]
CASE = [*PLACE, "case_hash"]
FIGURES = ("quality", "reliability", "ttft", "latency", "cost", "tokens")
FLAGS = ("saturated", "replayed", "simulated")
CONDITIONS = ("params", "price_id", "scorers", "model", "served", "fingerprint")

_CONTEXT = {
    "case_id": "case_id", "params_json": "params", "price_id": "price_id", "model_requested": "model", "model_served": "served",
    "fingerprint": "fingerprint",
}  # fmt: skip
_MEDIANS = {"latency": "latency_s", "ttft": "ttft_s", "cost": "cost_usd", "tokens": "completion_tokens"}


def outcomes(calls: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """One row for each provider, suite, capability and case of phase measure, sorted by these (`CASE`); repeats are put together.

    `calls` and `scores` have the columns of `calls.parquet` and `scores.parquet`; those not needed may be left out. The columns:

    - `quality`: the mean over scored repeats; `state`: scored, unscored or failed; `cluster`: as in `trials_of`.
    - `reliability`: answered, of the repeats that were asked and answered or failed on the provider's side.
    - `ttft`, `latency` (seconds; rows that count for latency, see `timed`), `cost` (USD), `tokens` (of the completion): medians.
    - `failure`: how the case failed where it was not answered; `saturated`, `replayed`: a repeat was. `simulated`.
    - what it was asked and judged under (`CONDITIONS`): `params` as JSON without the model, `price_id`, `scorers` with their versions, `model` as requested, `served`
      and `fingerprint` as the response told them.

    A figure that there is not is NaN.
    """
    trials = trials_of(calls, scores)
    cases = cases_of(trials, PLACE).rename(columns={"value": "quality"}).set_index(CASE)
    cases["quality"] = cases["quality"].astype(float).where(cases["state"] == "scored")
    fair = trials[(trials["answered"] & ~trials["replayed"]) | (trials["side"] == "provider")]
    cases["reliability"] = fair.assign(good=fair["answered"].astype(float)).groupby(CASE)["good"].mean()
    clean, ready = timed(calls), answered(calls)
    for name, column in _MEDIANS.items():
        cases[name] = _medians(clean if name in {"ttft", "latency"} else ready, column)
    lost = trials[~trials["answered"]].drop_duplicates(CASE).set_index(CASE)
    cases["failure"] = lost["kind"]
    cases["saturated"] = flags(ready["saturated"]).groupby([ready[name] for name in CASE]).any()
    cases["replayed"] = trials.groupby(CASE)["replayed"].any()
    cases = cases.join(_context(calls)).join(_scorers(scores))
    return typed(cases.sort_index().reset_index())


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """The same columns with one type each, whatever is missing in them: figures are floats, flags booleans, the others objects with None."""
    table = table.astype(dict.fromkeys(FIGURES, float))
    for name in FLAGS:
        table[name] = flags(table[name])
    for other in table.columns.difference([*FIGURES, *FLAGS]):
        column = table[other].astype(object)
        table[other] = column.where(column.notna(), None)
    return table


def _medians(calls: pd.DataFrame, column: str) -> pd.Series:
    if column not in calls:
        return pd.Series(dtype=float)
    known = calls.assign(figure=pd.to_numeric(calls[column])).dropna(subset=["figure"])
    return known.groupby(CASE)["figure"].median().astype(float)


def _context(calls: pd.DataFrame) -> pd.DataFrame:
    """What the deciding attempt of each case says of its conditions: a success rather than a failure, the last rather than the first."""
    rows = calls[(calls["phase"] == "measure").astype(bool)].reindex(columns=[*CASE, "status", "simulated", *_CONTEXT])
    ranked = rows.assign(ok=rows["status"] == "ok").sort_values("ok", kind="stable")
    last = ranked.drop_duplicates(CASE, keep="last").set_index(CASE).drop(columns=["status", "ok"])
    last = last.rename(columns=_CONTEXT)
    last["params"] = last["params"].map({text: _without_model(text) for text in last["params"].dropna().unique()})
    return last


def _without_model(params: str) -> str:
    """Parameters as canonical JSON without the model's name, which is a column of its own: another model is what comparisons are for."""
    try:
        said = json.loads(params)
        return json.dumps({name: said[name] for name in sorted(said) if name != "model"}, ensure_ascii=False)
    except (ValueError, TypeError):
        return params


def _scorers(scores: pd.DataFrame) -> pd.Series:
    """By whom each case was judged: "exact 1, number 2"."""
    rows = scores.reindex(columns=[*CASE, "scorer", "scorer_version"])
    kinds = (
        rows["scorer"].astype(str) + " " + rows["scorer_version"].astype(object).fillna("").astype(str)
    ).str.strip()
    named = rows.assign(scorers=kinds).drop_duplicates([*CASE, "scorers"]).sort_values("scorers")
    return named.groupby(CASE)["scorers"].agg(", ".join)


def who(table: pd.DataFrame) -> dict[str, bool]:
    """Whether each provider in a table of outcomes is simulated."""
    found = table.groupby("provider")["simulated"].any()
    return {str(name): bool(np.any(flag)) for name, flag in found.items()}
