"""GSM8K: grade-school word problems (Cobbe et al. 2021, arXiv 2110.14168); records of `question` and `answer` ("… #### 18")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHARED: Mapping[str, Any] = {
    "description": "Grade-school word problems, GSM8K's test set",
    "capability": "word_problems",
    "system": "Solve the problem step by step. End with a line 'Answer: N', where N is the number alone.",
    "params": {"temperature": 0, "max_tokens": 512},
    "score": "number",
}
FILES = ("test.jsonl.gz", "test.jsonl", "gsm8k.jsonl")


def case(record: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The case of one record; the expected number stands behind the last `####` of its answer."""
    _, mark, result = record["answer"].rpartition("####")
    if not mark:
        raise ValueError("`answer` has no '####' before its result")
    return {"id": f"gsm8k-{number:04d}", "prompt": record["question"], "expect": result.strip().replace(",", "")}
