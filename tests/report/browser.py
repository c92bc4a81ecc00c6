"""A real browser without a window, driven through a pipe by the DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
OFF = "background-networking component-update default-apps extensions domain-reliability sync gpu"
QUIET = [
    *("--headless", "--no-sandbox", "--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe"),
    *(f"--disable-{name}" for name in OFF.split()),
    "--disable-features=OptimizationHints,OptimizationGuideModelDownloading,MediaRouter",
]
needed = pytest.mark.skipif(BROWSER is None, reason="no Chromium found: install chromium to test the page in it")
_SECONDS = 120  # that an answer may take
_KEYS = {"Tab": 9, "Enter": 13, "ArrowDown": 40}


class Tab:
    """One page. Commands go into one pipe, answers and events come from another, each ended by a null byte."""

    def __init__(self, commands: int, answers: int) -> None:
        self.commands, self.answers = commands, answers
        self.last, self.unread, self.session = 0, b"", ""
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command; events that come before it are kept."""
        self.last += 1
        session = {"sessionId": self.session} if self.session else {}
        command = {"id": self.last, "method": method, "params": parameters, **session}
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        while (answer := self._next()).get("id") != self.last:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + _SECONDS
        while b"\0" not in self.unread:
            assert select.select([self.answers], [], [], max(0, end - time.monotonic()))[0], "the browser is silent"
            self.unread += os.read(self.answers, 1 << 20)
        answer, _, self.unread = self.unread.partition(b"\0")
        return json.loads(answer)

    def open(self, page: Path, *, width: int = 1200, script: bool = True) -> None:
        """Load a page from its file, until its scripts have run and its pictures are there."""
        self.send("Emulation.setScriptExecutionDisabled", value=not script)
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.events.clear()
        self.send("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def run(self, script: str) -> Any:
        """The value of an expression in the page; the page's own policy does not hold it back."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def said(self) -> list[str]:
        """What the browser's console shows since the page was opened: messages, errors, refusals."""
        self.run("0")  # all that was said before is read with the answer
        said = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [json.dumps(event["params"]) for event in self.events if event["method"] in said]

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as a person without a mouse does."""
        for key in keys:
            code = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
            text = {"text": "\r"} if key == "Enter" else {}
            self.send("Input.dispatchKeyEvent", type="keyDown", **code, **text)
            self.send("Input.dispatchKeyEvent", type="keyUp", **code)

    def show(self, *, dark: bool = False, media: str = "") -> None:
        """Show the page in dark mode, or as it is printed (media "print")."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def read_aloud(self) -> list[tuple[str, str]]:
        """Role and name of all that a screen reader finds."""
        nodes = self.send("Accessibility.getFullAXTree")["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]

    def picture(self, out: Path, selector: str = "html") -> None:
        """A screenshot of an element, to be looked at."""
        box = self.run(
            "(({x, y, width, height}) => ({x: x + scrollX, y: y + scrollY, width, height, scale: 1}))"
            f"(document.querySelector({selector!r}).getBoundingClientRect())"
        )
        found = self.send("Page.captureScreenshot", clip=box, captureBeyondViewport=True)
        out.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def started(profile: Path, *options: str) -> Iterator[Tab]:
    """A browser with one empty page; it ends with the block."""
    theirs, commands = os.pipe()
    answers, ours = os.pipe()
    pipes = f'exec "$0" "$@" 3<&{theirs} 4>&{ours}'  # where this protocol expects them
    command = ["bash", "-c", pipes, str(BROWSER), *QUIET, f"--user-data-dir={profile}", *options, "about:blank"]
    process = subprocess.Popen(command, pass_fds=(theirs, ours), stderr=subprocess.DEVNULL)
    os.close(theirs)
    os.close(ours)
    try:
        tab = Tab(commands, answers)
        targets = tab.send("Target.getTargets")["targetInfos"]
        [target] = [each["targetId"] for each in targets if each["type"] == "page"]
        tab.session = tab.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime"):
            tab.send(f"{domain}.enable")
        yield tab
    finally:
        process.terminate()
        process.wait(timeout=30)
        os.close(commands)
        os.close(answers)
