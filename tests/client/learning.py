"""`make forms`: has litellm translate plain questions for every kind that we have a wire for, and writes what came of it to `harness/client/forms.json`.

What litellm looks at in a model's name, a key, an address or the environment is read off its source: the strings that it compares them
with. Each is tried with every kind, and those that change what comes out are kept: with one of them in sight litellm is asked itself.
"""

import ast
import itertools
import os
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson

from harness.ask import JsonObject, Prompt, Provider, Secret
from harness.client import forms
from harness.client.translate import Untranslatable, translate, wire_of
from harness.client.wires import WIRES, wire_for
from harness.registry import Catalogue

KEY = "Zkey8d1f"
BASES = ("http://127.0.0.1:9/v1", "https://zbase.test/z/v1", "https://zbase.test")
MODEL = "zmodel-8d1f"
VERSION = "2031-02-03"
ROLES = {"s": "system", "u": "user", "a": "assistant"}
VALUES: dict[str, tuple[float, ...]] = {
    "temperature": (0, 0.3711, 1, 1.7193),
    "top_p": (0.1193, 1),
    "max_tokens": (1, 17, 70_103),
    "max_completion_tokens": (1, 17, 70_103),
    "seed": (0, 7, 123_456_789),
    "presence_penalty": (0, 0.2711),
    "frequency_penalty": (0, 0.2917),
}
ALIASES = {"cohere": ("cohere", "cohere_chat"), "cohere_chat": ("cohere_chat", "cohere"), "ollama_chat": ("ollama",)}
ELSEWHERE = (
    "image", "audio", "embed", "rerank", "video", "realtime", "batches", "vector_stores", "cost_calc", "pass_through", "passthrough",
    "logging", "streaming_handler", "guardrail", "responses/", "files", "completion/", "token_counter", "containers",
)  # fmt: skip
"""Parts of litellm that have nothing to do with the translation of a chat."""

Made = tuple[str, dict[str, str], Any]


def asked(frame: str, around: str = " \n@\n ") -> tuple[Prompt, list[str]]:
    """A prompt with messages of these roles, and its texts, which are `around` with a word of their own for its @."""
    texts = [around.replace("@", f"Z{number}text8d1f") for number in range(len(frame))]
    return Prompt(tuple({"role": ROLES[r], "content": text} for r, text in zip(frame, texts, strict=True))), texts


def provider(kind: str, model: str, base: str | None = BASES[0], key: str | None = KEY) -> Provider:
    """One of this kind."""
    return Provider("p", f"{kind}/{model}", api_key=Secret(key) if key else None, base_url=base)


def made(of: Provider, prompt: Prompt, params: JsonObject, *, stream: bool) -> Made | None:
    """What litellm's translation comes to; None where there is no request for it, or not by our wire."""
    wire = wire_for(of.kind)
    try:
        if wire is None or wire_of(of, prompt, params) is not wire:
            return None
        got = translate(of, wire, prompt, params, stream=stream)
    except Untranslatable:
        return None
    plain = not got.dropped and got.json_tool is None and not got.tool_names and got.stream is stream
    return (got.url, dict(got.headers), orjson.loads(got.body)) if plain else None


def unshaped(of: Provider, frame: str, params: JsonObject, *, stream: bool) -> Made | None:
    """The same before our wire gives it its last shape, which it does at run time."""
    wires = {wire.name: wire.shape for wire in WIRES}
    wire = wire_for(of.kind)
    assert wire is not None
    object.__setattr__(wire, "shape", None)
    try:
        return made(of, asked(frame)[0], params, stream=stream)
    finally:
        object.__setattr__(wire, "shape", wires[wire.name])


def by_form(form: JsonObject, of: Provider, prompt: Prompt, params: JsonObject, *, stream: bool) -> Made | None:
    """What the form comes to."""
    got = forms.filled(form, of, prompt, params, stream=stream)
    return None if got is None else (got.url, dict(got.headers), orjson.loads(got.body))


