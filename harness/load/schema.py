"""The JSON Schema of a YAML suite, made from the shapes that suites are held against."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from harness.load.shapes import YamlSuiteWithCases


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a suite file, with the scorers' names. `suites/schema.json` is this, for editors."""
    made = YamlSuiteWithCases.model_json_schema(schema_generator=_WithoutTitles)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "A suite of llm-harness"}


class _WithoutTitles(GenerateJsonSchema):
    """A title that repeats the key says nothing; the description does."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False
