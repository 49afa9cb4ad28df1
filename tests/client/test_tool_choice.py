"""Whether a tool is called: what each kind of provider is told of it, and that the simulated fleet does as it is told on every wire."""

import asyncio
from typing import Any

import pytest

from harness.ask import Answer, Case, Prompt, Provider, Retries, Secret, ToolCall
from harness.client import Client
from harness.client.translate import Untranslatable
from harness.simulate import Keys
from harness.simulate.reply import NO_TOOL
from harness.simulate.wires import WIRES
from tests.client.server import KEY, TOOLS
from tests.client.test_translate import body, request
from tests.simulate.served import served

USER = ({"role": "user", "content": "Is it warm in Ulm?"},)
NAMED = {"type": "function", "function": {"name": "get_time"}}
CHOICES: dict[str, Any] = {"auto": "auto", "required": "required", "none": "none", "named": NAMED}
AS_OPENAI = CHOICES


def calling(mode, **more):
    return {"functionCallingConfig": {"mode": mode, **more}}


WRITTEN: dict[str, dict[str, Any]] = {
    "openai/gpt-4": AS_OPENAI,
    "openai/gpt-5-mini": AS_OPENAI,
    "azure/gpt-4o": AS_OPENAI,
    "groq/llama-3.3-70b-versatile": AS_OPENAI,
    "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo": AS_OPENAI,
    "huggingface/meta-llama/Llama-3.1-8B-Instruct": AS_OPENAI,
    "anthropic/claude-sonnet-4-5": {
        "auto": {"type": "auto"},
        "required": {"type": "any"},
        "none": {"type": "none"},
        "named": {"type": "tool", "name": "get_time"},
    },
    "gemini/gemini-2.5-flash": {
        "auto": calling("AUTO"),
        "required": calling("ANY"),
        "none": calling("NONE"),
        "named": calling("ANY", allowed_function_names=["get_time"]),
    },
    "cohere_chat/command-a-03-2025": {"auto": None, "required": "REQUIRED", "none": "NONE", "named": "REQUIRED"},
    "ollama_chat/llama3.1": {"auto": None, "required": "refused", "none": None, "named": "refused"},
    "replicate/acme/llm": dict.fromkeys(CHOICES, "refused"),
}
"""What stands in the body. Ollama's models always choose for themselves: not to call is said by offering no tool. Replicate has no tools."""
OFFERED = {("cohere_chat/command-a-03-2025", "named"): 1, ("ollama_chat/llama3.1", "none"): 0}
"""How many of the two tools are on offer where it is not both: it is what stands for a choice that the format cannot say."""


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("model", WRITTEN)
def test_each_provider_is_told_in_its_own_form(model, choice):
    base = "http://127.0.0.1:9" if model.startswith(("azure", "ollama")) else None
    prompt, written = Prompt(USER, TOOLS, CHOICES[choice]), WRITTEN[model][choice]
    if written == "refused":
        with pytest.raises(Untranslatable) as refused:
            request(model, prompt, base_url=base)
        assert refused.value.failure.kind == "unsupported_parameter"
        assert "tool" in refused.value.failure.error
        dropping = request(model, prompt, base_url=base, drop_params=True)
        assert set(dropping.dropped) <= {"tools", "tool_choice"}
        assert dropping.dropped
        return
    sent = body(request(model, prompt, base_url=base))
    assert sent.get("tool_choice", sent.get("toolConfig")) == written
    offered = sent.get("tools") or []
    names = [one for tool in offered for one in tool.get("function_declarations", [tool])]
    assert len(names) == OFFERED.get((model, choice), 2)


MODELS = {
    "openai": "openai/gpt-5-mini",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "gemini": "gemini/gemini-2.5-flash",
    "cohere": "cohere_chat/command-a-03-2025",
    "ollama_chat": "ollama_chat/llama3.1",
}
ULM = ToolCall("get_weather", '{"city": "Ulm"}')
CASES = [
    Case("calls", Prompt(USER, TOOLS), "tools", (), reference=Answer("", (ULM,))),
    Case(
        "none", Prompt(USER), "tools", (), reference=Answer(NO_TOOL)
    ),  # as it reaches a server by way of offering none
]
TALK = Case("talks", Prompt(({"role": "user", "content": "Hello."},), TOOLS), "tools", (), reference=Answer("Hi."))


def asked(kind, prompt, stream):
    async def main():
        async with served(keys=Keys.of([*CASES, TALK])) as fleet, Client() as client:
            base = fleet.address + WIRES[kind].BASE.format(profile="right")
            return await client.ask(
                Provider("mine", MODELS[kind], Secret(KEY), base, retries=Retries(0)), prompt, stream=stream
            )

    attempt = asyncio.run(main())
    reply = attempt.reply
    return attempt.failure, reply.text, [call.name for call in reply.tool_calls], reply.finish_reason


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("kind", MODELS)
def test_the_fleet_calls_as_it_is_told(kind, stream):
    assert asked(kind, Prompt(USER, TOOLS, "auto"), stream) == (None, "", ["get_weather"], "tool_calls")
    assert asked(kind, Prompt(USER, TOOLS, "none"), stream) == (None, NO_TOOL, [], "stop")
    assert asked(kind, Prompt(TALK.prompt.messages, TOOLS, "auto"), stream) == (None, "Hi.", [], "stop")
    if kind == "ollama_chat":
        return  # it cannot be told more
    assert asked(kind, Prompt(TALK.prompt.messages, TOOLS, "required"), stream) == (
        None,
        "",
        ["get_weather"],
        "tool_calls",
    )
    assert asked(kind, Prompt(USER, TOOLS, NAMED), stream) == (None, "", ["get_time"], "tool_calls")
