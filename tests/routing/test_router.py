"""Asking through the router, over real HTTP: failover, deadlines, the breaker's life, streams, embeddings, limits, statistics."""

import asyncio
from dataclasses import replace

import pytest

from harness.ask import Answer, Case, Deadlines, Limits, Prices, Prompt, Provider, Retries
from harness.client import Cache, TextDelta, wait
from harness.errors import AllFailed, NothingSelected, OverLimit, WrongUse
from harness.registry import Fallback, Profile
from harness.routing import Allowance, BreakerOptions, Caller, Known, Router, RouterOptions
from harness.routing.known import Candidate
from harness.simulate import FleetProcess, write_keys
from tests.routing.outage import outage
from tests.routing.switchable import KEY, looped, services, table

AT_ONCE = RouterOptions(max_retries=0, deadline_s=4.0)


def router(*candidates, options=AT_ONCE, **more):
    return Router(lambda: Known(tuple(candidates), **more), options)


def in_order(made, **more):
    """Candidates of which the first is always chosen."""
    return [one.candidate(place, priority=-place, **more) for place, one in enumerate(made)]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    case = Case(
        "sum", Prompt(({"role": "user", "content": "What is 2 + 2?"},)), "math", (), reference=Answer("4, naïvely.")
    )
    write_keys(folder / "keys.jsonl", [case])
    profile = (
        "[{}]\nquality = {{ default = 1.0 }}\nttft_s = {{ median = 0.002, sigma = 0.1 }}\n"
        "inter_token_s = {{ median = 0.001, sigma = 0.1 }}\nprices = {{ input = 1.0, output = 2.0 }}\n"
    )
    faults = ("server_error", "hang", "stream_truncated", "stall")
    toml = [profile.format("well"), *(f"{profile.format(one)}[{one}.faults]\n{one} = 1.0\n" for one in faults)]
    (folder / "fleet.toml").write_text("\n".join(toml), encoding="utf-8")
    with FleetProcess(folder / "keys.jsonl", fleet=folder / "fleet.toml") as serving:
        yield serving


def simulated(fleet, profile, place):
    url = "http://127.0.0.1:9/v1" if profile == "refused" else fleet.base_url(profile, "openai")
    one = Provider(profile, "openai/m", KEY, url, retries=Retries(0), prices=Prices(1e-6, 2e-6), priority=-place)
    return Candidate(one, place=place)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("server_error", "server_error"),
        ("hang", "timeout_first_token"),
        ("stream_truncated", "stream_truncated"),
        ("stall", "timeout_stall"),
        ("refused", "connect_refused"),
    ],
)
def test_another_answers_within_the_deadline_when_the_first_fails(fleet, fault, kind):
    asked = router(simulated(fleet, fault, 0), simulated(fleet, "well", 1))

    async def ask():
        async with asked:
            return [await asyncio.wait_for(asked.ask("What is 2 + 2?", capability="math"), 4.0) for _ in range(2)]

    for routed in wait(ask()):
        assert routed.provider == "well"
        assert routed.text == "4, naïvely."
        assert routed.choice.name == fault
        assert [one.failure and one.failure.kind for one in routed.attempts] == [kind, None]
    stats = asked.stats()
    assert (stats.asks, stats.answered, stats.failed_over, stats.failed) == (2, 2, 2, 0)
    assert stats.providers[fault].failures == {kind: 2}
    assert stats.providers["well"].took_over == 2


