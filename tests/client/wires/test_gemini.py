import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Prompt, Provider, Secret, ToolCall
from harness.client.failures import from_http
from harness.client.translate import Untranslatable, translate, wire_of
from harness.client.wires import gemini
from tests.client.server import KEY, TOOLS

USAGE = {"promptTokenCount": 20, "candidatesTokenCount": 5, "totalTokenCount": 25}
KEYS = ["candidates", "content", "parts", "text", "thought", "functionCall", "name", "args", "finishReason", "index"]
KEYS += ["usageMetadata", "promptTokenCount", "candidatesTokenCount", "promptFeedback", "blockReason", "error", "code"]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 600) | st.sampled_from(["STOP", "x", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


def part(*parts, finish=None, **more):
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {})], **more}


def text(said, finish=None, **more):
    return part({"text": said}, finish=finish, **more)


def call(name="get_weather", **fields):
    return {"functionCall": {"name": name, **fields}}


def event(value):
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\r\n\r\n"


def dated(pieces):
    return [(float(number), one) for number, one in enumerate(pieces)]


def stream(*values):
    return gemini.WIRE.read_stream(dated(value if isinstance(value, bytes) else event(value) for value in values))


def array(*values):
    """A stream as a JSON array: each value arrives with the comma before it."""
    pieces = [(b"[" if place == 0 else b",\r\n") + json.dumps(one).encode() for place, one in enumerate(values)]
    return [*pieces, b"\r\n]"]


def body(value):
    return gemini.read_body([(1.0, value if isinstance(value, bytes) else json.dumps(value).encode())])


def kind(decoded):
    assert decoded.failure is not None
    return decoded.failure.kind


def error(decoded):
    assert decoded.failure is not None
    return decoded.failure.error


@given(st.lists(ANY, max_size=5))
def test_no_json_breaks_the_reading_and_no_finish_is_made_up(values):
    for decoded in (stream(*values), gemini.WIRE.read_stream(dated(array(*values) if values else [b"[]"]))):
        assert decoded.failure is not None or decoded.reply.finish_reason
    for value in values:
        body(value)


def test_marks_are_of_content_only():
    decoded = stream({"modelVersion": "g-1", "responseId": "r"}, text("Hel"), text("lo"), text("", "STOP"))
    assert (decoded.reply.text, decoded.reply.finish_reason, decoded.failure) == ("Hello", "stop", None)
    assert (decoded.marks.first, decoded.marks.visible, decoded.marks.last) == (1.0, 1.0, 2.0)
    assert (decoded.reply.model_served, decoded.reply.response_id) == ("g-1", "r")


def test_thinking_is_reasoning_and_not_visible():
    decoded = stream(part({"text": "Hm.", "thought": True}), text("4", "STOP"))
    assert (decoded.reply.reasoning, decoded.reply.text) == ("Hm.", "4")
    assert (decoded.marks.first, decoded.marks.visible) == (0.0, 1.0)


def test_a_call_is_whole_and_the_same_streamed_or_not():
    decoded = stream(
        part(call(args={"city": "Köln"}), responseId="r1"), part(call("get_time", id="own")), text("", "STOP")
    )
    assert decoded.reply.tool_calls == (
        ToolCall("get_weather", '{"city": "Köln"}', "call_r1_0"),
        ToolCall("get_time", "{}", "own"),
    )
    assert decoded.reply.finish_reason == "tool_calls"
    both = part(call(args={"city": "Köln"}), call("get_time", id="own"), finish="STOP", responseId="r1")
    assert body(both).reply == decoded.reply


def test_the_first_candidate_is_the_reply():
    other = {"content": {"parts": [{"text": "no"}]}, "finishReason": "SAFETY", "index": 1}
    value = text("yes", "STOP")
    for candidates in ([other, *value["candidates"]], [*value["candidates"], other]):
        decoded = body({"candidates": candidates})
        assert (decoded.reply.text, decoded.reply.finish_reason) == ("yes", "stop")


@pytest.mark.parametrize(
    ("reason", "ours"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("BLOCKLIST", "content_filter"),
        ("RECITATION", "content_filter"),
        ("SPII", "content_filter"),
        ("OTHER", "OTHER"),
        ("UNEXPECTED_TOOL_CALL", "UNEXPECTED_TOOL_CALL"),
    ],
)
def test_reasons_that_others_have_too_go_by_their_names(reason, ours):
    assert stream(text("x", reason)).reply.finish_reason == body(text("x", reason)).reply.finish_reason == ours


