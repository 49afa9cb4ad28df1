r"""Reads a formula, plain or in LaTeX, into a tree. Nothing is ever evaluated as code: an unknown word is no formula.

\frac{1}{2} · 1/2 · 2\sqrt{3} · x^2+1 · (1, 2) · [0, \infty) · \{1, 2\} · y = 2x+1 · x \le 3 · \begin{pmatrix}1&2\end{pmatrix}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from harness.wording import plain

LONGEST = 400
"""Characters of a formula; what is longer is none."""
DEEPEST = 60
"""How far brackets and powers may nest."""


class NoFormula(ValueError):
    """A text that is no formula, as far as this module reads them."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written, exactly."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or one of the constants pi, e, i and infinity."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation (+ - * / ^ ! ± neg root) or a function (sin, ln, …) and what it is applied to."""

    what: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Several formulas: a tuple or an interval with its brackets, a set `{}`, or a bare list (no brackets)."""

    brackets: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """Two formulas with =, < or ≤ between them; > and ≥ are turned round."""

    sign: str
    left: Node
    right: Node


Node = Number | Name | Apply | Group | Relation

FUNCTIONS = frozenset(
    re.findall(
        r"\w+", "sin cos tan cot sec csc arcsin arccos arctan asin acos atan sinh cosh tanh ln log exp sqrt cbrt abs"
    )
)
CONSTANTS = frozenset({"pi", "e", "i", "infinity"})
_GREEK = frozenset(re.findall(r"\w+", "alpha beta gamma delta epsilon theta lambda mu nu phi psi rho sigma tau omega"))
_RELATIONS = {"=": "=", "<": "<", ">": ">", "≤": "≤", "≥": "≥", "<=": "≤", ">=": "≥"}
_WORDS = {
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "pm": "±", "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥",
    "geqslant": "≥", "lt": "<", "gt": ">", "pi": "pi", "infty": "infinity", "lbrace": r"\{", "rbrace": r"\}", "lvert": "|",
    "rvert": "|", "vert": "|", "cup": "∪", "in": "∈",
}  # fmt: skip
_TOKEN = re.compile(
    r"""(?x)
    (?P<number> \d+(?:\.\d+)? | \.\d+ )
  | \\(?P<command> [a-zA-Z]+ ) | (?P<escaped> \\[{}] )
  | (?P<letters> [a-zA-Z]+ ) | (?P<greek> [α-ωΑ-Ω] )
  | (?P<sign> \*\*|<=|>=|[-+*/^_!(){}\[\]|,;=<>≤≥±∪∈] )
  | (?P<space> \s+ )
    """
)
_UNICODE = str.maketrans({"π": " pi ", "∞": " infinity ", "×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-",
                          "√": " sqrt ", "∓": "±", "²": "^2", "³": "^3"})  # fmt: skip


def parse(text: str) -> Node:
    """The tree of a formula.

    Raises:
        NoFormula: it is none, or longer or deeper than is read.
    """
    if len(text) > LONGEST:
        raise NoFormula(f"longer than {LONGEST} characters")
    parser = _Parser(list(_tokens(_simple(text))))
    tree = parser.several()
    if parser.next < len(parser.tokens):
        raise NoFormula(f"{parser.peek()!r} is not expected there")
    return tree


def names_in(node: Node) -> frozenset[str]:
    """The variables and constants of a formula."""
    if isinstance(node, Name):
        return frozenset({node.name})
    if isinstance(node, Number):
        return frozenset()
    parts = (node.left, node.right) if isinstance(node, Relation) else node.parts
    return frozenset().union(*(names_in(part) for part in parts))


def _simple(text: str) -> str:
    """The text without what only dresses a formula."""
    text = plain(text.replace("²", "^2").replace("³", "^3")).translate(_UNICODE)
    text = re.sub(r"\\begin\{[a-z]*matrix\}", "((", text)
    text = re.sub(r"\\end\{[a-z]*matrix\}", "))", text)
    text = text.replace(r"\\", "),(").replace("&", ",")
    text = re.sub(r"(?<=\d)\\[,;:! ](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"\\(?:(?:left|right|displaystyle|limits|quad|qquad)(?![a-zA-Z])|[,;:! $%])|[$%°~]", " ", text)
    text = re.sub(r"\^\s*(?:\\circ\b|\{\s*\\circ\s*\})|\\degree\b", " ", text)
    text = re.sub(r"\\(?:text|mbox|mathrm|textbf|mathbf)\s*\{\s*(?:and|or|und|oder)\s*\}", ",", text)
    text = re.sub(r"\\(?:text|mbox|textbf|textit)\s*\{[^{}]*\}(?:\^\d|\^\{\d\})?", " ", text)
    text = re.sub(r"\\(?:mathrm|mathbf|mathit|operatorname)\s*\{([^{}]*)\}", r" \1 ", text)
    text = re.sub(r"\b(?:and|or|und|oder)\b", ",", text)
    text = re.sub(r"(?<=\d)\{,\}(?=\d{3})", "", text)
    return re.sub(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])", lambda match: match[0].replace(",", ""), text)


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise NoFormula(f"{text[place]!r} is no part of a formula")
        place = match.end()
        if match["command"]:
            yield _command(match["command"])
        elif match["letters"]:
            yield from _letters(match["letters"])
        elif not match["space"]:
            yield "^" if match[0] == "**" else match[0]


def _command(word: str) -> str:
    if word in _WORDS:
        return _WORDS[word]
    if word in {"frac", "dfrac", "tfrac", "cfrac"}:
        return "frac"
    if word in FUNCTIONS or word in _GREEK or word.lower() in _GREEK:
        return word
    raise NoFormula(f"\\{word} is not known here")


def _letters(word: str) -> Iterator[str]:
    """A function or a constant, or else up to three variables that are multiplied."""
    if word in FUNCTIONS or word in CONSTANTS or word in _GREEK:
        yield word
    elif word.lower() in {"inf", "infinity", "infty"}:
        yield "infinity"
    elif len(word) <= 3:
        yield from word
    else:
        raise NoFormula(f"the word {word!r} is no part of a formula")


def _is_mixed(whole: Node, fraction: Node) -> bool:
    r"""Whether a number and what stands behind it are a mixed number: 1\frac{3}{4}."""
    if not isinstance(whole, Number) or not isinstance(fraction, Apply) or whole.value.denominator != 1:
        return False
    return fraction.what == "/" and all(isinstance(part, Number) for part in fraction.parts)


class _Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.next = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.next] if self.next < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        mark = self.peek()
        if mark and mark in wanted:
            self.next += 1
            return mark
        return ""

    def need(self, *wanted: str) -> str:
        return self.take(*wanted) or self.fail(f"{' or '.join(wanted)} is missing")

    def fail(self, why: str) -> str:
        raise NoFormula(f"{why} before {self.peek()!r}" if self.peek() else f"{why} at the end")

    def several(self) -> Node:
        parts = [self.relation()]
        while self.take(",", ";"):
            if self.next == len(self.tokens):
                break
            parts.append(self.relation())
        return parts[0] if len(parts) == 1 else Group("", tuple(parts))

    def relation(self) -> Node:
        left = self.sum()
        if self.take("∈"):
            return self.sum()
        sign = _RELATIONS.get(self.peek())
        if sign is None:
            return left
        self.next += 1
        right = self.relation()
        if sign in "=<≤":
            return Relation(sign, left, right)
        return Relation("<" if sign == ">" else "≤", right, left)

    def sum(self) -> Node:
        made = self.product()
        while mark := self.take("+", "-", "±", "∪"):
            made = Apply(mark, (made, self.product()))
        return made

    def product(self) -> Node:
        made = self.signed()
        while True:
            mark = self.take("*", "/")
            if not mark and not self._opens_factor():
                return made
            if not mark and isinstance(made, Number) and re.fullmatch(r"[\d.]+", self.peek()):
                raise NoFormula("two numbers stand side by side")
            fraction = not mark and self.peek() == "frac"
            factor = self.signed() if mark else self.power()
            made = Apply("+" if fraction and _is_mixed(made, factor) else mark or "*", (made, factor))

    def signed(self) -> Node:
        if self.take("+"):
            return self.signed_deeper()
        if self.take("-"):
            return Apply("neg", (self.signed_deeper(),))
        if self.take("±"):
            return Apply("±", (Number(Fraction(0)), self.signed_deeper()))
        return self.power()

    def signed_deeper(self) -> Node:
        with self.deeper():
            return self.signed()

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NoFormula("nested too deeply")
        yield
        self.depth -= 1

    def power(self) -> Node:
        with self.deeper():
            made = self.atom()
            while self.take("!"):
                made = Apply("!", (made,))
            if self.take("^"):
                made = Apply("^", (made, self.signed()))
            return made

    def _opens_factor(self) -> bool:
        mark = self.peek()
        return bool(mark) and (mark[0].isalnum() or mark[0] == "." or mark in {"(", "{", "["})

    def atom(self) -> Node:
        mark = self.peek()
        self.next += bool(mark)
        if re.fullmatch(r"[\d.]+", mark):
            return Number(Fraction(mark))
        if mark in {"(", "[", "{", r"\{"}:
            return self.bracket(mark)
        if mark == "|":
            inner = self.sum()
            self.need("|")
            return Apply("abs", (inner,))
        if mark == "frac":
            return Apply("/", (self.argument(), self.argument()))
        if mark in FUNCTIONS:
            return self.function(mark)
        if mark and mark[0].isalpha():
            return Name(mark + self.subscript()) if mark not in CONSTANTS else Name(mark)
        self.next -= bool(mark)
        raise NoFormula(self.fail("a number, a name or a bracket is missing"))

    def subscript(self) -> str:
        if not self.take("_"):
            return ""
        if self.take("{"):
            inside = ""
            while self.peek() and self.peek() != "}":
                inside += self.tokens[self.next]
                self.next += 1
            self.need("}")
            return "_" + inside
        self.next += 1
        return "_" + (self.tokens[self.next - 1] if self.next <= len(self.tokens) else self.fail("an index is missing"))

    def bracket(self, opened: str) -> Node:
        inner = self.several() if self.peek() not in {")", r"\}"} else Group("", ())
        if opened == "{":
            self.need("}")
            return inner
        if opened == r"\{":
            self.need(r"\}")
            parts = inner.parts if isinstance(inner, Group) and not inner.brackets else (inner,)
            return Group("{}", parts)
        closed = self.need(")", "]")
        if isinstance(inner, Group) and not inner.brackets:
            return Group(opened + closed, inner.parts)
        return inner if opened + closed == "()" else Group(opened + closed, (inner,))

    def argument(self) -> Node:
        r"""What a command takes: `{…}`, or one mark, of which a number is one digit (\frac12)."""
        if self.take("{"):
            inner = self.sum()
            self.need("}")
            return inner
        mark = self.peek()
        if mark.isdecimal() and len(mark) > 1:
            self.tokens[self.next] = mark[1:]
            return Number(Fraction(mark[0]))
        return self.atom()

    def function(self, name: str) -> Node:
        if name == "sqrt" and self.take("["):
            degree = self.sum()
            self.need("]")
            return Apply("root", (self.argument(), degree))
        if name in {"sqrt", "cbrt"}:
            return Apply("root", (self.argument(), Number(Fraction(3 if name == "cbrt" else 2))))
        exponent: Node | None = None
        base: Node | None = None
        while mark := self.take("^", "_"):
            part = self.argument()
            exponent, base = (part, base) if mark == "^" else (exponent, part)
        inside = self.argument() if self.peek() in {"{", "("} else self.bare_argument()
        made = Apply(name, (inside, base)) if base is not None else Apply(name, (inside,))
        return made if exponent is None else Apply("^", (made, exponent))

    def bare_argument(self) -> Node:
        r"""What a function without brackets is of: \sin 2x is that of 2x."""
        made = self.power()
        while self.peek()[:1].isalpha() and self.peek() not in FUNCTIONS | {"frac"}:
            made = Apply("*", (made, self.power()))
        return made
