# SPDX-License-Identifier: MIT
"""A good response over HTTP/1.1, for a client that falls back to it."""

from typing import Any, Callable, Tuple

from h2bad.sending import BODY, FIELDS

__all__ = ["serve"]

#: Octets that the head of a request may have.
LIMIT = 65536


def serve(x: Any, begin: Callable[[str], Tuple[int, bytes]] =
          lambda target: (200, BODY)) -> None:
    """Answers one request on an `Exchange` whose HTTP/2 engine is off.

    begin: called with the request's target; returns the response's status and
    content.
    """
    head = b""
    while b"\r\n\r\n" not in head and len(head) < LIMIT:
        part = x.connection.read(4096)
        if not part:
            return
        head += part
    words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    path = words[1] if len(words) > 1 else ""
    status, content = begin(path)
    x.note("http1", method=words[0], path=path)
    if path.startswith("/ok?"):
        x.note("follow-up", query=path[4:])
    x.octets(b"HTTP/1.1 %d %s\r\n%sconnection: close\r\n"
             b"content-length: %d\r\n\r\n%s" % (
                 status, b"OK" if status == 200 else b"Error",
                 "".join("%s: %s\r\n" % each for each in FIELDS).encode(),
                 len(content), b"" if words[0] == "HEAD" else content))
    x.connection.writer.close("tls")
