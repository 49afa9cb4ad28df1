"""MGSM: 250 problems of GSM8K in eleven languages (Shi et al. 2022, arXiv 2210.03057); files `mgsm_de.tsv` of problem and number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHARED: Mapping[str, Any] = {
    "description": "Grade-school word problems in eleven languages, MGSM",
    "capability": "multilingual",
    "system": "Solve the problem step by step in its own language. End with a line 'Answer: N', where N is the number alone, in digits.",
    "params": {"temperature": 0, "max_tokens": 768},
    "score": "number",
}
FILES = ("mgsm_??.tsv",)


def case(record: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The case of one line; problems of the same number say the same in other languages, so they are one cluster."""
    problem, result = record["columns"]
    language = record["file"].removeprefix("mgsm_")
    return {
        "id": f"mgsm-{language}-{number:03d}",
        "prompt": problem,
        "expect": result.strip().replace(",", ""),
        "cluster": f"mgsm-{number:03d}",
        "tags": [language],
    }
