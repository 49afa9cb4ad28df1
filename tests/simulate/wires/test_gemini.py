"""What goes out on the Gemini wire, and what comes in, byte for byte where a client depends on it."""

import asyncio
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulate.conversation import Malformed, read_openai
from harness.simulate.faults import Refusal
from harness.simulate.wires import gemini
from harness.told import Truth
from tests.simulate.served import CASES, SUM, TRIP, served

TEXT = "The answer is 4, naïvely 🙂."
MODEL = {"model": "gemini-2.5-flash", "method": "generateContent"}


def asked_for(case, **config):
    """The case in Gemini's form, for cases whose messages are plain text."""
    messages = list(case.prompt.messages)
    body: dict[str, Any] = {}
    if messages[0]["role"] == "system":
        body["systemInstruction"] = {"parts": [{"text": messages.pop(0)["content"]}]}
    body["contents"] = [{"role": "user", "parts": [{"text": one["content"]}]} for one in messages]
    if case.prompt.tools:
        body["tools"] = [{"functionDeclarations": [tool["function"] for tool in case.prompt.tools]}]
    return {**body, "generationConfig": config} if config else body


def ask(body, *, stream=False, profile="right", log=None, **headers):
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"

    async def run():
        async with served(log=log) as server:
            return await server.post(f"/{profile}/v1beta/models/gemini-2.5-flash:{method}", body, **headers)

    return asyncio.run(run())


def answered(got):
    (candidate,) = got.json["candidates"]
    return candidate


def test_a_whole_reply():
    got = ask(asked_for(SUM)).json
    (candidate,) = got["candidates"]
    assert candidate == {"content": {"parts": [{"text": TEXT}], "role": "model"}, "finishReason": "STOP", "index": 0}
    usage = got["usageMetadata"]
    assert usage["promptTokenCount"] == 6
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"]
    assert got["modelVersion"] == "gemini-2.5-flash"
    assert got["responseId"]


def test_a_whole_reply_with_tools():
    candidate = answered(ask(asked_for(TRIP)))
    text, *calls = candidate["content"]["parts"]
    assert text == {"text": "Let me see."}
    assert calls == [
        {"functionCall": {"name": "get_weather", "args": {"city": "Rome"}}},
        {"functionCall": {"name": "get_weather", "args": {"city": "Oslo, Norway"}}},
    ]
    assert candidate["finishReason"] == "STOP"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_streamed_reply_comes_in_parts_of_the_whole_and_ends_with_its_reason(case):
    got = ask(asked_for(case), stream=True)
    assert got.headers["Content-Type"].startswith("text/event-stream")
    events = got.events
    whole = ask(asked_for(case)).json
    parts = [part for one in events for part in one["candidates"][0]["content"]["parts"]]
    calls = [part for part in whole["candidates"][0]["content"]["parts"] if "functionCall" in part]
    assert [part for part in parts if "functionCall" in part] == calls
    text = "".join(part.get("text", "") for part in whole["candidates"][0]["content"]["parts"])
    assert "".join(part.get("text", "") for part in parts) == text
    reasons = [one["candidates"][0].get("finishReason") for one in events]
    assert reasons == [None] * (len(events) - 1) + ["STOP"]
    assert events[-1]["usageMetadata"] == whole["usageMetadata"]
    counts = [one["usageMetadata"]["candidatesTokenCount"] for one in events]
    assert counts == sorted(counts)
    assert len({one["responseId"] for one in events}) == 1


def test_a_reply_that_is_a_call_alone_comes_when_all_of_it_is_said(tmp_path):
    path = tmp_path / "truth.jsonl"
    forced = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}}
    got = ask({**asked_for(TRIP), "toolConfig": forced}, stream=True, profile="wrong", log=path)
    first, last = got.events
    assert first["candidates"][0]["content"]["parts"][0]["functionCall"]["name"] == "get_weather"
    (truth,) = (Truth.from_json(json.loads(line)) for line in path.read_text().splitlines())
    assert truth.ttft_s == truth.latency_s > 0
    assert truth.completion_tokens == last["usageMetadata"]["candidatesTokenCount"] > 1
    assert truth.response_id == last["responseId"]


@pytest.mark.parametrize("stream", [True, False])
def test_replies_are_cut_at_the_token_limit(stream):
    for name in ("maxOutputTokens", "max_output_tokens"):
        got = ask(asked_for(SUM, **{name: 2}), stream=stream)
        last = got.events[-1] if stream else got.json
        assert last["candidates"][0]["finishReason"] == "MAX_TOKENS"
        assert last["usageMetadata"]["candidatesTokenCount"] == 2
    assert answered(ask(asked_for(TRIP, maxOutputTokens=6)))["content"]["parts"][1]["functionCall"]["args"] == {}


@pytest.mark.parametrize("name", ["stopSequences", "stop_sequences"])
def test_replies_end_at_stop_sequences(name):
    candidate = answered(ask(asked_for(SUM, **{name: ["zzz", " is"]})))
    assert (candidate["content"]["parts"], candidate["finishReason"]) == ([{"text": "The answer"}], "STOP")


def test_a_tool_is_forced_only_if_it_is_the_only_one_allowed():
    for calling, forced in [
        ({"mode": "ANY", "allowed_function_names": ["f"]}, "f"),
        ({"mode": "ANY", "allowed_function_names": ["f", "g"]}, None),
        ({"mode": "ANY"}, None),
        ({"mode": "AUTO"}, None),
        (None, None),
    ]:
        body = {**asked_for(TRIP), **MODEL, "tool_config": {"function_calling_config": calling}}
        assert gemini.read(body).forced_tool == forced


