r"""The scorer `number`: the number that a reply comes to.

Read in this order: the last `\boxed{…}`; the line after the last explicit marker ("The answer is 42", "#### 42"), there
the first number, or what a sum that begins with it comes to ("6 * 7 = 42"); the last number of the reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.scorers.reading import boxed, marked
from harness.told import Outcome
from harness.wording import plain, said

MOST_DIGITS = 1_000
"""Longer numbers, and larger exponents, are not read: no reply may make us compute for ever."""

_CURRENCY = r"(?:US\$|[$€£¥₹₩₽])"
_NUMBER = re.compile(
    rf"""(?xi)
    (?<![\w.^])
    (?P<sign> (?<![\w)\]}}]) [-+–] (?=[\d.$€£¥₹₩₽U]) )?
    (?:{_CURRENCY}\s*)? (?P<sign2> (?<=[$€£¥₹₩₽])-)?
    (?: (?P<whole>\d+) [ ] )? (?P<over>\d+) \s?/\s? (?P<under>\d+) (?![\d/]|[.,]\d)
    |
    (?<![\w.^])
    (?P<sign3> (?<![\w)\]}}]) [-+–] (?=[\d.$€£¥₹₩₽U]) )?
    (?:{_CURRENCY}\s*)? (?P<sign4> (?<=[$€£¥₹₩₽])-)?
    (?P<digits> \d{{1,3}}(?:[,'_]\d{{3}})+ (?![,'_]?\d) (?:\.\d+)? | \d+(?:\.\d+)? | \.\d+ )
    (?P<vulgar>[¼½¾⅐-⅞])?
    (?: (?: e | \s?(?:[×x*·]|\\times|\\cdot)\s?10(?:\^|\*\*) ) \{{? (?P<exponent>[-+]?\d+) \}}?
      | (?:\^|\*\*) \{{? (?P<power>\d+) \}}? )?
    (?!\.\d)
    (?: \s? (?P<percent>%) | \s (?P<scale>thousand|million|billion|trillion)s?\b )?
    |
    (?P<alone>[¼½¾⅐-⅞])
    """
)
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_VULGAR = {
    "¼": Fraction(1, 4), "½": Fraction(1, 2), "¾": Fraction(3, 4), "⅐": Fraction(1, 7), "⅑": Fraction(1, 9),
    "⅒": Fraction(1, 10), "⅓": Fraction(1, 3), "⅔": Fraction(2, 3), "⅕": Fraction(1, 5), "⅖": Fraction(2, 5),
    "⅗": Fraction(3, 5), "⅘": Fraction(4, 5), "⅙": Fraction(1, 6), "⅚": Fraction(5, 6), "⅛": Fraction(1, 8),
    "⅜": Fraction(3, 8), "⅝": Fraction(5, 8), "⅞": Fraction(7, 8),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NumberOptions:
    """`number`: the reply comes to `expect` (a number, or text like "3/4"), exactly unless a tolerance is given.

    `tolerance` is an absolute distance, `relative` a share of `expect` (0.01 is one in a hundred); the wider counts.
    `decimal_comma` reads "1.000,5" as one thousand and a half. "50%" is 50 or one half, "2 million" is 2 or 2,000,000:
    either may be meant.
    """

    tolerance: float = 0.0
    relative: float = 0.0
    decimal_comma: bool = False

    def __post_init__(self) -> None:
        if self.tolerance < 0 or self.relative < 0:
            raise Unfit("a tolerance is 0 or more")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a text (from `start` to `end`), with what it may mean, the plainest reading first."""

    text: str
    readings: tuple[Fraction, ...]
    start: int
    end: int


def read_numbers(text: str, *, decimal_comma: bool = False) -> list[Number]:
    """All numbers of a text in their order. What is no number (NaN, 1/0, H2O, 1.2.3) is left out, as is what is too long."""
    return _scan(_simple(text, decimal_comma=decimal_comma))


def _scan(simple: str) -> list[Number]:
    found = [(match, _readings(match)) for match in _NUMBER.finditer(simple)]
    return [Number(match[0].strip(), readings, *match.span()) for match, readings in found if readings]


def _swap(match: re.Match[str]) -> str:
    return match[0].replace(".", "").replace(",", ".")


