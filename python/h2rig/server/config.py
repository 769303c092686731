# SPDX-License-Identifier: MIT
"""The program's options, and the type of `request.server.config`."""

import os
from typing import Any, Dict, List, Optional, Tuple

__all__ = ["Alias", "Config", "Options", "options"]

#: The names of log levels, the most urgent first.
_LEVELS = ("error", "warn", "info", "debug")

#: URL prefix (with slashes around it), directory, the directory without
#: symbolic links
Alias = Tuple[str, str, str]


class Options:
    """The program's options, set once by `dispatch.configure`."""

    __slots__ = ("doc_root", "real_root", "hide_tracebacks", "scheme",
                 "hosts", "ports", "log_level", "max_body", "max_message",
                 "max_parameters", "max_stored", "max_stored_total",
                 "version", "routes", "routes_text", "routes_candidate",
                 "connection", "connection_text", "connection_candidate",
                 "aliases", "latency_ms",
                 "config", "stash", "ws_docroot", "wpt", "validators",
                 "run_directory", "shared_file", "settings", "user", "owner",
                 "console", "run_limit_ms")

    def __init__(self) -> None:
        self.doc_root = ""
        #: doc_root without symbolic links
        self.real_root = ""
        self.hide_tracebacks = False
        self.scheme = "https"
        self.hosts: List[str] = []
        #: ports of all listening sockets, each port once
        self.ports: List[int] = [0]
        self.log_level = "info"
        self.max_body = 1 << 30
        #: the most octets of a WebSocket message
        self.max_message = 1 << 24
        self.max_parameters = 10000
        #: the most octets of content in files, of one connection and of all
        #: (see `body`); 0: a share of the space
        self.max_stored = 0
        self.max_stored_total = 0
        self.version = ""
        #: the path of the file of the user's routes
        self.routes: Optional[str] = None
        #: the text of that file when it last loaded without an error, and a
        #: newer text that is still to be tried
        self.routes_text: bytes = b""
        self.routes_candidate: bytes = b""
        #: the same three of the connection script
        self.connection: Optional[str] = None
        self.connection_text: bytes = b""
        self.connection_candidate: bytes = b""
        #: directories outside the document root, the longest prefix first
        self.aliases: List[Alias] = []
        #: milliseconds that each request waits before it is handled
        self.latency_ms = 0
        #: the path of the file of settings
        self.config: Optional[str] = None
        #: where the stash is: a file, or a redis:// address without its
        #: password; None: a file in run_directory
        self.stash: Optional[str] = None
        #: the directory of WebSocket handlers; None: the document root
        self.ws_docroot: Optional[str] = None
        #: whether pages are made for .any.js tests and similar ones
        self.wpt = False
        #: whether files are sent with etag and last-modified
        self.validators = False
        #: the user whose rights scripts have; None: the server's
        self.user: Optional[str] = None
        #: uid and gid of scripts (see `owner`); -1: the server's
        self.owner = (-1, -1)
        #: the server's own directory (see `rundir`); None: there is none
        self.run_directory: Optional[str] = None
        #: descriptor of a file without a path, which all processes inherit
        self.shared_file = -1
        #: the directory of traces; None: the server has no pages about them
        self.console: Optional[str] = None
        #: the most milliseconds that a script's function may run; 0: no
        #: limit
        self.run_limit_ms = 0
        #: the value of `request.server.config`
        self.settings = Config()

    def update(self, values: Dict[str, Any]) -> None:
        """Sets the options in values whose names are in `__slots__`, except
        `aliases`; ignores the others.
        """
        for name, value in values.items():
            if name in self.__slots__ and name != "aliases":
                setattr(self, name, value)
        self.real_root = os.path.realpath(self.doc_root)

    def logs(self, level: str) -> bool:
        """Returns whether the log has records of that level."""
        return _LEVELS.index(level) <= _LEVELS.index(self.log_level)


class Config(Dict[str, Any]):
    """A dict of settings, which can also be read as attributes.

    Their names are those of web-platform-tests' configuration
    (`browser_host`, `ports`, `domains`, `doc_root`, ...).
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


#: The options of this process.
options = Options()
