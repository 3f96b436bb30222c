"""A page in a headless Chromium, driven as a person would: clicks at places, keys, reloading, downloads.

Chromium takes its DevTools commands from a pipe, so that no other package is needed.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="no Chromium here to open the page in")
#: Chromium reads commands from 3 and writes to 4; copies above these must not be in the way.
_ABOVE = 20
_LONG_S = 60.0
_CODES = {"Enter": ("\r", 13), "Tab": ("\t", 9)}


class Tab:
    """One page."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        # A context of its own: what pages keep is not seen by other tests.
        own = browser.send("Target.createBrowserContext")
        target = browser.send("Target.createTarget", {"url": "about:blank", **own})["targetId"]
        where = {"behavior": "allow", "downloadPath": str(browser.downloads), **own}
        browser.send("Browser.setDownloadBehavior", where)
        self.session = browser.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        self.send("Page.enable")
        self.send("Runtime.enable")
        self.open(url)

    def send(self, method: str, **values: Any) -> dict[str, Any]:
        """Send a command to the page."""
        return self.browser.send(method, values, self.session)

    def open(self, url: str) -> None:
        """Go to an address, and wait until it is there."""
        self.send("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def reload(self) -> None:
        """Load the page anew."""
        self.js("window.before = true")
        self.send("Page.reload")
        self.wait("document.readyState === 'complete' && !window.before")

    def js(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        done = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + _LONG_S
        while True:
            with contextlib.suppress(AssertionError):  # the page is on its way
                if self.js(f"Boolean({expression})"):
                    return
            assert time.monotonic() < end, f"never came true: {expression}"
            time.sleep(0.02)

    def click(self, selector: str, share: float = 0.5) -> None:
        """Click on an element that is to be seen, at a share of its width."""
        quoted = json.dumps(selector)
        place = self.js(
            f"(() => {{ const e = document.querySelector({quoted}); if (!e) return null;"
            "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
            f"return [r.left + r.width * {share}, r.top + r.height / 2, r.width] }})()"
        )
        assert place, f"no {selector}"
        assert place[2], f"{selector} is not shown"
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Write where the focus is."""
        self.send("Input.insertText", text=text)

    def key(self, key: str) -> None:
        """Press a key."""
        text, code = _CODES.get(key, (key, ord(key.upper()[0])))
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, text=text, windowsVirtualKeyCode=code)

    def screenshot(self, path: Path) -> None:
        """Write what is to be seen as PNG."""
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", captureBeyondViewport=True)["data"]))


class Browser:
    """A Chromium with a profile and downloads of its own, below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True)
        (read_there, self._write), (self._read, write_there) = os.pipe(), os.pipe()
        copies = [fcntl.fcntl(one, fcntl.F_DUPFD, _ABOVE) for one in (read_there, write_there)]

        def connect() -> None:
            for copy, place in zip(copies, (3, 4), strict=True):
                os.dup2(copy, place)

        # A container has neither a sandbox for root nor enough shared memory.
        command = [
            *(str(PROGRAM), "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"),
            *("--mute-audio", "--disable-dev-shm-usage", f"--user-data-dir={folder / 'profile'}", "about:blank"),
        ]
        self._process = subprocess.Popen(
            command, preexec_fn=connect, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for one in (*copies, read_there, write_there):
            os.close(one)
        self._buffer, self._number = b"", 0

    def send(self, method: str, values: dict[str, Any] | None = None, session: str = "") -> dict[str, Any]:
        """Send a command and return its result; what happens meanwhile is not listened to."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": values or {}}
        text = json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0"
        while text:
            text = text[os.write(self._write, text) :]
        while True:
            answer = json.loads(self._next())
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return dict(answer["result"])

    def _next(self) -> bytes:
        while b"\0" not in self._buffer:
            data = os.read(self._read, 1 << 20)
            assert data, "Chromium has ended"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return message

    def downloaded(self, pattern: str = "*.json") -> Path:
        """Wait for the one download of this name and return it."""
        end = time.monotonic() + _LONG_S
        while not (found := [path for path in self.downloads.glob(pattern) if path.stat().st_size]):
            assert time.monotonic() < end, f"no download {pattern}"
            time.sleep(0.02)
        return found[0]

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(AssertionError, OSError):
            self.send("Browser.close")
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)


@contextlib.contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Give a browser, and end it."""
    browser = Browser(folder)
    try:
        yield browser
    finally:
        browser.close()
