"""The same question to one simulated provider twice: through our client, and through litellm."""

import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

from harness.ask import Answer, Case, Prompt, Provider, Retries, Secret, ToolCall
from harness.client import Client
from harness.client.door import litellm, quiet
from harness.simulate import FleetProcess, write_keys
from tests.client.server import KEY, TOOLS
from tests.simulate.served import QUICK_TOML

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}}
ULM, OSLO = ToolCall("get_weather", '{"city": "Ulm"}'), ToolCall("get_time", '{"city": "Oslo"}')
SAW = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}


@dataclass(frozen=True)
class Question:
    """A prompt, what is right to answer, parameters."""

    prompt: Prompt
    right: Answer
    params: dict[str, Any] = field(default_factory=dict)


def user(text: object) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: object, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


EARLIER = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Ulm"}'}}
QUESTIONS = {
    "plain": Question(Prompt((user("Say something."),)), Answer("Grüße aus Köln 🙂, twice.")),
    "system": Question(Prompt(({"role": "system", "content": "Be brief."}, user("And now?"))), Answer("Now.")),
    "turns": Question(Prompt((user("Hi."), assistant("Hello."), user("Who am I?"))), Answer("The second speaker.")),
    "tools": Question(Prompt((user("Is it warm in Ulm?"),), TOOLS, "auto"), Answer("", (ULM,))),
    "parallel": Question(Prompt((user("Ulm, and Oslo's time?"),), TOOLS), Answer("I look.", (ULM, OSLO))),
    "result": Question(
        Prompt(
            (
                user("How is Ulm?"),
                assistant(None, tool_calls=[EARLIER]),
                {"role": "tool", "tool_call_id": "c1", "content": "cold"},
            ),
            TOOLS,
        ),
        Answer("It is cold."),
    ),
    "schema": Question(Prompt((user("Where is the minster?"),), response_format=FORM), Answer('{"city": "Ulm"}')),
    "image": Question(Prompt((user([{"type": "text", "text": "What is it?"}, SAW]),)), Answer("A pixel.")),
    "stop": Question(Prompt((user("Count."),)), Answer("one two STOP three"), {"stop": ["STOP"]}),
    "length": Question(Prompt((user("Go on and on."),)), Answer("word " * 30), {"max_tokens": 4}),
}


@contextlib.contextmanager
def fleet_of(folder):
    """A fleet that knows the questions, in a process of its own since litellm blocks the loop that it runs on."""
    cases = [Case(name, one.prompt, "talk", (), reference=one.right) for name, one in QUESTIONS.items()]
    write_keys(folder / "keys", cases)
    (folder / "fleet.toml").write_text(QUICK_TOML)
    with FleetProcess(folder / "keys", fleet=folder / "fleet.toml") as fleet:
        yield fleet


async def ours(url, model, question, *, stream):
    """What our client makes of it."""
    asked = Provider("mine", model, Secret(KEY), url, retries=Retries(0))
    async with Client() as client:
        attempt = await client.ask(asked, question.prompt, params=question.params, stream=stream)
    assert attempt.failure is None, attempt.failure
    assert attempt.clock.source == "wire"
    reply, usage = attempt.reply, attempt.usage
    return {
        "text": reply.text,
        "reasoning": reply.reasoning,
        "calls": [(one.name, json.loads(one.arguments)) for one in reply.tool_calls],
        "finish": reply.finish_reason,
        "usage": (usage.prompt_tokens, usage.completion_tokens),
    }


async def theirs(url, model, question, *, stream):
    """What litellm makes of it, a stream put together by litellm itself."""
    module, wanted = litellm(), question.prompt.as_json()
    messages = wanted.pop("messages")
    try:
        with quiet():
            answer = await module.acompletion(
                model=model, messages=messages, api_key=KEY, base_url=url, stream=stream, num_retries=0, max_retries=0,
                _skip_mcp_handler=True, **wanted, **question.params,
            )  # fmt: skip
            if stream:
                answer = module.stream_chunk_builder([chunk async for chunk in answer], messages=messages)
    finally:
        await module.close_litellm_async_clients()
    message, usage = answer.choices[0].message, answer.usage
    return {
        "text": message.content or "",
        "reasoning": getattr(message, "reasoning_content", None) or "",
        "calls": [(one.function.name, json.loads(one.function.arguments or "{}")) for one in message.tool_calls or []],
        "finish": answer.choices[0].finish_reason,
        "usage": (usage.prompt_tokens, usage.completion_tokens),
    }
