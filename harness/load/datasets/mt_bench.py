"""MT-Bench: open questions, graded by a model (Zheng et al. 2023, arXiv 2306.05685); records of `question_id`, `category`, `turns`, `reference`.

Only the first turn is asked: the second follows on the reply to the first, and a case here stands by itself. Grades are by the benchmark's criteria
from 1 to 10, with its reference where it has one, but in our own words and form: compare them with one another, not with published ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

RUBRIC = "Is the reply helpful, relevant, accurate, as deep and creative as the question wants, and as detailed as it needs to be?"
"""What the benchmark has its judge consider."""

SHARED: Mapping[str, Any] = {
    "description": "MT-Bench: the first turn of its open questions, graded by a model",
    "capability": "chat",
    "params": {"max_tokens": 1024},
    "score": {"judge": {"rubric": RUBRIC, "scale": 10}},
}
FILES = ("question.jsonl", "mt_bench_question.jsonl", "mt_bench.jsonl")

_TEMPERATURES = MappingProxyType({"writing": 0.7, "roleplay": 0.7, "stem": 0.1, "humanities": 0.1})
"""Where the benchmark does not ask at 0, by category."""


def case(record: Mapping[str, Any], _number: int) -> dict[str, Any]:
    """The case of one record: its first turn, with the reference to that where there is one."""
    category, (prompt, *_) = record["category"], record["turns"]
    reference = next(iter(record.get("reference") or ()), "")
    return {
        "id": f"mt-{record['question_id']}",
        "prompt": prompt,
        "tags": [category],
        "params": {"temperature": _TEMPERATURES.get(category, 0)},
        **({"expect": reference, "reference": reference} if reference.strip() else {}),
    }
