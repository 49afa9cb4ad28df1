import contextlib
import json

import pytest

from harness.ask import Prompt, Provider, Secret
from harness.client.translate import Untranslatable, translate, wire_of
from harness.client.wires import WIRES, wire_for
from tests.client.server import KEY, TOOLS

ASKED = Prompt(({"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}))
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"a": {"type": "number"}},
            "required": ["a"],
            "additionalProperties": False,
        },
    },
}


def request(model, prompt=ASKED, params=None, *, stream=True, **more):
    provider = Provider("p", model, **{"api_key": Secret(KEY), "base_url": None, **more})
    wire = wire_for(provider.kind)
    assert wire is not None
    return translate(provider, wire, prompt, params or {}, stream=stream)


def body(made):
    return json.loads(made.body)


@pytest.mark.parametrize(
    ("model", "base", "url"),
    [
        ("openai/gpt-4o-mini", None, "https://api.openai.com/v1/chat/completions"),
        ("openai/any", "http://h/v1/", "http://h/v1/chat/completions"),
        ("openai/any", "http://h/v1/chat/completions", "http://h/v1/chat/completions"),
        ("groq/llama-3.3-70b-versatile", None, "https://api.groq.com/openai/v1/chat/completions"),
        ("groq/llama-3.3-70b-versatile", "http://h/v1", "http://h/v1/chat/completions"),
        ("mistral/mistral-small-latest", None, "https://api.mistral.ai/v1/chat/completions"),
        ("huggingface/meta-llama/L", None, "https://router.huggingface.co/v1/chat/completions"),
        ("openrouter/openai/gpt-4o", None, "https://openrouter.ai/api/v1/chat/completions"),
        ("hosted_vllm/any", "http://h/v1", "http://h/v1/chat/completions"),
        ("openai_like/any", "http://h/v1", "http://h/v1/chat/completions"),
        ("anthropic/claude-sonnet-4-5", None, "https://api.anthropic.com/v1/messages"),
        ("anthropic/claude-sonnet-4-5", "http://h", "http://h/v1/messages"),
        ("anthropic/claude-sonnet-4-5", "http://h/v1/messages", "http://h/v1/messages"),
    ],
)
def test_each_kind_has_its_address(model, base, url):
    assert request(model, base_url=base).url == url


def test_azure_is_addressed_by_deployment_and_version_with_its_own_header():
    made = request("azure/my-gpt", params={"api_version": "2025-01-01"}, base_url="https://me.openai.azure.com/")
    assert made.url == "https://me.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=2025-01-01"
    assert made.headers["api-key"] == KEY
    assert "Authorization" not in made.headers
    assert "api_version" not in made.params


@pytest.mark.parametrize("kind", [kind for wire in WIRES for kind in wire.endpoints])
def test_every_kind_that_a_wire_claims_translates(kind, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: pytest.fail("a translation asks nobody"))
    made = request(f"{kind}/some-model", params={"max_tokens": 7}, base_url="http://127.0.0.1:9/v1")
    sent = body(made)
    assert "some-model" in f"{made.url} {sent.get('model')}"
    assert "be brief" in made.body.decode()
    assert sent.get("stream") is True or ":stream" in made.url
    assert KEY in " ".join(made.headers.values())
    assert "extra_body" not in sent
    assert made.url.startswith("http://127.0.0.1:9/")


@pytest.mark.parametrize("kind", [kind for wire in WIRES for kind in wire.endpoints if kind != "openai"])
def test_no_key_goes_to_openai_for_want_of_an_address(kind):
    with contextlib.suppress(Untranslatable):
        assert "openai.com" not in request(f"{kind}/some-model").url


def test_what_runs_anywhere_needs_an_address():
    with pytest.raises(Untranslatable) as refused:
        request("hosted_vllm/any")
    assert refused.value.failure.kind == "bad_request"
    assert "base_url" in refused.value.failure.error


def test_a_simulated_provider_that_is_not_served_is_not_asked():
    with pytest.raises(Untranslatable) as refused:
        request("openai/any", simulated="careful")
    assert refused.value.failure.kind == "client_error"


def test_hugging_faces_host_may_stand_first():
    assert body(request("huggingface/together/meta-llama/L"))["model"] == "meta-llama/L:together"
    assert body(request("huggingface/meta-llama/L"))["model"] == "meta-llama/L"


def test_usage_is_asked_for_only_when_streaming_and_only_where_it_must_be():
    assert body(request("openai/gpt-4o"))["stream_options"] == {"include_usage": True}
    assert "stream_options" not in body(request("openai/gpt-4o", stream=False))
    assert not body(request("openai/gpt-4o", stream=False)).get("stream")
    assert "stream_options" not in body(request("mistral/mistral-small-latest"))
    assert "stream_options" not in body(request("anthropic/claude-sonnet-4-5"))


