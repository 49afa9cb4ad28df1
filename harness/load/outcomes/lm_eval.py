"""Logs of lm-evaluation-harness, as `--log_samples --output_path` writes them: `samples_<task>_<time>.jsonl` beside `results_<time>.json`.

Source: lm_eval's `EvaluationTracker` (lm_eval/loggers/evaluation_tracker.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import BadInput, Problem
from harness.load.outcomes.contract import Line, Source, Wishes, as_number
from harness.load.outcomes.tables import json_lines
from harness.store import Brought

SAMPLES = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT.+)\.jsonl$")


def open_samples(file: Path, wishes: Wishes) -> Source:
    """The samples of one task; the model's name is in the results of the same time, or is given with --set provider=NAME."""
    name = SAMPLES.search(file.name)
    if name is None:
        raise BadInput([Problem(file, None, "its name is not samples_<task>_<time>.jsonl, as lm-eval gives it")])
    model = wishes.values.get("provider") or _model(file.with_name(f"results_{name['time']}.json"), file)
    source = Source(file, "lm-eval samples", iter(()))
    source.lines = _lines(file, name["task"], model, wishes, source)
    return source


def _model(results: Path, file: Path) -> str:
    try:
        told = json.loads(results.read_bytes())
        said = told["config"]["model"]
        args = told["config"].get("model_args") or {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "--set provider=NAME says which model answered"
        raise BadInput(
            [Problem(file, None, f"{results.name} beside it does not tell the model: {error}", hint)]
        ) from error
    pairs = args if isinstance(args, dict) else dict(pair.partition("=")[::2] for pair in str(args).split(","))
    return str(pairs.get("pretrained") or pairs.get("model") or told.get("model_source") or said)


def _lines(file: Path, task: str, model: str, wishes: Wishes, source: Source) -> Iterator[Line]:
    """`wishes.scorer` is a metric, or a metric and a filter: "exact_match,strict-match". Unless it says which, the first filter counts."""
    metric, _, counted = (wishes.scorer or "").partition(",")
    for number, sample in json_lines(file):
        if isinstance(sample, str):
            yield number, sample
            continue
        through = str(sample.get("filter", "none"))
        counted = counted or through
        if through != counted:
            source.left.add(f"the filter {through} (--scorer METRIC,{through} takes it)")
            continue
        try:
            yield number, _outcome(sample, task, model, wishes, metric)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            yield number, f"it is no sample of lm-eval: {type(error).__name__}: {error}"


def _outcome(sample: Mapping[str, Any], task: str, model: str, wishes: Wishes, metric: str) -> Brought | str:
    values = {name: as_number(sample.get(name)) for name in sample["metrics"]}
    fit = {name: value for name, value in values.items() if value is not None and 0 <= value <= 1}
    first = metric or next(iter(fit), None)
    if first is None or first not in fit:
        return f"no metric from 0 to 1: {', '.join(f'{name} {sample.get(name)!r}' for name in values)}"
    arguments = sample.get("arguments") or {}
    question = arguments.get("gen_args_0", {}).get("arg_0") if isinstance(arguments, dict) else None
    answers = sample.get("filtered_resps") or [None]
    return Brought(
        case_id=str(sample["doc_id"]),
        capability=wishes.values.get("capability") or task,
        provider=model,
        suite=wishes.suite or task,
        value=fit[first],
        question=question if isinstance(question, str) else None,
        text=answers[0] if isinstance(answers[0], str) and len(answers) == 1 else None,
        scorer=first,
        others=tuple((name, value) for name, value in fit.items() if name != first),
    )
