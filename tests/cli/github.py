"""A server on loopback that keeps comments at one pull request, as GitHub does."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Comments:
    """`bodies` by id, oldest first; `status` is answered to writers instead of doing what they ask; `tokens` were shown."""

    def __init__(self):
        self.bodies = {}
        self.status = 0
        self.tokens = []
        self.url = ""


@contextmanager
def github():
    kept = Comments()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def answer(self, status, told):
            data = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            asked = urlsplit(self.path)
            assert asked.path == "/repos/us/it/issues/7/comments"
            page = int(parse_qs(asked.query)["page"][0])
            found = [{"id": number, "body": body} for number, body in kept.bodies.items()]
            self.answer(200, found[100 * (page - 1) : 100 * page])

        def write(self):
            kept.tokens.append(self.headers["Authorization"])
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
            if kept.status:
                self.answer(kept.status, {"message": "no"})
                return
            number = int(self.path.rsplit("/", 1)[1]) if self.command == "PATCH" else len(kept.bodies) + 1
            kept.bodies[number] = body
            self.answer(200, {"id": number, "html_url": f"{kept.url}/us/it/pull/7#issuecomment-{number}"})

        do_POST = do_PATCH = write  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