def probes(form: JsonObject, *, few: bool = False) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Questions that the form has a place for: frame, params, streamed."""
    everything: dict[str, Any] = {name: VALUES[name][1] for name in form["params"] if name != "max_completion_tokens"}
    if "api_version" in form:
        everything["api_version"] = VERSION
    if few:
        yield next(iter(form["bodies"])), {}, False
        yield list(form["bodies"])[-1], everything, True
        return
    singles = [{name: value} for name in form["params"] for value in VALUES[name]]
    for frame, stream in itertools.product(form["bodies"], (False, True)):
        for params in ({}, everything, *(singles if frame == "u" else ())):
            yield frame, params, stream


def fits(form: JsonObject, of: Provider, *, few: bool = False, around: str = " \n@\n ") -> bool:
    """Whether the form says of this provider what litellm says."""
    for frame, params, stream in probes(form, few=few):
        prompt = asked(frame, around)[0]
        want = made(of, prompt, params, stream=stream)
        if want is None or want != by_form(form, of, prompt, params, stream=stream):
            return False
    return True


def learn(kind: str, model: str) -> dict[str, Any] | None:
    """The form of this model's requests; None if it has none that says what litellm does."""
    of = provider(kind, model)
    whole, streamed = (unshaped(of, "u", {}, stream=stream) for stream in (False, True))
    if whole is None or streamed is None or whole[1] != streamed[1]:
        return None
    urls = [url.removeprefix(BASES[0]).replace(model, "{model}") for url, _headers, _body in (whole, streamed)]
    form: dict[str, Any] = {
        "base": None,
        "anywhere": True,
        "url": urls,
        "headers": {name: value.replace(KEY, "{key}") for name, value in whole[1].items()},
        "params": {name: path for name in VALUES if (path := _path(of, name, whole[2], streamed[2])) is not None},
        "bodies": {frame: bodies for frame in forms.FRAMES if (bodies := _bodies(of, frame, model)) is not None},
    }
    dated = unshaped(of, "u", {"api_version": VERSION}, stream=False)
    if dated is not None and VERSION in dated[0]:
        before, after = dated[0].removeprefix(BASES[0]).replace(model, "{model}").split(VERSION)
        form["api_version"] = urls[0].removeprefix(before).removesuffix(after)
        form["url"] = [f"{before}{{api_version}}{after}"] * 2
    home = unshaped(provider(kind, model, None), "u", {}, stream=False)
    ending = urls[0].replace("{model}", model)
    if home is not None and home[0].endswith(ending):
        form["base"] = home[0].removesuffix(ending)
    places = [of, provider(kind, model, BASES[1]), provider(kind, model, key=None)]
    form["anywhere"] = fits(form, provider(kind, model, BASES[2]), few=True)
    if form["base"] and not fits(form, provider(kind, model, None)):
        form["base"] = None
    return form if form["bodies"] and all(fits(form, place) for place in places) else None


def _bodies(of: Provider, frame: str, model: str) -> list[Any] | None:
    """The body for these roles, whole and streamed, with holes; None where the texts do not stand in it as they are."""
    texts = asked(frame)[1]
    holes = {model: "{model}", **{text: f"{{{place}}}" for place, text in enumerate(texts)}}
    got = [unshaped(of, frame, {}, stream=stream) for stream in (False, True)]
    bodies = [_holed(one[2], holes) for one in got if one is not None]
    if len(bodies) < 2 or "text8d1f" in str(bodies):
        return None
    return bodies


def _holed(value: Any, holes: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _holed(one, holes) for name, one in value.items()}
    if isinstance(value, list):
        return [_holed(one, holes) for one in value]
    if isinstance(value, str):
        return holes.get(value) or value.replace(next(iter(holes)), "{model}")
    return value


