# SPDX-License-Identifier: MIT
"""Makes traces of connections on which something happens, for tests of the
page of `h2rig-trace --html`."""
import shutil
import struct
from typing import Callable, Dict, List

import rawclient as rc
import wsclient
from rawclient import Client
from traces import Traced, Work

SCRIPTS = {
    "style": """
import time
def main(request, response):
    number = int(request.GET.first(b"n"))
    time.sleep(0.001 * (number % 7))
    response.headers.set("content-type", "text/css")
    return b"x" * (300 * number % 5000)
""",
    "early": """
def main(request, response):
    response.writer.write_raw_data_frame(b"too early")
""",
    "hostile": """
def main(request, response):
    response.headers.set("x-markup", "</script><script>window.hit=1</script>")
    response.headers.set("x-image", "<img src=x onerror=window.hit=2>")
    response.headers.set("x-bidi", "\u202egnp.exe".encode())
    response.headers.set("x-octets", b"\\xff\\xfe")
    response.headers.set("x-long", "v" * 65536)
    return "<script>window.hit=3</script>\\x00\\x1b[2J\\u202egnp.exe"
""",
}

MARKUP = "</script><script>window.hit=1</script>"


def _page_load(c: Client) -> None:
    c.wait_for(lambda: c.settings)
    streams = [c.request("/style.py?n=%d" % n) for n in range(100)]
    c.wait_for(lambda: all(x.done for x in streams))


def _websocket(c: Client) -> None:
    s = wsclient.Socket(c, "/echo")
    for text in (b"hello", b"how are you?", b"goodbye"):
        s.send(wsclient.frame(wsclient.TEXT, text))
    s.get(3)
    s.send(wsclient.close(1000, b"done"), end=True)
    c.wait_for(lambda: s.x.done)


def _rule(c: Client) -> None:
    c.fetch("/style.py?n=1")
    c.open("/style.py?n=2", "POST")
    c.send_frame(rc.WINDOW_UPDATE, 0, 3, b"\0\0\0\0")
    c.ping()
    c.send_frame(rc.PING, 0, 0, b"seven..")
    c.wait_end()


def _script(c: Client) -> None:
    c.fetch("/style.py?n=1")
    x = c.request("/early.py")
    c.wait_for(lambda: x.done)
    c.send_frame(rc.GOAWAY, 0, 0, struct.pack(">II", 0, 1)
                 + b"DATA: stream not opened")


def _crash(c: Client) -> None:
    c.fetch("/style.py?n=3")
    c.request("/crash.py")
    c.wait_end()


def _hostile(c: Client) -> None:
    c.fetch("/hostile.py", headers=[("x-mark", MARKUP), ("x-tab", "a\tb")])
    c.fetch("/fail.py")


SCENES: Dict[str, Callable[[Client], None]] = {
    "load": _page_load, "websocket": _websocket, "rule": _rule,
    "script": _script, "crash": _crash, "hostile": _hostile}


def play(s: Traced) -> Dict[str, str]:
    """Plays all SCENES on a server whose --ws-docroot is wsclient.WS.  Returns
    {name of the scene: path of its trace}."""
    paths: Dict[str, str] = {}
    for name, scene in SCENES.items():
        before: List[str] = s.files()
        with Client(s.port, tls="--cleartext" not in s.argv) as c:
            port = c.sock.getsockname()[1]
            scene(c)
            c.leave()
        if name == "crash":
            s.wait_log("SIGSEGV")
        else:
            s.of_port(port)
        paths[name], = set(s.files()) - set(before)
    return paths


def record(work: Work, *options: str) -> Dict[str, str]:
    """Plays all SCENES on a server with these options.  Returns {name of the
    scene: path of a copy of its trace in work}."""
    with Traced(work, "--ws-docroot", wsclient.WS, *options) as s:
        return {name: shutil.copy(path, work.path(name + ".jsonl"))
                for name, path in play(s).items()}
