import asyncio
import contextlib
import gc
import re

import pytest

from harness.ask import Limits, Prompt, Provider, Retries
from harness.client import Client, wait
from harness.errors import WrongUse
from tests.client.server import (
    A_HELLO,
    A_START,
    A_STOP,
    DONE,
    HELLO,
    KEY,
    TOOLS,
    a_end,
    a_tool,
    chunked,
    completion,
    data,
    delta,
    message,
    provider,
    serving,
    trial,
    whole,
)

BUSY = whole({"error": {"message": "busy"}}, "500 Internal Server Error")
FINE = whole(completion())


def attempts_at(*scripts, **more):
    async def main():
        async with serving(*scripts) as server, Client() as client:
            asked = trial(provider(server.url, **more), stream=False)
            return [one async for one in client.attempts(asked)], server

    return asyncio.run(main())


def test_times_come_in_their_order():
    async def main():
        slow = [
            0.02,
            *chunked(delta(role="assistant"), 0.02, delta("a"), 0.02, delta("b"), delta(finish="stop"), 0.02, DONE),
        ]
        async with serving(slow) as server, Client() as client:
            return await client.ask(provider(server.url), "hi")

    attempt = asyncio.run(main())
    clock = attempt.clock
    assert clock.connect_s > 0
    assert 0.04 <= clock.ttft_s == clock.ttfv_s
    assert clock.ttft_s + 0.02 <= clock.latency_s
    assert clock.chunk_count == 2
    assert clock.itl_p50_s == clock.itl_p95_s == clock.itl_max_s == pytest.approx(clock.latency_s - clock.ttft_s)
    assert (clock.queue_s < 0.02, clock.throttle_s, clock.source) == (True, 0.0, "wire")
    assert clock.loop_lag_s >= 0


def test_a_connection_is_used_again_and_then_costs_nothing():
    async def main():
        async with serving(chunked(*HELLO)) as server, Client() as client:
            asked = provider(server.url)
            return [(await client.ask(asked, "hi")).clock.connect_s for _ in range(3)], server.connections

    connects, connections = asyncio.run(main())
    assert connections == 1
    assert connects[0] > 0
    assert connects[1:] == [0.0, 0.0]


def test_a_kept_connection_that_the_server_closed_is_a_reset_or_a_new_one_and_never_a_second_request():
    async def main():
        async with serving(FINE, ["reset"], FINE) as server, Client() as client:
            asked = provider(server.url)
            kinds = [(await client.ask(asked, "hi", stream=False)).failure for _ in range(3)]
            return kinds, len(server.asked)

    (first, second, third), asked = asyncio.run(main())
    assert (first, third) == (None, None)
    assert second.kind == "connection_reset"
    assert asked == 3


def test_without_retries_one_question_is_one_request():
    attempts, server = attempts_at(BUSY)
    assert len(attempts) == len(server.asked) == 1


def test_with_three_retries_a_server_that_stays_broken_is_asked_four_times():
    attempts, server = attempts_at(BUSY, retries=Retries(3, 0.001))
    assert len(server.asked) == 4
    assert [one.number for one in attempts] == [1, 2, 3, 4]
    assert {one.failure.kind for one in attempts} == {"server_error"}
    assert attempts[0].clock.throttle_s == 0.0
    assert all(one.clock.throttle_s > 0 for one in attempts[1:])
    assert [one.started_at for one in attempts] == sorted(one.started_at for one in attempts)


def test_an_answer_after_three_429_is_the_deciding_attempt():
    limited = whole({"error": {"message": "slow down"}}, "429 Too Many Requests", "retry-after-ms: 20")

    async def main():
        async with serving(limited, limited, limited, FINE) as server, Client() as client:
            asked = provider(server.url, retries=Retries(3, 0.0))
            return await client.ask(asked, "hi", stream=False), len(server.asked)

    attempt, asked = asyncio.run(main())
    assert (attempt.ok, attempt.number, asked) == (True, 4, 4)
    assert attempt.clock.throttle_s >= 0.02


def test_what_is_not_retryable_is_asked_once():
    attempts, server = attempts_at(whole(b"{}", "401 Unauthorized"), retries=Retries(3, 0.0))
    assert len(attempts) == len(server.asked) == 1


