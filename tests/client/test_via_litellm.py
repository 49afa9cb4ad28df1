import asyncio
import json
import socket

import pytest

from harness.ask import Deadlines, Prices, Prompt, Provider, Retries, Secret
from harness.client import Client, TextDelta
from harness.told import Usage
from tests.client.server import HASTY, KEY, TOOLS, chunked, head, serving, whole

PROMPT = Prompt(({"role": "user", "content": "hi"},))


@pytest.fixture(autouse=True)
def no_wire_of_ours(monkeypatch):
    """Ollama, as one of the many that only litellm can ask."""
    monkeypatch.setattr("harness.client.translate.wire_for", lambda _kind: None)
    monkeypatch.setattr("harness.client.forms.wire_for", lambda _kind: None)


def line(content="", *, done=False, **more):
    """One line of an Ollama stream, or a body of its."""
    said = {"role": "assistant", "content": content, **more}
    counts = {"prompt_eval_count": 7, "eval_count": 3, "done_reason": "stop"} if done else {}
    return (
        json.dumps(
            {"model": "llama", "created_at": "2026-11-21T00:00:00Z", "message": said, "done": done, **counts}
        ).encode()
        + b"\n"
    )


def without_counts(raw):
    return (
        json.dumps({key: value for key, value in json.loads(raw).items() if not key.endswith("_count")}).encode()
        + b"\n"
    )


def ask(*scripts, stream=True, prompt=PROMPT, params=None, model="ollama_chat/llama3.2", **more):
    async def main():
        async with serving(*scripts) as server, Client() as client:
            asked = Provider("mine", model, Secret(KEY), server.url, **{"retries": Retries(0), **more})
            attempt = await client.ask(asked, prompt, params=params or {"max_tokens": 5}, stream=stream)
            return attempt, server

    return asyncio.run(main())


def test_a_stream_is_given_as_it_comes():
    async def main():
        script = chunked(line("Hel"), 0.02, line("lo"), 0.02, line(done=True))
        async with serving(script) as server, Client() as client:
            asked = Provider("mine", "ollama_chat/llama3.2", Secret(KEY), server.url, retries=Retries(0))
            async with client.stream(asked, PROMPT) as stream:
                return [delta async for delta in stream], stream.attempt

    deltas, attempt = asyncio.run(main())
    assert deltas == [TextDelta("Hel"), TextDelta("lo")]
    assert (attempt.reply.text, attempt.clock.source) == ("Hello", "client")


def test_a_stream_is_text_times_and_usage():
    attempt, server = ask(chunked(line("Hel"), 0.02, line("lo"), line(done=True)))
    assert attempt.failure is None
    assert (attempt.reply.text, attempt.reply.finish_reason) == ("Hello", "stop")
    assert attempt.usage == Usage(7, 3, None, None, None, "usage")
    assert (attempt.sent.wire, attempt.clock.source) == ("litellm", "client")
    assert attempt.sent.params == {"max_tokens": 5}
    assert 0 < attempt.clock.ttft_s < attempt.clock.latency_s
    assert attempt.clock.connect_s is None
    assert (server.asked[0].path, len(server.asked)) == ("/api/chat", 1)


def test_a_body_is_text_and_usage():
    attempt, _ = ask(whole(line("Hello", done=True)), stream=False)
    assert (attempt.reply.text, attempt.usage.prompt_tokens, attempt.usage.completion_tokens) == ("Hello", 7, 3)
    assert attempt.http_status == 200


def test_a_tool_call_is_one():
    call = [{"function": {"name": "get_weather", "arguments": {"city": "Ulm"}}}]
    attempt, _ = ask(whole(line(done=True, tool_calls=call)), stream=False, prompt=Prompt(PROMPT.messages, TOOLS))
    assert attempt.reply.tool_calls[0].name == "get_weather"
    assert json.loads(attempt.reply.tool_calls[0].arguments) == {"city": "Ulm"}


def test_a_streamed_tool_call_is_one():
    call = [{"function": {"name": "get_weather", "arguments": {"city": "Ulm"}}}]
    script = chunked(line(tool_calls=call), line(done=True))
    attempt, _ = ask(script, prompt=Prompt(PROMPT.messages, TOOLS))
    assert [one.name for one in attempt.reply.tool_calls] == ["get_weather"]


