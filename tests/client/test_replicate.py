"""The Replicate wire: several requests for one answer, over real HTTP with exact bytes."""

import asyncio
import json
from dataclasses import replace

import pytest

from harness.ask import Deadlines, Prompt, Retries
from harness.client import Client
from harness.client.translate import Untranslatable, translate
from harness.client.transport import may_know
from harness.client.wires import replicate
from tests.client.server import KEY, chunked, head, provider, serving, whole

MODEL = "replicate/acme/llm"
USAGE = {"input_token_count": 20, "output_token_count": 5}
ALONE = Prompt(({"role": "user", "content": "Hi?"},))
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}


def prediction(url, status="succeeded", output=("Hel", "lo"), *, streamed=False, **more):
    urls = {"get": f"{url}/v1/predictions/p1", "cancel": f"{url}/v1/predictions/p1/cancel"}
    urls |= {"stream": f"{url}/v1/streams/p1"} if streamed else {}
    body = {"id": "p1", "model": "acme/llm", "status": status, "output": output, "error": None, "urls": urls}
    return {**body, "metrics": USAGE if status == "succeeded" else {}, **more}


def sse(name, data):
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {name}\n{lines}\n".encode()


TOLD = [sse("output", "Hel"), sse("output", "lo"), sse("done", "{}")]


def ask(script, *, stream, params=None, model=MODEL, **more):
    """The attempt, and the requests for it; `script` makes the answers from the server's address."""

    async def run():
        async with serving([]) as server, Client() as client:
            server.scripts = script(server.url)
            one = provider(server.url, model, **more)
            return await client.ask(one, ALONE, params=params or {}, stream=stream), server.asked

    return asyncio.run(run())


def streamed(url, *events, final=None, end=True):
    made = whole(prediction(url, "starting", None, streamed=True), "201 Created")
    return [made, chunked(*(events or TOLD), end=end), whole(final or prediction(url))]


def test_a_stream_takes_its_text_from_the_events_and_its_counts_from_the_prediction():
    attempt, asked = ask(streamed, stream=True)
    assert attempt.failure is None
    assert (attempt.reply.text, attempt.reply.response_id, attempt.reply.model_served) == ("Hello", "p1", "acme/llm")
    assert (attempt.usage.prompt_tokens, attempt.usage.completion_tokens, attempt.usage.source) == (20, 5, "usage")
    assert [one.path for one in asked] == ["/v1/models/acme/llm/predictions", "/v1/streams/p1", "/v1/predictions/p1"]
    assert asked[0].body == {"input": {"prompt": "Hi?"}, "stream": True}
    assert "prefer" not in asked[0].headers
    assert asked[1].headers["accept"] == "text/event-stream"
    assert all(KEY in one.headers["authorization"] for one in asked)


def test_the_clock_begins_with_the_first_request_and_ends_with_the_last_content():
    def script(url):
        made, told, final = streamed(url, sse("output", "Hel"), 0.02, sse("output", "lo"), sse("done", "{}"))
        return [[0.03, *made], told, [0.05, *final]]

    attempt, _ = ask(script, stream=True)
    clock = attempt.clock
    assert clock.chunk_count == 2
    assert clock.connect_s is not None
    assert clock.ttft_s is not None
    assert clock.latency_s is not None
    assert clock.ttft_s >= 0.03
    assert clock.latency_s - clock.ttft_s >= 0.01
    assert clock.connect_s < 0.03
    assert clock.latency_s < clock.ttft_s + 0.05


def test_a_text_may_have_several_lines_in_one_event():
    attempt, _ = ask(
        lambda url: streamed(url, sse("output", "a\nb"), sse("output", "\n"), sse("done", "{}")), stream=True
    )
    assert attempt.reply.text == "a\nb\n"


def test_without_a_stream_the_server_is_asked_to_wait_and_one_request_does():
    attempt, asked = ask(lambda url: [whole(prediction(url), "201 Created")], stream=False)
    assert (attempt.reply.text, attempt.usage.completion_tokens, len(asked)) == ("Hello", 5, 1)
    assert asked[0].headers["prefer"] == "wait=60"
    assert asked[0].headers["cancel-after"] == "600s"
    assert asked[0].body == {"input": {"prompt": "Hi?"}}
    assert attempt.clock.ttft_s == attempt.clock.latency_s


