"""A headless Chromium for tests: pages opened at a width and in a colour scheme, asked, photographed and printed.

It is spoken to over two pipes in its DevTools protocol: one JSON object a message, each ended by a zero byte.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shlex
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tools import tool

SECONDS = 60.0
_KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --remote-debugging-pipe"
)


def _out_of_the_way(descriptor: int) -> int:
    """The same open file under a number that is neither 3 nor 4, where the browser is to find its pipes."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved


class Browser:
    """One browser with one page. `messages` is what the page has logged, `requests` every address it asked for."""

    def __init__(self, folder: Path) -> None:
        chromium, shell = tool("chromium"), tool("bash")
        read_commands, self._commands = map(_out_of_the_way, os.pipe())
        self._answers, write_answers = map(_out_of_the_way, os.pipe())
        command = f"exec {shlex.quote(chromium)} {_FLAGS} --user-data-dir={shlex.quote(str(folder))}"
        self._process = subprocess.Popen(
            [shell, "-c", f"{command} 3<&{read_commands} 4>&{write_answers}"],
            pass_fds=(read_commands, write_answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not name.startswith("DBUS")},
        )
        os.close(read_commands)
        os.close(write_answers)
        self._unread = b""
        self._number = 0
        self._session: str | None = None
        self.messages: list[str] = []
        self.requests: list[str] = []
        self._loaded = False

    def __enter__(self) -> Browser:
        try:
            target = self._ask("Target.createTarget", url="about:blank")["targetId"]
            self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self._ask(f"{domain}.enable")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=SECONDS)
        os.close(self._commands)
        os.close(self._answers)

    def open(self, page: Path, width: int, scheme: str = "light", fragment: str = "") -> None:
        """The page in a window so many pixels wide; `scheme` is light or dark, `fragment` the end of the address."""
        if fragment:  # a page that is open already would not be loaded again
            self._go("about:blank")
        self.messages, self.requests = [], []
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        preference = {"name": "prefers-color-scheme", "value": scheme}
        self._ask("Emulation.setEmulatedMedia", features=[preference])
        self._go(page.as_uri() + fragment)

    def _go(self, address: str) -> None:
        self._loaded = False
        self._ask("Page.navigate", url=address)
        while not self._loaded:
            self._read()

    def ask(self, script: str) -> Any:
        """The value of an expression of JavaScript in the page."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """A key, such as `ArrowRight`, on what has the focus."""
        for kind in ("keyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=_KEYS[key])

    def photograph(self, to: Path) -> None:
        """The whole page as a PNG file."""
        to.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]))

    def print(self, to: Path) -> None:
        """The page as a PDF file, on A4 paper."""
        size = {"paperWidth": 8.27, "paperHeight": 11.69, "marginTop": 0.7, "marginBottom": 0.7}
        to.write_bytes(base64.b64decode(self._ask("Page.printToPDF", **size)["data"]))

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _read(self) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            received = os.read(self._answers, 1 << 20)
            assert received, "the browser has stopped"
            self._unread += received
        line, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        match message:
            case {"method": "Page.loadEventFired"}:
                self._loaded = True
            case {"method": "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded", "params": what}:
                self.messages.append(json.dumps(what))
            case {"method": "Network.requestWillBeSent", "params": {"request": {"url": address}}}:
                self.requests.append(address)