def test_earlier_calls_results_and_images_have_the_key_that_they_have_on_other_wires():
    openai = read_openai(
        [
            {"role": "system", "content": "Help."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Weather here?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                ],
            },
            {
                "role": "assistant",
                "tool_calls": [{"function": {"name": "get_weather", "arguments": '{"city": "Rome"}'}}],
            },
            {"role": "tool", "content": "Sunny."},
        ],
        TRIP.prompt.tools,
    )
    call = {"name": "get_weather", "args": {"city": "Rome"}}
    told = {"name": "get_weather", "response": {"content": "Sunny."}}
    for snake in (False, True):
        blob = {"mime_type": "image/png"} if snake else {"mimeType": "image/png"}
        parts = [
            {"text": "Weather here?"},
            {"inline_data" if snake else "inlineData": {"data": "AA==", **blob}},
            {"fileData": {"fileUri": "https://example.com/a.png"}},
        ]
        thought = {"text": "Hm.", "thought": True}
        calls = [thought, {"function_call" if snake else "functionCall": call}]
        contents = [
            {"role": "user", "parts": parts},
            {"role": "model", "parts": calls},
            {"parts": [{"function_response" if snake else "functionResponse": told}]},
        ]
        names = [tool["function"] for tool in TRIP.prompt.tools]
        body = {
            "system_instruction" if snake else "systemInstruction": {"parts": [{"text": "Help."}]},
            "contents": contents,
            "tools": [{"function_declarations" if snake else "functionDeclarations": names}, {"googleSearch": {}}],
        }
        read = gemini.read({**body, **MODEL}).conversation
        assert read.key == openai.key
        assert read.tokens == openai.tokens


def test_a_result_that_is_an_object_is_its_json():
    told = {"functionResponse": {"name": "f", "response": {"celsius": 3}}}
    assert gemini.read({"contents": [{"parts": [told]}], **MODEL}).conversation.turns == (("user", '{"celsius":3}'),)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "contents: must be a list"),
        ({"contents": []}, "at least one message"),
        ({"contents": [{"role": "robot", "parts": []}]}, "'robot' is not one of user, model"),
        ({"contents": [{"parts": "hi"}]}, "contents[0].parts: must be a list"),
        ({"contents": [{"parts": [{"smell": "x"}]}]}, "a part with smell is not understood"),
        ({"contents": [{"parts": [{}]}]}, "a part with nothing is not understood"),
        ({"systemInstruction": "hi"}, "systemInstruction: must be an object"),
        ({"generationConfig": 3}, "generationConfig: must be an object"),
        ({**asked_for(SUM), "generationConfig": {"maxOutputTokens": 0}}, "maxOutputTokens: must be"),
        ({**asked_for(SUM), "generationConfig": {"stopSequences": [3]}}, "stopSequences: must be"),
        ({**asked_for(SUM), "tools": [{"functionDeclarations": [{"description": "no name"}]}]}, "must be {name,"),
    ],
)
def test_a_request_in_a_bad_form_is_refused_in_googles_form(body, complaint):
    got = ask(body)
    assert got.status == 400
    told = got.json["error"]
    assert complaint in told["message"]
    assert (told["code"], told["status"]) == (400, "INVALID_ARGUMENT")


def test_a_method_that_there_is_not_is_refused():
    with pytest.raises(Malformed, match="'countTokens' is not one of generateContent, streamGenerateContent"):
        gemini.read({**asked_for(SUM), "model": "m", "method": "countTokens"})


@pytest.mark.parametrize(
    ("fault", "status", "name"),
    [
        ("rate_limited", 429, "RESOURCE_EXHAUSTED"),
        ("server_error", 500, "INTERNAL"),
        ("overloaded", 529, "UNAVAILABLE"),
    ],
)
def test_a_refusal_has_its_status_and_googles_name_for_it(fault, status, name):
    got = ask(asked_for(SUM), x_simulate_fault=fault)
    assert (got.status, got.json["error"]["code"], got.json["error"]["status"]) == (status, status, name)
    assert got.headers["x-simulated"] == "right"


@pytest.mark.parametrize(("code", "period"), [("rate_limit_exceeded", "Minute"), ("insufficient_quota", "Day")])
def test_which_limit_was_met_and_how_long_to_wait_stand_in_the_details(code, period):
    told = json.loads(gemini.error(Refusal(429, "slow down", code, headers={"retry-after": "7"})))["error"]
    kind = "type.googleapis.com/google.rpc."
    assert told["details"] == [
        {"@type": f"{kind}QuotaFailure", "violations": [{"quotaId": f"GenerateRequestsPer{period}PerProjectPerModel"}]},
        {"@type": f"{kind}RetryInfo", "retryDelay": "7s"},
    ]
    assert "details" not in json.loads(gemini.error(Refusal(404, "no such model")))["error"]


NAMES = ["contents", "parts", "role", "text", "tools", "functionDeclarations", "functionCall", "functionResponse"]
NAMES += ["name", "response", "inlineData", "fileData", "toolConfig", "functionCallingConfig", "generationConfig"]
ANY = st.recursive(
    st.none() | st.integers() | st.sampled_from(["user", "model", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from(["contents", "systemInstruction", "tools", "generationConfig"]), ANY))
def test_any_json_is_read_or_refused(body):
    with contextlib.suppress(Malformed):
        assert gemini.read({**body, **MODEL}).conversation.turns
