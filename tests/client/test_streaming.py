"""`Client.stream`: an answer in typed chunks as it comes, on every wire, against the simulated fleet and exact bytes."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Answer, Case, Prompt, Provider, Retries, Secret, ToolCall
from harness.client import Client, Delta, ReasoningDelta, TextDelta, ToolCallDelta, wait
from harness.client.deltas import Deltas
from harness.client.masking import masked
from harness.client.wires.draft import END_TOKENS, Draft
from harness.errors import WrongUse
from harness.simulate import FleetProcess, write_keys
from harness.simulate.faults import FORCE_HEADER
from harness.simulate.wires import WIRES
from tests.client.server import (
    A_START,
    A_STOP,
    DONE,
    KEY,
    a_end,
    a_tool,
    chunked,
    completion,
    delta,
    provider,
    serving,
    whole,
)
from tests.client.test_replicate import prediction, sse
from tests.simulate.served import TRIP

TEXT = "The answer is 4, naïvely 🙂, and über jeden Zweifel erhaben."
SUM = Case(
    "sum",
    Prompt(({"role": "user", "content": "What is 2 + 2?"},)),
    "arithmetic",
    (),
    reference=Answer(TEXT),
)
MODELS = {"replicate": "replicate/meta/meta-llama-3-70b-instruct"}
FLEET = """[plain]
quality = { default = 1.0 }
ttft_s = { median = 0.002, sigma = 0.1 }
inter_token_s = { median = 0.01, sigma = 0.1 }
prices = { input = 1.0, output = 2.0 }
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    write_keys(folder / "keys.jsonl", (SUM, TRIP))
    (folder / "fleet.toml").write_text(FLEET, encoding="utf-8")
    with FleetProcess(folder / "keys.jsonl", fleet=folder / "fleet.toml") as serving_it:
        yield serving_it


def simulated(fleet, kind, **more):
    model = MODELS.get(kind, f"{kind}/any-model")
    return Provider(
        kind, model, Secret("sk-simulated-no-key-at-all"), fleet.base_url("plain", kind), retries=Retries(0), **more
    )


def together(deltas):
    """Text, reasoning and calls of the deltas put together."""
    calls: dict[int, list[str]] = {}
    for one in deltas:
        if isinstance(one, ToolCallDelta):
            call = calls.setdefault(one.index, ["", "", ""])
            for place, piece in enumerate((one.name, one.arguments, one.id)):
                call[place] += piece
    return (
        "".join(one.text for one in deltas if isinstance(one, TextDelta)),
        "".join(one.text for one in deltas if isinstance(one, ReasoningDelta)),
        tuple(ToolCall(*call) for _index, call in sorted(calls.items())),
    )


def said(reply):
    return reply.text, reply.reasoning, reply.tool_calls


async def read(asked, prompt="hi", **more):
    """The deltas, the attempt, and whether the answer was still coming when the first piece of it was given."""
    async with Client() as client, client.stream(asked, prompt, **more) as stream:
        found: list[Delta] = []
        task, coming = stream._task, False
        assert task
        async for one in stream:
            coming = coming or (not found and not task.done())
            found.append(one)
        return found, stream.attempt, coming


def streamed(*scripts, model="openai/gpt-4o-mini", **more):
    async def main():
        async with serving(*scripts) as server:
            found, attempt, _ = await read(provider(server.url, model, **more))
            return found, attempt, server.asked

    return asyncio.run(main())


@pytest.mark.parametrize("kind", WIRES)
def test_what_comes_in_pieces_is_the_reply_and_comes_while_it_is_written(fleet, kind):
    found, attempt, coming = asyncio.run(read(simulated(fleet, kind), SUM.prompt))
    assert attempt.failure is None
    assert together(found) == said(attempt.reply)
    assert attempt.reply.text == TEXT
    assert len(found) > 5
    assert coming


@pytest.mark.parametrize("kind", [kind for kind in WIRES if kind != "replicate"])
def test_tool_calls_in_pieces_are_the_replys(fleet, kind):
    found, attempt, _ = asyncio.run(read(simulated(fleet, kind), TRIP.prompt))
    assert len(attempt.reply.tool_calls) == 2
    assert together(found) == said(attempt.reply)


@pytest.mark.parametrize("kind", WIRES)
def test_a_stream_that_is_cut_ends_with_what_came_and_the_failure(fleet, kind):
    cut = {"extra_headers": {FORCE_HEADER: "clean_end"}}
    found, attempt, _ = asyncio.run(read(simulated(fleet, kind), SUM.prompt, params=cut))
    assert attempt.failure.kind == "stream_truncated"
    assert attempt.reply.text
    assert together(found) == said(attempt.reply)


def test_the_first_piece_is_there_before_the_server_sends_the_last():
    async def main():
        async with serving([]) as server, Client() as client:
            begun = chunked(delta("Hel"), end=False)
            server.scripts = [[*begun, "hang"]]
            async with client.stream(provider(server.url), "hi") as stream:
                first = await anext(stream)
                with pytest.raises(WrongUse, match="not been read to its end"):
                    _ = stream.attempt
            return first

    assert asyncio.run(main()) == TextDelta("Hel")


