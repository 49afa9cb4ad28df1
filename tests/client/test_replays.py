"""The client with a cache: what is asked once, what is asked again, how a replay looks."""

import asyncio
import functools
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harness.ask import Prices, Prompt, Provider, Retries, Secret
from harness.client import Cache, Client
from harness.client.replays import entry_of, may_be_kept, replayed
from harness.told import Clock, Sent
from tests.client.server import HELLO, KEY, TOOLS, chunked, completion, provider, serving, trial, whole

FINE = whole(completion())
BUSY = whole({"error": {"message": "busy"}}, "500 Internal Server Error")


@pytest.fixture
def cache(tmp_path):
    def fail(note):
        raise AssertionError(note)

    with Cache(tmp_path, tell=fail) as made:
        yield made


def asked(cache, *scripts, times=2, **more):
    """The attempts of the same question asked several times, one after the other, and the server."""

    async def main():
        async with serving(*scripts) as server, Client(cache=cache) as client:
            one = trial(provider(server.url, **more), stream=False)
            return [[attempt async for attempt in client.attempts(one)] for _ in range(times)], server

    return asyncio.run(main())


def test_an_answer_is_asked_for_once_and_then_replayed(cache):
    price = Prices(input=1e-6, output=2e-6, id="registry")
    ((first,), (again,)), server = asked(cache, FINE, prices=price)
    assert len(server.asked) == 1
    assert (first.replayed, first.asked_at) == (False, None)
    assert again.replayed
    assert again.asked_at == first.started_at
    assert first.started_at < again.started_at <= datetime.now(UTC)
    assert (again.reply, again.usage, again.cost, again.sent) == (first.reply, first.usage, first.cost, first.sent)
    assert again.cost.usd == pytest.approx(20e-6 + 10e-6)
    assert (again.clock, again.http_status, again.number, again.failure) == (Clock(), None, 1, None)
    assert again.trial == first.trial


def test_tool_calls_come_back_as_they_were(cache):
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"a": 1'}}
    ((first,), (again,)), server = asked(cache, whole(completion(None, finish="tool_calls", tool_calls=[call])))
    assert len(server.asked) == 1
    assert again.reply == first.reply
    assert again.reply.tool_calls[0].arguments == '{"a": 1'


def test_half_of_a_character_comes_back_as_it_was(cache):
    ((first,),), _server = asked(cache, FINE, times=1)
    cut = replace(first, reply=replace(first.reply, text="Hi \ud83d"))
    about, content = entry_of(cut)
    cache.keep(about, content)
    found = cache.find(about.key)
    assert found is not None
    assert replayed(first.trial, *found).reply == cut.reply


def test_it_does_not_matter_whether_it_is_streamed(cache):
    async def main():
        async with serving(chunked(*HELLO)) as server, Client(cache=cache) as client:
            one = provider(server.url)
            return [await client.ask(one, "hi", stream=stream) for stream in (True, False)], server

    (first, again), server = asyncio.run(main())
    assert len(server.asked) == 1
    assert again.reply == first.reply
    assert again.sent.stream


@pytest.mark.parametrize(
    "script",
    [
        BUSY,
        whole(completion("The answer is fo", finish="length")),
        whole(completion("The answer", finish="content_filter")),
        whole(completion("I'm sorry, but I can't help with that.")),
        whole(completion("Je ne peux pas vous aider.")),
        whole(completion("Hello", finish="MALFORMED")),
        whole(completion("<think>Well…</think>")),
        chunked(*HELLO[:-3]),
    ],
    ids=["fault", "truncated", "filtered", "refusal", "refus", "unknown finish", "only thoughts", "cut stream"],
)
def test_what_is_no_whole_answer_is_asked_again(cache, script):
    attempts, server = asked(cache, script, retries=Retries(0))
    assert len(server.asked) == 2
    assert not any(one.replayed for tried in attempts for one in tried)
    assert cache.entries() == []