@looped
async def test_the_breaker_opens_probes_and_closes():
    breaker = BreakerOptions(failures=3, window=10, open_s=0.2, closes_after=2)
    async with services("first", "second") as made:
        first, second = made
        asked = router(*in_order(made), options=replace(AT_ONCE, breaker=breaker))
        async with asked:
            first.mode = "500"
            for _ in range(6):
                assert (await asked.ask("?")).provider == "second"
            assert first.asked == 3, "after the stated number it is asked no more"
            assert asked.stats().providers["first"].state == "open"
            assert "its breaker is open (server_error ×3)" in asked.pick().left_out["first"]
            await asyncio.sleep(0.25)
            assert asked.stats().providers["first"].state == "half_open"
            assert (await asked.ask("?")).provider == "second", (
                "a probe that fails is somebody's question, and is answered"
            )
            assert first.asked == 4
            assert (await asked.ask("?")).provider == "second"
            assert first.asked == 4, "open again"
            first.mode = "well"
            await asyncio.sleep(0.45)  # twice as long as before
            for _ in range(3):
                assert (await asked.ask("?")).provider == "first"
            assert asked.stats().providers["first"].state == "closed"
            assert asked.stats().providers["first"].opened == 1
            assert second.asked == 8


@looped
async def test_one_probe_at_a_time():
    breaker = BreakerOptions(failures=1, window=1, open_s=0.05)
    async with services("first", "second") as made:
        asked = router(*in_order(made), options=replace(AT_ONCE, breaker=breaker))
        async with asked:
            made[0].mode = "500"
            await asked.ask("?")
            made[0].mode = "hang"
            await asyncio.sleep(0.1)
            before = made[0].asked
            answers = await asyncio.gather(*(asked.ask("?") for _ in range(10)))
            assert {one.provider for one in answers} == {"second"}
            assert made[0].asked == before + 1


def test_nearly_all_are_answered_while_one_of_three_is_down():
    found = outage(600)
    assert found.answered / found.asks >= 0.999, found
    assert all(down for down in found.refused.values()), "each was down for a while"


@looped
async def test_when_nobody_answers_the_error_lists_each_and_why():
    async with services("first", "second", "third") as made:
        made[0].mode, made[1].mode = "500", "cut"
        await made[2].stop()
        asked = router(*in_order(made))
        with pytest.raises(AllFailed) as error:
            await asked.ask("?")
    said = str(error.value)
    assert "no provider answered within 4 s" in said
    for name, kind in (("first", "server_error"), ("second", "stream_truncated"), ("third", "connect_refused")):
        assert f"{name}: {kind}" in said
    assert len(error.value.attempts) == 3
    assert asked.stats().failed == 1


@looped
async def test_a_refused_key_opens_at_once_and_a_rate_limit_is_heeded():
    async with services("first", "second", "third") as made:
        made[0].mode, made[1].mode = "401", "429"
        asked = router(*in_order(made), options=replace(AT_ONCE, max_retries=2))
        assert (await asked.ask("?")).provider == "third"
        assert (made[0].asked, made[1].asked) == (1, 1), "neither is asked again"
        left = asked.pick().left_out
        assert "its breaker is open (auth ×1)" in left["first"]
        assert "asked to be left alone for" in left["second"]


@looped
async def test_retries_of_the_same_are_made_as_registered():
    async with services("first", "second") as made:
        made[0].mode = "500"
        asked = router(*in_order(made, retries=Retries(2, 0.001)), options=RouterOptions(deadline_s=5.0))
        routed = await asked.ask("?")
        assert [one.number for one in routed.attempts] == [1, 2, 3, 1]
        assert routed.attempts[1].clock.throttle_s > 0
        assert made[0].asked == 3


@looped
async def test_no_other_is_asked_where_the_registry_says_so_and_a_profile_names_its_own():
    async with services("first", "second", "third") as made:
        made[0].mode = "500"
        asked = router(*in_order(made), fallback=Fallback(enabled=False))
        with pytest.raises(AllFailed):
            await asked.ask("?")
        named = Profile(fallbacks=("third",))
        assert (await asked.ask("?", named)).provider == "third"
        assert made[1].asked == 0


@looped
async def test_who_is_unwell_is_the_last_resort():
    async with services("first", "second") as made:
        made[0].mode = "500"
        asked = router(*in_order(made), options=replace(AT_ONCE, breaker=BreakerOptions(failures=1, window=1)))
        await asked.ask("?")
        made[0].mode, made[1].mode = "well", "500"
        assert (await asked.ask("?")).provider == "first", "its breaker is open, and nobody else is left"


