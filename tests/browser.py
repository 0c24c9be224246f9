"""Headless Chromium for tests, driven through its debugging pipe: pages, expressions in them, screenshots."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

EXECUTABLE = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SECONDS = 60.0
"""longest wait for an answer"""


class Browser:
    """One browser with one page; a context manager that ends its process.

    Commands of the Chrome DevTools Protocol go through file descriptors 3 and 4, as JSON between null bytes.
    """

    def __init__(self, profile: Path) -> None:
        assert EXECUTABLE is not None
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        # the shell moves the pipes to where the browser looks for them
        line = f'exec "$0" "$@" 3<&{commands} 4>&{answers}'
        options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
        options = (*options, "--disable-extensions", "--disable-component-update", "--disable-background-networking")
        self._process = subprocess.Popen(
            ["bash", "-c", line, EXECUTABLE, *options, f"--user-data-dir={profile}", "--remote-debugging-pipe"],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._number, self._buffer, self.errors = 0, b"", list[str]()
        page = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self._call("Target.attachToTarget", {"targetId": page, "flatten": True})["sessionId"]
        self._session = session
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(10)
        os.close(self._commands)
        os.close(self._answers)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command for the page."""
        return self._call(method, parameters, self._session)

    def open(self, address: str) -> None:
        """Loads a page; its uncaught errors go to ``errors``."""
        self.errors.clear()
        self.call("Page.navigate", url=address)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page; promises are waited for."""
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        answer = self.call("Runtime.evaluate", **asked)
        if "exceptionDetails" in answer:
            raise AssertionError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = SECONDS) -> Any:
        """The value of an expression once it is true."""
        end = time.monotonic() + seconds
        while not (value := self.evaluate(f"(() => {{ try {{ return {expression} }} catch {{ return null }} }})()")):
            assert time.monotonic() < end, f"{expression} stays {value!r}; errors of the page: {self.errors}"
            time.sleep(0.02)
        return value

    def press(self, key: str) -> None:
        """Presses and releases a key, such as 'a' or 'ArrowRight'."""
        text = {"text": key} if len(key) == 1 else {}
        code = {"Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text)

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """Sets the size of the window, and the colour scheme."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """Writes a PNG of the whole page, or of the window."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _call(self, method: str, parameters: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        content = json.dumps(message).encode() + b"\0"
        while content:
            content = content[os.write(self._commands, content) :]
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(event["params"]["exceptionDetails"])[:2000])
        elif event.get("method") == "Network.requestWillBeSent":
            address = event["params"]["request"]["url"]
            if address.startswith(("http:", "https:", "ws:", "wss:")):
                self.errors.append(f"the page asked for {address}")

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], SECONDS)
            content = os.read(self._answers, 1 << 20) if ready else b""
            assert content, "the browser does not answer"
            self._buffer += content
        first, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(first)
        return message
