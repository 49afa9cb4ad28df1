import asyncio
import json
import os
import signal
import socket
from dataclasses import replace
from itertools import pairwise
from random import Random

import aiohttp
import pytest

from harness.ask import Answer, Case, Prompt
from harness.errors import HarnessError, WrongUse
from harness.simulate import FAULTS, Fleet, Keys, serve
from harness.simulate.keys import GENERIC_WRONG, NOT_KNOWN
from harness.simulate.server import _waits
from harness.told import Truth
from tests.simulate.served import CASES, FORM, QUICK, SUM, TRIP, openai_body, profile, served

FORMS = ("openai", "anthropic")
PATHS = {"openai": "/right/v1/chat/completions", "anthropic": "/right/v1/messages"}


def truths(path) -> list[Truth]:
    return [Truth.from_json(json.loads(line)) for line in path.read_text().splitlines()]


def text(got, form) -> str:
    return str(got.json["choices"][0]["message"]["content"] if form == "openai" else got.json["content"][0]["text"])


async def ask(server, form, case, name="right", **more):
    return await getattr(server, form)(case, name, **more)


def questions(count: int) -> list[Case]:
    prompts = (Prompt(({"role": "user", "content": f"Question {number}?"},)) for number in range(count))
    return [Case(str(n), one, "facts", (), reference=Answer(f"right {n}")) for n, one in enumerate(prompts)]


@pytest.mark.parametrize("form", FORMS)
def test_each_profile_answers_right_or_wrong_as_often_as_it_should(form):
    cases = questions(300)

    async def share(server, name):
        replies = await asyncio.gather(*(ask(server, form, case, name) for case in cases))
        return sum(text(got, form).startswith("right ") for got in replies) / len(cases)

    async def run():
        async with served(keys=Keys.of(cases), seed=5) as server:
            return [await share(server, name) for name in ("right", "wrong", "even")]

    right, wrong, even = asyncio.run(run())
    assert (right, wrong) == (1.0, 0.0)
    assert even == pytest.approx(0.5, abs=0.12)  # four standard errors


def test_a_run_is_the_same_again_with_the_same_seed_apart_from_its_times(tmp_path):
    cases = questions(40)

    def run(seed, order):
        path = tmp_path / "truth.jsonl"

        async def go():
            async with served(keys=Keys.of(cases), seed=seed, log=path) as server:
                await asyncio.gather(*(server.openai(cases[n], "even", stream=n % 2 == 0) for n in order))

        asyncio.run(go())
        return {one.response_id: replace(one, ttft_s=0, latency_s=0) for one in truths(path)}

    first = run(1, range(40))
    assert len(first) == 40
    assert run(1, reversed(range(40))) == first
    assert not run(2, range(40)).keys() & first.keys()


@pytest.mark.parametrize("form", FORMS)
def test_every_answer_is_in_the_truth_log_as_its_reply_says(form, tmp_path):
    path = tmp_path / "truth.jsonl"

    async def run():
        async with served(log=path) as server:
            return [await ask(server, form, case, "right") for case in CASES]

    replies = asyncio.run(run())
    for got, truth, case in zip(replies, truths(path), CASES, strict=True):
        usage = got.json["usage"]
        names = ("prompt_tokens", "completion_tokens") if form == "openai" else ("input_tokens", "output_tokens")
        assert truth.response_id == got.json["id"]
        assert (truth.prompt_tokens, truth.completion_tokens) == tuple(usage[name] for name in names)
        assert truth.cost_usd == pytest.approx(truth.prompt_tokens * 1e-6 + truth.completion_tokens * 2e-6)
        assert (truth.profile, truth.capability, truth.quality, truth.right) == ("right", case.capability, 1.0, True)
        assert 0 < truth.ttft_s == truth.latency_s
        assert got.headers["x-simulated"] == "right"


@pytest.mark.parametrize("form", FORMS)
def test_a_streamed_answer_has_a_chunk_for_each_token_and_ends_later_than_it_begins(form, tmp_path):
    path = tmp_path / "truth.jsonl"

    async def run():
        async with served(log=path) as server:
            return await ask(server, form, TRIP, stream=True)

    got = asyncio.run(run())
    (truth,) = truths(path)
    assert got.headers["Content-Type"].startswith("text/event-stream")
    assert got.headers["x-simulated"] == "right"
    if form == "openai":
        deltas = [one["choices"][0]["delta"] for one in got.events[:-1]]
        chunks = [one for one in deltas if one.get("tool_calls") or one.get("content")]
    else:
        chunks = [one for one in got.events if one["type"] == "content_block_delta"]
        chunks += [one for one in got.events if one.get("content_block", {}).get("type") == "tool_use"]
    assert len(chunks) == truth.completion_tokens
    assert 0 < truth.ttft_s < truth.latency_s


