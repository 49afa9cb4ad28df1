"""Finds the lines of the keys in a TOML text that tomllib has already accepted, so no fault is looked for here."""

from __future__ import annotations

import re
import tomllib

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_GAP = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'  # up to two quotes may stand before the closing three
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]+")  # a number, a boolean or a date

_Path = tuple[str | int, ...]


def toml_lines(text: str) -> dict[_Path, int]:
    """The line (from 1) of each key, table and list item of `text`, by key path; () is line 1."""
    scan = _Scan(text)
    scan.document()
    return scan.lines


class _Scan:
    """One pass over the text: `at` is where it stands, `counts` how many tables each [[list]] has so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[_Path, int] = {(): 1}
        self.counts: dict[_Path, int] = {}

    def document(self) -> None:
        table: _Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)

    def header(self) -> _Path:
        """`[a.b]` or `[[a.b]]`: its path, through the last table of each list on the way."""
        is_list = self.text.startswith("[[", self.at)
        brackets = 2 if is_list else 1
        self.at += brackets
        *parents, last = self.key()
        self.at += brackets
        path: _Path = ()
        for part in parents:
            path = self.note((*path, part))
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        path = self.note((*path, last))
        if is_list:
            self.counts[path] = self.counts.get(path, 0) + 1
            path = self.note((*path, self.counts[path] - 1))
        return path

    def pair(self, table: _Path) -> None:
        """`a.b = value` within `table`."""
        path = table
        for part in self.key():
            path = self.note((*path, part))
        self.at += 1  # the equals sign
        self.skip(_GAP)
        self.value(path)

    def key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self.skip(_GAP)
            bare = self.skip(_BARE_KEY)
            parts.append(bare or self.quoted_key())
            self.skip(_GAP)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def quoted_key(self) -> str:
        text: str = tomllib.loads(f"key = {self.skip(_STRING)}")["key"]
        return text

    def value(self, path: _Path) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self.skip(_STRING)
        elif first == "[":
            self.items(path)
        elif first == "{":
            self.inline_table(path)
        else:
            self.skip(_SCALAR)

    def items(self, path: _Path) -> None:
        index = 0
        while self.next_of("]"):
            self.note((*path, index))
            self.value((*path, index))
            index += 1

    def inline_table(self, path: _Path) -> None:
        while self.next_of("}"):
            self.pair(path)

    def next_of(self, end: str) -> bool:
        """Steps over the opening bracket or a comma to the next element; False, and behind it, at `end`."""
        if self.text[self.at] in "[{,":
            self.at += 1
        self.skip(_BLANK)
        if self.text[self.at] == ",":
            return self.next_of(end)
        if self.text[self.at] == end:
            self.at += 1
            return False
        return True

    def note(self, path: _Path) -> _Path:
        self.lines.setdefault(path, self.line)
        return path

    def skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        text = found[0] if found else ""
        self.at += len(text)
        self.line += text.count("\n")
        return text
