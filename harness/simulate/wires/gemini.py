"""The Gemini generateContent wire: `POST /{profile}/v1beta/models/{model}:generateContent` and `…:streamGenerateContent`.

Format: https://ai.google.dev/api/generate-content. Names are understood in both forms of Google's JSON, `maxOutputTokens` and
`max_output_tokens`. A stream is server-sent events, as with `alt=sse`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from harness.simulate.conversation import Conversation, Malformed, Tool, call_text, image_text, items
from harness.simulate.faults import Refusal
from harness.simulate.reply import (
    Ask,
    Choice,
    Frames,
    Said,
    SaidCall,
    model_name,
    stop_sequences,
    tokens_limit,
    tool_choice,
)

KIND = "gemini"
BASE = "/{profile}/v1beta"
ROUTE = "/models/{model}:{method}"

_STREAMS = {"generateContent": False, "streamGenerateContent": True}
_ROLES = {"user": "user", "function": "user", "model": "assistant"}
_FINISH = {"stop": "STOP", "stop_sequence": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}
_CALLING = "function_calling_config"
_CHOICES: Mapping[str, Choice] = {"NONE": "none", "ANY": "required"}
_STATUSES = {
    401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
    503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED", 529: "UNAVAILABLE",
}  # fmt: skip

_DETAIL = "type.googleapis.com/google.rpc."


def read(body: Mapping[str, Any]) -> Ask:
    """The request; raises Malformed for a body in a bad form, and for a method that there is not."""
    if body.get("method") not in _STREAMS:
        raise Malformed(f"{body.get('method')!r} is not one of {', '.join(_STREAMS)}")
    config = _object(_either(body, "generation_config"), "generationConfig")
    limit, stop = _either(config, "max_output_tokens"), _either(config, "stop_sequences")
    calling = _object(_either(_object(_either(body, "tool_config"), "toolConfig"), _CALLING), "functionCallingConfig")
    return Ask(
        conversation=_conversation(body),
        model=model_name(body),
        stream=_STREAMS[body["method"]],
        max_tokens=tokens_limit({"maxOutputTokens": limit}, "maxOutputTokens"),
        stop=stop_sequences(stop, "stopSequences"),
        forced_tool=_forced(calling),
        tool_choice=tool_choice(calling.get("mode"), _CHOICES),
    )


def _either(fields: Mapping[str, Any], name: str) -> Any:
    """What stands under the name in its camel form, else in its snake form, in which it is given here."""
    first, *rest = name.split("_")
    return fields.get(first + "".join(word.capitalize() for word in rest), fields.get(name))


def _object(value: object, what: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Malformed(f"{what}: must be an object")
    return value


def _forced(calling: Mapping[str, Any]) -> str | None:
    if calling.get("mode") != "ANY":
        return None
    match _either(calling, "allowed_function_names"):
        case [str(name)]:
            return name
    return None


def _conversation(body: Mapping[str, Any]) -> Conversation:
    system = _object(_either(body, "system_instruction"), "systemInstruction")
    said = [("system", text) for text in _texts(system.get("parts") or (), "systemInstruction.parts")]
    for place, content in enumerate(items(body.get("contents"), "contents")):
        role = _ROLES.get(str(content.get("role") or "user"))
        if role is None:
            raise Malformed(f"contents[{place}].role: {content.get('role')!r} is not one of user, model")
        said += [(role, text) for text in _texts(content.get("parts"), f"contents[{place}].parts")]
    return Conversation.of(said, [tool for one in items(body.get("tools") or (), "tools") for tool in _tools(one)])


def _texts(parts: object, where: str) -> list[str]:
    return [text for part in items(parts, where) if part.get("thought") is not True for text in _part(part, where)]


def _part(part: Mapping[str, Any], where: str) -> list[str]:
    named = {name: _either(part, name) for name in ("function_call", "function_response", "inline_data", "file_data")}
    match {"text": part.get("text"), **named}:
        case {"text": str(text)}:
            return [text]
        case {"function_call": {"name": str(name), **rest}}:
            return [call_text(name, rest.get("args") or {})]
        case {"function_response": {"response": Mapping() as response}}:
            return [_result(response)]
        case {"inline_data": Mapping() as blob}:
            return [image_text(f"data:{_either(blob, 'mime_type')};base64,{blob.get('data')}")]
        case {"file_data": Mapping() as file}:
            return [image_text(str(_either(file, "file_uri")))]
    raise Malformed(f"{where}: a part with {', '.join(part) or 'nothing'} is not understood here")


def _result(response: Mapping[str, Any]) -> str:
    """What a tool told: as text where it told text, which Google's form wants put into an object."""
    match dict(response):
        case {"content": str(text), **rest} if not rest:
            return text
    return orjson.dumps(response).decode()


