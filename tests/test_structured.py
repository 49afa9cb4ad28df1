"""Model classes as response formats, and JSON asked for in words."""

import asyncio
import enum
from typing import Annotated, Generic, Literal, TypeVar

import pydantic
import pytest

from harness.ask import Case, Prompt, Provider, Trial
from harness.client import Client
from harness.errors import UnfitReply, WrongUse
from harness.structured import response_format, stated, unfenced, without_words
from harness.told import Attempt, Failure, Reply, Sent
from tests.store import made

T = TypeVar("T")
USER = {"role": "user", "content": "Where?"}


class Kind(enum.Enum):
    CITY = "city"
    VILLAGE = "village"


class Place(pydantic.BaseModel):
    """Where people live."""

    name: str = pydantic.Field(description="as its people call it", min_length=1)
    kind: Kind = pydantic.Field(default=Kind.CITY, description="how large")
    mayor: str | None = None


class Trip(pydantic.BaseModel):
    stops: list[Place]
    home: Place
    required: Literal["yes", "no"]


class Box(pydantic.BaseModel, Generic[T]):
    content: T


class Tally(pydantic.BaseModel):
    counts: dict[str, int]


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]


class Anything(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    name: str


def closed(schema):
    """Every object of the schema with its own fields, in any depth."""
    if isinstance(schema, list):
        return [found for one in schema for found in closed(one)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if schema.get("type") == "object" else []
    return own + [found for one in schema.values() for found in closed(one)]


def test_every_object_of_a_strict_schema_has_all_its_fields_and_no_others():
    form = response_format(Trip)["json_schema"]
    assert (form["name"], form["strict"]) == ("Trip", True)
    objects = closed(form["schema"])
    assert len(objects) == 2
    for one in objects:
        assert one["additionalProperties"] is False
        assert one["required"] == list(one["properties"])
    place = form["schema"]["$defs"]["Place"]["properties"]
    assert place["kind"] == {
        "type": "string", "enum": ["city", "village"], "title": "Kind", "description": "how large",
    }, "a reference with something beside it is written out"  # fmt: skip
    assert place["mayor"] == {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Mayor"}
    assert form["schema"]["properties"]["home"] == {"$ref": "#/$defs/Place"}
    assert Trip.model_json_schema()["$defs"]["Place"]["required"] == ["name"], "the class is as it was"


class Node(pydantic.BaseModel):
    after: "Node" = pydantic.Field(default_factory=lambda: Node(below=[]), description="the next")
    below: list["Node"]


def test_a_class_within_itself_is_unfolded_once():
    schema = response_format(Node)["json_schema"]["schema"]
    assert schema["properties"]["below"]["items"] == {"$ref": "#/$defs/Node"}
    after = schema["properties"]["after"]
    assert (after["description"], after["properties"]["after"]) == ("the next", {"$ref": "#/$defs/Node"})


class Either(pydantic.BaseModel):
    one: Annotated[Cat | Dog, pydantic.Field(discriminator="kind")]


class Whatever(pydantic.BaseModel):
    value: object


class Pair(pydantic.BaseModel):
    both: tuple[int, str]


@pytest.mark.parametrize("model", [Tally, Anything, Either, Whatever, Pair, pydantic.RootModel[list[int]]])
def test_a_schema_of_any_fields_is_not_called_strict_and_goes_as_it_is(model):
    form = response_format(model)["json_schema"]
    assert (form["strict"], form["schema"]) == (False, model.model_json_schema())


def test_a_name_has_only_what_openai_takes():
    assert response_format(Box[int])["json_schema"]["name"] == "Box_int"
    assert response_format(pydantic.create_model("Ö", name=(str, ...)))["json_schema"]["name"] == "reply"
    long = pydantic.create_model("M" * 90, name=(str, ...))
    assert response_format(long)["json_schema"]["name"] == "M" * 64


def test_a_model_class_in_a_prompt_is_its_schema_and_has_its_content_address():
    by_class, by_schema = (
        Prompt((USER,), response_format=Place),
        Prompt((USER,), response_format=response_format(Place)),
    )
    assert by_class == by_schema
    assert by_class.as_json()["response_format"]["json_schema"]["name"] == "Place"
    cases = [Case("c", prompt, "x", ()) for prompt in (by_class, by_schema, Prompt((USER,), response_format=Trip))]
    assert cases[0].hash == cases[1].hash != cases[2].hash
    keys = [Trial("s", "h", case, Provider("p", "openai/x")).call_key for case in cases]
    assert keys[0] == keys[1] != keys[2]


def test_a_class_without_a_schema_is_wrong_use():
    with pytest.raises(WrongUse, match="neither an object in OpenAI's form nor a class with model_json_schema"):
        Prompt((USER,), response_format=dict)  # type: ignore[arg-type]
    with pytest.raises(WrongUse, match="model_json_schema"):
        asyncio.run(Client().ask(Provider("p", "openai/x"), "?", response_format=int))  # type: ignore[arg-type]


def replied(text, failure=None, finish="stop"):
    return Attempt(
        made.trial(), 1, made.attempt().started_at, Sent("w"), Reply(text, finish_reason=finish), failure=failure
    )


@pytest.mark.parametrize("text", ['{"name": "Ulm"}', '```json\n{"name": "Ulm"}\n```\n', ' ```\n{"name":\n"Ulm"}```'])
def test_a_reply_that_fits_is_the_object_also_in_a_code_fence(text):
    assert replied(text).parsed(Place) == Place(name="Ulm")


def test_a_reply_that_does_not_fit_says_what_is_wrong_and_keeps_its_text():
    with pytest.raises(
        UnfitReply, match=r"the reply is no Place: 1 validation error.*\nname\n  Field required"
    ) as unfit:
        replied('{"nome": "Ulm"}').parsed(Place)
    assert unfit.value.text == '{"nome": "Ulm"}'
    with pytest.raises(UnfitReply, match=r"no Place \(it was cut at its token limit\): .*\n  Invalid JSON"):
        replied('{"name": "U', finish="length").parsed(Place)
    with pytest.raises(UnfitReply, match="no Place, as there is no answer: server_error: broken") as unfit:
        replied('{"name": "Ulm"}', Failure("server_error", "broken")).parsed(Place)
    assert unfit.value.text == '{"name": "Ulm"}'


SCHEMA = {"type": "json_schema", "json_schema": {"name": "p", "schema": Place.model_json_schema()}}


@pytest.mark.parametrize("form", [SCHEMA, {"type": "json_object"}])
@pytest.mark.parametrize("system", ["Be brief.", [{"type": "text", "text": "Be brief."}], None])
def test_words_stand_at_the_end_of_the_system_text_and_can_be_told_from_it(form, system):
    first, *rest = stated(({"role": "system", "content": system}, USER) if system else (USER,), form)
    assert (first["role"], rest) == ("system", [USER])
    texts = [first["content"]] if isinstance(first["content"], str) else [part["text"] for part in first["content"]]
    assert [without_words(text).strip() for text in texts if without_words(text).strip()] == (
        ["Be brief."] if system else []
    )
    assert without_words(texts[-1] + " And then?").strip() == (
        "Be brief.\n\n And then?" if isinstance(system, str) else "And then?"
    )
    assert ("as its people call it" in texts[-1]) is (form is SCHEMA)


def test_what_only_looks_like_words_or_a_fence_stays():
    broken = stated((USER,), SCHEMA)[0]["content"][:-9]
    for text in (broken, "Answer in JSON.", ""):
        assert without_words(text) == text
    for text in ("```json\n{}\n``` is JSON", "{}", "```{}```"):
        assert unfenced(text) == text