@pytest.mark.parametrize("read", [stream, body])
def test_an_answer_of_nothing_says_why(read):
    assert kind(read({"candidates": [{"finishReason": "SAFETY", "index": 0}]})) == "content_filtered"
    assert kind(read({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]})) == "empty_response"
    assert read({"candidates": [{"finishReason": "MAX_TOKENS"}]}).failure is None


@pytest.mark.parametrize("read", [stream, body])
def test_a_blocked_prompt_is_filtered_and_counted(read):
    why = {"blockReason": "OTHER", "blockReasonMessage": "no such talk"}
    decoded = read({"promptFeedback": why, "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9}})
    assert kind(decoded) == "content_filtered"
    assert error(decoded) == "the prompt was blocked: OTHER (no such talk)"
    assert (decoded.usage.prompt_tokens, decoded.usage.completion_tokens) == (9, 0)


def usage(told, said="x"):
    found = body(text(said, "STOP", usageMetadata=told)).usage
    return found.prompt_tokens, found.completion_tokens, found.cached_tokens, found.reasoning_tokens


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, (20, 5, None, None)),
        ({"cachedContentTokenCount": 16}, (20, 5, 16, None)),
        ({"thoughtsTokenCount": 7, "totalTokenCount": 32}, (20, 12, None, 7)),
        ({"thoughtsTokenCount": 3}, (20, 5, None, 3)),
        ({"toolUsePromptTokenCount": 4, "totalTokenCount": 29}, (24, 5, None, None)),
        ({"candidatesTokenCount": -1}, (20, None, None, None)),
        ({"candidatesTokenCount": "many"}, (20, None, None, None)),
        ({"promptTokenCount": None}, (None, None, None, None)),
    ],
)
def test_tokens_are_counted_as_google_means_them(more, counts):
    assert usage({**USAGE, **more}) == counts


def test_a_count_that_is_left_out_is_nothing_unless_something_came():
    told = {"promptTokenCount": 20, "thoughtsTokenCount": 6, "totalTokenCount": 26}
    assert usage(told, said="") == (20, 6, None, 6)
    assert usage(told, said="x") == (20, None, None, 6)


def test_the_last_usage_of_a_stream_counts_and_one_without_the_prompt_does_not():
    early = {"promptTokenCount": 20, "totalTokenCount": 20}
    decoded = stream(text("a", usageMetadata=early), text("b", "STOP", usageMetadata=USAGE), {"usageMetadata": {}})
    assert decoded.usage.completion_tokens == 5
    assert stream(text("a", usageMetadata=early)).usage.completion_tokens is None


def test_results_of_a_search_are_not_billed_as_tokens():
    told = {**USAGE, "toolUsePromptTokenCount": 4, "totalTokenCount": 29}
    for found in ({"webSearchQueries": ["ulm"]}, {"groundingChunks": [{"maps": {"uri": "x"}}]}):
        value = text("x", "STOP", usageMetadata=told)
        value["candidates"][0]["groundingMetadata"] = found
        assert body(value).usage.prompt_tokens == 20


def test_a_stream_without_a_finish_reason_is_cut_with_its_text_kept():
    for pieces in (
        [event(text("Hel"))],
        [event(text("Hel")), b"data: [DONE]\n\n"],
        [event(text("Hel")), b'data: {"ca'],
    ):
        decoded = gemini.WIRE.read_stream(dated(pieces))
        assert (kind(decoded), decoded.reply.text) == ("stream_truncated", "Hel")


def test_a_chunk_that_is_not_json_or_no_object_is_malformed():
    assert kind(stream(text("Hel"), b"data: {oops}\n\n", text("lo", "STOP"))) == "stream_malformed"
    assert kind(stream(text("Hel"), b"data: 3\n\n")) == "stream_malformed"


def test_an_error_in_mid_stream_keeps_the_text_and_its_own_words():
    decoded = stream(
        text("Hel"), {"error": {"code": 503, "message": "The model is overloaded", "status": "UNAVAILABLE"}}
    )
    assert (kind(decoded), decoded.reply.text) == ("overloaded", "Hel")
    assert "The model is overloaded [503, UNAVAILABLE]" in error(decoded)


def test_a_stream_may_be_an_array_and_its_parts_are_dated():
    decoded = gemini.WIRE.read_stream(dated(array(text("Kö]l"), text("n,🙂"), text("", "STOP", usageMetadata=USAGE))))
    assert (decoded.reply.text, decoded.reply.finish_reason, decoded.failure) == ("Kö]ln,🙂", "stop", None)
    assert decoded.marks.pieces == (0.0, 1.0)
    assert decoded.usage.completion_tokens == 5


