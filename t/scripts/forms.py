# SPDX-License-Identifier: MIT
"""What main may return: one case for each form."""
import io

from common import shared


def none(request, response):
    response.status = 202
    response.headers.set("x-set", "by hand")
    response.content = "set by hand"


def status_pair(request, response):
    response.status = (203, "as a pair")
    response.content = repr(response.status)


def added(request, response):
    response.headers.set("x-a", "old")
    response.headers.set("x-a", "1")
    response.headers.append("x-a", "2")
    response.headers.update([("x-b", b"3"), ("x-c", 4)])
    return "added"


CASES = {
    "none": none,
    "nothing": lambda request, response: None,
    "text": lambda request, response: "text",
    "utf8": lambda request, response: "caf\u00e9",
    "bytes": lambda request, response: b"\x00\xff",
    "pair": lambda request, response: ([("x-pair", "yes")], "pair"),
    "triple": lambda request, response: (404, [("x-three", "3")], b"triple"),
    "reason": lambda request, response: ((418, "teapot"), [], "reason"),
    "file": lambda request, response: io.BytesIO(b"from a file"),
    "iterable": lambda request, response:
        (200, [], ["a", b"b", lambda: "c", lambda: b"d"]),
    "generator": lambda request, response:
        (200, [], (str(i) for i in range(5))),
    "empty": lambda request, response: "",
    "no-content": lambda request, response: (204, [], ""),
    "status-pair": status_pair,
    "added": added,
    "int-value": lambda request, response: ([("x-int", 17)], "int"),
    "bytes-names": lambda request, response: ([(b"x-bytes", b"b")], "bytes"),
}


def main(request, response):
    return CASES[shared.query(request, "case")](request, response)
