"""The Replicate predictions wire (https://replicate.com/docs/reference/http#predictions.create and …/docs/topics/predictions/streaming).

An answer takes several requests. POST makes a prediction. Streamed, its text comes from the address `urls.stream`, as events `output` and at the end
`done`, and the prediction is asked for once more, since only it has the counts of tokens. Not streamed, or of a model that cannot, the server is asked
to wait for the end (`Prefer: wait`, a minute at most), and from then on the prediction is asked for again and again, after pauses that grow from 0.1 to
1 s, by which such a reply may be late. A prediction that is given up is cancelled, if the server has told its address by then; `Cancel-After`
has the server end it when our time for the whole has passed.

The conversation goes out as one text, which litellm writes: in the model's own template where litellm brings it (Llama 3), otherwise the messages one
after the other with nothing to tell who said what. Tools, JSON and images have no form here.

Replicate never says why a reply ended. Where it says how many tokens it wrote, and the limit that it was given, the one is held against the
other: `length` or `stop`; otherwise there is no finish reason.

The key goes to the host of the base_url, and to hosts of replicate.com if that is one of them; other addresses in an answer are asked without it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import orjson

from harness.ask import Prompt
from harness.client.failures import failure, from_error, retry_after
from harness.client.wires.contract import Chunk, Course, Decoded, Endpoint, Event, Next, Outgoing, Turn, Wire, answers
from harness.client.wires.counts import count, inside, usage_of
from harness.client.wires.draft import Draft, joined, whole
from harness.client.wires.sse import Events, begins
from harness.told import Failure

_PATH = "/models/{model}/predictions"
ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType(
    {"replicate": Endpoint("https://api.replicate.com/v1", path=_PATH)}
)
"""The kinds of providers, by litellm's name, whose servers speak this wire."""

LONGEST_WAIT_S = 60
SHORTEST_LIFE_S = 5
FIRST_PAUSE_S, PAUSES_GROW, LONGEST_PAUSE_S = 0.1, 1.2, 1.0
MOST_FAILED_POLLS = 5
"""A failed question after a prediction says nothing about the prediction, which is paid for: so many in a row are borne."""
USAGE_PAUSES_S = (0.0, 0.1, 0.2, 0.4)
"""The pauses before the questions for the counts of a reply that has been streamed."""

_GOES_ON = frozenset({"starting", "processing", "queued"})
_FAILED = frozenset({"failed", "canceled", "aborted"})
_ENDS = frozenset({"done", "error"})
_LIMITS = ("max_new_tokens", "max_tokens", "max_completion_tokens", "max_length")
_WORDS = {"content_filtered": r"flagged as sensitive|\(E005\)", "overloaded": r"high demand|temporarily unavailable"}


def refuses(prompt: Prompt) -> str | None:
    """What in the prompt is not text."""
    for place, message in enumerate(prompt.messages):
        if not isinstance(message.get("content"), str) or message.get("tool_calls"):
            return f"messages[{place}]: Replicate takes one text for the whole conversation, and this is not text alone"
    return None


def shape(out: Outgoing) -> Outgoing:
    """What litellm leaves undone: addresses of versions and deployments, several stop sequences, how long the server shall wait and work.

    litellm writes `stream` among the model's inputs as well, where it does not belong. Raises ValueError for a stop sequence with a comma,
    by which Replicate separates them.
    """
    given = {name: value for name, value in out.body["input"].items() if name != "stream"}
    stops = given.get("stop_sequences")
    if stops is not None:
        stops = [stops] if isinstance(stops, str) else stops
        if any("," in stop for stop in stops):
            raise ValueError("Replicate separates stop sequences by commas: one with a comma in it cannot be said")
        given["stop_sequences"] = ",".join(stops)
    body = {**out.body, "input": given}
    base, (name, _, version) = out.url.removesuffix(_PATH.format(model=out.model)), out.model.partition(":")
    url = out.url
    if version:
        url, body["version"] = f"{base}/predictions", version
    elif name.startswith("deployments/"):
        url = f"{base}/{name}/predictions"
    headers = {**out.headers, "Cancel-After": f"{math.ceil(max(out.total_s, SHORTEST_LIFE_S))}s"}
    if not out.stream:
        headers["Prefer"] = f"wait={LONGEST_WAIT_S}"
    return replace(out, url=url, headers=headers, body=body)


def write_seed(body: dict[str, Any], value: Any) -> bool:
    """The seed as models on Replicate know it; litellm leaves it out."""
    body["input"]["seed"] = value
    return True


def course(first: Turn, stream: bool) -> Course:
    """The stream and then the counts; or the prediction, until it has ended."""
    made = _prediction(first.chunks)
    if first.status >= 300 or made is None:
        return False
    get, cancel = _address(made, "get"), _address(made, "cancel")
    source = _address(made, "stream") if stream else None
    if source is not None:
        accept = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        told = yield Next(source, headers=accept, streams=True, cancel=cancel)
        if told.status >= 300 or not _ended(told.chunks):
            return True
        if get is not None:
            yield from _counted(get)
    elif get is not None and made.get("status") in _GOES_ON:
        return (yield from _polled(get, cancel))
    return False


def _counted(get: str) -> Course:
    for number, pause in enumerate(USAGE_PAUSES_S):
        turn = yield Next(get, after_s=pause, replaces=number > 0, optional=True)
        body = _prediction(turn.chunks)
        if turn.status >= 300 or body is None or body.get("status") not in _GOES_ON:
            break
    return False


