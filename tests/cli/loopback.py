"""A server on loopback that speaks OpenAI's wire, for providers that are real as far as the harness can tell."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Loopback:
    """What it answers: `text` with status 200, or an error; `{key}` in either stands for the key that it was sent; without a text it hangs up.

    From the request of number `holds_from` on it answers nothing until `let_go` is set; `held` is set when it holds one.
    """

    text: str | None = "4"
    status: int = 200
    error: str = "no such luck"
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    holds_from: int | None = None
    held: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)


@contextmanager
def loopback(text: str = "4", status: int = 200, error: str = "no such luck") -> Iterator[Loopback]:
    """Serves until the block ends; gives what it answers and, in `bodies`, what it was asked."""
    served = Loopback(text, status, error)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            served.bodies.append(body)
            if served.holds_from is not None and len(served.bodies) >= served.holds_from:
                served.held.set()
                served.let_go.wait()
                self.close_connection = True
                return
            if served.text is None:
                self.close_connection = True
                return
            key = self.headers.get("authorization", "").removeprefix("Bearer ")
            if served.status == 200:
                kind, content = _reply(served.text.replace("{key}", key), stream=body.get("stream", False))
            else:
                kind = "application/json"
                content = json.dumps({"error": {"message": served.error.replace("{key}", key)}}).encode()
            self.send_response(served.status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.send_header("x-you-said", self.headers.get("authorization", ""))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        served.url = f"http://127.0.0.1:{http.server_port}/v1"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield served
        finally:
            http.shutdown()
            thread.join()


def _reply(text: str, *, stream: bool) -> tuple[str, bytes]:
    usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
    head = {"id": "chatcmpl-1", "created": 1, "model": "m-1-0613"}
    if not stream:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
        return "application/json", json.dumps(whole).encode()
    deltas = [({"role": "assistant", "content": ""}, None), ({"content": text}, None), ({}, "stop")]
    chunks: list[dict[str, Any]] = [
        {**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        for delta, reason in deltas
    ]
    chunks.append({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    events = [*map(json.dumps, chunks), "[DONE]"]
    return "text/event-stream", "".join(f"data: {event}\n\n" for event in events).encode()
