# SPDX-License-Identifier: MIT
"""Multipart content that a script sends (RFC 2046 §5.1)."""

import uuid
from typing import Any, Iterable, List, Optional, Tuple

from h2rig.headers import ResponseHeaders

__all__ = ["MultipartContent", "MultipartPart"]


class MultipartPart:
    """A part: its content and fields."""

    def __init__(self, data: bytes, content_type: Any = None,
                 headers: Optional[Iterable[Tuple[Any, Any]]] = None) -> None:
        self.headers = ResponseHeaders()
        if content_type is not None:
            self.headers.set("Content-Type", content_type)
        if headers is not None:
            for name, value in headers:
                # The type that the part was given is the one that counts.
                if name.lower() in (b"content-type", "content-type"):
                    self.headers.set(name, value)
                else:
                    self.headers.append(name, value)
        self.data = data

    def to_bytes(self) -> bytes:
        """Fields, an empty line, content."""
        return b"".join(bytes(name) + b": " + bytes(value) + b"\r\n"
                        for name, value in self.headers) + b"\r\n" + self.data


class MultipartContent:
    """Parts with a boundary between; an iterable of one bytes, so that it can
    be a response's content.
    """

    def __init__(self, boundary: Optional[str] = None,
                 default_content_type: Any = None) -> None:
        self.boundary = uuid.uuid4().hex if boundary is None else boundary
        self.items: List[MultipartPart] = []
        self.default_content_type = default_content_type

    def append_part(self, data: bytes, content_type: Any = None,
                    headers: Optional[Iterable[Tuple[Any, Any]]] = None
                    ) -> None:
        """Adds a part."""
        if content_type is None:
            content_type = self.default_content_type
        self.items.append(MultipartPart(data, content_type, headers))

    def to_bytes(self) -> bytes:
        """The whole content."""
        boundary = b"--" + self.boundary.encode("ascii")
        out = [b""]
        for item in self.items:
            out += [boundary, item.to_bytes()]
        return b"\r\n".join(out + [boundary + b"--", b""])

    def __call__(self) -> bytes:
        return self.to_bytes()

    def __iter__(self) -> Any:
        yield self.to_bytes()