def test_a_retry_that_is_answered_is_kept(cache):
    (first, again), server = asked(cache, BUSY, FINE, retries=Retries(1, 0.001))
    assert [one.number for one in first] == [1, 2]
    assert len(server.asked) == 2
    assert [(one.number, one.replayed) for one in again] == [(1, True)]


def test_a_stream_through_litellm_is_not_kept_since_litellm_may_have_invented_its_end(cache):
    ((first,),), _server = asked(cache, FINE, times=1)
    by_litellm = replace(first, sent=Sent("litellm", stream=True))
    assert [
        may_be_kept(one) for one in (first, by_litellm, replace(by_litellm, sent=Sent("litellm", stream=False)))
    ] == [
        True,
        False,
        True,
    ]


def test_other_questions_are_other_entries(cache):
    async def main():
        async with serving(FINE) as server, Client(cache=cache) as client:
            one = provider(server.url)
            schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"properties": {"a": {}, "b": {}}}}}
            turned = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"properties": {"b": {}, "a": {}}}}}
            hi = ({"role": "user", "content": "hi"},)
            questions: list[tuple[Provider, str | Prompt, dict[str, float]]] = [
                (one, "hi", {}),
                (one, "ho", {}),
                (one, "hi", {"temperature": 0.5}),
                (replace(one, model="openai/m-2"), "hi", {}),
                (replace(one, base_url=server.url + "/v2"), "hi", {}),
                (replace(one, drop_params=True), "hi", {}),
                (one, Prompt(hi, tools=TOOLS), {}),
                (one, Prompt(hi, tools=TOOLS, tool_choice="required"), {}),
                (one, Prompt(hi, response_format=schema), {}),
                (one, Prompt(hi, response_format=turned), {}),
            ]
            attempts = [await client.ask(whom, what, params=more, stream=False) for whom, what, more in questions]
            other = trial(replace(one, api_key=Secret("sk-other-0123456789"), name="other"), stream=False)
            repeats = [replace(trial(one, stream=False), repeat=number) for number in (1, 2)]
            attempts += [attempt for one in repeats async for attempt in client.attempts(one)]
            again = [attempt async for attempt in client.attempts(other)]
            return attempts, again, server

    attempts, again, server = asyncio.run(main())
    assert [one.failure for one in attempts] == [None] * len(attempts)
    assert not any(one.replayed for one in attempts)
    assert len(server.asked) == len(attempts) == 12
    assert again[0].replayed  # neither the key nor the name changes what is asked


def test_equal_questions_at_once_are_one_request(cache):
    async def main():
        async with serving([0.05, *FINE]) as server, Client(cache=cache) as client:
            one = provider(server.url)
            return await asyncio.gather(*(client.ask(one, "hi", stream=False) for _ in range(5))), server

    attempts, server = asyncio.run(main())
    assert len(server.asked) == 1
    assert sorted(one.replayed for one in attempts) == [False, True, True, True, True]


def test_where_the_first_of_equal_questions_fails_the_others_are_asked(cache):
    async def main():
        async with serving(BUSY, FINE) as server, Client(cache=cache) as client:
            one = provider(server.url, retries=Retries(0))
            return await asyncio.gather(*(client.ask(one, "hi", stream=False) for _ in range(3))), server

    attempts, server = asyncio.run(main())
    assert len(server.asked) == 3
    assert [one.ok for one in attempts] == [False, True, True]


def test_one_that_is_abandoned_lets_the_others_go_on(cache):
    async def main():
        async with serving(["hang"], FINE) as server, Client(cache=cache) as client:
            one = provider(server.url)
            first = asyncio.create_task(client.ask(one, "hi", stream=False))
            await server.busy.wait()
            second = asyncio.create_task(client.ask(one, "hi", stream=False))
            await asyncio.sleep(0.01)
            first.cancel()
            return await second

    assert not asyncio.run(main()).replayed


def test_an_answer_that_was_taken_is_kept_though_nothing_more_is_wanted(cache):
    async def main():
        async with (
            serving(FINE) as server,
            Client(cache=cache) as client,
            aclosing(client.attempts(trial(provider(server.url), stream=False))) as attempts,
        ):
            return await anext(attempts)

    assert asyncio.run(main()).ok
    assert len(cache.entries()) == 1


