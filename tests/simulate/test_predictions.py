"""Replies that are made in one request and fetched in others, over real HTTP."""

import asyncio
from dataclasses import replace

import pytest

from harness.simulate import Fleet, LogNormal, predictions
from tests.simulate.served import QUICK, SUM, profile, served

assert SUM.reference
TEXT = SUM.reference.text
PROMPT = "Be brief. What is 2 + 2?"
PATH = "/right/v1/models/acme/llm/predictions"
SLOW = Fleet({"right": replace(profile("right", 1.0), ttft_s=LogNormal(30.0, 0.0))})


def body(**more):
    return {"input": {"prompt": PROMPT, **more.pop("given", {})}, **more}


def run(talk, fleet=QUICK, **options):
    async def inner():
        async with served(fleet, **options) as server:
            return await talk(server)

    return asyncio.run(inner())


async def fetched(server, made):
    """The prediction when it has ended."""
    path = made["urls"]["get"].removeprefix(server.address)
    while (got := (await server.get(path)).json)["status"] in {"starting", "processing"}:
        pass
    return got


def test_a_prediction_is_made_and_fetched():
    async def talk(server):
        made = await server.post(PATH, body())
        return made, await fetched(server, made.json)

    made, got = run(talk)
    assert (made.status, made.json["status"], made.json["output"]) == (201, "starting", None)
    assert made.headers["x-simulated"] == "right"
    assert "stream" not in made.json["urls"]
    assert (got["status"], "".join(got["output"]), got["id"], got["model"]) == (
        "succeeded",
        TEXT,
        made.json["id"],
        "acme/llm",
    )
    assert got["metrics"] == {"input_token_count": 6, "output_token_count": len(got["output"])}
    assert got["input"] == {"prompt": PROMPT}


def test_a_prediction_that_is_waited_for_is_made_and_fetched_in_one():
    got = run(lambda server: server.post(PATH, body(), Prefer="wait")).json
    assert (got["status"], "".join(got["output"])) == ("succeeded", TEXT)


def test_waiting_ends_when_its_time_is_over():
    got = run(lambda server: server.post(PATH, body(), Prefer="wait=0"), SLOW)
    assert (got.status, got.json["status"]) == (201, "starting")


def test_a_stream_has_the_text_in_events_and_the_counts_stand_in_the_prediction():
    async def talk(server):
        made = (await server.post(PATH, body(stream=True))).json
        told = await server.get(made["urls"]["stream"].removeprefix(server.address))
        return told, await fetched(server, made)

    told, got = run(talk)
    blocks = told.body.decode().removesuffix("\n\n").split("\n\n")
    assert blocks[-1] == "event: done\ndata: {}"
    assert {block.split("\n")[0] for block in blocks[:-1]} == {"event: output"}
    assert "".join(block.split("\n")[1].removeprefix("data: ") for block in blocks[:-1]) == TEXT
    assert (got["status"], got["metrics"]["output_token_count"]) == ("succeeded", len(blocks) - 1)


def test_a_prediction_is_cancelled_until_it_has_ended():
    async def talk(server):
        made = (await server.post(PATH, body(stream=True))).json
        get, stream = (made["urls"][name].removeprefix(server.address) for name in ("get", "stream"))
        canceled = await server.post(f"{get}/cancel", b"")
        return canceled.json["status"], (await server.get(get)).json["status"], (await server.get(stream)).body

    assert run(talk, SLOW) == ("canceled", "canceled", b'event: done\ndata: {"reason":"canceled"}\n\n')

    async def late(server):
        got = (await server.post(PATH, body(), Prefer="wait")).json
        return (await server.post(got["urls"]["cancel"].removeprefix(server.address), b"")).json["status"]

    assert run(late) == "succeeded"


@pytest.mark.parametrize(
    ("path", "more", "model"),
    [
        ("/right/v1/models/acme/llm/predictions", {}, "acme/llm"),
        ("/right/v1/deployments/acme/mine/predictions", {}, "acme/mine"),
        ("/right/v1/predictions", {"version": "v" * 64}, "v" * 64),
    ],
)
def test_models_deployments_and_versions_are_asked_alike(path, more, model):
    got = run(lambda server: server.post(path, body(**more), Prefer="wait")).json
    assert (got["model"], "".join(got["output"])) == (model, TEXT)


@pytest.mark.parametrize(
    "given",
    [
        {"prompt": "What is 2 + 2?", "system_prompt": "Be brief."},
        {
            "prompt": "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nWhat is 2 + 2?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
        },
    ],
)
def test_a_conversation_is_known_in_every_form(given):
    got = run(lambda server: server.post(PATH, {"input": given}, Prefer="wait=5")).json
    assert "".join(got["output"]) == TEXT


def test_limits_and_stop_sequences_hold():
    def ask(**given):
        return run(lambda server: server.post(PATH, body(given=given), Prefer="wait")).json

    assert "".join(ask(max_new_tokens=2)["output"]) == "The answ"
    assert "".join(ask(stop_sequences="zzz, is")["output"]) == "The answer"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "input.prompt"),
        ({"input": {"prompt": 3}}, "input.prompt"),
        ({"input": {"prompt": "x", "stop_sequences": ["a"]}}, "input.stop_sequences"),
        ({"input": {"prompt": "x", "max_tokens": 0}}, "max_tokens"),
    ],
)
def test_a_request_in_a_bad_form_is_refused_in_replicates_words(wrong, says):
    got = run(lambda server: server.post(PATH, wrong))
    assert (got.status, got.json["status"]) == (400, 400)
    assert got.json["detail"].startswith(says)


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("get", "stream"), ("post", "/cancel")])
def test_what_was_never_made_is_not_found(method, path):
    where = "/right/v1/streams/none" if path == "stream" else f"/right/v1/predictions/none{path}"

    async def talk(server):
        return await (server.get(where) if method == "get" else server.post(where, b""))

    assert (run(talk).status, run(talk).json["detail"]) == (404, "there is no prediction 'none'")


def test_an_error_in_place_of_a_reply_is_a_prediction_that_failed():
    got = run(lambda server: server.post(PATH, body(), Prefer="wait", x_simulate_fault="error_in_stream"))
    assert (got.status, got.json["status"], got.json["output"]) == (200, "failed", None)
    assert got.json["error"]


def test_usage_can_be_missing_from_a_prediction_that_was_streamed():
    async def talk(server):
        made = (await server.post(PATH, body(stream=True), x_simulate_fault="usage_missing")).json
        await server.get(made["urls"]["stream"].removeprefix(server.address))
        return await fetched(server, made)

    got = run(talk)
    assert (got["status"], "metrics" in got) == ("succeeded", False)


def test_the_truth_is_told_once_and_only_of_what_was_fetched(tmp_path):
    log = tmp_path / "truth.jsonl"

    async def talk(server):
        await server.post(PATH, body())
        made = (await server.post(PATH, body())).json
        for _ in range(3):
            await fetched(server, made)
        return made["id"]

    name = run(talk, log=log)
    (line,) = log.read_text().splitlines()
    assert f'"response_id":"{name}"' in line


def test_old_predictions_are_forgotten(monkeypatch):
    monkeypatch.setattr(predictions, "MOST_KEPT", 1)

    async def talk(server):
        first, _ = (await server.post(PATH, body())).json, await server.post(PATH, body())
        return (await server.get(first["urls"]["get"].removeprefix(server.address))).status

    assert run(talk) == 404
