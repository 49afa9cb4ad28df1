r"""The scorer `math`: a formula that is equal to the expected one, however it is written: 1/2, 0.5, \frac{1}{2}, 2^{-1}.

Numbers are compared exactly where they are rational, otherwise as doubles; formulas with variables by their values at points drawn
once and for all (two formulas that differ agree on such points with probability zero: Schwartz 1980, Zippel 1979). The work is
bounded by the length of the formula, so nothing has to be stopped.
"""

from __future__ import annotations

import cmath
import math
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from harness.scorers.formulas import CONSTANTS, Apply, Group, Name, Node, NoFormula, Number, Relation, names_in, parse
from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.scorers.reading import boxed, marked
from harness.told import Outcome
from harness.wording import said

POINTS = 60
"""At how many points formulas with variables are compared; at least ENOUGH of them must lie in the domain of both."""
ENOUGH = 5
CLOSE = 1e-9
"""Doubles are equal up to this share of the larger one."""
MOST_BITS = 4_000
"""Exact numbers are not made larger than this; beyond it, doubles are compared."""


@dataclass(frozen=True, slots=True)
class MathOptions:
    """`math`: the reply comes to a formula that is equal to `expect` (text, plain or LaTeX, or a number).

    Read in this order: the last box; behind the last explicit marker; the last formula between dollars; the last line. Sets and
    bare lists are compared without order, tuples, intervals and matrices with it; an equation up to a factor. `tolerance` is an
    absolute distance of numbers, `relative` a share of what is expected.
    """

    tolerance: float = 0.0
    relative: float = 0.0

    def __post_init__(self) -> None:
        if self.tolerance < 0 or self.relative < 0:
            raise Unfit("a tolerance is 0 or more")


class _Undefined(ArithmeticError):
    """A value that a formula does not have at a point."""


Value = Fraction | complex
TOO_LARGE: Literal["too large"] = "too large"


def _fits(_options: MathOptions, expect: Any) -> None:
    if isinstance(expect, bool) or not isinstance(expect, str | int | float):
        raise Unfit(f"'expect' must be a formula or a number, not {expect!r}")
    try:
        parse(str(expect))
    except NoFormula as problem:
        raise Unfit(f"'expect' is no formula: {problem}") from None


def _judge(options: MathOptions, expect: Any, outcome: Outcome) -> Opinion:
    text, shown, last_problem = said(outcome.reply), "", ""
    for place in _places(text):
        try:
            got = parse(_without_unit(place, str(expect)))
        except NoFormula as problem:
            shown, last_problem = shown or place, last_problem or str(problem)
            continue
        try:
            equal = any(_equal(one, other, options) for one, other in _readings(got, place, str(expect)))
        except OverflowError:
            return Opinion(None, place, "it is too large to be compared")
        return right(place) if equal else wrong(f"it is not {expect}", place)
    return wrong(f"it is no formula: {last_problem}" if shown else "it has no formula", shown or None)


def _places(text: str) -> Iterator[str]:
    """Where the formula of a reply may stand, the plainest place first; one place for each kind that there is."""
    box = boxed(text)
    if box is not None:
        yield box
        return
    for rest in marked(text):
        lines = [line.strip() for line in rest.splitlines() if line.strip(" *_`:")]
        yield from (_bare(line) for line in lines[:1])
    dollars = re.findall(r"\$\$?([^$]{1,900})\$\$?|\\\((.{1,900}?)\\\)|\\\[(.{1,900}?)\\\]", text, re.DOTALL)
    yield from (next(filter(None, groups)) for groups in dollars[-1:])
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield from (_bare(line) for line in lines[-1:])


def _bare(line: str) -> str:
    """A line without what surrounds the formula: emphasis, dollars, a final stop."""
    return re.sub(r"^[\s*_`:]+|(?<=[^!])[\s*_`.,;:]+$", "", re.sub(r"\\[()\[\]](?![a-z])", " ", line))


def _without_unit(place: str, expect: str) -> str:
    """The place without a unit behind it ("5 cm", "3 m/s^2"), where no letter is expected."""
    if re.search(r"[a-zA-Z]", re.sub(r"\\[a-zA-Z]+", "", expect)):
        return place
    return re.sub(r"(?<=[\d})])\s+[a-zA-Z]+(?:\s*/\s*[a-zA-Z]+)?(?:\^\{?\d\}?)?\s*$", "", place)


def _readings(got: Node, place: str, expect: str) -> Iterator[tuple[Node, Node]]:
    """What is to be compared: as it stands, and where only one side has a percent sign, with a hundredth of it, too."""
    wanted, hundred = parse(expect), Number(Fraction(100))
    yield got, wanted
    if ("%" in place) != ("%" in expect):
        yield (Apply("/", (got, hundred)), wanted) if "%" in place else (got, Apply("/", (wanted, hundred)))