@pytest.mark.parametrize("stream", [True, False])
def test_a_prediction_without_a_stream_is_asked_for_until_it_has_ended(stream):
    def script(url):
        waiting = [whole(prediction(url, status, None)) for status in ("starting", "processing")]
        return [*waiting, whole({}, "502 Bad Gateway"), whole(prediction(url, output="Hello"))]

    attempt, asked = ask(script, stream=stream)
    assert (attempt.failure, attempt.reply.text, attempt.http_status, len(asked)) == (None, "Hello", 200, 4)


def test_questions_that_fail_are_repeated_five_times_and_then_the_prediction_is_cancelled():
    def script(url):
        return [whole(prediction(url, "starting", None)), whole({"detail": "no"}, "500 Server Error")]

    attempt, asked = ask(script, stream=False)
    assert attempt.failure is not None
    assert (attempt.failure.kind, attempt.http_status) == ("server_error", 500)
    assert [one.path for one in asked][1:] == ["/v1/predictions/p1"] * 5 + ["/v1/predictions/p1/cancel"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("Prediction interrupted; please retry (code: PA)", "server_error"),
        ("The input or output was flagged as sensitive. (E005)", "content_filtered"),
        ("Service is unavailable due to high demand (E003)", "overloaded"),
        (None, "server_error"),
    ],
)
def test_a_failed_prediction_is_the_failure_that_its_error_names(error, kind, stream):
    attempt, _ = ask(lambda url: [whole(prediction(url, "failed", ["Hel"], error=error))], stream=stream)
    assert attempt.failure is not None
    assert (attempt.failure.kind, attempt.reply.text) == (kind, "Hel")


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ([sse("output", "Hel")], "stream_truncated"),
        ([sse("output", "Hel"), sse("error", '{"detail": "CUDA out of memory"}')], "server_error"),
        ([sse("output", "Hel"), sse("error", "boom")], "server_error"),
        ([sse("output", "Hel"), sse("done", '{"reason": "canceled"}')], "server_error"),
    ],
)
def test_a_stream_that_ends_otherwise_is_a_failure_with_the_text_so_far(events, kind):
    attempt, asked = ask(lambda url: streamed(url, *events), stream=True)
    assert attempt.failure is not None
    assert (attempt.failure.kind, attempt.reply.text) == (kind, "Hel")
    if kind == "stream_truncated":
        assert asked[-1].path.endswith("/cancel")


def test_counts_that_cannot_be_had_are_unknown_and_no_failure():
    attempt, asked = ask(lambda url: [*streamed(url)[:2], whole({}, "500 Server Error")], stream=True)
    assert (attempt.failure, attempt.reply.text, attempt.usage.source) == (None, "Hello", "none")
    assert (attempt.http_status, attempt.reply.finish_reason, len(asked)) == (200, None, 3)


def test_a_server_that_dies_after_the_stream_takes_nothing_away():
    attempt, _ = ask(lambda url: [*streamed(url)[:2], ["reset"]], stream=True)
    assert (attempt.failure, attempt.reply.text, attempt.usage.source) == (None, "Hello", "none")


def test_counts_are_asked_for_again_while_the_prediction_is_still_closing():
    def script(url):
        return [*streamed(url)[:2], whole(prediction(url, "processing")), whole(prediction(url))]

    attempt, asked = ask(script, stream=True)
    assert (attempt.usage.completion_tokens, len(asked)) == (5, 4)


@pytest.mark.parametrize(("limit", "finish"), [(5, "length"), (9, "stop"), (None, None)])
@pytest.mark.parametrize("stream", [True, False])
def test_the_end_is_told_by_counts_and_limit_where_both_are_known(limit, finish, stream):
    def script(url):
        final = prediction(url, input={"prompt": "Hi?", "max_new_tokens": limit})
        return streamed(url, final=final) if stream else [whole(final)]

    assert ask(script, stream=stream)[0].reply.finish_reason == finish


@pytest.mark.parametrize("body", [{"hello": 1}, b"[]", b"<html>", {"detail": "x"}])
@pytest.mark.parametrize("stream", [True, False])
def test_what_is_no_prediction_is_malformed(body, stream):
    attempt, asked = ask(lambda _url: [whole(body)], stream=stream)
    assert attempt.failure is not None
    assert (attempt.failure.kind, len(asked)) == ("response_malformed", 1)


def test_a_prediction_that_cannot_be_asked_for_is_malformed():
    attempt, _ = ask(lambda url: [whole(prediction(url, "processing", urls={"get": "ftp://x"}))], stream=False)
    assert attempt.failure is not None
    assert attempt.failure.kind == "response_malformed"