def test_params_are_the_body_without_its_messages():
    made = request("anthropic/claude-sonnet-4-5", Prompt(ASKED.messages, TOOLS), {"max_tokens": 5, "stop": ["x"]})
    assert set(made.params) == {"model", "max_tokens", "stream", "stop_sequences", "tools"}
    assert body(made)["system"] == [{"type": "text", "text": "be brief"}]


def test_no_key_of_the_environment_is_sent(monkeypatch):
    for name in ("OPENAI_API_KEY", "GROQ_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "sk-from-the-environment")
    for model in ("openai/any", "groq/any", "anthropic/claude-sonnet-4-5"):
        made = request(model, base_url="http://h/v1", api_key=None)
        assert "environment" not in repr(dict(made.headers))
        assert not {"authorization", "x-api-key"} & {name.lower() for name in made.headers}


def test_the_key_is_in_no_repr():
    assert KEY not in repr(request("openai/any"))


@pytest.mark.parametrize(
    ("model", "params", "name"),
    [
        ("anthropic/claude-sonnet-4-5", {"seed": 3}, "seed"),
        ("openai/gpt-5-mini", {"temperature": 0.3}, "temperature"),
        ("groq/llama-3.3-70b-versatile", {"user": "me"}, "user"),
    ],
)
def test_what_a_provider_does_not_take_is_refused_or_dropped_by_name(model, params, name):
    with pytest.raises(Untranslatable) as refused:
        request(model, params={"max_tokens": 5, **params})
    assert refused.value.failure.kind == "unsupported_parameter"
    assert name in refused.value.failure.error
    assert not refused.value.failure.retryable
    made = request(model, params={"max_tokens": 5, **params}, drop_params=True)
    assert made.dropped == (name,)
    assert name not in made.params
    assert 5 in (made.params.get("max_tokens"), made.params.get("max_completion_tokens"))


def test_a_parameter_that_goes_by_another_name_is_not_dropped():
    assert request("anthropic/claude-sonnet-4-5", params={"stop": ["x"]}, drop_params=True).dropped == ()


def test_tools_that_a_provider_does_not_take_are_named_too():
    with pytest.raises(Untranslatable) as refused:
        request("perplexity/sonar", Prompt(ASKED.messages, TOOLS))
    assert "tools" in refused.value.failure.error


def test_json_through_a_tool_is_told_and_not_streamed_where_it_cannot_be():
    prompt = Prompt(ASKED.messages, response_format=SCHEMA)
    older = request("anthropic/claude-3-5-haiku-latest", prompt)
    assert older.json_tool == "json_tool_call"
    assert body(older)["tools"][0]["name"] == "json_tool_call"
    made = request("groq/llama-3.3-70b-versatile", prompt)
    assert (made.json_tool, made.stream) == ("json_tool_call", False)
    assert "stream" not in body(made)
    assert request("openai/gpt-4o", prompt).json_tool is None


def test_tool_names_that_had_to_be_rewritten_are_known():
    tool = {**TOOLS[0], "function": {**TOOLS[0]["function"], "name": "get weather!"}}
    made = request("anthropic/claude-sonnet-4-5", Prompt(ASKED.messages, (tool,)))
    written = body(made)["tools"][0]["name"]
    assert written != "get weather!"
    assert made.tool_names == {written: "get weather!"}


def test_neither_prompt_nor_params_are_changed():
    prompt = Prompt(ASKED.messages, TOOLS, "auto", SCHEMA)
    params = {"max_tokens": 5, "stop": ["x"], "metadata": {"a": ["b"]}}
    before = json.dumps([prompt.as_json(), params])
    for model in ("openai/gpt-4o", "anthropic/claude-sonnet-4-5", "mistral/mistral-small-latest"):
        request(model, prompt, params, drop_params=True)
    assert json.dumps([prompt.as_json(), params]) == before


def test_own_headers_go_out_as_headers():
    made = request("openai/gpt-4o", params={"extra_headers": {"X-Team": "search"}})
    assert made.headers["X-Team"] == "search"
    assert "extra_headers" not in made.params


def test_fields_that_openai_does_not_know_reach_compatible_servers():
    assert body(request("hosted_vllm/any", params={"top_k": 3}, base_url="http://h/v1"))["top_k"] == 3


def test_messages_that_cannot_be_translated_are_a_failure_and_no_exception():
    with pytest.raises(Untranslatable) as refused:
        request("anthropic/claude-sonnet-4-5", Prompt(({"role": "nobody"},)))
    assert refused.value.failure.kind in {"bad_request", "client_error"}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("openai/gpt-4o-mini", "openai_chat"),
        ("anthropic/claude-sonnet-4-5", "anthropic_messages"),
        ("bedrock/x", None),
        ("openai/o1-pro", None),
    ],
)
def test_models_that_answer_elsewhere_than_in_chat_go_through_litellm(model, name):
    wire = wire_of(Provider("p", model), ASKED, {})
    assert (wire.name if wire else None) == name
