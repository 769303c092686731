# SPDX-License-Identifier: MIT
"""Drives pages in headless Chromium, by its DevTools protocol, and in headless
Firefox, by Marionette.  It needs only the standard library.

    with devtools.Chromium(exe) as b:
        b.open("file:///tmp/page.html")
        b.run("return document.title")
"""
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from typing import Any, Dict, List, Optional, cast

import browser
import tap

FIREFOX = ("firefox-esr", "firefox")

PREFS = """
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("marionette.port", 0);
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("network.proxy.allow_hijacking_localhost", false);
user_pref("toolkit.telemetry.enabled", false);
"""


def find_firefox() -> Optional[str]:
    """Returns the path of Firefox, or None."""
    return next(filter(None, map(shutil.which, FIREFOX)), None)


class _Browser:
    def __init__(self) -> None:
        self._profile = tempfile.mkdtemp(prefix="h2rig-browser-")
        self._process: Optional["subprocess.Popen[bytes]"] = None

    def _start(self, argv: List[str], **more: Any) -> None:
        self._process = subprocess.Popen(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, env=dict(os.environ, HOME=self._profile),
            **more)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._process.wait()
        tap.wait_until(lambda: not os.path.exists(self._profile)
                       or shutil.rmtree(self._profile, ignore_errors=True))


class Chromium(_Browser):
    """One page of Chromium.  self.errors holds the page's errors."""

    def __init__(self, exe: str, *flags: str) -> None:
        super().__init__()
        self.errors: List[str] = []
        from_us, self._out = os.pipe()
        self._in, to_us = os.pipe()
        # Chromium reads descriptor 3 and writes 4.
        self._start(["/bin/sh", "-c", 'exec "$@" 3<&%d 4>&%d' % (
            from_us, to_us), "sh", exe, *(
                f for f in browser.FLAGS if f != "--dump-dom"
                and not f.startswith("--timeout")),
            *flags, "--remote-debugging-pipe",
            f"--user-data-dir={self._profile}", "about:blank"],
            pass_fds=(from_us, to_us))
        os.close(from_us)
        os.close(to_us)
        self._rest, self._id, self._session = b"", 0, ""
        self._events: List[Dict[str, Any]] = []
        page = next(x for x in self.call("Target.getTargets")["targetInfos"]
                    if x["type"] == "page")
        self._session = self.call("Target.attachToTarget", flatten=True,
                                  targetId=page["targetId"])["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def __exit__(self, *_: Any) -> None:
        super().__exit__()
        os.close(self._out)
        os.close(self._in)

    def _message(self) -> Dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._in, 1 << 16)
            if not more:
                raise ConnectionError("Chromium has ended")
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        message: Dict[str, Any] = json.loads(text)
        if "method" in message:
            self._take(message)
        return message

    def _take(self, event: Dict[str, Any]) -> None:
        self._events.append(event)
        if event["method"] == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(event["params"]))
        elif event["method"] == "Log.entryAdded" and \
                event["params"]["entry"]["level"] == "error":
            self.errors.append(event["params"]["entry"]["text"])

    def call(self, method: str, **params: Any) -> Dict[str, Any]:
        """Sends a command of the protocol and returns its result."""
        self._id += 1
        message: Dict[str, Any] = {"id": self._id, "method": method,
                                   "params": params}
        if self._session:
            message["sessionId"] = self._session
        octets = json.dumps(message).encode() + b"\0"
        while octets:
            octets = octets[os.write(self._out, octets):]
        while True:
            answer = self._message()
            if answer.get("id") == self._id:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return cast(Dict[str, Any], answer["result"])

    def open(self, url: str) -> None:
        """Opens a URL and waits for the load event."""
        self._events.clear()
        self.call("Page.navigate", url=url)
        while not any(e["method"] == "Page.loadEventFired"
                      for e in self._events):
            self._message()

    def run(self, body: str) -> Any:
        """Runs the body of an async function; returns the function's value."""
        answer = self.call("Runtime.evaluate", awaitPromise=True,
                           returnByValue=True, userGesture=True,
                           expression="(async () => {" + body + "})()")
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def key(self, key: str, text: str = "") -> None:
        """Presses a key; key is a value of KeyboardEvent.key."""
        code = {"Enter": 13, "Escape": 27, "Tab": 9, "End": 35, "Home": 36,
                "ArrowDown": 40, "ArrowUp": 38}.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, text=text
                      if kind == "keyDown" else "", code=key,
                      windowsVirtualKeyCode=code)

    def size(self, width: int, height: int) -> None:
        """Sets the size of the view, in pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=1, mobile=width < 600)

    def media(self, **features: str) -> None:
        """Sets media features, for example prefers_color_scheme="dark"."""
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": k.replace("_", "-"), "value": v}
            for k, v in features.items()])

    def screenshot(self) -> bytes:
        """Returns a picture of the page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])


class Firefox(_Browser):
    """One page of Firefox."""

    def __init__(self, exe: str, dark: bool = False,
                 insecure: bool = False) -> None:
        super().__init__()
        with open(os.path.join(self._profile, "user.js"), "w",
                  encoding="ascii") as f:
            f.write(PREFS + 'user_pref("layout.css.prefers-color-scheme.'
                    'content-override", %d);\n' % (0 if dark else 1))
        self._start([exe, "--headless", "--marionette", "--no-remote",
                     "--profile", self._profile])
        path = os.path.join(self._profile, "MarionetteActivePort")
        if not tap.wait_until(lambda: os.path.exists(path)
                              and os.path.getsize(path), 60):
            super().__exit__()
            raise TimeoutError("Firefox has not opened its port")
        with open(path, encoding="ascii") as f:
            self._socket = socket.create_connection(
                ("127.0.0.1", int(f.read())), tap.scaled(120))
        self._rest, self._id = b"", 0
        self._message()
        self.call("WebDriver:NewSession", acceptInsecureCerts=True)

    def __exit__(self, *_: Any) -> None:
        self._socket.close()
        super().__exit__()

    def _message(self) -> Any:
        while True:
            size, colon, rest = self._rest.partition(b":")
            if colon and len(rest) >= int(size):
                self._rest = rest[int(size):]
                return json.loads(rest[:int(size)])
            more = self._socket.recv(1 << 16)
            if not more:
                raise ConnectionError("Firefox has ended")
            self._rest += more

    def call(self, command: str, **params: Any) -> Any:
        """Sends a WebDriver command and returns its result."""
        self._id += 1
        text = json.dumps([0, self._id, command, params]).encode()
        self._socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self._message()
        if error:
            raise RuntimeError(f"{command}: {error}")
        return result

    def open(self, url: str) -> None:
        """Opens a URL and waits for the load event."""
        self.call("WebDriver:Navigate", url=url)

    def run(self, body: str) -> Any:
        """Runs the body of an async function; returns the function's value."""
        return self.call(
            "WebDriver:ExecuteAsyncScript", args=[], sandbox=None,
            script="const done = arguments[arguments.length - 1];"
            "(async () => {" + body + "})().then(done, "
            "e => done('error: ' + e));")["value"]

    def size(self, width: int, height: int) -> None:
        """Sets the size of the window, in pixels."""
        self.call("WebDriver:SetWindowRect", width=width, height=height)

    def screenshot(self) -> bytes:
        """Returns a picture of the page as PNG."""
        return base64.b64decode(self.call(
            "WebDriver:TakeScreenshot", full=False, hash=False)["value"])