def _path(of: Provider, name: str, *plain: Any) -> list[str] | None:
    """Where a parameter stands in the body, whichever its value and streamed or not; None if it is not just put there."""
    paths: list[list[str]] = []
    for value, stream in itertools.product(VALUES[name][::-1], (False, True)):
        got = unshaped(of, "u", {name: value}, stream=stream)
        if got is None:
            return None
        paths += [path for path in _differing(got[2], plain[stream]) if _at(got[2], path) == value]
    return paths[0] if paths and paths.count(paths[0]) >= len(VALUES[name]) else None


def _differing(one: Any, other: Any) -> Iterator[list[str]]:
    for name, value in one.items():
        there = other.get(name) if isinstance(other, dict) else None
        if isinstance(value, dict):
            yield from ([name, *path] for path in _differing(value, there))
        elif value != there or type(value) is not type(there):
            yield [name]


def _at(body: Any, path: list[str]) -> Any:
    for name in path:
        body = body[name]
    return body


def compared() -> tuple[set[str], set[str]]:
    """The strings that litellm compares names, addresses, keys and texts with, and the names that it reads from the environment."""
    spec = find_spec("litellm")
    assert spec is not None
    root = Path(spec.origin or "").parent
    kinds = {kind for wire in WIRES for kind in wire.endpoints} | {"base_llm", "vertex_ai"}
    files = [root / "utils.py", root / "main.py", *(root / "litellm_core_utils").rglob("*.py")]
    files += [file for kind in sorted(kinds) for file in (root / "llms" / kind).rglob("*.py")]
    files = [file for file in files if not any(part in str(file.relative_to(root)) for part in ELSEWHERE)]
    shared = [root / "constants.py", *(root / "types").rglob("*.py")]
    nodes = {file: list(ast.walk(ast.parse(file.read_text(encoding="utf-8")))) for file in (*files, *shared)}
    constants: dict[str, set[str]] = {}
    for node in itertools.chain(*nodes.values()):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id.isupper():
                constants.setdefault(target.id, set()).update(_strings(node.value))
    words: set[str] = set()
    names: set[str] = set()
    for node in itertools.chain(*(nodes[file] for file in files)):
        for said in _compared(node):
            words.update(_strings(said))
            named = {getattr(one, "id", getattr(one, "attr", "")) for one in ast.walk(said)}
            words.update(word for name in named for word in constants.get(name, ()))
        if isinstance(node, ast.Call) and re.search("get_secret|getenv|environ.get", ast.unparse(node.func)):
            names.update(_strings(*node.args[:1]))
    names = {name for name in names if name.isupper() and not name.endswith(("_KEY", "_TOKEN", "_COST_MAP"))}
    return {word for word in words if len(word) > 1 and re.fullmatch(r"[\w./:@<>-]{2,40}", word)}, names


def _compared(node: ast.AST) -> Iterator[ast.AST]:
    """What something of a question is compared with there."""
    about = re.compile(r"model|base|key|text|content|system|stripped|token|value", re.IGNORECASE)
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn | ast.Eq):
        one, other = node.left, node.comparators[0]
        yield from (said for said, of in ((one, other), (other, one)) if about.search(ast.unparse(of)))
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("startswith", "endswith", "removeprefix")
        and about.search(ast.unparse(node.func.value))
    ):
        yield from node.args


def _strings(*nodes: ast.AST) -> Iterator[str]:
    for node in nodes:
        yield from (one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))


def family(model: str) -> Iterator[str]:
    """What tells that a name is of the same family, such as "gpt" of "gpt-5" and o1, o2, … of "o1-pro"."""
    found = re.match(r"[a-z]+", model.rpartition("/")[2].lower())
    if found and len(found[0]) > 2:
        yield found[0]
    elif found:
        yield from (f"{found[0]}{digit}" for digit in range(10))