def _equal(got: Node, wanted: Node, options: MathOptions) -> bool:
    if isinstance(got, Relation) and not isinstance(wanted, Relation):
        return got.sign == "=" and _equal(got.right, wanted, options)
    if isinstance(wanted, Relation) and not isinstance(got, Relation):
        return wanted.sign == "=" and isinstance(wanted.left, Name) and _equal(got, wanted.right, options)
    if isinstance(got, Relation) and isinstance(wanted, Relation):
        return _same_relation(got, wanted, options)
    got, wanted = _listed(got), _listed(wanted)
    if isinstance(got, Group) and isinstance(wanted, Group):
        return _same_group(got, wanted, options)
    if isinstance(got, Group) or isinstance(wanted, Group):
        return False
    return _same_value(got, wanted, options)


def _listed(node: Node) -> Node:
    """A formula with ± as the two that it stands for, and a union as the list of its parts."""
    if isinstance(node, Apply) and node.what == "∪":
        return Group("", tuple(part for side in node.parts for part in _united(side)))
    upper, lower = _signed(node, "+"), _signed(node, "-")
    return node if upper == lower else Group("", (upper, lower))


def _united(node: Node) -> tuple[Node, ...]:
    listed = _listed(node)
    return listed.parts if isinstance(listed, Group) and not listed.brackets else (node,)


def _signed(node: Node, sign: str) -> Node:
    """A formula with `sign` in the place of each ±."""
    if not isinstance(node, Apply):
        return node
    return Apply(sign if node.what == "±" else node.what, tuple(_signed(part, sign) for part in node.parts))