def test_what_never_was_an_answer_is_asked_for_again_and_what_began_is_not():
    fine = chunked(delta("a"), delta(finish="stop"), DONE)
    again = {"retries": Retries(2, 0.001)}
    deltas, attempt, asked = streamed(whole({}, "500 Server Error"), fine, **again)
    assert (deltas, attempt.number, len(asked)) == ([TextDelta("a")], 2, 2)
    deltas, attempt, asked = streamed([*chunked(delta("Hel"), 0.02, end=False), "reset"], fine, **again)
    assert (deltas, attempt.failure.kind, len(asked)) == ([TextDelta("Hel")], "connection_reset", 1)
    deltas, attempt, asked = streamed(whole({"error": {"message": "no"}}, "401 Unauthorized"), **again)
    assert (deltas, attempt.failure.kind, len(asked)) == ([], "auth", 1)


def test_an_error_that_looks_like_a_stream_is_no_piece_of_an_answer():
    script = [
        b"HTTP/1.1 400 Bad\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(delta("Hel")),
        delta("Hel"),
    ]
    deltas, attempt, _ = streamed(script)
    assert (deltas, attempt.failure.kind) == ([], "bad_request")


def test_of_a_server_that_ignores_the_wish_for_a_stream_the_reply_is_one_piece():
    deltas, attempt, _ = streamed(whole(completion()))
    assert deltas == [TextDelta(attempt.reply.text)]


def test_leaving_early_is_seen_at_the_server():
    async def main():
        gone = asyncio.Event()

        async def handle(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + delta("Hel"))
            while await reader.read(1 << 16):
                pass
            gone.set()
            writer.close()

        async with await asyncio.start_server(handle, "127.0.0.1", 0) as listening, Client() as client:
            url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            async with client.stream(provider(url), "hi") as stream:
                assert await anext(stream) == TextDelta("Hel")
            await asyncio.wait_for(gone.wait(), 5)

    asyncio.run(main())


def test_leaving_early_cancels_a_prediction():
    async def main():
        async with serving([]) as server, Client() as client:
            made = whole(prediction(server.url, "starting", None, streamed=True))
            server.scripts = [made, [*chunked(sse("output", "Hel"), end=False), "hang"], whole({})]
            async with client.stream(provider(server.url, "replicate/acme/llm"), "hi") as stream:
                assert await anext(stream) == TextDelta("Hel")
            await client.aclose()
            return server.asked[-1].path

    assert asyncio.run(main()) == "/v1/predictions/p1/cancel"


def test_without_an_event_loop_a_stream_is_iterated_over_and_may_be_left(fleet):
    asked = simulated(fleet, "openai")
    stream = Client().stream(asked, SUM.prompt)
    assert together(list(wait(stream))) == said(stream.attempt.reply)
    left = Client().stream(asked, SUM.prompt)
    pieces = wait(left)
    assert isinstance(next(pieces), TextDelta)
    pieces.close()
    with pytest.raises(WrongUse):
        _ = left.attempt


def test_a_stream_is_opened_before_it_is_read():
    with pytest.raises(WrongUse, match="async with"):
        asyncio.run(anext(Client().stream(provider("http://127.0.0.1:9"), "hi")))


def test_what_breaks_while_waiting_is_raised():
    async def broken():
        yield 1
        raise ValueError("broken")

    pieces = wait(broken())
    assert next(pieces) == 1
    with pytest.raises(ValueError, match="broken"):
        next(pieces)


def test_json_that_is_asked_for_through_a_tool_is_text_and_a_call_without_arguments_has_none_missing():
    told = [A_START, *a_tool('{"a"', ": 1}", index=0, name="json_tool_call"), a_end("tool_use"), A_STOP]

    async def main():
        async with serving(chunked(*told)) as server:
            form = {"type": "json_object"}
            asked = provider(server.url, "anthropic/claude-3-haiku-20240307")
            return await read(asked, Prompt(({"role": "user", "content": "JSON"},), response_format=form))

    found, attempt, _ = asyncio.run(main())
    assert together(found) == said(attempt.reply)


def test_the_key_is_in_no_piece():
    echo = f"my key is {KEY}, you know"
    pieces = [echo[start : start + 7] for start in range(0, len(echo), 7)]
    slowly = [step for piece in pieces for step in (delta(piece), 0.005)]
    deltas, attempt, _ = streamed(chunked(*slowly, delta(finish="stop"), DONE))
    assert attempt.reply.text == "my key is ***, you know"
    assert together(deltas) == said(attempt.reply)
    assert len(deltas) > 1


@given(
    st.lists(st.one_of(st.sampled_from([*END_TOKENS, "<s>", "<", " ", KEY]), st.text(max_size=3)), max_size=8),
    st.lists(st.integers(0, 200), max_size=12),
    st.booleans(),
)
def test_pieces_of_any_text_are_what_is_left_of_it(parts, places, thinking):
    text = "".join(parts)
    edges = sorted({0, *(place % (len(text) + 1) for place in places), len(text)})
    draft, deltas, found = Draft(), Deltas(Secret(KEY)), []
    for start, end in pairwise(edges):
        (draft.add_reasoning if thinking else draft.add_text)(text[start:end])
        found += deltas.news(draft)
    reply = masked(draft.done().reply, Secret(KEY))
    assert together([*found, *deltas.rest(reply)])[:2] == (reply.text, reply.reasoning)
    assert KEY not in repr(found)