def test_an_http_error_says_what_it_says():
    attempt, asked = ask(
        lambda _url: [whole({"detail": "Invalid token", "status": 401}, "401 Unauthorized")], stream=True
    )
    assert attempt.failure is not None
    assert (attempt.failure.kind, attempt.http_status, len(asked)) == ("auth", 401, 1)


def test_a_stream_that_is_refused_is_the_status_that_it_came_with():
    attempt, asked = ask(
        lambda url: [streamed(url)[0], whole({"detail": "Gone"}, "404 Not Found"), whole({})], stream=True
    )
    assert attempt.failure is not None
    assert (attempt.http_status, "Gone" in attempt.failure.error) == (404, True)
    assert asked[-1].path.endswith("/cancel")


@pytest.mark.parametrize(
    ("deadlines", "kind"),
    [
        (Deadlines(first_token_s=0.05), "timeout_first_token"),
        (Deadlines(stall_s=0.05), "timeout_stall"),
        (Deadlines(total_s=0.05), "timeout_total"),
    ],
)
def test_deadlines_run_over_all_requests_and_the_prediction_is_cancelled(deadlines, kind):
    def script(url):
        made, _told, final = streamed(url)
        begun = [sse("output", "Hel")] if kind == "timeout_stall" else []
        return [made, [*chunked(*begun, end=False), "hang"], final]

    attempt, asked = ask(script, stream=True, deadlines=deadlines)
    assert attempt.failure is not None
    assert attempt.failure.kind == kind
    assert attempt.reply.text == ("Hel" if kind == "timeout_stall" else "")
    assert asked[-1].path == "/v1/predictions/p1/cancel"


def test_while_the_server_works_only_the_total_applies_to_a_reply_that_is_not_streamed():
    def script(url):
        return [whole(prediction(url, "starting", None)), whole(prediction(url, "processing", ["Hel"]))]

    attempt, asked = ask(script, stream=False, deadlines=Deadlines(stall_s=0.2, first_token_s=0.01, total_s=1.5))
    assert attempt.failure is not None
    assert (attempt.failure.kind, attempt.reply.text) == ("timeout_total", "Hel")
    assert asked[-1].path.endswith("/cancel")


def test_a_server_that_does_not_say_how_far_it_is_stalls():
    def script(url):
        return [
            whole(prediction(url, "starting", None)),
            whole(prediction(url, "processing", ["Hel"])),
            ["hang"],
            whole({}),
        ]

    attempt, asked = ask(script, stream=False, deadlines=Deadlines(stall_s=0.3, total_s=60.0))
    assert attempt.failure is not None
    assert (attempt.failure.kind, attempt.failure.error) == ("timeout_stall", "nothing more within 0.3 s")
    assert asked[-1].path.endswith("/cancel")


@pytest.mark.parametrize("stream", [True, False])
def test_cancelling_an_attempt_cancels_the_prediction(stream):
    async def run():
        async with serving([]) as server, Client() as client:
            made = whole(prediction(server.url, "starting", None, streamed=stream))
            server.scripts = [made, ["hang"], whole({})]
            asking = asyncio.ensure_future(client.ask(provider(server.url, MODEL), ALONE, stream=stream))
            for _ in range(2):
                await server.busy.wait()
                server.busy.clear()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await client.aclose()
            return [one.path for one in server.asked]

    assert asyncio.run(run())[-1] == "/v1/predictions/p1/cancel"


def test_a_server_that_does_not_hear_of_the_cancelling_holds_nothing_up():
    attempt, _ = ask(lambda url: [streamed(url)[0], ["reset"], ["reset"]], stream=True, retries=Retries(0))
    assert attempt.failure is not None
    assert attempt.failure.kind == "connection_reset"


def request(base_url=None, model=MODEL, prompt=ALONE, *, stream=True, **params):
    one = replace(provider(None, model), base_url=base_url)
    return translate(one, replicate.WIRE, prompt, params, stream=stream)


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://api.replicate.com/v1/x", True),
        ("https://stream.replicate.com/v1/x", True),
        ("https://replicate.com/x", True),
        ("http://stream.replicate.com/x", False),
        ("https://replicate.com.evil.org/x", False),
        ("https://evilreplicate.com/x", False),
        ("https://example.org/x", False),
        ("http://127.0.0.1:3/x", False),
    ],
)
def test_the_key_goes_to_replicate_only(url, known):
    assert may_know(url, request()) is known


