"""The JSON Schema is the form: the shipped file fits it, and each key is described."""

import tomllib
from pathlib import Path

import jsonschema

from harness import registry

SHIPPED = Path(__file__).parents[2] / "providers.toml"


def test_the_schema_is_one_and_the_shipped_file_fits_it():
    schema = registry.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(tomllib.loads(SHIPPED.read_text(encoding="utf-8")), schema)


def test_the_schema_refuses_what_the_reader_refuses():
    validator = jsonschema.Draft202012Validator(registry.schema())
    good = {"name": "x", "model": "openai/m"}
    assert validator.is_valid({"providers": [good]})
    for bad in ({"modle": "m"}, {"name": "Big"}, {"max_tokens": "3"}, {"rpm": 0}, {"prices": {"input": 1}}):
        assert not validator.is_valid({"providers": [{**good, **bad}]})


def test_every_key_is_described():
    schema = registry.schema()
    forms = [schema, *(form for form in schema["$defs"].values() if form.get("type") == "object")]
    assert len(forms) == 7
    for form in forms:
        assert form["additionalProperties"] is False
        for key, value in form["properties"].items():
            assert value.get("description"), key
