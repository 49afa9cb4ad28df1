"""Moments are taken at the socket, and connections may be opened before they are needed."""

import asyncio
import gzip
import json
import time

import pytest

from harness.ask import Deadlines, Prompt
from harness.client import Client, wait
from harness.client.line import MOST_FORMS, Lines
from harness.client.translate import translate
from harness.client.transport import Transport
from harness.client.watch import Watch, Watchman
from harness.client.wires import wire_for
from tests.client.server import DONE, HELLO, chunked, completion, delta, head, provider, serving, whole

PROMPT = Prompt(({"role": "user", "content": "hi"},))


def request_to(server, *, stream=True):
    wire = wire_for("openai")
    assert wire
    return translate(provider(server.url), wire, PROMPT, {}, stream=stream)


class Clock:
    """The real one, which remembers whether a task asked."""

    def __init__(self):
        self.by_task = {}

    def __call__(self):
        now = time.perf_counter()
        self.by_task[now] = asyncio.current_task() is not None
        return now


def test_bytes_are_stamped_by_the_socket_and_not_when_a_task_wakes():
    async def main():
        clock = Clock()
        async with serving(chunked(*[step for word in "abc" for step in (delta(word), 0.02)], DONE)) as server:
            transport = Transport(clock)
            exchange = await transport.exchange(request_to(server), Deadlines())
            await transport.aclose()
            return exchange, clock.by_task

    exchange, by_task = asyncio.run(main())
    assert len(exchange.chunks) == 4
    assert [by_task[at] for at, _data in exchange.chunks] == [False] * 4
    assert exchange.sent_at < exchange.chunks[0][0]
    assert all(
        later - earlier >= 0.015 for (earlier, _), (later, _) in zip(exchange.chunks, exchange.chunks[1:], strict=False)
    )


def test_a_body_that_unpacks_to_more_than_a_reader_holds_comes_whole_and_in_order():
    body = {**completion(), "padding": list(range(600_000))}
    packed = gzip.compress(json.dumps(body).encode())

    async def main():
        script = [head("200 OK", "Content-Encoding: gzip", length=len(packed)) + packed]
        async with serving(script) as server:
            transport = Transport()
            exchange = await transport.exchange(request_to(server, stream=False), Deadlines())
            await transport.aclose()
            return exchange

    exchange = asyncio.run(main())
    assert exchange.failure is None
    assert json.loads(b"".join(data for _at, data in exchange.chunks)) == body


def test_an_announcement_before_the_answer_is_not_the_answer():
    async def main():
        script = [b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.02, *chunked(*HELLO)]
        async with serving(script) as server, Client() as client:
            return await client.ask(provider(server.url), "hi")

    assert asyncio.run(main()).reply.text


def test_warm_connections_are_there_when_they_are_needed():
    async def main():
        async with serving(whole(completion())) as server, Client() as client:
            asked = provider(server.url)
            assert await client.warm(asked, 3) == 3
            assert await client.warm(asked, 4) == 4
            await asyncio.sleep(0.05)
            before = server.connections, len(server.asked)
            answers = await asyncio.gather(*(client.ask(asked, "hi", stream=False) for _ in range(4)))
            return before, server.connections, [answer.clock.connect_s for answer in answers]

    before, connections, connects = asyncio.run(main())
    assert before == (4, 0)
    assert connections == 4
    assert connects == [0.0] * 4


def test_where_nobody_listens_nothing_is_warm():
    async def main():
        async with Client() as client:
            return await client.warm(provider("http://127.0.0.1:9"), 2), await client.warm(
                provider("http://127.0.0.1:9", "watsonx/ibm/granite-3-8b-instruct"), 2
            )

    assert asyncio.run(main()) == (0, 0)


def test_bytes_that_keep_coming_move_the_deadline():
    async def wait_in_vain(watch):
        async with watch:
            watch.connected()
            begun = time.perf_counter()
            for _ in range(8):
                watch.received(time.perf_counter())
                await asyncio.sleep(0.05)
            moved.append(time.perf_counter() - begun)
            await asyncio.sleep(30)

    async def main():
        watch = Watch(
            Deadlines(connect_s=1, first_token_s=1, stall_s=0.3, total_s=30), Watchman(time.perf_counter), stream=True
        )
        with pytest.raises(TimeoutError):
            await wait_in_vain(watch)
        return watch.kind

    moved: list[float] = []
    assert asyncio.run(main()) == "timeout_stall"
    assert moved[0] > 0.3


def test_the_sync_door_uses_the_faster_loop_where_it_is_installed():
    uvloop = pytest.importorskip("uvloop")

    async def loop():
        return asyncio.get_running_loop()

    assert isinstance(wait(loop()), uvloop.Loop)


def test_a_request_without_a_body_names_no_type_and_one_with_a_body_its_own():
    async def main():
        async with serving(whole({"data": []}), whole(completion())) as server, Client() as client:
            asked = provider(server.url)
            await client.list_models(asked)
            await client.ask(asked, "hi", stream=False)
            return [one.headers.get("content-type") for one in server.asked]

    assert asyncio.run(main()) == [None, "application/json"]


async def step(lines, server, headers):
    with await lines.ask(lines.form("GET", f"{server.url}/models", headers), None, None) as answer:
        await answer.end()
        return answer.status


def test_what_may_be_asked_twice_is_when_a_kept_connection_turns_out_to_be_closed():
    async def main():
        async with serving(whole({}), ["reset"], whole({})) as server:
            lines = Lines(time.perf_counter)
            try:
                return [await step(lines, server, {}) for _ in range(2)], server.connections, server.lines
            finally:
                await lines.close()

    statuses, connections, asked = asyncio.run(main())
    assert statuses == [200, 200]
    assert connections == 2
    assert asked == ["GET /models HTTP/1.1"] * 3


def test_a_header_that_would_be_two_is_not_sent():
    async def main():
        async with serving(whole({})) as server:
            lines = Lines(time.perf_counter)
            try:
                with pytest.raises(ValueError, match="cannot be sent"):
                    await step(lines, server, {"Authorization": "Bearer a\r\nX-Other: b"})
                return server.asked
            finally:
                await lines.close()

    assert asyncio.run(main()) == []


def test_a_password_for_the_proxy_is_told_to_it_and_the_address_is_whole():
    async def main():
        async with serving(whole({})) as proxy:
            lines = Lines(time.perf_counter)
            way = proxy.url.removesuffix("/v1").replace("http://", "http://me:secret@")
            try:
                with await lines.ask(lines.form("GET", "http://far.example/v1?a=b", {}, way), None, None) as answer:
                    await answer.end()
            finally:
                await lines.close()
            return proxy.lines, proxy.asked[0].headers

    first_lines, headers = asyncio.run(main())
    assert first_lines == ["GET http://far.example/v1?a=b HTTP/1.1"]
    assert headers["proxy-authorization"] == "Basic bWU6c2VjcmV0"
    assert headers["host"] == "far.example"


def test_forms_are_not_remembered_without_end():
    async def main():
        lines = Lines(time.perf_counter)
        forms = [lines.form("GET", f"http://far.example/{number}", {}) for number in range(2 * MOST_FORMS)]
        assert lines.form("GET", f"http://far.example/{len(forms) - 1}", {}) is forms[-1]
        assert len(lines._forms) <= MOST_FORMS
        await lines.close()

    asyncio.run(main())