def test_an_unsupported_parameter_sends_nothing():
    async def main():
        async with serving(FINE) as server, Client() as client:
            refused = await client.ask(provider(server.url, "anthropic/claude-sonnet-4-5"), "hi", params={"seed": 1})
            dropping = provider(server.url, "groq/llama-3.3-70b-versatile", drop_params=True)
            dropped = await client.ask(dropping, "hi", params={"user": "me"}, stream=False)
            return refused, dropped, server.asked

    refused, dropped, asked = asyncio.run(main())
    assert (refused.failure.kind, refused.failure.side) == ("unsupported_parameter", "request")
    assert refused.sent.wire == "anthropic_messages"
    assert refused.sent.params == {"seed": 1}
    assert dropped.ok
    assert dropped.sent.dropped == ("user",)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("script", "registered", "simulated"),
    [
        (FINE, None, False),
        (FINE, "careful", True),
        (whole(completion(), "200 OK", "X-Simulated: careful"), None, True),
        (whole(b"{}", "500 Oops", "x-simulated: careful"), None, True),
    ],
)
def test_simulated_is_what_is_registered_so_or_what_the_server_says(script, registered, simulated):
    attempts, _ = attempts_at(script, simulated=registered)
    assert attempts[0].simulated is simulated


def test_the_attempt_says_what_was_sent_and_what_it_cost():
    async def main():
        async with serving(FINE) as server, Client(metadata={"team": "search"}) as client:
            return await client.ask(
                provider(server.url, params={"temperature": 0.5}), "hi", params={"max_tokens": 9}
            ), server

    attempt, server = asyncio.run(main())
    assert attempt.sent.wire == "openai_chat"
    assert attempt.sent.params == {key: value for key, value in server.asked[0].body.items() if key != "messages"}
    assert attempt.sent.params["temperature"] == 0.5
    assert attempt.sent.params["max_tokens"] == 9
    assert attempt.cost.usd == pytest.approx(20 * 1e-6 + 5 * 2e-6)
    assert attempt.metadata == {"team": "search"}
    assert attempt.trial.suite == "ask"
    assert attempt.started_at.tzinfo is not None


def test_the_key_goes_out_and_is_nowhere_else():
    echo = whole({"error": {"message": f"bad key {KEY}"}}, "401 Unauthorized")
    stream = chunked(delta("a"), data({"error": {"message": f"bad key {KEY}"}}))

    async def main():
        async with serving(echo, stream) as server, Client() as client:
            asked = [await client.ask(provider(server.url), "hi") for _ in range(2)]
            return asked, server

    attempts, server = asyncio.run(main())
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert all("bad key ***" in one.failure.error for one in attempts)
    assert KEY not in repr(attempts)


def test_a_json_tool_is_unwrapped_and_names_are_ours_again():
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object", "properties": {}}}}
    odd = {**TOOLS[0], "function": {**TOOLS[0]["function"], "name": "get weather!"}}
    as_tool = chunked(A_START, *a_tool('{"a": 1}', name="json_tool_call"), a_end("tool_use"), A_STOP)
    both = whole(
        message(
            {"type": "text", "text": '{"a": 1}'},
            {"type": "tool_use", "id": "2", "name": "get_weather_", "input": {}},
            reason="tool_use",
        )
    )

    async def main():
        async with serving(as_tool, both) as server, Client() as client:
            older = provider(server.url, "anthropic/claude-3-5-haiku-latest")
            user = ({"role": "user", "content": "hi"},)
            json = await client.ask(older, Prompt(user, response_format=schema))
            mixed = await client.ask(older, Prompt(user, (odd,), response_format=schema), stream=False)
            return json, mixed

    json, mixed = asyncio.run(main())
    assert (json.reply.text, json.reply.tool_calls, json.reply.finish_reason) == ('{"a": 1}', (), "stop")
    assert (json.sent.structured_by, mixed.sent.structured_by) == ("tool", "prompt"), (
        "a forced tool would hide the other"
    )
    assert (mixed.reply.text, mixed.reply.finish_reason) == ('{"a": 1}', "tool_calls")
    assert [call.name for call in mixed.reply.tool_calls] == ["get weather!"]


def test_providers_are_known_by_name():
    async def main():
        async with serving(FINE) as server, Client([provider(server.url)]) as client:
            assert (await client.ask("mine", "hi", stream=False)).ok
            with pytest.raises(WrongUse, match="no provider is called 'mini'; there is mine"):
                await client.ask("mini", "hi")
            with pytest.raises(WrongUse, match="was given none"):
                await Client().ask("mini", "hi")

    asyncio.run(main())