def _same_group(got: Group, wanted: Group, options: MathOptions) -> bool:
    if len(got.parts) != len(wanted.parts) or (
        {got.brackets, wanted.brackets} - {"", "{}"} and got.brackets != wanted.brackets
    ):
        return False
    if wanted.brackets not in {"", "{}"}:
        return all(_equal(one, other, options) for one, other in zip(got.parts, wanted.parts, strict=True))
    left = list(got.parts)
    for one in wanted.parts:
        match = next((other for other in left if _equal(other, one, options)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _same_relation(got: Relation, wanted: Relation, options: MathOptions) -> bool:
    """Whether both say the same: left − right of one is a multiple of that of the other, a positive one where they order."""
    if got.sign != wanted.sign or any(isinstance(side, Relation) for side in (got.right, wanted.right)):
        parts = [(got.left, wanted.left), (got.right, wanted.right)]
        return got.sign == wanted.sign and all(_equal(one, other, options) for one, other in parts)
    one, other = (Apply("-", (relation.left, relation.right)) for relation in (got, wanted))
    ratios: list[Value] = [_OPERATIONS["/"](a, b) for a, b in _values(one, other) if abs(_double(b)) > CLOSE]
    if len(ratios) < ENOUGH or abs(_double(ratios[0])) < CLOSE:
        return False
    return all(_near(ratio, ratios[0]) for ratio in ratios) and (got.sign == "=" or _double(ratios[0]).real > 0)


def _same_value(got: Node, wanted: Node, options: MathOptions) -> bool:
    if got == wanted:
        return True
    variables = (names_in(got) | names_in(wanted)) - CONSTANTS
    if variables:
        pairs = list(_values(got, wanted))
        return len(pairs) >= ENOUGH and all(_near(a, b) for a, b in pairs)
    complexes = "i" in names_in(got) | names_in(wanted)
    one, other = _constant(got, complexes), _constant(wanted, complexes)
    if one == other == TOO_LARGE:
        raise OverflowError
    if one is None or other is None or isinstance(one, str) or isinstance(other, str):
        return False
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        exactly = max(Fraction(str(options.tolerance)), Fraction(str(options.relative)) * abs(other))
        return abs(one - other) <= exactly
    if _near(one, other):
        return True
    a, b = _double(one), _double(other)
    return abs(a - b) <= max(options.tolerance, options.relative * abs(b)) < math.inf


def _double(value: Value) -> complex:
    try:
        return complex(value)
    except OverflowError:
        return complex(math.inf)


def _near(one: Value, other: Value) -> bool:
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one == other
    a, b = _double(one), _double(other)
    if cmath.isinf(a) or cmath.isinf(b):
        return a == b
    return abs(a - b) <= CLOSE * max(abs(a), abs(b)) or abs(a - b) < 1e-13


def _constant(node: Node, complexes: bool) -> Value | Literal["too large"] | None:
    """The value of a formula without variables; None where it has none, TOO_LARGE where it is beyond a double."""
    try:
        return _value(node, {}, complexes)
    except OverflowError:
        return TOO_LARGE
    except ArithmeticError:
        return None


def _values(one: Node, other: Node) -> Iterator[tuple[Value, Value]]:
    """The values of two formulas at points where both have one."""
    names = sorted((names_in(one) | names_in(other)) - CONSTANTS)
    complexes = "i" in names_in(one) | names_in(other)
    draw = random.Random(20240607)  # noqa: S311  # points, no secrets: the same ones each time
    for number in range(POINTS):
        reach = (7, 21)[number % 2]
        low = 1 if number % 3 else -reach
        point = {name: Fraction(draw.randint(low, reach), draw.choice((7, 8, 9))) for name in names}
        try:
            yield _value(one, point, complexes), _value(other, point, complexes)
        except (ArithmeticError, ValueError):
            continue


def _value(node: Node, point: Mapping[str, Fraction], complexes: bool) -> Value:
    """The value of a formula at a point, exactly as long as it is rational.

    Raises:
        ArithmeticError: it has none there; OverflowError where that is for its size.
    """
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        if node.name in point:
            return point[node.name]
        return _CONSTANTS[node.name]
    if not isinstance(node, Apply) or node.what not in _OPERATIONS:
        raise _Undefined("a group has no single value")
    parts = [_value(part, point, complexes) for part in node.parts]
    try:
        made = _OPERATIONS[node.what](*parts)
    except ValueError:
        raise _Undefined(node.what) from None
    if isinstance(made, Fraction):
        return made if max(made.numerator.bit_length(), made.denominator.bit_length()) <= MOST_BITS else complex(made)
    if cmath.isinf(made) and not any(not isinstance(one, Fraction) and cmath.isinf(one) for one in parts):
        raise OverflowError(node.what)
    if cmath.isnan(made) or (not complexes and abs(made.imag) > CLOSE * max(1.0, abs(made))):
        raise _Undefined("not a real number")
    return made


def _power(base: Value, exponent: Value) -> Value:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if bits * abs(exponent.numerator) <= MOST_BITS:
            return Fraction(base**exponent.numerator)
    if base == 0 and complex(exponent).real <= 0:
        raise _Undefined("0 to a power that is not above 0")
    return complex(base) ** complex(exponent)


def _root(inside: Value, degree: Value) -> Value:
    if isinstance(degree, Fraction) and degree.denominator == 1 and degree >= 1:
        whole = degree.numerator
        if isinstance(inside, Fraction):
            exact = _exact_root(abs(inside), whole)
            if exact is not None and (inside >= 0 or whole % 2):
                return exact if inside >= 0 else -exact
        value = complex(inside)
        if whole % 2 and value.imag == 0 and value.real < 0:
            return complex(-((-value.real) ** (1 / whole)))
        return complex(value ** (1 / whole)) if value else complex(0)
    raise _Undefined("a root of this degree")


def _exact_root(inside: Fraction, degree: int) -> Fraction | None:
    if degree > 64 or inside.numerator.bit_length() > 1000 or inside.denominator.bit_length() > 1000:
        return None
    above = round(inside.numerator ** (1 / degree))
    below = round(inside.denominator ** (1 / degree))
    guess = Fraction(above, below)
    return guess if guess**degree == inside else None


def _factorial(value: Value) -> Value:
    if isinstance(value, Fraction) and value.denominator == 1 and 0 <= value <= 400:
        return Fraction(math.factorial(value.numerator))
    if isinstance(value, Fraction) and value.denominator == 1 and value > 400:
        raise OverflowError("factorial")
    raise _Undefined("factorial")


def _log(value: Value, base: Value | None = None) -> complex:
    if value == 0 or base in (0, 1):
        raise _Undefined("log")
    return cmath.log10(value) if base is None else cmath.log(value) / cmath.log(base)


def _of(function: Callable[[complex], complex]) -> Callable[[Value], complex]:
    return lambda value: function(complex(value))


def _mixed(operation: Callable[[Any, Any], Any]) -> Callable[[Value, Value], Value]:
    """An operation on two exact numbers, or on two doubles where one is none."""

    def apply(one: Value, other: Value) -> Value:
        if isinstance(one, Fraction) and isinstance(other, Fraction):
            return Fraction(operation(one, other))
        return complex(operation(complex(one), complex(other)))

    return apply


_CONSTANTS: Mapping[str, complex] = {
    "pi": complex(math.pi),
    "e": complex(math.e),
    "i": 1j,
    "infinity": complex(math.inf),
}
_OPERATIONS: Mapping[str, Callable[..., Value]] = {
    "+": _mixed(lambda a, b: a + b), "-": _mixed(lambda a, b: a - b), "*": _mixed(lambda a, b: a * b),
    "/": _mixed(lambda a, b: a / b), "neg": lambda a: -a, "^": _power, "root": _root, "!": _factorial,
    "abs": lambda a: abs(a) if isinstance(a, Fraction) else complex(abs(a)),
    "sin": _of(cmath.sin), "cos": _of(cmath.cos), "tan": _of(cmath.tan), "cot": lambda a: 1 / cmath.tan(a),
    "sec": lambda a: 1 / cmath.cos(a), "csc": lambda a: 1 / cmath.sin(a),
    "arcsin": _of(cmath.asin), "arccos": _of(cmath.acos), "arctan": _of(cmath.atan), "asin": _of(cmath.asin),
    "acos": _of(cmath.acos), "atan": _of(cmath.atan), "sinh": _of(cmath.sinh), "cosh": _of(cmath.cosh), "tanh": _of(cmath.tanh),
    "ln": lambda a: _log(a, math.e), "log": _log, "exp": _of(cmath.exp),
}  # fmt: skip

MATH = Scorer("1", MathOptions, _fits, _judge)
