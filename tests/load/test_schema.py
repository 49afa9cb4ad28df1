import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from harness import load, scorers

SUITES = Path(__file__).parents[2] / "suites"
CASE: dict[str, Any] = {"id": "a", "prompt": "hi", "expect": "x"}
SHOWN: dict[str, Any] = {
    "role": "user",
    "content": [
        {"type": "text", "text": "what?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}},
    ],
}
WRITE = (
    "python -c 'import json; from harness import load; print(json.dumps(load.schema(), indent=2, ensure_ascii=False))'"
)


def suite(**case):
    return {"capability": "c", "score": "exact", "cases": [CASE | case]}


def is_valid(said):
    return jsonschema.Draft202012Validator(load.schema()).is_valid(said)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(load.schema())


def test_the_committed_schema_is_up_to_date():
    committed = json.loads((SUITES / "schema.json").read_text(encoding="utf-8"))
    assert committed == load.schema(), f"write it anew: {WRITE} > suites/schema.json"


def test_the_suites_of_this_project_fit_and_name_the_schema():
    for path in SUITES.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert text.splitlines()[0] == "# yaml-language-server: $schema=schema.json", path
        jsonschema.validate(yaml.safe_load(text), load.schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "said",
    [
        suite(),
        suite(score=["exact", {"number": {"tolerance": 0.5}, "weight": 2, "not": True}, {"json": None}]),
        suite(tools=[{"name": "f"}, {"type": "function", "function": {"name": "g", "parameters": {"type": "object"}}}]),
        suite(reference="x", distractor={"text": "y", "tool_calls": [{"name": "f", "arguments": {"a": 1}}]}),
        suite(vars={"x": 1}, tags=["t"], cluster="k", response_schema={"type": "object"}, params={"max_tokens": 3}),
        {"cases": [{"id": "a", "messages": [SHOWN]}]},
        {"capability": "c", "vars": {}, "cases": [{"id": "a", "messages": [{"role": "user", "content": "hi"}]}]},
    ],
)
def test_what_the_loader_takes_fits(said):
    assert is_valid(said)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"cases": []},
        {"cases": [{"prompt": "hi"}]},
        suite() | {"capabilty": "c"},
        suite(promtp="hi"),
        suite(messages=[{"role": "user", "content": "hi"}]),
        {"cases": [{"id": "a"}]},
        suite(id="a b"),
        suite(score="exakt"),
        suite(score={"exakt": {}}),
        suite(score={"exact": {}, "number": {}}),
        suite(score={"weight": 2}),
        suite(score={"exact": {}, "weight": 0}),
        suite(score=[]),
        suite(tools=[{"nam": "f"}]),
        suite(reference={"txt": "x"}),
        {"cases": [{"id": "a", "messages": [{"role": "user", "content": [{"type": "text", "txt": "x"}]}]}]},
        {
            "cases": [
                {
                    "id": "a",
                    "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}],
                }
            ]
        },
        suite() | {"repeat": 0},
    ],
)
def test_what_the_loader_refuses_does_not_fit(said):
    assert not is_valid(said)


def test_editors_are_told_the_scorers_and_what_each_key_means():
    text = json.dumps(load.schema())
    assert all(f'"{name}"' in text for name in scorers.NAMES)
    case = load.schema()["$defs"]["YamlCase"]["properties"]
    assert all(value.get("description") for value in case.values())
