#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Headless Firefox loads scripts/firefox.html, whose script uses fetch().

Unlike Chromium, Firefox does not print the document: the page puts its
results into the stash, and the test takes them from there.  Firefox trusts
only certificates of authorities that it knows, so the test makes an
authority and adds it to Firefox's profile.  Everything that Firefox does by
itself is switched off; requests that it makes nevertheless go to a proxy
that does not exist.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from typing import Any, Dict, List, Optional

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

NAMES = ("firefox-esr", "firefox")
PSEUDO = [":authority", ":method", ":path", ":scheme"]
KEY = str(uuid.uuid4())

OPENSSL = """
[req]
distinguished_name = name
prompt = no
[name]
CN = localhost
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost
"""

OFF = """
    app.normandy.enabled app.update.auto app.update.enabled
    app.update.service.enabled
    browser.aboutwelcome.enabled browser.discovery.enabled
    browser.newtabpage.activity-stream.feeds.topsites
    browser.newtabpage.activity-stream.feeds.section.topstories
    browser.newtabpage.enabled browser.ping-centre.telemetry
    browser.region.update.enabled browser.safebrowsing.blockedURIs.enabled
    browser.safebrowsing.downloads.enabled
    browser.safebrowsing.downloads.remote.enabled
    browser.safebrowsing.malware.enabled browser.safebrowsing.phishing.enabled
    browser.search.geoSpecificDefaults browser.search.suggest.enabled
    browser.search.update browser.shell.checkDefaultBrowser
    browser.urlbar.suggest.searches
    datareporting.healthreport.uploadEnabled
    datareporting.policy.dataSubmissionEnabled datareporting.usage.uploadEnabled
    dom.push.connection.enabled dom.push.enabled
    extensions.blocklist.enabled extensions.getAddons.cache.enabled
    extensions.systemAddon.update.enabled extensions.update.enabled
    geo.enabled identity.fxaccounts.enabled media.gmp-manager.updateEnabled
    media.gmp-gmpopenh264.enabled media.gmp-widevinecdm.enabled
    messaging-system.rsexperimentloader.enabled
    network.captive-portal-service.enabled network.connectivity-service.enabled
    network.dns.native_https_query network.http.http3.enable
    network.predictor.enabled network.prefetch-next
    network.proxy.allow_bypass network.proxy.failover_direct
    privacy.trackingprotection.enabled
    security.remote_settings.crlite_filters.enabled
    security.remote_settings.intermediates.enabled
    signon.management.page.breach-alerts.enabled services.settings.enabled
    toolkit.telemetry.archive.enabled toolkit.telemetry.enabled
    toolkit.telemetry.server_owner toolkit.telemetry.unified
""".split()

ON = """
    datareporting.policy.dataSubmissionPolicyBypassNotification
    network.dns.disableIPv6 network.dns.disablePrefetch
    network.dns.disablePrefetchFromHTTPS
""".split()

OTHER: Dict[str, Any] = {
    "app.normandy.api_url": "",
    "app.update.url": "",
    "browser.newtabpage.activity-stream.asrouter.providers.cfr": "null",
    "browser.startup.homepage": "about:blank",
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "network.http.speculative-parallel-limit": 0,   # one connection
    "network.trr.mode": 5,                          # no DNS over HTTPS
    "security.OCSP.enabled": 0,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.server": "data:,",
}

WANT = [
    ("get", [200, "quick"]),
    ("post", [200, "olleh\nEnd of File"]),
    ("refused", [403, ""]),
    ("upload", [1 << 20, True]),
    ("early", [200, "after 103"]),
    ("trailers", [200, "body"]),
    ("reset", "TypeError"),
    ("stream", ["first piece", "second"]),
    ("parallel", [[200, str(i)] for i in range(20)]),
    ("protocol", "h2"),
]

t = tap.Tap()


def run(*argv: str) -> None:
    """Runs a command.  Raises RuntimeError if it fails."""
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       timeout=tap.scaled(60), check=False)
    if p.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {p.stdout.decode()}")


def certificates(d: str) -> None:
    """Makes ca.pem, and leaf.pem for localhost with
    leaf.key, in directory d."""
    def path(name: str) -> str:
        return os.path.join(d, name)
    with open(path("cnf"), "w", encoding="ascii") as f:
        f.write(OPENSSL)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
           "-nodes", "-config", path("cnf")]
    run("openssl", "req", "-x509", *key, "-days", "2", "-subj",
        "/CN=h2rig test authority", "-extensions", "authority",
        "-keyout", path("ca.key"), "-out", path("ca.pem"))
    run("openssl", "req", "-new", *key, "-keyout", path("leaf.key"),
        "-out", path("leaf.csr"))
    run("openssl", "x509", "-req", "-in", path("leaf.csr"), "-days", "2",
        "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-set_serial", "2",
        "-extfile", path("cnf"), "-extensions", "leaf",
        "-out", path("leaf.pem"))


