"""Scorers of the words that a reply shares with a reference: `f1`, `rouge_l`, `bleu`. The last two need the extra `text`.

Words are runs of letters and digits without case, in any language; each character of a script that writes without spaces is one.
"""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.scorers.opinion import Opinion, Scorer, Unfit
from harness.told import Outcome
from harness.wording import plain, said

LONGEST = 1_000
"""Words that `rouge_l` compares: the longest common subsequence takes the product of both numbers of words."""


@dataclass(frozen=True, slots=True)
class F1Options:
    """`f1`: harmonic mean of the shares of words that `expect` and the reply have in common, as in SQuAD (Rajpurkar et al. 2016).

    `expect` is a text or a list of which the best counts. With a `threshold` it is right from there on and wrong below; without, the
    value is the score. `ignore` lists words that do not count, such as articles.
    """

    threshold: float | None = None
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_threshold(self.threshold)


@dataclass(frozen=True, slots=True)
class RougeLOptions:
    """`rouge_l`: F-measure of the longest common subsequence of words (Lin 2004), by the library rouge-score.

    `expect`, `threshold`: as of `f1`.
    """

    threshold: float | None = None

    def __post_init__(self) -> None:
        _check_threshold(self.threshold)
        _check_library("rouge_score", "rouge-score")


@dataclass(frozen=True, slots=True)
class BleuOptions:
    """`bleu`: BLEU of one sentence, smoothed (exponentially), by the library sacrebleu with its tokenizer `tokenize`, from 0 to 1.

    `expect` is a text or a list of references, all of which count together. `threshold`: as of `f1`.
    """

    threshold: float | None = None
    tokenize: str = "13a"

    def __post_init__(self) -> None:
        _check_threshold(self.threshold)
        _check_library("sacrebleu", "sacrebleu")
        if self.tokenize not in {"13a", "intl", "char", "none"}:
            raise Unfit(f"'tokenize' must be 13a, intl, char or none, not {self.tokenize!r}")


def _check_threshold(threshold: float | None) -> None:
    if threshold is not None and not 0 < threshold <= 1:
        raise Unfit(f"'threshold' must be above 0 and at most 1, not {threshold!r}")


def _check_library(module: str, name: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise Unfit(f"the library {name} is not installed; install llm-harness with its extra 'text'")


def _fits(_options: object, expect: Any) -> None:
    many = expect if isinstance(expect, list | tuple) else [expect]
    if not many or any(not isinstance(one, str) or not words_of(one) for one in many):
        raise Unfit(f"'expect' must be a text with words, or a list of these, not {expect!r}")


def _references(expect: Any) -> tuple[str, ...]:
    return (expect,) if isinstance(expect, str) else tuple(expect)


_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]|[^\W_]+(?:[.,](?=\d)\d+)*")


def words_of(text: str) -> list[str]:
    """The words of a text in their order."""
    return _WORD.findall(plain(text).casefold())


def _opinion(value: float, threshold: float | None, what: str) -> Opinion:
    shown = f"{what} {value:.3f}"
    if threshold is None:
        return Opinion(value, shown, "" if value == 1 else f"{shown}, not 1")
    return Opinion(1.0, shown) if value >= threshold else Opinion(0.0, shown, f"{shown}, below {threshold:g}")


def _f1(options: F1Options, expect: Any, outcome: Outcome) -> Opinion:
    ignored = {word for one in options.ignore for word in words_of(one)}

    def kept(text: str) -> Counter[str]:
        return Counter(word for word in words_of(text) if word not in ignored)

    got = kept(said(outcome.reply))
    value = max(_overlap(got, kept(one)) for one in _references(expect))
    return _opinion(value, options.threshold, "F1")


def _overlap(got: Counter[str], wanted: Counter[str]) -> float:
    """2 · shared / (words of one + words of the other); two texts without words are alike."""
    total = got.total() + wanted.total()
    return 2 * (got & wanted).total() / total if total else 1.0


class _Words:
    """rouge-score's own tokenizer drops every letter beyond a to z; this one does not."""

    def tokenize(self, text: str) -> list[str]:
        return words_of(text)[:LONGEST]


@lru_cache(maxsize=1)
def _rouge() -> Callable[[str, str], float]:
    from rouge_score.rouge_scorer import RougeScorer  # noqa: PLC0415  # an extra, and slow to load

    scorer = RougeScorer(["rougeL"], tokenizer=_Words())
    return lambda wanted, got: float(scorer.score(wanted, got)["rougeL"].fmeasure)


def _rouge_l(options: RougeLOptions, expect: Any, outcome: Outcome) -> Opinion:
    got = said(outcome.reply)
    value = max(_rouge()(one, got) for one in _references(expect))
    return _opinion(value, options.threshold, "ROUGE-L")


@lru_cache(maxsize=8)
def _sacrebleu(tokenize: str) -> Callable[[str, list[str]], float]:
    from sacrebleu.metrics.bleu import BLEU  # noqa: PLC0415  # an extra, and slow to load

    metric = BLEU(effective_order=True, tokenize=tokenize)
    return lambda got, wanted: float(metric.sentence_score(got, wanted).score) / 100


def _bleu(options: BleuOptions, expect: Any, outcome: Outcome) -> Opinion:
    value = _sacrebleu(options.tokenize)(plain(said(outcome.reply)), [plain(one) for one in _references(expect)])
    return _opinion(min(1.0, value), options.threshold, "BLEU")


F1 = Scorer("1", F1Options, _fits, _f1)
ROUGE_L = Scorer("1", RougeLOptions, _fits, _rouge_l)
BLEU = Scorer("1", BleuOptions, _fits, _bleu)
