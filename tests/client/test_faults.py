"""The fault list, over real HTTP: for each fault the right kind, side and retryability, the text kept so far, nothing invented."""

import asyncio
import socket

import pytest

from harness.ask import Deadlines
from harness.client import Client
from harness.told import SIDES, Usage
from tests.client.server import (
    A_HELLO,
    A_START,
    A_STOP,
    COUNTED,
    DONE,
    HASTY,
    HELLO,
    KEY,
    USAGE,
    a_end,
    a_text,
    a_tool,
    chunked,
    completion,
    data,
    delta,
    event,
    head,
    message,
    provider,
    serving,
    trial,
    whole,
)

OPENAI, ANTHROPIC = "openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5"


def ask(script, *, stream=True, model=OPENAI, deadlines=None):
    deadlines = deadlines or (HASTY if "hang" in script else Deadlines())

    async def main():
        async with serving(script) as server, Client() as client:
            asked = provider(server.url, model, deadlines=deadlines)
            attempts = [attempt async for attempt in client.attempts(trial(asked, stream=stream, max_tokens=50))]
            assert len(attempts) == 1
            assert len(server.asked) == 1
            return attempts[0]

    return asyncio.run(main())


def openai_error(text, code=None, kind=None):
    return {"error": {"message": text, "type": kind, "code": code}}


def anthropic_error(kind, text):
    return {"type": "error", "error": {"type": kind, "message": text}}


STATUSES = [
    (OPENAI, "401 Unauthorized", openai_error(f"Incorrect API key provided: {KEY}", "invalid_api_key"), "auth", False),
    (OPENAI, "402 Payment Required", openai_error("Insufficient Balance"), "quota_exhausted", False),
    (OPENAI, "403 Forbidden", openai_error("not for you"), "auth", False),
    (OPENAI, "404 Not Found", openai_error("no such thing", "model_not_found"), "model_not_found", False),
    (OPENAI, "408 Request Timeout", openai_error("too slow"), "server_error", True),
    (OPENAI, "413 Payload Too Large", openai_error("too large"), "bad_request", False),
    (OPENAI, "413 Too Large", openai_error("on tokens per minute", "rate_limit_exceeded"), "rate_limited", False),
    (OPENAI, "429 Too Many Requests", openai_error("slow down", "rate_limit_exceeded"), "rate_limited", True),
    (OPENAI, "429 Too Many Requests", openai_error("You ran out", "insufficient_quota"), "quota_exhausted", False),
    (OPENAI, "400 Bad Request", openai_error("what?"), "bad_request", False),
    (OPENAI, "400 Bad Request", openai_error("x", "context_length_exceeded"), "context_overflow", False),
    (OPENAI, "400 Bad Request", openai_error("The response was filtered", "content_filter"), "content_filtered", False),
    (OPENAI, "400 Bad Request", openai_error("no", "unsupported_parameter"), "unsupported_parameter", False),
    (OPENAI, "500 Internal Server Error", openai_error("oops"), "server_error", True),
    (OPENAI, "500 Internal Server Error", openai_error("x", None, "overloaded_error"), "overloaded", True),
    (OPENAI, "502 Bad Gateway", b"<html><style>p{}</style><h1>502 Bad Gateway</h1></html>", "bad_gateway", True),
    (OPENAI, "503 Service Unavailable", openai_error("busy"), "overloaded", True),
    (OPENAI, "504 Gateway Timeout", b"", "bad_gateway", True),
    (OPENAI, "522 Origin", b"x", "bad_gateway", True),
    (OPENAI, "529 Overloaded", openai_error("busy"), "overloaded", True),
    (OPENAI, "418 I'm a teapot", b"tea", "bad_request", False),
    (ANTHROPIC, "529 Overloaded", anthropic_error("overloaded_error", "Overloaded"), "overloaded", True),
    (ANTHROPIC, "401 Unauthorized", anthropic_error("authentication_error", "invalid x-api-key"), "auth", False),
    (ANTHROPIC, "404 Not Found", anthropic_error("not_found_error", "model: claude-x"), "model_not_found", False),
    (ANTHROPIC, "429 Slow", anthropic_error("rate_limit_error", "slow"), "rate_limited", True),
    (
        ANTHROPIC,
        "400 Bad",
        anthropic_error("invalid_request_error", "prompt is too long: 1"),
        "context_overflow",
        False,
    ),
    (
        ANTHROPIC,
        "400 Bad",
        anthropic_error("invalid_request_error", "Your credit balance is too low"),
        "quota_exhausted",
        False,
    ),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("model", "status", "body", "kind", "retryable"), STATUSES)