@given(st.integers(1, 40), st.booleans())
def test_how_an_array_is_cut_into_chunks_says_nothing(size, indented):
    values = [text("Kö"), text("ln 🙂"), text("", "STOP")]
    data = json.dumps(values, indent=2 if indented else None, ensure_ascii=False).encode()
    chunks = dated(data[place : place + size] for place in range(0, len(data), size))
    assert gemini.WIRE.read_stream(chunks).reply.text == "Köln 🙂"
    assert gemini.read_body(chunks).reply.text == "Köln 🙂"


def test_an_array_that_is_cut_is_truncated_and_one_that_is_broken_malformed():
    pieces = array(text("Hel"), text("lo", "STOP"))
    cut = gemini.WIRE.read_stream(dated([pieces[0], pieces[1][:-5]]))
    assert (kind(cut), cut.reply.text) == ("stream_truncated", "Hel")
    assert kind(gemini.WIRE.read_stream(dated([pieces[0], b",{oops}]"]))) == "stream_malformed"
    assert kind(gemini.WIRE.read_stream(dated([pieces[0], b",3]"]))) == "stream_malformed"


def test_a_server_that_ignored_the_wish_for_a_stream_is_read_as_it_answered():
    assert gemini.WIRE.read_stream(dated([json.dumps(text("x", "STOP")).encode()])).reply.text == "x"


@pytest.mark.parametrize("value", [b"{oops", b"3", {"x": 1}, [3], {}])
def test_a_body_that_is_no_response_is_malformed(value):
    assert kind(body(value)) == "response_malformed"


def test_a_response_without_candidates_is_empty():
    assert kind(body({"usageMetadata": USAGE, "modelVersion": "g-1"})) == "empty_response"
    assert kind(body({"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}})) == "bad_request"


MODEL = "gemini/gemini-2.5-flash"
ASKED = Prompt(({"role": "developer", "content": "be brief"}, {"role": "user", "content": "hi"}))


def request(prompt=ASKED, params=None, *, model=MODEL, streamed=True, **more):
    provider = Provider("p", model, **{"api_key": Secret(KEY), "base_url": "http://h/v1beta/", **more})
    return translate(provider, gemini.WIRE, prompt, params or {}, stream=streamed)


def test_the_request_says_in_its_address_what_the_body_of_others_says():
    made = request(params={"max_tokens": 5, "stop": ["x"]})
    assert made.url == "http://h/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert request(streamed=False).url == "http://h/v1beta/models/gemini-2.5-flash:generateContent"
    sent = json.loads(made.body)
    assert set(sent) == {"contents", "system_instruction", "generationConfig"}
    assert sent["system_instruction"] == {"parts": [{"text": "be brief"}]}
    assert made.params == {"generationConfig": {"max_output_tokens": 5, "stop_sequences": ["x"]}}


def test_the_key_is_in_a_header_and_nowhere_else():
    made = request()
    assert made.headers["x-goog-api-key"] == KEY
    assert KEY not in made.url + made.body.decode() + repr(made)
    assert "x-goog-api-key" not in request(api_key=None).headers


def test_googles_own_address_has_the_version_that_the_model_needs():
    google = "https://generativelanguage.googleapis.com"
    for base in (None, google, f"{google}/"):
        assert request(base_url=base, streamed=False).url == f"{google}/v1beta/models/gemini-2.5-flash:generateContent"
    newer = request(model="gemini/gemini-3-pro-preview", base_url=None)
    assert newer.url == f"{google}/v1alpha/models/gemini-3-pro-preview:streamGenerateContent?alt=sse"


@pytest.mark.parametrize("params", [{"parallel_tool_calls": False}, {"whatever": 3}, {"user": "me"}])
def test_what_google_does_not_take_is_refused_or_dropped_by_name(params):
    prompt = Prompt(ASKED.messages, TOOLS[:1])
    with pytest.raises(Untranslatable) as refused:
        request(prompt, params)
    assert refused.value.failure.kind == "unsupported_parameter"
    made = request(prompt, params, drop_params=True)
    assert made.dropped == tuple(params)
    assert not {"whatever", "user", "parallel_tool_calls"} & {*made.params, *made.params.get("generationConfig", {})}


@pytest.mark.parametrize(
    ("params", "sent"),
    [
        ({"top_k": 4}, {"generationConfig": {"top_k": 4}}),
        ({"seed": 3}, {"generationConfig": {"seed": 3}}),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, None),
        ({"safety_settings": [{"category": "C"}]}, {"safetySettings": [{"category": "C"}]}),
        ({"cached_content": "cachedContents/1"}, {"cachedContent": "cachedContents/1"}),
        ({"mediaResolution": "LOW"}, {"generationConfig": {"mediaResolution": "LOW"}}),
        ({"extra_body": {"labels": {"team": "search"}}}, {"labels": {"team": "search"}}),
    ],
)
def test_what_google_takes_is_sent(params, sent):
    made = request(params=params)
    if sent is None:
        assert made.params["generationConfig"]["thinkingConfig"]["thinkingBudget"] == 9
    else:
        assert {**made.params, **sent} == made.params


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}, "gemini"),
        ({"type": "image_url", "image_url": "data:image/png;base64,AA=="}, "gemini"),
        ({"type": "file", "file": {"file_id": "https://generativelanguage.googleapis.com/v1beta/files/x"}}, "gemini"),
        ({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}, None),
        ({"type": "image_url", "image_url": "http://example.com/a.png"}, None),
        ({"type": "file", "file": {"file_id": "gs://bucket/a.pdf"}}, None),
    ],
)
def test_what_must_be_fetched_first_is_litellms_to_ask(content, name):
    parts = [{"type": "text", "text": "What is it?"}, content]
    wire = wire_of(Provider("p", MODEL), Prompt(({"role": "user", "content": parts},)), {})
    assert (wire.name if wire else None) == name