def test_warm_up_is_asked_and_not_kept(cache):
    async def main():
        async with serving(FINE) as server, Client(cache=cache) as client:
            one = trial(provider(server.url), stream=False)
            asked = [replace(one, phase="warmup"), one, replace(one, phase="warmup")]
            return [attempt.replayed for each in asked async for attempt in client.attempts(each)], server

    from_cache, server = asyncio.run(main())
    assert from_cache == [False, False, False]
    assert len(server.asked) == 3


def test_a_replay_has_the_labels_of_who_asks_now(cache):
    async def main():
        async with serving(FINE) as server:
            attempts = []
            for team in ("red", "blue"):
                client = Client(cache=cache, metadata={"team": team})
                attempts.append(await client.ask(provider(server.url), "hi", stream=False))
            return attempts

    first, again = asyncio.run(main())
    assert (first.metadata, again.metadata) == ({"team": "red"}, {"team": "blue"})
    assert (first.unchecked, again.unchecked) == (("context",), ("context",))
    assert again.replayed


def test_neither_the_key_nor_what_looks_like_one_is_in_the_file(cache):
    question = f"Is {KEY} mine, and gsk_abcdefghijklmnopqrst? " + "Tell me more. " * 20

    async def main():
        async with serving(whole(completion(f"You said {KEY}"))) as server, Client(cache=cache) as client:
            return await client.ask(provider(server.url), question, stream=False)

    asyncio.run(main())
    (entry,) = cache.entries()
    assert entry.question.startswith("Is *** mine, and ***? Tell me more.")
    assert len(entry.question) == 120
    cache.close()
    raw = cache.file.read_bytes()
    assert b"You said ***" in raw
    assert KEY.encode() not in raw
    assert b"gsk_abc" not in raw


def test_an_entry_of_other_words_is_no_answer(cache):
    async def main():
        async with serving(FINE) as server, Client(cache=cache) as client:
            first = await client.ask(provider(server.url), "hi", stream=False)
            about, content = entry_of(first)
            strange = ('{"reply": {}}', content.replace('"usage":{', '"usage":{"other_tokens":1,'), "{", content)
            later = []
            for each in strange:
                cache.keep(about, each)
                later.append((await client.ask(provider(server.url), "hi", stream=False)).replayed)
            return later, server

    from_cache, server = asyncio.run(main())
    assert from_cache == [False, False, False, True]
    assert len(server.asked) == 4


def test_what_an_entry_is_about(cache):
    ((first,),), _server = asked(cache, FINE, times=1)
    picture = {"role": "user", "content": [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {}}]}
    case = replace(first.trial.case, prompt=Prompt((picture,)))
    about, content = entry_of(replace(first, trial=replace(first.trial, case=case)))
    assert about.question == "See [image_url]"
    assert (about.tokens, about.size, about.asked_at) == (25, len(content), first.started_at)
    assert entry_of(replace(first, usage=replace(first.usage, prompt_tokens=None)))[0].tokens is None


def test_an_answer_is_replayed_for_its_time_to_live(tmp_path):
    now = datetime.now(UTC).timestamp()

    async def main():
        async with serving(FINE) as server:
            from_cache = []
            for later in (10, 59, 120, 130):  # the third is asked, at the present moment, and so the fourth as well
                with Cache(tmp_path, 60, now=functools.partial(float, now + later)) as cache:
                    client = Client(cache=cache)
                    from_cache.append((await client.ask(provider(server.url), "hi", stream=False)).replayed)
            return from_cache

    assert asyncio.run(main()) == [False, True, False, False]


def test_a_damaged_file_costs_a_request_and_no_answer(tmp_path):
    notes: list[str] = []
    cache = Cache(tmp_path, tell=notes.append)
    cache.file.write_bytes(b"nothing that SQLite would know of" * 100)
    attempts, server = asked(cache, FINE)
    assert [one.ok for tried in attempts for one in tried] == [True, True]
    assert len(server.asked) == 2
    assert len(notes) == 1
    cache.close()
