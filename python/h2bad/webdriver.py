# SPDX-License-Identifier: MIT
"""Has a browser run the cases, by WebDriver
(https://www.w3.org/TR/webdriver2/).
"""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from typing import Any, Callable, Dict, Optional, Tuple

from h2bad.report.model import put
from h2bad.runs import Run
from h2bad.serve import Serving
from h2bad.tasks import Broken

__all__ = ["Browser", "EXCLUDE", "WebDriverError", "drive"]

#: Cases of wrong certificates: the browser is told to take any certificate.
EXCLUDE = ("tls-expired", "tls-self-signed", "tls-wrong-name")

#: Seconds for an answer; between two looks at the page; for a case, and for
#: the browser to begin.
ANSWER, LOOK, CASE, BEGIN = 60.0, 0.5, 30.0, 120.0

#: Octets of an answer, at most.
LIMIT = 1 << 20

#: Capabilities that open no window, for drivers that know them.  Chromium has
#: no sandbox for root.
HEADLESS: Tuple[Dict[str, Any], ...] = (
    {"goog:chromeOptions": {"args": ["--headless=new"] + [
        "--no-sandbox"] * (os.getuid() == 0)}},
    {"moz:firefoxOptions": {"args": ["-headless"]}}, {})


class WebDriverError(Exception):
    """The driver did not do what it was told; the text says more."""


class Browser:
    """A session.  url: that of chromedriver, geckodriver or their like.  name:
    the browser's name and version.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        # The driver is reached without a proxy.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}))
        made = self._call("POST", "/session", {"capabilities": {
            "alwaysMatch": {"acceptInsecureCerts": True},
            "firstMatch": list(HEADLESS)}})
        try:
            self._session = "/session/%s" % made["sessionId"]
            self.name = "%s %s" % (made["capabilities"]["browserName"],
                                   made["capabilities"]["browserVersion"])
        except (KeyError, TypeError):
            raise self._strange(made) from None

    def _strange(self, said: Any) -> WebDriverError:
        return WebDriverError("%s: %.200r; expected the answer of a WebDriver"
                              % (self._url, said))

    def _call(self, method: str, path: str,
              body: Optional[Dict[str, Any]] = None) -> Any:
        try:
            request = urllib.request.Request(
                self._url + path, None if body is None
                else json.dumps(body).encode(),
                {"content-type": "application/json; charset=utf-8"},
                method=method)
            try:
                with self._opener.open(request, timeout=ANSWER) as answer:
                    said = answer.read(LIMIT)
            except urllib.error.HTTPError as e:
                said = e.read(LIMIT)
        except (OSError, ValueError, http.client.HTTPException) as e:
            raise WebDriverError("%s: %s; expected the URL of a WebDriver, as "
                                 "http://localhost:9515" % (
                                     self._url, getattr(e, "reason", e))
                                 ) from None
        try:
            value = json.loads(said)["value"]
        except (KeyError, TypeError, ValueError, RecursionError):
            raise self._strange(said) from None
        if isinstance(value, dict) and "error" in value:
            raise WebDriverError("%s: %s" % (self._url, value.get("message")
                                             or value["error"]))
        return value

    def open(self, url: str) -> None:
        """Opens a page."""
        self._call("POST", self._session + "/url", {"url": url})

    def title(self) -> str:
        """Returns the title of the page."""
        return str(self._call("GET", self._session + "/title"))

    def close(self) -> None:
        """Ends the session, and the browser."""
        try:
            self._call("DELETE", self._session)
        except WebDriverError:          # it has ended by itself
            pass


def drive(browser: Browser, serving: Serving, run: Run,
          look: Callable[[], None]) -> None:
    """Has the browser run the cases, and waits for the verdicts.

    look: called again and again.  WebDriverError; Broken if it takes too long.
    """
    browser.open("https://localhost:%d/run/%s/?auto=1" % (
        serving.control.port, run.id))
    end = time.monotonic() + BEGIN + CASE * len(run.cases)
    asked = 0.0

    def over() -> bool:
        nonlocal asked
        look()
        if time.monotonic() > end:
            raise Broken("the browser: it was not done within %d seconds"
                         % (BEGIN + CASE * len(run.cases)))
        if serving.watch.has_judged(run.id):
            return True
        if time.monotonic() - asked > LOOK:
            asked = time.monotonic()
            if browser.title() in ("stopped", "blocked"):
                put(run.path("done"), "")
        return False

    serving.run(over)