@looped
async def test_a_malformed_question_is_put_to_nobody_else():
    async with services("first", "second") as made:
        asked = router(*in_order(made))
        with pytest.raises(AllFailed, match="bad_request"):
            await asked.ask(Prompt(({"role": "nobody", "content": "?"},)))
        assert (made[0].asked, made[1].asked) == (0, 0)
        assert asked.stats().providers["first"].state == "closed"


@looped
async def test_the_deadline_holds_also_where_everybody_hangs():
    async with services("first", "second") as made:
        for one in made:
            one.mode = "hang"
        asked = router(*in_order(made))
        begun = asyncio.get_running_loop().time()
        with pytest.raises(AllFailed, match=r"second: (timeout|no answer within)"):
            await asked.ask("?", Profile(deadline_s=0.6))
        assert asyncio.get_running_loop().time() - begun < 2.0
        assert all(one.asked == 1 for one in made), "each had its share of the time"


@looped
async def test_who_waits_for_a_slot_gives_up_at_the_deadline():
    async with services("only") as made:
        made[0].mode = "hang"
        asked = router(made[0].candidate(limits=Limits(max_concurrency=1)), options=replace(AT_ONCE, deadline_s=1.0))
        async with asked:
            first = asyncio.create_task(asked.ask("?"))
            await asyncio.sleep(0.05)
            with pytest.raises(AllFailed, match=r"no answer within what was left of 0\.3 s"):
                await asked.ask("?", Profile(deadline_s=0.3))
            with pytest.raises(AllFailed):
                await first
        assert asked.stats().providers["only"].in_flight == 0


@looped
async def test_a_full_provider_is_passed_over():
    async with services("first", "second") as made:
        made[0].mode = "hang"
        asked = router(*in_order(made, limits=Limits(max_concurrency=1)))
        async with asked:
            waiting = asyncio.create_task(asked.ask("?"))
            await asyncio.sleep(0.05)
            choice = asked.pick()
            assert choice.name == "second"
            assert "as first has no slot free, or its rate is used up" in choice.why
            assert (await waiting).provider == "second"


@looped
async def test_a_provider_whose_rate_is_used_up_is_passed_over():
    async with services("first", "second") as made:
        asked = router(*in_order(made, limits=Limits(rpm=6)))
        async with asked:
            assert [(await asked.ask("?")).provider for _ in range(2)] == ["first", "second"]
            with pytest.raises(AllFailed, match="no answer within what was left"):
                await asked.ask("?", Profile(deadline_s=0.2))
            assert (made[0].asked, made[1].asked) == (1, 1)


def test_one_door_for_those_without_a_loop(fleet):
    asked = router(simulated(fleet, "well", 0))
    assert [wait(asked.ask("What is 2 + 2?", capability="math")).text for _ in range(2)] == ["4, naïvely."] * 2
    stream = asked.stream("What is 2 + 2?", capability="math")
    assert (
        "".join(piece.text for piece in wait(stream) if isinstance(piece, TextDelta))
        == "4, naïvely."
        == stream.routed.text
    )
    assert asked.stats().answered == 3


@looped
async def test_without_a_deadline_each_has_its_own():
    async with services("first", "second") as made:
        made[0].mode = "hang"
        candidates = in_order(made, deadlines=Deadlines(first_token_s=0.2))
        routed = await router(*candidates, options=RouterOptions(deadline_s=None)).ask("?")
        assert routed.provider == "second"
        assert routed.attempts[0].failure
        assert routed.attempts[0].failure.error == "no answer within 0.2 s"


@looped
async def test_cancelling_leaves_nothing_in_flight():
    async with services("only") as made:
        made[0].mode = "hang"
        asked = router(*in_order(made))
        async with asked:
            task = asyncio.create_task(asked.ask("?"))
            await asyncio.sleep(0.05)
            assert asked.stats().providers["only"].in_flight == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert asked.stats().providers["only"].in_flight == 0
        assert asked.stats().providers["only"].attempts == 0