def test_a_refusal_is_what_its_status_and_body_say(model, status, body, kind, retryable, stream):
    attempt = ask(whole(body, status), stream=stream, model=model)
    assert (attempt.failure.kind, attempt.failure.retryable) == (kind, retryable)
    assert attempt.failure.side == SIDES[kind]
    assert attempt.http_status == int(status[:3])
    assert attempt.failure.error.startswith(f"HTTP {status[:3]}: ")
    assert attempt.reply.text == ""
    assert attempt.usage == Usage()
    assert (attempt.cost.usd, attempt.cost.status) == (None, "unknown")
    assert KEY not in repr(attempt)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (["Retry-After: 3"], 3.0),
        (["retry-after-ms: 250"], 0.25),
        (["Retry-After: -5"], None),
        (["Retry-After: 99999999"], None),
        (["Retry-After: soon"], None),
        (["Retry-After: nan"], None),
        (["Retry-After: Fri, 31 Dec 1999 23:59:59 GMT"], 0.0),
        ([], None),
    ],
)
def test_retry_after_is_read_where_it_makes_sense(header, seconds):
    attempt = ask(whole(openai_error("slow down"), "429 Too Many Requests", *header))
    assert attempt.failure.kind == "rate_limited"
    assert attempt.failure.retry_after_s == seconds


def test_a_redirect_is_not_followed_since_the_key_would_go_along():
    attempt = ask(whole(b"", "307 Temporary Redirect", "Location: http://127.0.0.1:9/elsewhere"))
    assert attempt.failure.kind == "bad_request"
    assert "http://127.0.0.1:9/elsewhere" in attempt.failure.error


BODIES = [
    (OPENAI, openai_error("broken inside"), "server_error"),
    (OPENAI, {"error": {"message": "busy", "code": 503}}, "overloaded"),
    (OPENAI, {"error": "rate limit reached"}, "rate_limited"),
    (OPENAI, b"{", "response_malformed"),
    (OPENAI, b"", "response_malformed"),
    (OPENAI, b"<html>hello</html>", "response_malformed"),
    (OPENAI, b"[1]", "response_malformed"),
    (OPENAI, {"id": "x"}, "response_malformed"),
    (OPENAI, {"choices": []}, "empty_response"),
    (OPENAI, completion(None), "empty_response"),
    (OPENAI, completion(""), "empty_response"),
    (OPENAI, completion("", "content_filter"), "content_filtered"),
    (OPENAI, completion("", reasoning_content="hm"), "empty_response"),
    (ANTHROPIC, anthropic_error("overloaded_error", "x"), "overloaded"),
    (ANTHROPIC, b"{", "response_malformed"),
    (ANTHROPIC, {"id": "x"}, "response_malformed"),
    (ANTHROPIC, message(), "empty_response"),
    (ANTHROPIC, message(reason="refusal"), "content_filtered"),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("model", "body", "kind"), BODIES)
def test_a_body_that_is_no_answer_is_a_failure_although_the_status_is_200(model, body, kind, stream):
    attempt = ask(whole(body), model=model, stream=stream)
    assert attempt.failure.kind == kind
    assert attempt.http_status == 200


STREAMS = [
    (OPENAI, chunked(delta("Hel")), "stream_truncated", "Hel"),
    (OPENAI, chunked(delta("Hel"), DONE), "stream_truncated", "Hel"),
    (OPENAI, chunked(delta("Hel"), DONE, end=False, headers=["Connection: close"]), "stream_truncated", "Hel"),
    (OPENAI, chunked(delta("Hel"), delta("lo")[:20]), "stream_truncated", "Hel"),
    (OPENAI, chunked(DONE), "stream_truncated", ""),
    (OPENAI, chunked(delta("Hel"), 0.01, "reset", end=False), "connection_reset", "Hel"),
    (OPENAI, chunked(delta("Hel"), data("{"), delta("lo")), "stream_malformed", "Hel"),
    (OPENAI, chunked(delta("Hel"), data("[1]"), delta("lo")), "stream_malformed", "Hel"),
    (OPENAI, chunked(delta("Hel"), data(openai_error("gone"))), "server_error", "Hel"),
    (OPENAI, chunked(delta("Hel"), b'event: error\ndata: {"message": "overloaded"}\n\n'), "overloaded", "Hel"),
    (OPENAI, chunked(delta("Hel"), "hang"), "timeout_stall", "Hel"),
    (OPENAI, chunked("hang"), "timeout_first_token", ""),
    (OPENAI, ["hang"], "timeout_first_token", ""),
    (OPENAI, ["reset"], "connection_reset", ""),
    (OPENAI, [b"nonsense\r\n\r\n"], "response_malformed", ""),
    (OPENAI, chunked(delta(finish="stop"), DONE), "empty_response", ""),
    (OPENAI, chunked(delta(finish="content_filter"), DONE), "content_filtered", ""),
    (ANTHROPIC, chunked(*A_HELLO[:-1]), "stream_truncated", "Hello"),
    (ANTHROPIC, chunked(*A_HELLO[:-2]), "stream_truncated", "Hello"),
    (ANTHROPIC, chunked(*A_HELLO[:-2], A_STOP), "stream_truncated", "Hello"),
    (ANTHROPIC, chunked(*A_HELLO[:-2], a_end()[:40]), "stream_truncated", "Hello"),
    (ANTHROPIC, chunked(*A_HELLO[:4], event("error", error={"type": "overloaded_error"})), "overloaded", "Hello"),
    (ANTHROPIC, chunked(*A_HELLO[:4], b"data: {\n\n"), "stream_malformed", "Hello"),
    (ANTHROPIC, chunked(*A_HELLO[:4], b"data: 3\n\n"), "stream_malformed", "Hello"),
    (ANTHROPIC, chunked(A_START, a_end(), A_STOP), "empty_response", ""),
    (ANTHROPIC, chunked(A_START, a_end("refusal"), A_STOP), "content_filtered", ""),
]