def test_usage_that_was_not_told_in_a_stream_is_unknown():
    attempt, _ = ask(chunked(without_counts(line("Hello", done=True))))
    assert attempt.reply.text == "Hello"
    assert attempt.usage == Usage()
    assert attempt.cost.usd is None


def test_usage_of_a_body_may_be_made_up_and_is_marked_so():
    attempt, _ = ask(whole(without_counts(line("Hello", done=True))), stream=False, prices=Prices(1.0, 1.0))
    assert attempt.usage.source == "tokenizer"
    assert attempt.cost.status == "estimated"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("401 Unauthorized", f"bad key {KEY}", "auth"),
        ("404 Not Found", '{"error": "model \'x\' not found"}', "model_not_found"),
        ("429 Too Many Requests", "slow down", "rate_limited"),
        ("500 Oops", "oops", "server_error"),
        ("502 Bad Gateway", "<html>oops</html>", "bad_gateway"),
        ("503 Service Unavailable", "oops", "overloaded"),
        ("400 Bad Request", "context_length_exceeded", "context_overflow"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_refusal_is_what_the_server_said_and_asked_once(status, body, kind, stream):
    attempt, server = ask(whole(body.encode(), status), stream=stream)
    assert (attempt.failure.kind, attempt.http_status) == (kind, int(status[:3]))
    assert len(server.asked) == 1
    assert KEY not in repr(attempt)


def test_retries_are_ours_and_counted():
    attempt, server = ask(whole(b"oops", "500 Oops"), retries=Retries(3, 0.001))
    assert (attempt.number, len(server.asked)) == (4, 4)


def test_retry_after_is_found_where_litellm_keeps_it():
    attempt, _ = ask(whole(b"slow down", "429 Too Many Requests", "Retry-After: 7"))
    assert attempt.failure.retry_after_s == 7.0


def test_a_body_that_is_no_json_is_malformed():
    attempt, _ = ask(whole(b"{"), stream=False)
    assert attempt.failure.kind == "response_malformed"


def test_nothing_in_the_answer_is_a_failure():
    attempt, _ = ask(whole(line(done=True)), stream=False)
    assert attempt.failure.kind == "empty_response"


@pytest.mark.parametrize(
    ("script", "kind", "text"),
    [
        (["hang"], "timeout_first_token", ""),
        (chunked(line("Hel"), "hang"), "timeout_stall", "Hel"),
        (chunked(line("Hel"), 0.01, "reset", end=False), "connection_reset", "Hel"),
    ],
)
def test_a_stream_that_breaks_keeps_its_text(script, kind, text):
    attempt, _ = ask(script, deadlines=HASTY)
    assert (attempt.failure.kind, attempt.reply.text) == (kind, text)


def test_the_total_deadline_ends_everything():
    dripping = [step for _ in range(100) for step in (line("x"), 0.01)]
    attempt, _ = ask(chunked(*dripping), deadlines=Deadlines(total_s=0.2))
    assert attempt.failure.kind == "timeout_total"
    assert set(attempt.reply.text) <= {"x"}
    attempt, _ = ask(["hang"], deadlines=Deadlines(total_s=0.2), stream=False)
    assert attempt.failure.kind == "timeout_total"


def test_an_unsupported_parameter_sends_nothing():
    attempt, server = ask(whole(line("x", done=True)), params={"logit_bias": {"1": 2}})
    assert attempt.failure.kind == "unsupported_parameter"
    assert server.asked == []


def test_a_refused_connection_is_one():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        async def main():
            async with Client() as client:
                return await client.ask(Provider("p", "ollama_chat/x", None, url, retries=Retries(0)), "hi")

        assert asyncio.run(main()).failure.kind == "connect_refused"


def test_what_the_server_says_about_itself_is_not_seen_through_litellm():
    attempt, _ = ask(
        [head("200 OK", "x-simulated: careful", length=len(line("x", done=True))) + line("x", done=True)], stream=False
    )
    assert attempt.simulated is False
