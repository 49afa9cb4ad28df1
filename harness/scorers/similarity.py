"""The scorer `similarity`: how near in meaning a reply is to what is expected, by an embedding model.

An embedding is a call like any other, and its row keeps the cosine in the place of a text (`{"cosine": 0.91, "dimensions": 256}`): the vectors of ten thousand
replies would outweigh everything else that is recorded, and the texts and the model, from which they can be had again, are in the row.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.ask import Prompt
from harness.scorers.opinion import Asks, Matter, Opinion, Question, Scorer, Unfit
from harness.told import Outcome


@dataclass(frozen=True, slots=True)
class SimilarityOptions:
    """`similarity`: the cosine of the reply's vector and the nearest of those of `expect`, from 0 (also where it is below) to 1.

    With a `threshold` it is right from there on, and wrong below. `providers` name who embeds: the first that is ready does.
    """

    threshold: float | None = None
    providers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise Unfit("'threshold' is above 0 and at most 1")


def _fits(_options: SimilarityOptions, expect: Any) -> None:
    texts = [expect] if isinstance(expect, str) else expect
    if not isinstance(texts, list | tuple) or not texts:
        raise Unfit("`expect` is a text, or a list of texts of which the nearest counts")
    if not all(isinstance(one, str) and one.strip() for one in texts):
        raise Unfit("each text of `expect` says something")


def _questions(_options: SimilarityOptions, matter: Matter) -> tuple[Question, ...]:
    expect = matter.case.expect
    texts = [matter.text, *([expect] if isinstance(expect, str) else expect)]
    return (Question(Prompt(tuple({"role": "user", "content": text} for text in texts))),)


def _read(options: SimilarityOptions, texts: Sequence[str]) -> Opinion:
    cosine = float(json.loads(texts[0])["cosine"])
    shown = f"{cosine:.3f}"
    if options.threshold is None:
        return Opinion(min(1.0, max(0.0, cosine)), shown)
    near = cosine >= options.threshold
    return Opinion(float(near), shown, "" if near else f"{shown} is below {options.threshold:g}")


def _not_by_itself(_options: SimilarityOptions, _expect: Any, _outcome: Outcome) -> Opinion:
    raise AssertionError("vectors are asked for, not made here")


ASKS = Asks("embedder", _questions, _read, named=lambda options: options.providers)
"""What it asks, of whom, and how it reads the answers."""

SIMILARITY = Scorer("1", SimilarityOptions, _fits, _not_by_itself, asks=ASKS)