@looped
async def test_a_stream_is_taken_over_before_its_first_token_and_never_after():
    async with services("first", "second") as made:
        asked = router(*in_order(made))
        made[0].mode = "500"
        async with asked.stream("?", capability="math") as stream:
            with pytest.raises(WrongUse, match="not been read to its end"):
                _ = stream.routed
            text = "".join([piece.text async for piece in stream if isinstance(piece, TextDelta)])
        assert text == "by second" == stream.routed.text
        assert [one.failure is None for one in stream.routed.attempts] == [False, True]
        made[0].mode = "cut"
        async with asked.stream("?") as stream:
            assert await anext(stream) == TextDelta("by ")
            with pytest.raises(AllFailed, match="first broke off an answer that had begun"):
                await anext(stream)
            assert [piece async for piece in stream] == [], "it is over"
        assert made[1].asked == 1
        assert asked.stats().failed == 1


@looped
async def test_a_stream_that_nobody_begins_and_one_that_is_left():
    async with services("first", "second") as made:
        made[0].mode = made[1].mode = "hang"
        asked = router(*in_order(made))
        async with asked.stream("?", Profile(deadline_s=0.4)) as stream:
            with pytest.raises(AllFailed, match=r"no provider answered within 0\.4 s"):
                await anext(stream)
        made[0].mode = "well"
        asked = router(*in_order(made))
        async with asked.stream("?") as stream:
            async for _ in stream:
                break
        assert asked.stats().providers["first"].in_flight == 0
        async with asked.stream("?") as stream:
            task = asyncio.create_task(_read(stream))
            made[0].mode = "hang"
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert asked.stats().providers["first"].in_flight == 0
        with pytest.raises(WrongUse, match="opened by"):
            await anext(asked.stream("?"))


async def _read(stream):
    return [piece async for piece in stream]


@looped
async def test_a_stream_waits_for_a_slot_no_longer_than_the_deadline():
    async with services("only") as made:
        made[0].mode = "hang"
        asked = router(made[0].candidate(limits=Limits(max_concurrency=1)), options=replace(AT_ONCE, deadline_s=1.0))
        async with asked:
            first = asyncio.create_task(asked.ask("?"))
            await asyncio.sleep(0.05)
            async with asked.stream("?", Profile(deadline_s=0.3)) as stream:
                with pytest.raises(AllFailed, match="no answer within what was left"):
                    await anext(stream)
                assert await _read(stream) == []
            with pytest.raises(AllFailed):
                await first


@looped
async def test_a_replayed_answer_says_nothing_of_its_provider(tmp_path):
    async with services("only") as made:
        with Cache(tmp_path / "cache") as cache:
            asked = router(
                made[0].candidate(), options=replace(AT_ONCE, cache=cache, allowances={"user": Allowance(usd=1)})
            )
            ann = Caller(user="ann")
            first, again = [
                await asked.ask("?", params={"max_tokens": 5, "temperature": 0}, caller=ann) for _ in range(2)
            ]
        assert again.attempt.replayed
        assert not first.attempt.replayed
        assert made[0].asked == 1
        assert asked.stats().providers["only"].attempts == 1
        assert asked.stats().answered == 2


@looped
async def test_an_empty_answer_is_taken_over():
    async with services("first", "second") as made:
        made[0].mode = "empty"
        asked = router(*in_order(made))
        assert (await asked.ask("?")).provider == "second"
        async with asked.stream("?") as stream:
            assert await _read(stream)
        assert stream.routed.provider == "second"


