"""The Replicate predictions wire: `POST /{profile}/v1/models/{owner}/{name}/predictions` and what follows it (`predictions.py`).

Format: https://replicate.com/docs/reference/http#predictions.create and https://replicate.com/docs/topics/predictions/streaming
A conversation comes as one text. In Llama 3's template it is read back; of any other it is not known who said what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from harness.simulate.conversation import Conversation, Malformed
from harness.simulate.faults import Refusal
from harness.simulate.reply import Ask, Frames, Said, model_name, stop_sequences, tokens_limit

KIND = "replicate"
BASE = "/{profile}/v1"
ROUTE = "/models/{model:.+}/predictions"

CANCELED = b'event: done\ndata: {"reason":"canceled"}\n\n'
"""All of the stream of a prediction that was cancelled."""

_TURN = re.compile(
    r"<\|start_header_id\|>(system|user|assistant)<\|end_header_id\|>\n\n(.*?)(?:<\|eot_id\|>|\Z)", re.DOTALL
)


def read(body: Mapping[str, Any]) -> Ask:
    """The request; raises Malformed for a body in a bad form."""
    given = body.get("input")
    if not isinstance(given, Mapping) or not isinstance(given.get("prompt"), str):
        raise Malformed("input.prompt: must be a text")
    stops = given.get("stop_sequences")
    if stops is not None and not isinstance(stops, str):
        raise Malformed("input.stop_sequences: must be a text, with commas between the sequences")
    return Ask(
        conversation=Conversation.of(_said(given)),
        model=model_name({"model": body.get("model", body.get("version"))}),
        stream=bool(body.get("stream")),
        max_tokens=tokens_limit(given, "max_new_tokens", "max_tokens", "max_length"),
        stop=stop_sequences(stops.split(",") if stops else None, "input.stop_sequences"),
    )


def _said(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(given.get("system_prompt"), str):
        yield "system", given["system_prompt"]
    turns = _TURN.findall(given["prompt"])
    yield from turns or [("user", given["prompt"])]


def response_id(said: Said) -> str:
    """The id of the prediction."""
    return said.tag.lower()


def stream(said: Said, ask: Ask) -> Frames:  # noqa: ARG001 - the wire's contract; this format never sends usage
    """The reply as server-sent events, each with plain text."""
    return Frames(head=b"", chunks=tuple(map(_event, said.text)), tail=b"event: done\ndata: {}\n\n")


def _event(piece: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in piece.split("\n"))
    return f"event: output\n{lines}\n".encode()


def whole(said: Said) -> bytes:
    """The prediction that has succeeded."""
    metrics = {"input_token_count": said.prompt_tokens, "output_token_count": said.completion_tokens}
    return orjson.dumps({**_prediction(said, "succeeded"), "output": list(said.text), "metrics": metrics})


def unfinished(said: Said, status: str, written: Sequence[str]) -> bytes:
    """The prediction in another state, with the pieces that it has written so far."""
    return orjson.dumps({**_prediction(said, status), "output": list(written) or None, "metrics": {}})


def _prediction(said: Said, status: str) -> dict[str, Any]:
    named = {"id": response_id(said), "model": said.model, "version": "hidden"}
    return {**named, "status": status, "error": None, "logs": "", "data_removed": False, **said.echo}


def error(refusal: Refusal) -> bytes:
    """The body of an HTTP error; of one that comes with HTTP status 200, a prediction that has failed."""
    if refusal.shown_as == 200:
        return orjson.dumps({"id": "failed", "status": "failed", "output": None, "error": refusal.message})
    title = refusal.code or "Request failed"
    return orjson.dumps({"title": title, "detail": refusal.message, "status": refusal.status})