def refusal(*violations, status="RESOURCE_EXHAUSTED", delay="34.5s", said="You exceeded your current quota."):
    details = [
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": one} for one in violations],
        },
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
    ]
    return {"error": {"code": 429, "message": said, "status": status, "details": details}}


@pytest.mark.parametrize(
    ("told", "expected", "after"),
    [
        (refusal("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"), "rate_limited", 34.5),
        ([refusal("GenerateContentInputTokensPerModelPerMinute-FreeTier")], "rate_limited", 34.5),
        (refusal("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), "quota_exhausted", 34.5),
        (refusal("PerMinute", "PerDay"), "quota_exhausted", 34.5),
        (refusal("PerMinute", said="Quota exceeded for metric: x, limit: 0, model: y"), "quota_exhausted", 34.5),
        (refusal("PerMinute", said="Quota exceeded for metric: x, limit: 10, model: y"), "rate_limited", 34.5),
        (refusal("PerMinute", delay="-3s"), "rate_limited", None),
        (refusal("PerMinute", delay="soon"), "rate_limited", None),
        (refusal("PerMinute", delay={"seconds": 3}), "rate_limited", None),
        ({"error": {"message": "Resource has been exhausted", "status": "RESOURCE_EXHAUSTED"}}, "rate_limited", None),
    ],
)
def test_a_limit_by_the_minute_is_a_rate_and_one_by_the_day_a_quota(told, expected, after):
    found = from_http(429, {}, json.dumps(told).encode())
    assert (found.kind, found.retry_after_s) == (expected, after)
    streamed = stream(told[0] if isinstance(told, list) else told)
    assert streamed.failure is not None
    assert (streamed.failure.kind, streamed.failure.retry_after_s) == (expected, after)


def test_the_header_wins_over_the_details():
    assert from_http(429, {"retry-after": "2"}, json.dumps(refusal("PerMinute")).encode()).retry_after_s == 2.0


@pytest.mark.parametrize(
    ("status", "name", "said", "expected"),
    [
        (503, "UNAVAILABLE", "The model is overloaded. Please try again later.", "overloaded"),
        (500, "INTERNAL", "An internal error has occurred.", "server_error"),
        (504, "DEADLINE_EXCEEDED", "The request timed out.", "bad_gateway"),
        (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "auth"),
        (403, "PERMISSION_DENIED", "Your API key was reported as leaked.", "auth"),
        (404, "NOT_FOUND", "models/g is not found for API version v1beta", "model_not_found"),
        (400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8).", "context_overflow"),
        (400, "INVALID_ARGUMENT", 'Unknown name "x": Cannot find field.', "unsupported_parameter"),
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", "bad_request"),
    ],
)  # fmt: skip
def test_errors_of_googles_are_told_apart(status, name, said, expected):
    found = from_http(status, {}, json.dumps({"error": {"code": status, "message": said, "status": name}}).encode())
    assert found.kind == expected
    assert name in found.error
