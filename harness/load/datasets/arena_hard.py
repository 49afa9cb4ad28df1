"""Arena-Hard: hard questions of users, judged by a model (Li et al. 2024, arXiv 2406.11939); records of `uid`, `category`, `prompt`.

The earlier form, with `question_id`, `cluster` and `turns`, is read as well. The benchmark compares with a baseline's replies, which are not in its
questions: here replies are graded. To compare, put the file into a suite by `cases_from` and name a provider as the baseline: `{judge: {pairwise: true, against: NAME}}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

RUBRIC = """Does the reply help with what the user asks? It is correct, it does what is asked and nothing else, it says so concisely, and it
adds what the user would have missed. Work out your own answer first, and hold the reply against it; a mistake outweighs style."""

SHARED: Mapping[str, Any] = {
    "description": "Arena-Hard: hard questions of users, graded by a model",
    "capability": "chat",
    "params": {"temperature": 0, "max_tokens": 4096},
    "score": {"judge": {"rubric": RUBRIC, "scale": 10, "max_tokens": 2048}},
}
FILES = ("question.jsonl", "arena_hard_question.jsonl", "arena-hard-v2.0.jsonl", "arena_hard.jsonl")


def case(record: Mapping[str, Any], _number: int) -> dict[str, Any]:
    """The case of one record."""
    name = record["uid"] if "uid" in record else record["question_id"]
    prompt = record["prompt"] if "prompt" in record else record["turns"][0]["content"]
    cluster = record.get("cluster")
    return {
        "id": f"arena-{name}",
        "prompt": prompt,
        "tags": [re.sub(r"[\s()&|!,]+", "_", record["category"])],
        **({"cluster": cluster} if cluster else {}),
    }
