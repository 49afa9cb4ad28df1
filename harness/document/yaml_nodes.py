"""YAML by way of its nodes, so that each key has its line and nothing is accepted that JSON could not say."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_Path = tuple[str | int, ...]
_Found = tuple[int, str, str]  # line, what is wrong, what would be right

_STEM = "tag:yaml.org,2002:"
_RULES = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+", "-+.0123456789"),
    ("merge", r"<<", "<"),
)
"""What a plain word is, by YAML 1.2's core schema. YAML 1.1, PyYAML's own, reads `no` as false, 12:30 as 750, 010 as 8."""

_PATTERNS = {kind: pattern for kind, pattern, _ in _RULES}

_Base: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # libyaml is ten times as fast where PyYAML was built with it


class YamlFault(Exception):
    """What is wrong with a YAML text: lines (from 1), complaints and hints."""

    def __init__(self, *found: _Found) -> None:
        self.found = found
        super().__init__(found)


class _Loader(_Base):  # type: ignore[misc]  # which of the two bases is known at run time only
    """The safe loader with YAML 1.2's plain words."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name for it


_Loader.add_constructor(f"{_STEM}float", lambda _loader, node: float(node.value))
for _kind, _pattern, _first in _RULES:
    _Loader.add_implicit_resolver(f"{_STEM}{_kind}", re.compile(rf"^(?:{_pattern})$"), list(_first))


def parse_yaml(text: str) -> tuple[Any, Callable[[_Path], int | None]]:
    """The data of `text` and what finds the line of a key path in it. Raises YamlFault."""
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                raise YamlFault((1, "the file is empty", ""))
            _inspect(root)
            data = loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise YamlFault(_syntax(error)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlFault((line, f"holds a character that no text file has ({error.reason})", "remove it")) from None
    except ValueError as error:
        raise YamlFault((1, f"is not YAML: {error}", "")) from None
    return data, lambda path: _line_of(root, path)


def _syntax(error: yaml.MarkedYAMLError) -> _Found:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    context = f" ({error.context})" if error.context else ""
    problem = error.problem or ""
    hint = ""
    if "tab character" in problem:
        hint = "indent with spaces"
    elif "cannot start any token" in problem or "mapping values are not allowed" in problem:
        hint = "text with ': ', '#', '%', '@' or a tab in it stands in quotes; indent with spaces"
    return line, f"is not YAML: {problem}{context}", hint


def _inspect(root: Node) -> None:
    """Raises YamlFault for keys said twice, keys that are not text, tags, and an alias within its own anchor."""
    found: list[_Found] = []
    seen: set[int] = set()

    def visit(node: Node, above: tuple[int, ...]) -> None:
        line = node.start_mark.line + 1
        if id(node) in above:
            found.append((line, "an anchor holds itself", "give the value in full"))
        if id(node) in seen:
            return
        seen.add(id(node))
        if not _is_plain(node):
            found.append((line, f"the tag {node.tag.replace(_STEM, '!!')} is not read here", "leave it out"))
        if isinstance(node, MappingNode):
            found.extend(_bad_keys(node))
            for _, value in node.value:
                visit(value, (*above, id(node)))
        elif isinstance(node, SequenceNode):
            for item in node.value:
                visit(item, (*above, id(node)))

    visit(root, ())
    if found:
        raise YamlFault(*sorted(found))


def _is_plain(node: Node) -> bool:
    """Whether the node is of a kind that JSON has, and written as that kind: not `!!int three` nor `!!set`."""
    kind = node.tag.removeprefix(_STEM)
    if pattern := _PATTERNS.get(kind):
        return isinstance(node, ScalarNode) and re.fullmatch(pattern, node.value) is not None
    return kind in {"str", "seq", "map"}


def _bad_keys(node: MappingNode) -> list[_Found]:
    found: list[_Found] = []
    lines: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if key.tag not in {f"{_STEM}str", f"{_STEM}merge"} or not isinstance(key, ScalarNode):
            said = f" {key.value}" if isinstance(key, ScalarNode) else ""
            found.append((line, f"the key{said} is not text", "write it in quotes"))
        elif key.value in lines:
            found.append(
                (line, f"the key '{key.value}' is written twice, first on line {lines[key.value]}", "keep one")
            )
        else:
            lines[key.value] = line
    return found


def _line_of(root: Node, path: _Path) -> int | None:
    """The line of the key at `path`; of a list's item, the line where it starts."""
    node, line = root, int(root.start_mark.line) + 1
    for part in path:
        step = _step(node, part)
        if step is None:
            return None
        node, line = step
    return line


def _step(node: Node, part: str | int) -> tuple[Node, int] | None:
    """From a node to what stands at one key or index of it, with the line. The last of equal keys counts, as in data."""
    if isinstance(node, MappingNode):
        for key, value in reversed(node.value):
            if key.value == part:
                return value, key.start_mark.line + 1
    elif isinstance(node, SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
        item = node.value[part]
        return item, item.start_mark.line + 1
    return None