def test_a_cancelled_attempt_leaves_nothing_behind():
    async def main():
        async with serving(["hang"], FINE) as server, Client() as client:
            asked = provider(server.url, limits=Limits(max_concurrency=1))
            waiting = asyncio.create_task(client.ask(asked, "hi"))
            await server.busy.wait()
            queued = asyncio.create_task(client.ask(asked, "hi"))
            await asyncio.sleep(0)
            for task in (queued, waiting):
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            after = await client.ask(asked, "hi", stream=False)
            assert client._session is not None
            assert client._session._lag._in_flight == 0
            assert after.clock.queue_s < 0.5
        return after

    assert asyncio.run(main()).ok


def test_outside_of_a_with_block_nothing_stays_open():
    async def main():
        async with serving(FINE) as server:
            client = Client()
            asked = provider(server.url)
            first, second = await asyncio.gather(*(client.ask(asked, "hi", stream=False) for _ in range(2)))
            assert first.ok
            assert second.ok
            assert client._session is None
            await client.aclose()

    asyncio.run(main())
    gc.collect()  # a connection left open would warn, and a warning is an error here


def test_one_client_serves_one_loop_after_another():
    client = Client()

    async def main():
        async with serving(FINE) as server:
            return await client.ask(provider(server.url), "hi", stream=False)

    assert wait(main()).ok
    assert wait(main()).ok


def test_concurrency_is_capped_for_a_provider_and_queueing_is_told():
    async def main():
        async with serving([0.02, *FINE]) as server, Client() as client:
            asked = provider(server.url, limits=Limits(max_concurrency=2))
            attempts = await asyncio.gather(*(client.ask(asked, "hi", stream=False) for _ in range(4)))
            return attempts, server.connections

    attempts, connections = asyncio.run(main())
    assert connections == 2
    assert sorted(one.clock.queue_s >= 0.02 for one in attempts) == [False, False, True, True]
    assert all(one.clock.ttft_s >= 0.02 for one in attempts)


def test_a_fault_of_ours_is_a_failed_attempt_and_no_crash(monkeypatch):
    monkeypatch.setattr("harness.client.forms.request", lambda *_args, **_named: 1 / 0)
    attempt = wait(Client().ask(provider("http://127.0.0.1:9"), "hi"))
    assert attempt.failure is not None
    assert (attempt.failure.kind, attempt.failure.side) == ("client_error", "harness")
    assert "ZeroDivisionError" in attempt.failure.error
    assert (attempt.clock.ttft_s, attempt.http_status) == (None, None)


def test_an_anthropic_question_is_asked_in_its_own_way():
    async def main():
        async with serving(chunked(*A_HELLO)) as server, Client() as client:
            attempt = await client.ask(
                provider(server.url, "anthropic/claude-sonnet-4-5"), "hi", params={"max_tokens": 5}
            )
            return attempt, server.asked[0]

    attempt, asked = asyncio.run(main())
    assert asked.path == "/v1/messages"
    assert asked.headers["x-api-key"] == KEY
    assert asked.body["max_tokens"] == 5
    assert attempt.reply.text == "Hello"
    assert attempt.sent.params.keys() == {"model", "max_tokens", "stream"}


def test_the_environments_proxy_is_used_but_not_for_loopback(monkeypatch):
    async def main():
        async with serving(FINE) as server, Client() as client:
            monkeypatch.setenv("http_proxy", server.url)
            monkeypatch.delenv("no_proxy", raising=False)
            monkeypatch.delenv("NO_PROXY", raising=False)
            far = await client.ask(Provider("p", "openai/m", base_url="http://far.invalid/v1"), "hi", stream=False)
            monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
            near = await client.ask(provider(server.url), "hi", stream=False)
            return far, near, [one.path for one in server.asked]

    far, near, paths = asyncio.run(main())
    assert far.ok
    assert near.ok
    assert re.match("http://far.invalid/v1/chat/completions", paths[0])


def test_waiting_works_inside_of_a_running_loop_too():
    async def inner():
        await asyncio.sleep(0)
        return 3

    async def main():
        return wait(inner())

    assert asyncio.run(main()) == 3
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
    assert wait(inner()) == 3