@looped
async def test_texts_are_embedded_by_one_model_whoever_serves_it():
    async with services("first", "second", "other") as made:
        model = {"embedding_model": "openai/e-small", "embedding_prices": Prices(1e-6, 0.0)}
        first, second = in_order(made[:2], **model)
        other = made[2].candidate(2, embedding_model="openai/e-large")
        asked = router(first, second, other)
        with pytest.raises(WrongUse, match="vectors of different models do not compare"):
            await asked.embed("a cat")
        made[0].mode = "500"
        got = await asked.embed("a cat", model="e-small", caller=Caller(user="ann"))
        assert got.provider == "second"
        assert got.embeddings.vectors
        assert made[2].asked == 0, "vectors of another model would not compare"
        made[1].mode = "500"
        with pytest.raises(AllFailed):
            await asked.embed("a cat", model="e-small")
        with pytest.raises(WrongUse, match="names an embedding_model"):
            await router(made[0].candidate()).embed("a cat")


@looped
async def test_budgets_and_rates_refuse_before_anything_is_sent():
    async with services("first", "second") as made:
        cheap = made[0].candidate(prices=Prices(1e-6, 1e-6))
        dear = made[1].candidate(1, prices=Prices(1.0, 1.0), priority=9)
        allowances = {"user": Allowance(usd=0.01, rpm=3), "team:blue": Allowance(usd=0.0)}
        asked = router(cheap, dear, options=replace(AT_ONCE, allowances=allowances))
        ann, params = Caller(user="ann"), {"max_tokens": 10}
        assert (await asked.ask("?", params=params)).provider == "second", "who is nobody has no budget"
        assert (await asked.ask("?", params=params, caller=ann)).provider == "first", "the dear one would exceed it"
        assert 0 < asked.stats().spent_usd["user:ann"] < 0.01
        with pytest.raises(OverLimit, match="the budget of user:ann is"):
            await asked.ask("?", Profile(providers=("second",)), params=params, caller=ann)
        with pytest.raises(OverLimit, match="nobody knows what this may cost"):
            await asked.ask("?", caller=ann)
        with pytest.raises(OverLimit, match="user:ann may ask 3 times a minute") as error:
            await asked.ask("?", params=params, caller=ann)
        assert 0 < (error.value.retry_after_s or 0) <= 20
        with pytest.raises(OverLimit, match="team:blue"):
            await asked.ask("?", params=params, caller=Caller(labels={"team": "blue"}))
        assert asked.stats().refused == 4
        assert (made[0].asked, made[1].asked) == (1, 1)


@looped
async def test_params_of_a_profile_and_conversations():
    async with services("first", "second") as made:
        profiles = {"brief": Profile(capability="math", params={"max_tokens": 7})}
        half = {"math": {"first": 0.5, "second": 0.5}}
        asked = router(*in_order(made), profiles=profiles, table=table(half))
        async with asked:
            routed = await asked.ask("?", "brief", params={"temperature": 0.5})
            assert routed.attempt.sent.params["max_tokens"] == 7
            assert routed.attempt.sent.params["temperature"] == 0.5
            same = [await asked.ask("?", "brief", caller=Caller(conversation="c-1")) for _ in range(5)]
            assert len({one.provider for one in same}) == 1
        with pytest.raises(WrongUse, match=r"no \[profiles.breif\] in the registry; did you mean 'brief'"):
            asked.profile("breif")
        with pytest.raises(NothingSelected, match="no provider can be asked this"):
            asked.pick(Profile(tags=frozenset({"eu"})))


@looped
async def test_reload_keeps_what_was_learned_and_what_was_in_force_when_the_new_is_damaged():
    async with services("first", "second") as made:
        states: list[Known | WrongUse] = [Known(tuple(in_order(made)))]

        def read() -> Known:
            if isinstance(states[-1], WrongUse):
                raise states[-1]
            return states[-1]

        asked = Router(read, AT_ONCE)
        async with asked:
            await asked.ask("?")
            states.append(WrongUse("damaged"))
            with pytest.raises(WrongUse, match="damaged"):
                asked.reload()
            assert (await asked.ask("?")).provider == "first"
            states.append(Known(tuple(in_order(made)), table=table({"math": {"second": 1.0}})))
            asked.reload()
            assert (await asked.ask("?", capability="math")).provider == "second"
            assert asked.stats().providers["first"].answered == 2
