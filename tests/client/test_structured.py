"""JSON that is asked for: which way each kind of provider is asked, what goes out for it, and what comes back on every wire."""

import asyncio
import json

import pydantic
import pytest

from harness.ask import Answer, Case, Prompt, Provider, Retries, Secret
from harness.client import Client
from harness.client.translate import Untranslatable
from harness.simulate import Keys
from harness.simulate.wires import WIRES
from harness.structured import response_format
from tests.client.server import KEY, TOOLS, completion, serving, whole
from tests.client.test_translate import body, request
from tests.simulate.served import served


class Place(pydantic.BaseModel):
    city: str
    people: int | None


USER = {"role": "user", "content": "Where is the tallest church?"}
SYSTEM = {"role": "system", "content": "Be brief."}
OBJECT = {"type": "json_object"}
SCHEMA = response_format(Place)["json_schema"]["schema"]

WAYS = {
    # model: asked for any JSON object, for a JSON Schema, for a JSON Schema beside tools
    "openai/gpt-4": ("prompt", "prompt", "prompt"),
    "openai/gpt-3.5-turbo": ("json_mode", "json_mode", "json_mode"),
    "openai/gpt-4-turbo": ("json_mode", "json_mode", "json_mode"),
    "openai/gpt-4.1-mini": ("json_mode", "json_schema", "json_schema"),
    "openai/gpt-5-mini": ("json_mode", "json_schema", "json_schema"),
    "anthropic/claude-3-haiku-20240307": ("prompt", "tool", "prompt"),
    "anthropic/claude-sonnet-4-5": ("prompt", "json_schema", "json_schema"),
    "gemini/gemini-1.5-flash": ("json_mode", "json_mode", "json_mode"),
    "gemini/gemini-2.5-flash": ("json_mode", "json_schema", "json_schema"),
    "azure/gpt-35-turbo": ("prompt", "tool", "prompt"),
    "azure/gpt-4o": ("json_mode", "json_schema", "json_schema"),
    "groq/llama-3.1-8b-instant": ("json_mode", "tool", "prompt"),
    "groq/openai/gpt-oss-20b": ("json_mode", "json_schema", "json_schema"),
    "together_ai/mistralai/Mistral-7B-Instruct-v0.1": ("json_mode", "json_schema", "json_schema"),
    "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo": ("json_mode", "json_schema", "json_schema"),
    "replicate/meta/meta-llama-3-8b-instruct": ("prompt", "prompt", None),
    "replicate/acme/llm": ("prompt", "prompt", None),
    "huggingface/meta-llama/Llama-3.1-8B-Instruct": ("json_mode", "json_schema", "json_schema"),
    "huggingface/openai/gpt-oss-120b": ("json_mode", "json_schema", "json_schema"),
    "cohere_chat/command-r": ("json_mode", "json_schema", "prompt"),
    "cohere_chat/command-a-03-2025": ("json_mode", "json_schema", "prompt"),
    "ollama_chat/llama2": ("json_mode", "json_schema", "json_schema"),
    "ollama_chat/llama3.3": ("json_mode", "json_schema", "json_schema"),
}
"""An older and a newer model of each of the ten kinds that we promise, with the way in which JSON is asked for; None: tools have no form there.

What else is a provider's own is left to litellm, which knows it of some models and lets others through: a provider that does not take it says so.
"""
ASKED = {
    0: Prompt((SYSTEM, USER), response_format=OBJECT),
    1: Prompt((SYSTEM, USER), response_format=Place),
    2: Prompt((SYSTEM, USER), TOOLS, response_format=Place),
}


def base_of(model):
    return "http://127.0.0.1:9" if model.startswith(("azure", "ollama")) else None


@pytest.mark.parametrize("which", ASKED, ids=["object", "schema", "beside tools"])
@pytest.mark.parametrize("model", WAYS)
def test_each_provider_is_asked_in_the_best_way_that_it_has(model, which):
    way, sent = WAYS[model][which], ASKED[which]
    if way is None:
        with pytest.raises(Untranslatable, match="tools"):
            request(model, sent, base_url=base_of(model))
        return
    made = request(model, sent, base_url=base_of(model))
    raw = made.body.decode()
    assert (made.structured_by, made.dropped) == (way, ())
    in_words = way == "prompt" or (way == "json_mode" and which != 0)
    assert ("Answer with JSON and nothing else" in raw) is in_words
    assert ("json_tool_call" in raw) is (way == "tool")
    assert raw.count("people") >= (which != 0), "the schema goes out, in one form or the other"
    if which == 2:
        assert "get_weather" in raw


OWN = {
    "openai/gpt-5-mini": {"response_format": response_format(Place)},
    "anthropic/claude-sonnet-4-5": {"output_format": {"type": "json_schema", "schema": SCHEMA}},
    "gemini/gemini-2.5-flash": {
        "generationConfig": {"response_mime_type": "application/json", "response_json_schema": SCHEMA}
    },
    "cohere_chat/command-a-03-2025": {"response_format": {"type": "json_object", "json_schema": SCHEMA}},
    "ollama_chat/llama3.3": {"format": SCHEMA},
}


