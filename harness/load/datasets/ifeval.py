"""IFEval and IFBench: instructions that a program can check (Zhou et al. 2023, arXiv 2311.07911; Pyatkin et al. 2025, arXiv 2507.02833).

Records of `prompt`, `instruction_id_list` and `kwargs`. Each instruction becomes rules of the scorer `constraints`, which counts words
and sentences by its own rules, not by the benchmarks'. A prompt with an instruction that is not in `RULES` is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

SHARED: Mapping[str, Any] = {
    "description": "Instructions on the reply's form, of IFEval or IFBench: the prompts of which every instruction can be checked here",
    "capability": "instructions",
    "params": {"temperature": 0, "max_tokens": 2048},
}
IFBENCH_FILES = ("IFBench_test.jsonl.gz", "IFBench_test.jsonl")
IFEVAL_FILES = ("input_data.jsonl", "ifeval_input_data.jsonl", "ifeval.jsonl")
Rule = dict[str, Any]


def case(record: Mapping[str, Any], number: int) -> dict[str, Any] | None:
    """The case of one record; None where an instruction of it cannot be checked."""
    rules: list[Rule] = []
    for name, said in zip(record["instruction_id_list"], record["kwargs"], strict=True):
        if name not in RULES:
            return None
        rules += RULES[name](said)
    return {
        "id": f"{record['key']}" if "key" in record else f"{number:04d}",
        "prompt": record["prompt"],
        "score": {"constraints": {"rules": rules}},
        "tags": sorted({name.partition(":")[0] for name in record["instruction_id_list"]}),
    }


def _times(relation: str, number: float) -> dict[str, int]:
    """IFEval's "at least" and "less than" as a quantity."""
    if relation not in {"at least", "less than"}:
        raise ValueError(f"{relation!r} is no relation")
    return {"min": int(number)} if relation == "at least" else {"max": int(number) - 1}


def _quantity(rule: str, key: str) -> Callable[[Mapping[str, Any]], list[Rule]]:
    return lambda said: [{rule: _times(said["relation"], said[key])}]


def _pattern(pattern: str, times: int | dict[str, int]) -> Rule:
    return {"pattern": {"pattern": pattern, "times": times}}


def _keywords(said: Mapping[str, Any]) -> list[Rule]:
    """IFBench asks for the five keywords once, twice, three, five and seven times."""
    times = zip((1, 2, 3, 5, 7), range(1, 6), strict=True)
    return [{"count": {"word": said[f"keyword{place}"], "times": often}} for often, place in times]


RULES: Mapping[str, Callable[[Mapping[str, Any]], list[Rule]]] = MappingProxyType(
    {
        "change_case:capital_word_frequency": lambda said: [
            _pattern(r"\b[[:upper:]]+\b", _times(said["capital_relation"], said["capital_frequency"]))
        ],
        "change_case:english_capital": lambda _: [{"uppercase": True}],
        "change_case:english_lowercase": lambda _: [{"lowercase": True}],
        "count:keywords_multiple": _keywords,
        "count:numbers": lambda said: [_pattern(r"\d+(?:[.,]\d+)*", int(said["N"]))],
        "count:unique_word_count": lambda said: [{"unique_words": {"min": int(said["N"])}}],
        "count:word_count_range": lambda said: [
            {"words": {"min": int(said["min_words"]), "max": int(said["max_words"])}}
        ],
        "detectable_content:number_placeholders": lambda said: [
            _pattern(r"\[[^\[\]]*\]", {"min": int(said["num_placeholders"])})
        ],
        "detectable_content:postscript": lambda said: [_pattern(re.escape(said["postscript_marker"]), {"min": 1})],
        "detectable_format:json_format": lambda _: [{"json": True}],
        "detectable_format:number_bullet_lists": lambda said: [{"bullets": int(said["num_bullets"])}],
        "detectable_format:number_highlighted_sections": lambda said: [
            _pattern(r"\*[^\n*]+\*", {"min": int(said["num_highlights"])})
        ],
        "detectable_format:title": lambda _: [_pattern(r"<<[^\n]*[^\s<>][^\n]*>>", {"min": 1})],
        "format:list": lambda said: [_pattern(re.escape(said["sep"]), {"min": 2})],
        "format:no_whitespace": lambda _: [_pattern(r"\s", 0)],
        "keywords:existence": lambda said: [{"includes": list(said["keywords"])}],
        "keywords:forbidden_words": lambda said: [{"excludes": list(said["forbidden_words"])}],
        "keywords:frequency": lambda said: [
            {"count": {"word": said["keyword"], "times": _times(said["relation"], said["frequency"])}}
        ],
        "keywords:letter_frequency": lambda said: [
            _pattern(f"(?i){re.escape(said['letter'])}", _times(said["let_relation"], said["let_frequency"]))
        ],
        "language:response_language": lambda said: [{"language": said["language"]}],
        "length_constraints:number_sentences": _quantity("sentences", "num_sentences"),
        "length_constraints:number_words": _quantity("words", "num_words"),
        "punctuation:no_comma": lambda _: [_pattern(",", 0)],
        "startend:end_checker": lambda said: [{"ends_with": said["end_phrase"].strip()}],
        "startend:quotation": lambda _: [{"starts_with": '"'}, {"ends_with": '"'}],
    }
)
"""The instructions that can be checked, and the rules that each becomes."""