def test_chunks_come_when_they_are_due_with_no_drift(tmp_path):
    fleet = Fleet({"slow": replace(profile("slow", 1.0), ttft_s=spread(0.03), inter_token_s=spread(0.004))})
    path = tmp_path / "truth.jsonl"
    long = Case("l", Prompt(({"role": "user", "content": "?"},)), "facts", (), reference=Answer("word " * 50))

    async def run():
        async with served(fleet, Keys.of([long]), log=path) as server:
            for stream in (True, False):
                await server.openai(long, "slow", stream=stream)

    asyncio.run(run())
    streamed, whole = truths(path)
    due = 0.03 + (streamed.completion_tokens - 1) * 0.004
    assert streamed.ttft_s >= 0.03
    assert streamed.latency_s >= due
    assert whole.latency_s >= due
    assert whole.completion_tokens == streamed.completion_tokens


def spread(median):
    return replace(profile("p", 1.0).ttft_s, median=median, sigma=0.0)


@pytest.mark.parametrize("form", FORMS)
def test_a_question_in_no_key_is_told_to_be_unknown(form, tmp_path):
    path = tmp_path / "truth.jsonl"

    async def run():
        async with served(keys=Keys.of([]), log=path) as server:
            return await ask(server, form, SUM)

    assert text(asyncio.run(run()), form) == NOT_KNOWN.text
    (truth,) = truths(path)
    assert (truth.capability, truth.quality, truth.right) == ("unknown", 0.0, False)


def test_a_wrong_reply_without_a_distractor_is_the_generic_one():
    async def run():
        async with served() as server:
            return await server.openai(TRIP, "wrong")

    assert text(asyncio.run(run()), "openai") == GENERIC_WRONG.text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("fault", "status"), [("rate_limited", 429), ("server_error", 500), ("overloaded", 529)])
def test_a_refusal_has_its_status_and_is_in_the_wires_own_form(form, fault, status, tmp_path):
    async def run():
        async with served(log=tmp_path / "truth") as server:
            return await server.post(PATHS[form], openai_body(FORM, max_tokens=9), x_simulate_fault=fault)

    got = asyncio.run(run())
    kinds = {
        "openai": {429: "requests", 500: "server_error", 529: "overloaded_error"},
        "anthropic": {429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"},
    }
    assert got.status == status
    assert got.headers["x-simulated"] == "right"
    assert got.headers.get("retry-after") == ("1" if status == 429 else None)
    assert got.json["error"]["type"] == kinds[form][status]
    assert ("type" in got.json) == (form == "anthropic")
    assert truths(tmp_path / "truth") == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("stream", [True, False])
def test_a_cut_answer_breaks_off_in_the_middle_and_is_not_logged(form, stream, tmp_path):
    body = openai_body(FORM, max_tokens=100, stream=stream)
    heard = bytearray()

    async def run():
        async with served(log=tmp_path / "truth") as server:
            headers = {"x-simulate-fault": "stream_truncated"}
            async with server.session.post(server.address + PATHS[form], json=body, headers=headers) as response:
                assert response.status == 200
                async for part in response.content.iter_any():
                    heard.extend(part)

    with pytest.raises(aiohttp.ClientPayloadError):
        asyncio.run(run())
    if stream:
        assert b'{\\"ci' in heard
        assert b'me\\"}' not in heard
    else:
        assert heard.startswith(b"{")
        assert not heard.endswith(b"}")
    assert b"[DONE]" not in heard
    assert b"message_stop" not in heard
    assert truths(tmp_path / "truth") == []


def test_a_retry_after_a_fault_gets_the_answer_that_the_first_would_have_got():
    cases = questions(30)

    async def run(*, faulted):
        got = []
        async with served(keys=Keys.of(cases), seed=3) as server:
            for case in cases:
                if faulted:
                    await server.post("/even/v1/chat/completions", openai_body(case), x_simulate_fault="server_error")
                    with pytest.raises(aiohttp.ClientPayloadError):
                        await server.post(
                            "/even/v1/chat/completions", openai_body(case), x_simulate_fault="stream_truncated"
                        )
                got.append(text(await server.openai(case, "even"), "openai"))
        return got

    assert asyncio.run(run(faulted=True)) == asyncio.run(run(faulted=False))


def test_faults_come_at_the_profiles_rates():
    fleet = Fleet({"bad": profile("bad", 1.0, {"server_error": 0.3, "overloaded": 0.2})})
    cases = questions(400)

    async def run():
        async with served(fleet, Keys.of(cases), seed=8) as server:
            return await asyncio.gather(*(server.openai(case, "bad") for case in cases))

    statuses = [got.status for got in asyncio.run(run())]
    assert statuses.count(500) / 400 == pytest.approx(0.3, abs=0.1)
    assert statuses.count(529) / 400 == pytest.approx(0.2, abs=0.1)
    assert statuses.count(200) / 400 == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"{", "the body is not JSON"),
        (b"[1]", "the body must be a JSON object"),
        ({"model": "m", "max_tokens": 9}, "messages: must be a list"),
        ({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9}, "model: must be the name of a model"),
        ({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 0}, "max_tokens: must be"),
        ({"model": "m", "messages": [{"role": "robot", "content": "Hi"}], "max_tokens": 9}, "'robot' is not one of"),
    ],
)
def test_a_request_in_a_bad_form_is_refused_in_the_wires_own_form(form, body, complaint):
    async def run():
        async with served() as server:
            return await server.post(PATHS[form], body)

    got = asyncio.run(run())
    assert got.status == 400
    assert complaint in got.json["error"]["message"]
    assert got.json["error"]["type"] == "invalid_request_error"
    assert got.headers["x-simulated"] == "right"