@pytest.mark.parametrize("model", OWN)
def test_the_providers_own_means_are_written_in_its_own_form(model):
    sent = body(request(model, ASKED[1], base_url=base_of(model)))
    for name, value in OWN[model].items():
        found = sent[name] if name != "generationConfig" else {key: sent[name][key] for key in value}
        assert found == value


def test_words_stand_in_the_system_text_with_the_schema_as_json():
    said = body(request("openai/gpt-4", ASKED[1]))["messages"]
    words, _, schema = said[0]["content"].partition("JSON Schema:\n")
    assert words.startswith("Be brief.\n\nAnswer with JSON and nothing else")
    assert (json.loads(schema), said[1:]) == (SCHEMA, [USER])
    alone = body(request("openai/gpt-4", Prompt((USER,), response_format=OBJECT)))["messages"]
    assert [one["role"] for one in alone] == ["system", "user"]


def test_where_a_model_takes_json_but_no_schema_the_schema_is_told_as_json_in_the_system_text():
    sent = body(request("gemini/gemini-1.5-flash", ASKED[1]))
    assert sent["generationConfig"]["response_mime_type"] == "application/json"
    raw = json.dumps(sent["contents"]) + json.dumps(sent.get("system_instruction"))
    assert "Use this JSON schema" not in raw, "litellm would write it as Python does"


def test_a_response_format_among_the_params_counts_as_the_prompts():
    made = request("replicate/acme/llm", Prompt((USER,)), {"response_format": OBJECT, "max_tokens": 5})
    assert made.structured_by == "prompt"
    assert "response_format" not in json.dumps(dict(made.params))


def test_text_is_no_json_and_what_nobody_knows_is_refused():
    assert request("openai/gpt-4o", Prompt((USER,), response_format={"type": "text"})).structured_by is None
    with pytest.raises(Untranslatable, match="response_format"):
        request("cohere_chat/command-r", Prompt((USER,), response_format={"type": "grammar"}))


def test_another_parameter_that_is_not_taken_is_refused_as_ever():
    for model in ("anthropic/claude-3-haiku-20240307", "anthropic/claude-sonnet-4-5"):
        with pytest.raises(Untranslatable, match="seed"):
            request(model, ASKED[0], {"seed": 3})
        made = request(model, ASKED[0], {"seed": 3}, drop_params=True)
        assert (made.structured_by, made.dropped) == ("prompt", ("seed",))


MODELS = {
    "openai": ("openai/gpt-5-mini", "openai/gpt-3.5-turbo", "openai/gpt-4"),
    "anthropic": ("anthropic/claude-sonnet-4-5", "anthropic/claude-3-haiku-20240307"),
    "gemini": ("gemini/gemini-2.5-flash", "gemini/gemini-1.5-flash"),
    "replicate": ("replicate/acme/llm", "replicate/meta/meta-llama-3-8b-instruct"),
    "cohere": ("cohere_chat/command-a-03-2025",),
    "ollama_chat": ("ollama_chat/llama3.3",),
}
CASES = [
    Case("place", Prompt((SYSTEM, USER)), "talk", (), reference=Answer('{"city": "Ulm", "people": 129000}')),
    Case("tools", Prompt((SYSTEM, USER), TOOLS), "talk", (), reference=Answer('{"city": "Ulm", "people": null}')),
]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(("kind", "model"), [(kind, model) for kind in WIRES for model in MODELS[kind]])
def test_a_model_class_comes_back_as_its_object_on_every_wire(kind, model, stream):
    async def main():
        async with served(keys=Keys.of(CASES)) as fleet, Client() as client:
            base = fleet.address + WIRES[kind].BASE.format(profile="right")
            provider = Provider("mine", model, Secret(KEY), base, retries=Retries(0))
            prompt = Prompt((SYSTEM, USER))
            by_class = await client.ask(provider, prompt, response_format=Place, stream=stream)
            return by_class, await client.ask(provider, prompt, response_format=OBJECT, stream=stream)

    by_class, by_object = asyncio.run(main())
    for attempt, which in ((by_class, 1), (by_object, 0)):
        assert attempt.failure is None
        assert attempt.parsed(Place) == Place(city="Ulm", people=129000)
        assert (attempt.reply.tool_calls, attempt.reply.finish_reason) == ((), None if kind == "replicate" else "stop")
        assert attempt.sent.structured_by == WAYS[model][which]


@pytest.mark.parametrize(("model", "way"), [("datarobot/any", "litellm"), ("volcengine/any", "prompt")])
def test_what_litellm_calls_is_asked_its_way_or_in_words(model, way):
    async def main():
        async with serving(whole(completion('{"city": "Ulm", "people": 1}'))) as server, Client() as client:
            provider = Provider("mine", model, Secret(KEY), f"{server.url}/v1", retries=Retries(0))
            return await client.ask(provider, Prompt((USER,)), response_format=Place, stream=False), server.asked

    attempt, asked = asyncio.run(main())
    assert attempt.failure is None
    assert (attempt.clock.source, attempt.sent.structured_by) == ("client", way)
    assert attempt.parsed(Place).people == 1
    assert ("Answer with JSON" in json.dumps(asked[0].body)) is (way == "prompt")
    assert ("response_format" in asked[0].body) is (way == "litellm")