@pytest.mark.parametrize(("model", "script", "kind", "text"), STREAMS)
def test_a_stream_that_breaks_is_a_failure_with_the_text_so_far(model, script, kind, text):
    attempt = ask(script, model=model)
    assert attempt.failure.kind == kind
    assert attempt.reply.text == text
    if model == OPENAI:
        assert attempt.usage == Usage(), "nothing is invented"
    elif kind in {"stream_malformed", "overloaded"}:
        assert (attempt.usage.prompt_tokens, attempt.usage.completion_tokens) == (20, None), "told at the start"
        assert attempt.cost.usd is None


def test_text_that_came_in_one_go_with_the_end_of_the_connection_is_kept():
    script = chunked(b"".join([delta("Hel"), delta("lo")]), end=False, headers=["Connection: close"])
    attempt = ask([b"".join(step for step in script if isinstance(step, bytes))])
    assert (attempt.failure.kind, attempt.reply.text) == ("stream_truncated", "Hello")


def test_a_body_cut_short_is_malformed_when_it_is_no_stream():
    attempt = ask([head(length=500, kind="application/json") + b'{"id"', 0.01, "reset"], stream=False)
    assert attempt.failure.kind == "connection_reset"
    attempt = ask([head("200 OK", "Connection: close", length=500) + b'{"id"'], stream=False)
    assert attempt.failure.kind == "response_malformed"


def test_a_gzip_that_is_none_is_malformed():
    attempt = ask(whole(b"this is no gzip", "200 OK", "Content-Encoding: gzip"))
    assert attempt.failure.kind == "response_malformed"


def test_a_body_beyond_all_bounds_is_malformed(monkeypatch):
    monkeypatch.setattr("harness.client.transport.LARGEST_BODY", 1 << 20)
    attempt = ask(whole(b"x" * (3 << 20)), deadlines=Deadlines())
    assert attempt.failure.kind == "response_malformed"
    assert "larger than" in attempt.failure.error


def test_the_total_deadline_ends_a_stream_that_never_stalls():
    dripping = [step for _ in range(100) for step in (delta("x"), 0.01)]
    attempt = ask(chunked(*dripping), deadlines=Deadlines(total_s=0.1))
    assert attempt.failure.kind == "timeout_total"
    assert not attempt.failure.retryable
    assert set(attempt.reply.text) == {"x"}


def test_an_answer_that_is_not_streamed_waits_for_the_total_only():
    deadlines = Deadlines(first_token_s=0.01, total_s=5.0)
    attempt = ask([0.05, *whole(completion())], stream=False, deadlines=deadlines)
    assert attempt.reply.text == "Hello"
    attempt = ask(["hang"], stream=False, deadlines=Deadlines(total_s=0.05))
    assert attempt.failure.kind == "timeout_total"


def test_a_break_after_the_finish_reason_takes_nothing_from_the_answer():
    attempt = ask(chunked(delta("Hello"), delta(finish="stop"), 0.01, "reset", end=False))
    assert attempt.ok
    assert (attempt.reply.text, attempt.usage) == ("Hello", Usage())