def test_the_key_of_another_base_url_stays_there():
    mine = request("https://proxy.example.org/v1")
    assert may_know("https://proxy.example.org/other", mine)
    assert not may_know("https://stream.replicate.com/x", mine)
    assert not may_know("https://other.example.org/x", mine)
    assert may_know("http://localhost:3/x", request("http://127.0.0.1:4/v1"))


def test_an_address_elsewhere_is_asked_without_the_key(monkeypatch):
    monkeypatch.setattr("harness.client.transport._LOOPBACK", frozenset({"127.0.0.1"}))

    def script(url):
        _made, told, final = streamed(url)
        there = url.replace("127.0.0.1", "localhost")
        return [whole(prediction(there, "starting", None, streamed=True)), told, final]

    async def run():
        async with serving([]) as server, Client() as client:
            server.scripts = script(server.url)
            return await client.ask(provider(server.url, MODEL), ALONE), server.asked

    attempt, asked = asyncio.run(run())
    assert attempt.reply.text == "Hello"
    assert [KEY in json.dumps(one.headers) for one in asked] == [True, False, False]


@pytest.mark.parametrize(
    ("model", "path", "version"),
    [
        ("replicate/acme/llm", "/models/acme/llm/predictions", None),
        ("replicate/acme/llm:" + "0" * 64, "/predictions", "0" * 64),
        ("replicate/deployments/acme/llm", "/deployments/acme/llm/predictions", None),
    ],
)
@pytest.mark.parametrize("base", [None, "http://127.0.0.1:3/v1", "http://127.0.0.1:3/v1/"])
def test_models_versions_and_deployments_have_their_addresses(model, path, version, base):
    made = request(base, model)
    assert made.url == (base or "https://api.replicate.com/v1").rstrip("/") + path
    assert json.loads(made.body).get("version") == version


def test_parameters_are_sent_as_the_models_know_them():
    made = request(max_tokens=7, temperature=0.5, top_p=0.9, seed=3, stop=["a", "b"])
    wanted = {"max_new_tokens": 7, "temperature": 0.5, "top_p": 0.9, "seed": 3, "stop_sequences": "a,b"}
    assert json.loads(made.body) == {"input": {"prompt": "Hi?", **wanted}, "stream": True}
    assert made.params == {"input": wanted, "stream": True}
    assert made.dropped == ()


@pytest.mark.parametrize(
    ("prompt", "params"),
    [
        (Prompt(ALONE.messages, (TOOL,)), {}),
        (ALONE, {"n": 2}),
        (ALONE, {"stop": ["a", "b,c"]}),
        (ALONE, {"stop": "b,c"}),
    ],
)
def test_what_replicate_has_no_form_for_is_refused(prompt, params):
    with pytest.raises(Untranslatable) as refused:
        request(prompt=prompt, **params)
    assert refused.value.failure.kind == "unsupported_parameter"


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]},
        {"role": "assistant", "content": None, "tool_calls": []},
    ],
)
def test_what_is_not_text_is_refused_before_anything_is_sent(message):
    with pytest.raises(Untranslatable) as refused:
        request(prompt=Prompt((*ALONE.messages, message)))
    assert refused.value.failure.kind == "bad_request"
    assert refused.value.failure.error.startswith("messages[1]: ")


def test_a_prompt_is_written_without_asking_hugging_face():
    turns = Prompt(({"role": "system", "content": "Be brief."}, *ALONE.messages))
    assert json.loads(request(prompt=turns).body)["input"] == {"prompt": "Be brief. Hi?"}
    llama = json.loads(request(model="replicate/meta/meta-llama-3-8b-instruct", prompt=turns).body)["input"]["prompt"]
    assert llama.startswith("<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>")
    apart = json.loads(request(prompt=turns, supports_system_prompt=True).body)["input"]
    assert apart == {"prompt": "Hi?", "system_prompt": "Be brief."}


def test_a_body_larger_than_the_cap_ends_the_attempt(monkeypatch):
    monkeypatch.setattr("harness.client.transport.LARGEST_BODY", 2_000)

    def script(url):
        big = head(length=5_000) + b" " * 5_000
        return [whole(prediction(url, "starting", None)), [big], whole({})]

    attempt, asked = ask(script, stream=False)
    assert attempt.failure is not None
    assert (attempt.failure.kind, asked[-1].path[-7:]) == ("response_malformed", "/cancel")
