"""The same question to one simulated provider twice: through our client, and through litellm; and every difference that remains, with its reason."""

import asyncio
import contextlib
import importlib
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
    """What our client makes of it; of a failure, its kind."""
    asked = Provider("mine", model, Secret(KEY), url, retries=Retries(0))
    async with Client() as client:
        attempt = await client.ask(asked, question.prompt, params=question.params, stream=stream)
    if attempt.failure is not None:
        return {"failed": attempt.failure.kind}
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
    """What litellm makes of it, a stream put together by litellm itself. Raises what litellm raises."""
    module, wanted = litellm(), question.prompt.as_json()
    messages = wanted.pop("messages")
    if stream and model.startswith("openai/"):  # on the other wires a stream tells it unasked
        wanted["stream_options"] = {"include_usage": True}
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


def both(url, kind, question, *, stream):
    """What each of the two makes of it; of one that fails, how."""
    mine = asyncio.run(ours(url, MODELS[kind], question, stream=stream))
    there = f"{url}/v2/chat" if kind == "cohere" else url  # litellm appends nothing to a base URL of Cohere's
    try:
        return mine, asyncio.run(theirs(there, MODELS[kind], question, stream=stream))
    except Exception as error:  # noqa: BLE001 - litellm raises anything
        return mine, {"failed": type(error).__name__}


def differing(mine, other):
    """In what the two differ; where one of them alone fails, that it does."""
    failed = [who for who, one in (("ours", mine), ("litellm's", other)) if "failed" in one]
    if failed:
        return {f"{failed[0]} fails"} if len(failed) == 1 else set()
    return {key for key in mine if mine[key] != other[key]}


def litellm_finds_replicate(patch):
    """Has litellm ask Replicate where it is told to, and soon: it waits a second before its first question after a prediction.

    And count without fetching a tokenizer.
    """

    def url(_self, api_base, api_key, model, *_options, **_more):
        return f"{api_base}/models/{model}/predictions"

    module = litellm()
    handler = importlib.import_module("litellm.llms.replicate.chat.handler")
    patch.setattr(module.ReplicateConfig, "get_complete_url", url)
    patch.setattr(module, "DEFAULT_REPLICATE_POLLING_DELAY_SECONDS", 0.1)
    patch.setattr(module, "disable_hf_tokenizer_download", True)
    patch.setattr(handler, "REPLICATE_POLLING_DELAY_SECONDS", 0.01)


MODELS = {
    "openai": "openai/gpt-4o-mini",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "gemini": "gemini/gemini-2.5-flash",
    "cohere": "cohere/command-a-03-2025",
    "ollama_chat": "ollama_chat/llama3.1",
    "replicate": "replicate/acme/llm",
}
"""A model on each wire, by the fleet's name of the wire."""

STREAMED, WHOLE = True, False


@dataclass(frozen=True)
class Difference:
    """What differs on a wire and why. `questions` and `ways` (streamed, whole) say where among the fleet's answers, and nowhere else.

    `shown_by` names the test that shows a difference on answers that the fleet does not give.
    """

    kind: str
    what: frozenset[str]
    why: str
    questions: frozenset[str] = frozenset()
    ways: frozenset[bool] = frozenset({STREAMED, WHOLE})
    shown_by: str = ""


def listed(kind, what, why, questions="", ways=(STREAMED, WHOLE), shown_by=""):
    return Difference(kind, frozenset(what.split(", ")), why, frozenset(questions.split()), frozenset(ways), shown_by)


EVERY = " ".join(QUESTIONS)
DIFFERENCES = (
    listed(
        "cohere", "litellm's fails", "it takes every line of a stream for JSON, also those that name an event",
        EVERY.replace("schema", ""), [STREAMED],
    ),
    listed("cohere", "litellm's fails", "it has no response format for Cohere's version 2, which has one", "schema"),
    listed(
        "cohere", "finish", "it leaves finish_reason out of a body, and its default is stop",
        "tools parallel length", [WHOLE],
    ),
    listed("cohere", "reasoning", "it leaves out the plan that goes before tool calls", "parallel", [WHOLE]),
    listed(
        "cohere", "finish, usage, calls", "of a stream of JSON lines it looks for them where Cohere does not write them",
        shown_by="test_of_events_as_lines_of_json_litellm_reads_the_text_alone",
    ),
    listed(
        "ollama_chat", "litellm's fails",
        "it gives every streamed call the index 0 and writes their arguments behind one another, which is no JSON: "
        "https://github.com/BerriAI/litellm/issues/33678",
        "parallel", [STREAMED],
    ),
    listed(
        "replicate", "usage", "it does not read the counts: whole, it counts by a tokenizer of its own; streamed, it says 0 and 0",
        "plain system turns length",
    ),
    listed(
        "replicate", "finish", "Replicate tells none, and it makes up stop, also at the token limit; ours is told by counts and limit, if at all",
        "plain system turns length",
    ),
    listed(
        "replicate", "ours fails", "it leaves tools out in silence, which is another question; ours is unsupported_parameter",
        "tools parallel",
    ),
    listed("replicate", "litellm's fails", "it refuses response formats; ours asks for one in words", "schema"),
    listed("replicate", "litellm's fails", "it sends stop sequences as a list, which Replicate wants as one text", "stop"),
    listed(
        "gemini", "text", "of a whole answer that a filter stopped it throws away the text that came",
        shown_by="test_text_that_a_filter_stopped_is_kept_where_litellm_throws_it_away",
    ),
    listed(
        "gemini", "ours fails", "a blocked prompt is an empty answer for it; ours is content_filtered",
        shown_by="test_a_blocked_prompt_is_a_failure_where_litellm_has_an_answer_of_nothing",
    ),
    listed(
        "gemini", "finish", "it says stop for reasons that tell a fault of the model (MALFORMED_FUNCTION_CALL)",
        shown_by="test_a_fault_of_the_model_keeps_its_name_where_litellm_says_stop",
    ),
    listed(
        "gemini", "finish", "it says tool_calls of a call that was cut at the token limit",
        shown_by="test_a_call_at_the_token_limit_is_cut_where_litellm_calls_it_whole",
    ),
    listed(
        "gemini", "ours fails", "it makes up stop for a stream without a finish reason",
        shown_by="test_a_stream_without_a_reason_is_cut_where_litellm_makes_one_up",
    ),
    listed("replicate", "ours fails", "an answer of nothing is a blank for it", shown_by="test_an_empty_reply_is_empty"),
)  # fmt: skip
"""Every difference that remains between our wires and litellm, with its reason. What is not here is the same.

Ids of tool calls are not compared: where a provider gives none, litellm draws one by chance.
"""