FINE = [
    (OPENAI, chunked(*HELLO)),
    (OPENAI, chunked(b"".join(HELLO))),
    (OPENAI, chunked(*(one.replace(b"\n", b"\r\n") for one in HELLO))),
    (OPENAI, chunked(b": ping\n\n", *HELLO[:2], b": ping\n\n", b"\n\n", *HELLO[2:])),
    (OPENAI, chunked(*HELLO[:-1])),
    (OPENAI, chunked(*(bytes([byte]) for byte in b"".join(HELLO)))),
    (OPENAI, chunked(*HELLO[:-2], delta(finish="length"), *HELLO[-2:])),
    (OPENAI, whole(completion(), kind="text/plain")),
    (ANTHROPIC, chunked(*A_HELLO)),
    (ANTHROPIC, chunked(A_START, event("ping"), *A_HELLO[1:])),
    (ANTHROPIC, chunked(*(one.replace(b"\n", b"\r\n") for one in A_HELLO))),
    (ANTHROPIC, whole(message({"type": "text", "text": "Hello"}, usage={"input_tokens": 20, "output_tokens": 5}))),
]


@pytest.mark.parametrize(("model", "script"), FINE)
def test_what_looks_odd_but_is_whole_is_an_answer(model, script):
    attempt = ask(script, model=model)
    assert attempt.failure is None
    assert (attempt.reply.text, attempt.reply.finish_reason) == ("Hello", "stop")
    assert (attempt.usage.prompt_tokens, attempt.usage.completion_tokens) == (20, 5)


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (USAGE, (20, 5)),
        (None, (None, None)),
        ({"prompt_tokens": 20, "completion_tokens": -5}, (20, None)),
        ({"prompt_tokens": "20", "completion_tokens": True}, (None, None)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, (None, None)),
        ({"prompt_tokens": 0, "completion_tokens": 5}, (None, 5)),
        ({"prompt_tokens": 20, "completion_tokens": 0}, (20, 0)),
        ("many", (None, None)),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_usage_is_what_was_told_or_unknown(usage, counts, stream):
    stream_body = chunked(delta("Hello", "stop"), data({"choices": [], "usage": usage}), DONE)
    attempt = ask(stream_body if stream else whole(completion(usage=usage)), stream=stream)
    assert (attempt.usage.prompt_tokens, attempt.usage.completion_tokens) == counts
    assert attempt.usage.source == ("none" if counts == (None, None) else "usage")
    assert (attempt.cost.usd is None) == (None in counts)


def test_the_token_limit_is_a_finish_reason_and_no_failure():
    attempt = ask(chunked(delta(finish="length"), COUNTED, DONE))
    assert attempt.ok
    assert (attempt.reply.text, attempt.reply.finish_reason) == ("", "length")


def test_a_tool_call_cut_in_its_json_keeps_what_came():
    tool = [{"index": 0, "id": "t", "function": {"name": "get_weather", "arguments": '{"ci'}}]
    attempt = ask(chunked(delta(tool_calls=tool)))
    assert attempt.failure.kind == "stream_truncated"
    assert attempt.reply.tool_calls[0].arguments == '{"ci'
    attempt = ask(chunked(A_START, *a_text("x"), *a_tool('{"ci')), model=ANTHROPIC)
    assert attempt.failure.kind == "stream_truncated"
    assert attempt.reply.tool_calls[0].arguments == '{"ci'


def test_another_model_than_asked_is_told():
    attempt = ask(chunked(*HELLO))
    assert (attempt.trial.provider.model, attempt.reply.model_served) == (OPENAI, "m-1")


def ask_at(url, **more):
    async def main():
        async with Client() as client:
            return await client.ask(provider(url, **more), "hi")

    return asyncio.run(main())


def test_a_port_where_nobody_listens_refuses():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        attempt = ask_at(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert (attempt.failure.kind, attempt.failure.side) == ("connect_refused", "network")
    assert attempt.clock.connect_s is None
    assert attempt.clock.ttft_s is None
    assert attempt.http_status is None


def test_a_name_that_does_not_exist_is_dns():
    assert ask_at("http://nobody.invalid").failure.kind == "dns"


def test_a_server_that_speaks_no_tls_is_tls():
    async def main():
        async with serving(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as server, Client() as client:
            return await client.ask(provider(server.url.replace("http:", "https:"), deadlines=HASTY), "hi")

    attempt = asyncio.run(main())
    assert (attempt.failure.kind, attempt.failure.retryable) == ("tls", False)


def test_a_connection_that_is_never_taken_times_out():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        fillers = []
        for _ in range(3):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            fillers.append(one)
        attempt = ask_at(url, deadlines=Deadlines(connect_s=0.1))
        for one in fillers:
            one.close()
    assert attempt.failure.kind == "connect_timeout"


def test_what_is_no_address_is_a_bad_request():
    attempt = ask_at("nowhere")
    assert (attempt.failure.kind, attempt.failure.retryable) == ("bad_request", False)