def profile(d: str, authority: str, proxy: int) -> None:
    """Makes a profile in directory d that trusts authority and has no network
    except localhost, for which it uses no proxy."""
    prefs = {**dict.fromkeys(OFF, False), **dict.fromkeys(ON, True), **OTHER,
             "network.proxy.type": 1}
    for scheme in ("http", "ssl"):
        prefs[f"network.proxy.{scheme}"] = "127.0.0.1"
        prefs[f"network.proxy.{scheme}_port"] = proxy
    with open(os.path.join(d, "user.js"), "w", encoding="ascii") as f:
        for name, value in prefs.items():
            f.write(f'user_pref("{name}", {json.dumps(value)});\n')
    run("certutil", "-N", "-d", "sql:" + d, "--empty-password")
    run("certutil", "-A", "-d", "sql:" + d, "-n", "h2rig test authority",
        "-t", "C,,", "-i", authority)


class Firefox:
    """The browser, which shows a page until the end of the `with` block."""

    def __init__(self, exe: str, home: str, url: str) -> None:
        self.argv = [exe, "--headless", "--no-remote", "--profile", home, url]
        # MOZ_REMOTE_SETTINGS_DEVTOOLS lets the profile set
        # services.settings.server.
        self.env = dict(os.environ, HOME=home, MOZ_CRASHREPORTER_DISABLE="1",
                        MOZ_DATA_REPORTING="0",
                        MOZ_REMOTE_SETTINGS_DEVTOOLS="1")
        self.log = os.path.join(home, "log")

    def __enter__(self) -> "Firefox":
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, env=self.env)
        return self

    def __exit__(self, *_: Any) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)     # its session
        except ProcessLookupError:
            pass
        self.process.wait()

    def messages(self) -> str:
        """Returns the last messages of the browser."""
        with open(self.log, "rb") as f:
            return f.read().decode("utf-8", "replace")[-2000:]


def results(c: Client, browser: Firefox) -> Optional[Dict[str, Any]]:
    """Takes the page's results from the stash; None if there
    are none in time."""
    def take() -> Any:
        gone = browser.process.poll() is not None
        x = c.fetch(f"/stash.py?take={KEY}")
        return x if x.status == 200 or gone else None
    x = tap.wait_until(take, 120)
    return json.loads(x.body) if x and x.status == 200 else None


def check(got: Dict[str, Any], s: Server) -> None:
    """Tests the page's results, then what the server saw."""
    spoken = got.pop("spoken", None)
    for name, want in WANT:
        t.eq(got.get(name), want, f"fetch: {name}")
    t.eq(len(got), len(WANT), "all of the page's tests are looked at")
    if not t.ok(isinstance(spoken, dict), "fetch: spoken", spoken):
        return
    agent = spoken.pop("agent")
    t.ok(" Firefox/" in agent, "it is Firefox", agent)
    t.eq(spoken, {"alpn": "h2", "sni": "localhost", "pseudo": PSEUDO,
                  "host": False, "authority": f"localhost:{s.port}"},
         "it speaks HTTP/2")


def main(exe: str, tmp: str) -> None:
    """Runs the test with its files in directory tmp."""
    certificates(tmp)
    home = os.path.join(tmp, "profile")
    os.mkdir(home)
    options: List[str] = ["--cert", os.path.join(tmp, "leaf.pem"),
                          "--key", os.path.join(tmp, "leaf.key")]
    # A port that is bound, and on which nobody listens.
    with socket.socket() as nobody, Server(SCRIPTS, *options) as s:
        nobody.bind(("127.0.0.1", 0))
        profile(home, os.path.join(tmp, "ca.pem"), nobody.getsockname()[1])
        url = f"https://localhost:{s.port}/firefox.html?{KEY}"
        with Firefox(exe, home, url) as browser, Client(s.port) as c:
            got = results(c, browser)
            if t.ok(got is not None, "the page's script ran",
                    browser.messages() + s.log()[-2000:]):
                check(got or {}, s)


firefox = next(filter(None, map(shutil.which, NAMES)), None)
if firefox is None:
    tap.skip_all("no Firefox")
for tool in ("certutil", "openssl"):
    if shutil.which(tool) is None:
        tap.skip_all(f"no {tool}")
directory = tempfile.mkdtemp(prefix="h2rig-firefox-")
try:
    main(firefox, directory)
finally:
    shutil.rmtree(directory, ignore_errors=True)
t.done()
