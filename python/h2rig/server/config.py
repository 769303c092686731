# SPDX-License-Identifier: MIT
"""The program's options, and the type of `request.server.config`."""

import os
from typing import Any, Dict, List, Optional, Tuple

__all__ = ["Alias", "Config", "Options", "options"]

#: URL prefix (with slashes around it), directory, the same without links
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
                 "run_directory", "shared_file", "settings", "user",
                 "console", "run_limit_ms")

    def __init__(self) -> None:
        self.doc_root = ""
        #: doc_root without symbolic links
        self.real_root = ""
        self.hide_tracebacks = False
        self.scheme = "https"
        self.hosts: List[str] = []
        #: of all listening sockets, each once
        self.ports: List[int] = [0]
        self.log_level = "info"
        self.max_body = 1 << 30
        #: octets of a WebSocket message
        self.max_message = 1 << 24
        self.max_parameters = 10000
        #: octets of content in files, see `body`; 0: a share of the space
        self.max_stored = 0
        self.max_stored_total = 0
        self.version = ""
        #: a file of the user's routes
        self.routes: Optional[str] = None
        #: its text when it was last found to load, and one that is still to
        #: be tried
        self.routes_text: bytes = b""
        self.routes_candidate: bytes = b""
        #: the same of a connection script
        self.connection: Optional[str] = None
        self.connection_text: bytes = b""
        self.connection_candidate: bytes = b""
        #: directories beside the document root, the longest prefix first
        self.aliases: List[Alias] = []
        #: milliseconds that each request waits first
        self.latency_ms = 0
        #: a file of settings
        self.config: Optional[str] = None
        #: a file, or a redis:// address without its password; None: in
        #: run_directory
        self.stash: Optional[str] = None
        #: where WebSocket handlers are; None: in the document root
        self.ws_docroot: Optional[str] = None
        #: whether pages are made for .any.js tests and their like
        self.wpt = False
        #: whether files have etag and last-modified
        self.validators = False
        #: the user whose rights scripts have; None: the server's
        self.user: Optional[str] = None
        #: see `rundir`; None: there is none
        self.run_directory: Optional[str] = None
        #: descriptor of a file without a path, which all processes inherit
        self.shared_file = -1
        #: the directory of traces, if there are pages about them
        self.console: Optional[str] = None
        #: milliseconds that a script's function may run; 0: no limit
        self.run_limit_ms = 0
        #: what `request.server.config` is
        self.settings = Config()

    def update(self, values: Dict[str, Any]) -> None:
        """Takes the values whose names it knows."""
        for name, value in values.items():
            if name in self.__slots__ and name != "aliases":
                setattr(self, name, value)
        self.real_root = os.path.realpath(self.doc_root)


class Config(Dict[str, Any]):
    """A dict of settings by the names that web-platform-tests' configuration
    has (`browser_host`, `ports`, `domains`, `doc_root`, ...), which can be
    read as attributes too.
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


#: The one of this process.
options = Options()
