"""A real browser for the tests: headless Chromium, spoken to by its DevTools protocol over a pipe."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chromium-headless-shell")
FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
    "--force-color-profile=srgb", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def program() -> str | None:
    """Where Chromium is; CHROMIUM in the environment names another one."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


PLACED = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)
"""Runs a program that reads from descriptor 3 and writes to 4."""


class Page:
    """One page. `errors` are what its scripts threw or its policy refused, `requests` the addresses that it asked for."""

    def __init__(self, sent: int, told: int) -> None:
        self._sent, self._told = sent, told
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        self.errors: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        """Its result; what happens meanwhile is noted. Raises RuntimeError for what the browser refuses."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._sent, data) :]
        while (answer := self._next()).get("id") != self._number:
            self._note(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._told, 1 << 20)
            if not read:
                raise RuntimeError("the browser has ended")
            self._rest += read
        one, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(one)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"]["text"])
        if event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """Make it so large; below 600 it is a phone."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)  # fmt: skip
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)

    def open(self, file: Path) -> None:
        """Open a file from the disk and wait until its script is done."""
        self.call("Page.navigate", url=file.as_uri())
        self.run("""new Promise((done, fail) => { let left = 3000;
            const look = () => document.documentElement?.dataset.ready ? done() : left-- ? setTimeout(look, 10) : fail(new Error("it is never done"));
            look(); })""")

    def run(self, script: str) -> Any:
        """What the script comes to, as JSON. Raises RuntimeError for one that throws."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)  # fmt: skip
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"].get("description", "it threw"))
        return found["result"].get("value")

    def click(self, selector: str) -> None:
        """Click with the mouse in the middle of what the selector finds first."""
        x, y = (
            self.run(f"""(() => {{ const one = document.querySelector({json.dumps(selector)}); one.scrollIntoView({{block: "center"}});
            const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()""")
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.click(selector)
        self.call("Input.insertText", text=text)

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """A screenshot as PNG."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(found["data"]))


def _pipe() -> tuple[int, int]:
    """Its two ends, by numbers above 9: the browser reads from 3 and writes to 4, and neither may be taken."""
    low = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low]
    for end in low:
        os.close(end)
    return high[0], high[1]


@contextmanager
def browsing(folder: Path):
    """A page in a browser of its own, whose profile lies in the folder."""
    found = program()
    assert found is not None
    down_out, down_in = _pipe()  # what we send
    up_out, up_in = _pipe()  # what it tells
    words = [found, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    started = subprocess.Popen(
        [sys.executable, "-c", PLACED, str(down_out), str(up_in), *words], pass_fds=(down_out, up_in),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    os.close(down_out)
    os.close(up_in)
    try:
        yield Page(down_in, up_out)
    finally:
        os.close(down_in)  # it ends when nobody speaks to it any more
        with suppress(subprocess.TimeoutExpired):
            started.wait(10)
        started.kill()
        started.wait()
        os.close(up_out)
