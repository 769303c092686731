# SPDX-License-Identifier: MIT
"""What scripts must be able to use with the rights of --user, looked at before
a client comes.  Called in a short-lived process that has these rights."""

import os
import tempfile
from typing import Iterator, Tuple

from h2rig.errors import ConfigError
from h2rig.server.config import options

__all__ = ["check"]

READ = os.R_OK | os.X_OK
WRITE = os.W_OK | os.X_OK


def check() -> None:
    """ConfigError for the first directory or file that cannot be used."""
    for what, path, mode in _needed():
        if not os.access(path, mode):
            raise ConfigError(
                "%s: \"%s\"" % (what, path), "expected what the user %s "
                "(--user) may %s, %s" % (
                    options.user, "write to" if mode & os.W_OK else "read",
                    _reason(path)))


def _needed() -> Iterator[Tuple[str, str, int]]:
    # What it is, its path, and what is done with it.
    yield "DOCROOT", options.doc_root, READ
    for url, directory, _ in options.aliases:
        yield "alias of %s" % url, directory, READ
    if options.ws_docroot is not None:
        yield "--ws-docroot", options.ws_docroot, READ
    if options.stash is not None and os.path.isabs(options.stash):
        # A file, and no server.  SQLite has files of its own beside it.
        yield "--stash", os.path.dirname(options.stash), WRITE
        if os.path.exists(options.stash):
            yield "--stash", options.stash, os.R_OK | os.W_OK
    yield "TMPDIR", tempfile.gettempdir(), WRITE


def _reason(path: str) -> str:
    # Permissions of a directory on the way, or of its own.
    while True:
        parent = os.path.dirname(path)
        if parent == path or os.access(parent, os.X_OK):
            return "who has no such permission for %s" % path
        path = parent