def test_an_unknown_profile_fault_or_path_is_refused():
    async def run():
        async with served() as server:
            body = openai_body(SUM, max_tokens=9)
            return (
                await server.openai(SUM, "nobody"),
                await server.anthropic(SUM, "nobody"),
                await server.get("/nobody/v1/models"),
                await server.post(PATHS["openai"], body, x_simulate_fault="gremlins"),
                await server.post("/right/v2/nothing", body),
            )

    openai, anthropic, models, fault, path = asyncio.run(run())
    assert (openai.status, anthropic.status, models.status) == (404, 404, 404)
    assert openai.json["error"]["message"] == "no simulated provider is called 'nobody'; there are right, wrong, even"
    assert anthropic.json["error"]["type"] == "not_found_error"
    assert openai.headers["x-simulated"] == models.headers["x-simulated"] == "unknown"
    assert fault.status == 400
    assert fault.json["error"]["message"].endswith(f"there are {', '.join(FAULTS)}")
    assert (path.status, path.headers["x-simulated"]) == (404, "unknown")


def test_models_are_listed():
    async def run():
        async with served() as server:
            return await server.get("/right/v1/models")

    got = asyncio.run(run())
    assert [one["id"] for one in got.json["data"]] == ["sim-right", "sim-right-embed"]
    assert got.headers["x-simulated"] == "right"


def test_a_client_that_goes_away_leaves_the_answer_to_the_next(tmp_path):
    slow = Fleet({"slow": replace(profile("slow", 0.5), inter_token_s=spread(0.005))})
    cases = questions(1)

    async def run(*, leave):
        async with served(slow, Keys.of(cases), seed=2, log=tmp_path / "truth") as server:
            if leave:
                url = f"{server.address}/slow/v1/chat/completions"
                async with server.session.post(url, json=openai_body(cases[0], stream=True)) as response:
                    await response.content.readany()
                    response.close()
                await asyncio.sleep(0.05)  # the server notices when it writes the next chunks
            return text(await server.openai(cases[0], "slow"), "openai")

    assert asyncio.run(run(leave=True)) == asyncio.run(run(leave=False))
    assert len(truths(tmp_path / "truth")) == 1


@pytest.mark.parametrize("one", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_the_log_complete(one, tmp_path):
    async def run():
        async with asyncio.timeout(10):
            await serve(QUICK, Keys.of([]), log=tmp_path / "truth", ready=lambda _: os.kill(os.getpid(), one))

    asyncio.run(run())
    assert truths(tmp_path / "truth") == []


def test_a_port_that_is_taken_is_told():
    async def run(port):
        async with asyncio.timeout(10):
            await serve(QUICK, Keys.of([]), port=port, ready=lambda _: None)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(WrongUse, match=f"cannot listen on 127.0.0.1:{port}"):
            asyncio.run(run(port))


def test_a_log_that_cannot_be_opened_is_told(tmp_path):
    async def run():
        async with served(log=tmp_path / "nowhere" / "truth"):
            raise AssertionError

    with pytest.raises(HarnessError, match="the truth log cannot be written"):
        asyncio.run(run())


def test_due_times_grow():
    waits = list(_waits(QUICK.profiles["right"], 20, Random(1)))
    assert len(waits) == 20
    assert all(one < other for one, other in pairwise(waits))
    assert len(list(_waits(QUICK.profiles["right"], 0, Random(1)))) == 1