def _simple(text: str, *, decimal_comma: bool = False) -> str:
    """The text with what only dresses a number taken off: LaTeX's escapes, spaces and fractions, thin group spaces, bold."""
    text = re.sub(r"(?<=\d)(?:[\u00a0\u202f\u2009]|\\[,;:! ]|\{,\})(?=\d{3}(?!\d))", "", text)
    text = re.sub(r"\\([$%€£])", r"\1", plain(text))
    text = re.sub(r"(?<=\d)\s*\\[dt]?frac", r" \\frac", text)
    text = re.sub(r"\\[dt]?frac\s*\{\s*(-?)\s*(\d+)\s*\}\s*\{\s*(\d+)\s*\}", r"\1\2/\3", text)
    text = re.sub(r"\\(?:text|mathrm|mathbf|textbf)\s*\{([^{}]*)\}", r" \1", text)
    text = re.sub(r"(?<!\d)\*\*|\*\*(?!\d)", "", text)  # 2**10 is no bold
    if decimal_comma:
        return text.translate({ord(","): ".", ord("."): ","})
    return re.sub(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+,\d+(?![\d.,]*\d)", _swap, text)


def _readings(match: re.Match[str]) -> tuple[Fraction, ...]:
    if match["alone"]:
        return (_VULGAR[match["alone"]],)
    signs = (match["sign"], match["sign2"], match["sign3"], match["sign4"])
    sign = -1 if any(one and one.strip() in "-–" for one in signs) else 1
    value = _fraction(match) if match["over"] else _decimal(match)
    if value is None:
        return ()
    value *= sign
    if match["percent"]:
        return (value, value / 100)
    if match["scale"]:
        return (value * _SCALES[match["scale"].lower()], value)
    return (value,)


def _fraction(match: re.Match[str]) -> Fraction | None:
    parts = (match["whole"] or "0", match["over"], match["under"])
    if any(len(one) > MOST_DIGITS for one in parts) or int(parts[2]) == 0:
        return None
    return int(parts[0]) + Fraction(int(parts[1]), int(parts[2]))


def _decimal(match: re.Match[str]) -> Fraction | None:
    digits = re.sub(r"[,'_]", "", match["digits"])
    exponent, power = match["exponent"] or "0", match["power"] or "1"
    if len(digits) > MOST_DIGITS or len(exponent) > 5 or len(power) > 5:
        return None
    value = Fraction(Decimal(digits))
    if abs(int(exponent)) > MOST_DIGITS or int(power) * len(digits) > MOST_DIGITS:
        return None
    if match["vulgar"]:
        value += _VULGAR[match["vulgar"]]
    return value ** int(power) * Fraction(10) ** int(exponent)


def read_answer(text: str, *, decimal_comma: bool = False) -> Number | None:
    """The number that a reply comes to (in the order that this module's docstring gives), None where it has none."""
    box = boxed(text)
    for place in [box] if box is not None else []:
        numbers = read_numbers(place, decimal_comma=decimal_comma)
        if numbers:
            return numbers[-1]
    for rest in marked(plain(text)):
        line = next((line for line in rest.splitlines() if any(char.isdigit() for char in line)), "")
        simple = _simple(line, decimal_comma=decimal_comma)
        numbers = _scan(simple)
        if numbers:
            return _end_of_sum(simple, numbers)
    numbers = read_numbers(text, decimal_comma=decimal_comma)
    return numbers[-1] if numbers else None


_LINK = re.compile(
    r"[\s)\]}$]*(?:\s?[^\W\d_]{1,15}){0,2}[\s)\]}$]*(?P<link>[=≈]|[-+–*/×·÷x^]|\\times|\\cdot|\\div)?[\s(\[{$]*"
)


def _end_of_sum(text: str, numbers: list[Number]) -> Number:
    """What a sum comes to that begins with the first number ("6 m + 7 m = 13 m"); that number where there is none."""
    result = numbers[0]
    for one, following in pairwise(numbers):
        between = _LINK.fullmatch(text, one.end, following.start)
        if between is None or not (between["link"] or following.text[0] in "+-–"):
            break
        if between["link"] in ("=", "≈"):
            result = following
    return result


def _expected(expect: Any) -> Number:
    if isinstance(expect, bool) or not isinstance(expect, int | float | str):
        raise Unfit(f"'expect' must be a number, not {expect!r}")
    numbers = read_numbers(expect if isinstance(expect, str) else _spell(expect))
    if len(numbers) != 1 or (isinstance(expect, str) and numbers[0].text != _simple(expect).strip()):
        raise Unfit(f"'expect' must be one number, not {expect!r}")
    return numbers[0]


def _spell(number: float) -> str:
    return str(Decimal(number)) if isinstance(number, int) else repr(number)


def _fits(_options: NumberOptions, expect: Any) -> None:
    _expected(expect)


def _judge(options: NumberOptions, expect: Any, outcome: Outcome) -> Opinion:
    got = read_answer(said(outcome.reply), decimal_comma=options.decimal_comma)
    if got is None:
        return wrong("it has no number")
    wanted = _expected(expect).readings
    targets = wanted if len(got.readings) == 1 else wanted[:1]
    for value in got.readings:
        for target in targets:
            allowed = max(Fraction(str(options.tolerance)), Fraction(str(options.relative)) * abs(target))
            if abs(value - target) <= allowed:
                return right(got.text)
    return wrong(f"it is not {expect}", got.text)


NUMBER = Scorer("1", NumberOptions, _fits, _judge)
