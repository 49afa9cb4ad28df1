"""BIG-Bench Hard: 27 tasks that were hard for models (Suzgun et al. 2022, arXiv 2210.09261); a JSON file for each, with `examples`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHARED: Mapping[str, Any] = {
    "description": "Tasks of logic, language and counting, BIG-Bench Hard",
    "capability": "reasoning",
    "system": "Think step by step. End with a line 'Answer: X', where X is the answer alone: the option's letter in brackets where options"
    " are given, otherwise the words or the number that the question asks for.",
    "params": {"temperature": 0, "max_tokens": 1024},
    "score": {"exact": {"ignore_case": True, "strip_punctuation": True}, "extract": ["marked", "last_line"]},
}
FILES = ("*.json",)


def case(record: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The case of one example; its tag is its task."""
    task, target = record["file"], record["target"]
    return {
        "id": f"{task}-{number:03d}",
        "prompt": record["input"],
        "expect": target,
        "reference": f"Answer: {target}",
        "tags": [task],
    }
