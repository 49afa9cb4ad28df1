"""Reads a file that a person wrote into plain data, and knows on which line each key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.document.toml_lines import toml_lines
from harness.document.yaml_nodes import YamlFault, parse_yaml
from harness.errors import BadInput, Problem

KeyPath = tuple[str | int, ...]
"""Where a value stands in a document: ("providers", 2, "model"); lists are counted from 0, () is the whole."""

LineOf = Callable[[KeyPath], int | None]
"""Gives the line of a key path, counted from 1; None where no line is known."""


@dataclass(frozen=True)
class Document:
    """A file as plain data (dict, list, str, int, float, bool, None) and the lines of its keys.

    `find` gives the line of a key path that stands in the file, None for any other.
    """

    path: Path
    data: Any
    find: LineOf

    def line(self, key: KeyPath) -> int | None:
        """The line of the key at `key`, or of its nearest parent that stands in the file; counted from 1."""
        for length in range(len(key), -1, -1):
            line = self.find(key[:length])
            if line is not None:
                return line
        return None


def read_toml(path: Path) -> Document:
    """Reads a TOML file. Raises BadInput with the line where it cannot be read, is not UTF-8, or is not TOML."""
    text = _text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput([_toml_problem(path, text, str(error))]) from None
    return Document(path, data, toml_lines(text).get)


def read_yaml(path: Path) -> Document:
    """Reads a YAML file by the rules of YAML 1.2 (only `true` and `false` are booleans, a date is text).

    Raises BadInput with the line where it cannot be read, is not UTF-8, is not YAML, is empty, says a key twice, has
    a key that is not text, or a tag.
    """
    text = _text(path)
    try:
        data, find = parse_yaml(text)
    except YamlFault as fault:
        raise BadInput([Problem(path, line, message, hint) for line, message, hint in fault.found]) from None
    return Document(path, data, find)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise BadInput([Problem(path, None, "there is no such file")]) from None
    except OSError as error:
        raise BadInput([Problem(path, None, f"cannot be read: {error.strerror or error}")]) from None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        hint = "save the file as UTF-8"
        raise BadInput([Problem(path, line, f"is not UTF-8 (byte 0x{raw[error.start]:02x})", hint)]) from None


def _toml_problem(path: Path, text: str, error: str) -> Problem:
    """tomllib puts the place into its message: "Invalid value (at line 3, column 5)" or "(at end of document)"."""
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", error)
    message = error[: place.start()] if place else error
    line = int(place[1]) if place and place[1] else max(1, len(text.splitlines()))
    if message == "Cannot overwrite a value":
        return Problem(path, line, "this key is set twice in its table", "keep one of them")
    if twice := re.match(r"Cannot declare \((.*?),?\) twice$", message):
        name = ".".join(part.strip(" '\"") for part in twice[1].split(","))
        return Problem(
            path, line, f"the table [{name}] is written twice", "keep one, or write [[…]] for a list of tables"
        )
    hint = (
        'text stands in quotes: key = "text"'
        if message in {"Invalid value", "Expected '=' after a key in a key/value pair"}
        else ""
    )
    return Problem(path, line, f"is not TOML: {message[:1].lower()}{message[1:]}", hint)
