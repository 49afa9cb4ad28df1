"""One call, whichever way it goes: on a wire of ours, or through litellm. Both ways come back as the same facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from harness.ask import Provider, Trial
from harness.client import via_litellm
from harness.client.aside import Aside
from harness.client.failures import failure, from_http, scrub
from harness.client.listening import Listener
from harness.client.translate import VIA_LITELLM, Request
from harness.client.transport import Exchange
from harness.client.wires import Decoded
from harness.told import Failure, Reply, Sent, TimingSource

_CUT = frozenset({"stream_truncated", "stream_malformed", "response_malformed", "empty_response"})
"""What a broken connection makes of an answer: the connection is the cause to name."""


@dataclass(slots=True)
class Facts:
    """What one call came to. Moments are monotonic seconds; None where it did not come to that."""

    sent: Sent
    decoded: Decoded
    sent_at: float | None = None
    connect_s: float | None = None
    http_status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    source: TimingSource = "wire"


def not_sent(trial: Trial, wire: str, why: Failure) -> Facts:
    """The facts of a call that never was."""
    return Facts(Sent(wire, trial.params, stream=trial.stream), Decoded(failure=why))


def read(request: Request, exchange: Exchange, provider: Provider) -> Facts:
    """Decodes what came back."""
    return Facts(
        sent=Sent(request.wire.name, request.params, request.dropped, request.stream, request.structured_by),
        decoded=_decoded(request, exchange, provider),
        sent_at=exchange.sent_at,
        connect_s=exchange.connect_s,
        http_status=exchange.status,
        headers=exchange.headers,
    )


async def through_litellm(aside: Aside, trial: Trial, listener: Listener | None = None) -> Facts:
    """Asks through litellm, aside; its answer needs no reading afterwards."""
    heard = None if listener is None else listener.drafted
    asking = via_litellm.call(trial.provider, trial.case.prompt, trial.params, stream=trial.stream, heard=heard)
    call = await aside.run(asking)
    return Facts(
        sent=Sent(VIA_LITELLM, call.params, stream=trial.stream, structured_by=call.structured_by),
        decoded=call.decoded,
        sent_at=call.sent_at,
        http_status=call.http_status,
        source="client",
    )


def _decoded(request: Request, exchange: Exchange, provider: Provider) -> Decoded:
    if exchange.status is None:
        return Decoded(failure=exchange.failure or failure("client_error", "nothing was sent"))
    if exchange.status >= 300:
        body = b"".join(data for _at, data in exchange.chunks[exchange.begun :])
        return Decoded(failure=from_http(exchange.status, exchange.headers, body, provider.api_key))
    if not exchange.chunks:
        return Decoded(failure=exchange.failure or failure("response_malformed", "the body is empty"))
    decoded = (request.wire.read_stream if request.stream else request.wire.read_body)(exchange.chunks)
    found = decoded.failure
    if exchange.failure is not None and found is not None and found.kind in _CUT:
        found = exchange.failure
    if found is not None:  # servers echo keys in their errors
        found = replace(found, error=scrub(found.error, provider.api_key))
    reply = _as_asked(decoded.reply, request)
    if not reply.response_id:  # not every format has a place for an id
        reply = replace(reply, response_id=exchange.headers.get("x-request-id"))
    if reply is decoded.reply and found is decoded.failure:
        return decoded
    return replace(decoded, reply=reply, failure=found)


def _as_asked(reply: Reply, request: Request) -> Reply:
    """The reply in the terms of the question: tools by our names, JSON that was asked for through a tool as text."""
    if not reply.tool_calls:
        return reply
    calls = [replace(call, name=request.tool_names.get(call.name, call.name)) for call in reply.tool_calls]
    json = [call for call in calls if request.json_tool is not None and call.name == request.json_tool]
    if not json:
        return replace(reply, tool_calls=tuple(calls))
    rest = tuple(call for call in calls if call not in json)
    finish = "stop" if reply.finish_reason == "tool_calls" and not rest else reply.finish_reason
    return replace(reply, text=reply.text + json[0].arguments, tool_calls=rest, finish_reason=finish)
