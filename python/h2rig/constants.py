# SPDX-License-Identifier: MIT
"""Content types by file name extension, and the phrases of status codes.

content_types: a dict of extension (lower case, no dot) to media type.
response_codes: a dict of status code to (reason phrase, description).
"""

import http
from typing import Dict, Tuple

__all__ = ["content_types", "response_codes"]

_types = {
    "application/json": "json map",
    "application/manifest+json": "webmanifest",
    "application/pdf": "pdf",
    "application/wasm": "wasm",
    "application/x-web-app-manifest+json": "webapp",
    "application/x-xpinstall": "xpi",
    "application/xhtml+xml": "xht xhtm xhtml",
    "application/xml": "xml xsl xslt",
    "application/zip": "zip",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "oga opus",
    "audio/webm": "weba",
    "audio/x-wav": "wav",
    "font/otf": "otf",
    "font/ttf": "ttf",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/jpeg": "jpg jpeg",
    "image/jxl": "jxl",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
    "image/x-icon": "ico",
    "text/cache-manifest": "manifest",
    "text/css": "css",
    "text/event-stream": "event_stream",
    "text/html": "htm html",
    "text/javascript": "js mjs",
    "text/plain": "txt text md",
    "text/vtt": "vtt",
    "video/mp4": "mp4 m4v",
    "video/ogg": "ogg ogv",
    "video/webm": "webm",
}

#: extension (lower case, no dot) -> media type
content_types: Dict[str, str] = {
    extension: name
    for name, extensions in _types.items() for extension in extensions.split()
}

#: status code -> (reason phrase, description)
response_codes: Dict[int, Tuple[str, str]] = {
    int(s): (s.phrase, s.description) for s in http.HTTPStatus
}