def _polled(get: str, cancel: str | None) -> Course:
    pause, failed, replaces = FIRST_PAUSE_S, 0, False
    while failed < MOST_FAILED_POLLS:
        turn = yield Next(get, after_s=pause, replaces=replaces, cancel=cancel)
        body = _prediction(turn.chunks) if turn.status < 300 else None
        if body is not None and body.get("status") not in _GOES_ON:
            return False
        failed, replaces = failed + 1 if body is None else 0, True
        asked = retry_after(turn.headers, datetime.now(UTC)) or 0.0
        pause = max(min(pause * PAUSES_GROW, LONGEST_PAUSE_S), min(asked, 10 * LONGEST_PAUSE_S))
    return True


def _prediction(chunks: Sequence[Chunk]) -> Mapping[str, Any] | None:
    """The JSON object that the chunks are; None if they are none."""
    try:
        body = orjson.loads(joined(chunks))
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, Mapping) else None


def _address(body: Mapping[str, Any], name: str) -> str | None:
    url = inside(body, "urls", name)
    return url if isinstance(url, str) and url.startswith(("http://", "https://")) else None


def read_body(chunks: Sequence[Chunk]) -> Decoded:
    """The reply of the last prediction that came whole. None did, or it has not ended: `response_malformed`."""
    return _read(answers(chunks))


def _read(told: Sequence[Sequence[Chunk]]) -> Decoded:
    draft = Draft()
    bodies = [(answer, body) for answer in told if (body := _prediction(answer)) is not None]
    if not bodies or "status" not in bodies[-1][1]:
        return draft.done(failure("response_malformed", "the body is no prediction in JSON"))
    answer, body = bodies[-1]
    draft.name_it(body)
    draft.begin(answer[0][0])
    output = body.get("output")
    for piece in output if isinstance(output, list) else [output]:
        draft.add_text(piece)
    _count(draft, body)
    if fault := _fault(body) or _unended(body, last=answer is told[-1]):
        return replace(whole(draft, answer), failure=fault)
    return whole(draft, answer)


class _Stream:
    """Reads the first answer that is a stream as its events come, and what came before and after it at the end."""

    def __init__(self) -> None:
        self.draft = Draft()
        self._answers: list[list[Chunk]] = [[]]
        self._place: int | None = None
        self._events = Events()
        self._end: Event | None = None
        self._at = 0.0

    def feed(self, at: float, data: bytes) -> None:
        """Bytes that arrived then; none of them: another answer begins."""
        if not data:
            self._answers.append([])
            return
        answer, place = self._answers[-1], len(self._answers) - 1
        answer.append((at, data))
        if self._place is None and begins(joined(answer[:8])):
            self._place = place
            for earlier, part in answer[:-1]:
                self._take(self._events.feed(earlier, part))
        if self._place == place:
            self._at = at
            self._take(self._events.feed(at, data))

    def done(self) -> Decoded:
        """The reply of the stream, with the counts of the prediction after it; of a model that does not stream, the reply of its prediction."""
        told, place, draft = self._answers, self._place, self.draft
        if place is None:
            return _read(told)
        self._take(self._events.close(self._at))
        bodies = [body for answer in told[:place] + told[place + 1 :] if (body := _prediction(answer)) is not None]
        for body in bodies:
            draft.name_it(body)
        for body in bodies[-1:]:
            _count(draft, body)
        return draft.done(_fault_at(self._end) or next(filter(None, map(_fault, bodies)), None))

    def _take(self, events: Sequence[Event]) -> None:
        for event in events:
            if self._end is not None:
                return
            self.draft.begin(event.at)
            if event.name == "output":
                self.draft.add_text(event.data)
            elif event.name in _ENDS:
                self._end = event


def _fault_at(end: Event | None) -> Failure | None:
    """Why a stream that ended so is no reply, if it is none."""
    if end is None:
        return failure("stream_truncated", "the stream ended without its event `done`")
    if end.name == "error":
        return _from_error(_json(end.data) or end.data)
    reason = inside(_json(end.data), "reason")
    return failure("server_error", f"the prediction ended early: {reason}") if reason else None


def _ended(chunks: Sequence[Chunk]) -> bool:
    """Whether a stream came to its end."""
    events = Events()
    found = [event for at, data in chunks for event in events.feed(at, data)]
    return any(event.name in _ENDS for event in [*found, *events.close(0.0)])


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _fault(body: Mapping[str, Any]) -> Failure | None:
    """Why the prediction has no reply, if it ended without one."""
    if body.get("error"):
        return _from_error(body["error"])
    if body.get("status") in _FAILED:
        return failure("server_error", f"the prediction is {body['status']}")
    return None


def _unended(body: Mapping[str, Any], *, last: bool) -> Failure | None:
    if not last:
        return failure("response_malformed", "the last body is no prediction in JSON")
    if body.get("status") != "succeeded":
        return failure("response_malformed", f"the prediction was {body.get('status')} when it was last heard of")
    return None


def _from_error(error: Any) -> Failure:
    found = from_error(error)
    for kind, words in _WORDS.items():
        if re.search(words, found.error, re.IGNORECASE):
            return failure(kind, found.error)
    return found


def _count(draft: Draft, body: Mapping[str, Any]) -> None:
    """Usage, and how the reply ended, as far as the two can be known."""
    told = body.get("metrics")
    written = count(inside(told, "output_token_count"))
    draft.usage = usage_of(count(inside(told, "input_token_count")), written)
    limits = [limit for name in _LIMITS if (limit := count(inside(body, "input", name)))]
    if body.get("status") == "succeeded" and written is not None and limits:
        draft.finish("length" if written >= min(limits) else "stop")


WIRE = Wire(
    "replicate",
    ENDPOINTS,
    read_body,
    _Stream,
    frozenset({"input.prompt", "input.system_prompt"}),
    MappingProxyType({"seed": write_seed}),
    refuses=refuses,
    shape=shape,
    course=course,
    domain="replicate.com",
)