def _tools(tool: Mapping[str, Any]) -> Iterator[Tool]:
    for function in items(_either(tool, "function_declarations") or (), "tools.functionDeclarations"):
        match function:
            case {"name": str(name)}:
                schema = function.get("parameters") or _either(function, "parameters_json_schema")
                yield Tool.of(name, function.get("description"), schema)
            case _:
                raise Malformed("tools.functionDeclarations: each must be {name, description, parameters}")


def response_id(said: Said) -> str:
    """The id under which the reply goes out."""
    return said.tag


def stream(said: Said, ask: Ask) -> Frames:  # noqa: ARG001 - the wire's contract; this format always sends usage
    """The reply as server-sent events; a tool call comes whole, with its last token. Each event tells the tokens until then."""
    chunks: list[bytes] = []
    for piece in said.text:
        chunks.append(_event(said, [{"text": piece}], len(chunks) + 1))
    for call in said.calls:
        chunks += [b""] * len(call.arguments)
        chunks.append(_event(said, [_call(call)], len(chunks) + 1))
    tail = _event(said, [{"text": ""}], said.completion_tokens, {"finishReason": _FINISH[said.finish]})
    return Frames(head=b"", chunks=tuple(chunks), tail=tail)


def _event(said: Said, parts: list[dict[str, Any]], tokens: int, more: Mapping[str, str] | None = None) -> bytes:
    return b"data: " + orjson.dumps(_response(said, parts, tokens, more or {})) + b"\r\n\r\n"


def whole(said: Said) -> bytes:
    """The reply as one JSON body."""
    parts: list[dict[str, Any]] = [{"text": "".join(said.text)}] if said.text else []
    parts += [_call(call) for call in said.calls]
    finish = {"finishReason": _FINISH[said.finish]}
    return orjson.dumps(_response(said, parts, said.completion_tokens, finish))


def _response(said: Said, parts: list[dict[str, Any]], tokens: int, more: Mapping[str, str]) -> dict[str, Any]:
    return {
        "candidates": [{"content": {"parts": parts, "role": "model"}, **more, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": said.prompt_tokens,
            "candidatesTokenCount": tokens,
            "totalTokenCount": said.prompt_tokens + tokens,
        },
        "modelVersion": said.model,
        "responseId": response_id(said),
    }


def _call(call: SaidCall) -> dict[str, Any]:
    try:
        arguments = orjson.loads("".join(call.arguments))
    except ValueError:
        arguments = {}  # cut at the token limit: this format has no way to show half an object
    return {"functionCall": {"name": call.name, "args": arguments}}


def error(refusal: Refusal) -> bytes:
    """The body of an HTTP error. Google tells a used-up quota from a rate by its details only."""
    status = _STATUSES.get(refusal.status, "INVALID_ARGUMENT")
    told: dict[str, Any] = {"code": refusal.status, "message": refusal.message, "status": status}
    details: list[dict[str, Any]] = []
    if refusal.status == 429:
        period = "Day" if refusal.code == "insufficient_quota" else "Minute"
        limit = {"quotaId": f"GenerateRequestsPer{period}PerProjectPerModel"}
        details.append({"@type": f"{_DETAIL}QuotaFailure", "violations": [limit]})
    if wait := refusal.headers.get("retry-after"):
        details.append({"@type": f"{_DETAIL}RetryInfo", "retryDelay": f"{wait}s"})
    return orjson.dumps({"error": {**told, "details": details} if details else told})