def models(kind: str, table: JsonObject) -> list[str]:
    """The names of the kind's chat models that litellm's table has."""
    names = set()
    for name, row in table.items():
        prefix, slash, rest = name.partition("/")
        if row.get("mode") not in ("chat", "responses", "completion", None):
            continue
        for alias in ALIASES.get(kind, (kind,)):
            if slash and prefix == alias:
                names.add(rest)
            elif row.get("litellm_provider") == alias:
                names.add(name)
    return sorted(names)


def learned(kind: str, words: set[str], names: set[str], table: JsonObject) -> dict[str, Any] | None:
    """All that is kept of a kind."""
    first = learn(kind, MODEL)
    if first is None or not all(_same_with_text(first, kind, word) for word in words):
        return None
    found = [first]
    heeded = {
        word.lower()
        for word in sorted(words)
        if not all(
            fits(first, provider(kind, model), few=True)
            for model in (word, f"z{word}", f"{word}-z", f"z/{word}", f"{word}z")
            if not model.startswith("/") and not model.endswith("/")
        )
    }
    known: dict[str, int | None] = {}
    for model in models(kind, table):
        of = provider(kind, model)
        known[model] = next((number for number, form in enumerate(found) if fits(form, of, few=number > 0)), None)
        if known[model] is None and (own := learn(kind, model)) is not None:
            known[model] = len(found)
            found.append(own)
    odd = [model for model, place in known.items() if place != 0 and "/" not in model]
    heeded |= {part for model in odd for part in family(model)}
    return {
        "words": _least(heeded),
        "keys": _least({word for word in words if not _same_with_key(first, kind, word)}),
        "bases": _least({word for word in words if not _same_with_base(first, kind, word)}),
        "reads": sorted(name for name in names if not _same_with_setting(first, kind, name)),
        "models": {
            model: place
            for model, place in known.items()
            if place != 0 or any(word in model.lower() for word in heeded)
        },
        "forms": found,
    }


def _same_with_text(form: JsonObject, kind: str, word: str) -> bool:
    return all(
        fits(form, provider(kind, MODEL), few=True, around=around) for around in (f"{word} @", f"@ {word}", f"@{word}")
    )


def _least(words: set[str]) -> list[str]:
    """The words in which no other of them stands."""
    return sorted(word for word in words if not any(other != word and other in word for other in words))


def _same_with_key(form: JsonObject, kind: str, word: str) -> bool:
    return all(fits(form, provider(kind, MODEL, key=key), few=True) for key in (f"{word}z", f"z{word}"))


def _same_with_base(form: JsonObject, kind: str, word: str) -> bool:
    path = word.strip("/")
    if not path or " " in path or ":" in path:
        return True  # not in an address that a form is taken for
    bases = (f"http://h/{path}", f"http://h/{path}/v1", f"http://{path.partition('/')[0]}.test/v1")
    return all(
        fits(form, provider(kind, MODEL, base), few=True)
        for base in bases
        if forms.filled(form, provider(kind, MODEL, base), asked("u")[0], {}, stream=False) is not None
    )


def _same_with_setting(form: JsonObject, kind: str, name: str) -> bool:
    homes = [BASES[0], *([None] if form["base"] else [])]
    for value, base in itertools.product(("http://set.test/v1", "true"), homes):
        with patch.dict(os.environ, {name: value}):
            if not fits(form, provider(kind, MODEL, base), few=True):
                return False
    return True


def main() -> None:
    """Learn everything and write it."""
    words, names = compared()
    table = Catalogue.load().table
    kinds = {}
    for kind in sorted(kind for wire in WIRES for kind in wire.endpoints):
        found = learned(kind, words, names, table)
        if found is None:
            sys.stdout.write(f"{kind}: nothing\n")
            continue
        kinds[kind] = found
        none = sum(place is None for place in found["models"].values())
        sys.stdout.write(
            f"{kind}: {len(found['forms'])} forms, {len(found['words'])} words, {none} models only litellm knows\n"
        )
        sys.stdout.flush()
    told = {"litellm": version("litellm"), "kinds": kinds}
    forms.FILE.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
