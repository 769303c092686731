# SPDX-License-Identifier: MIT
"""What the program was told at start, and `request.server.config`."""

import os
from typing import Any, Dict, List, Optional

__all__ = ["Config", "Options", "options"]


class Options:
    """The program's options, set once by `dispatch.configure`."""

    __slots__ = ("doc_root", "real_root", "hide_tracebacks", "scheme",
                 "hosts", "port", "log_level", "max_body", "version",
                 "stash_directory")

    def __init__(self) -> None:
        self.doc_root = ""
        #: doc_root without symbolic links
        self.real_root = ""
        self.hide_tracebacks = False
        self.scheme = "https"
        self.hosts: List[str] = []
        self.port = 0
        self.log_level = "info"
        self.max_body = 1 << 30
        self.version = ""
        self.stash_directory: Optional[str] = None

    def update(self, values: Dict[str, Any]) -> None:
        """Takes the values whose names it knows."""
        for name, value in values.items():
            if name in self.__slots__:
                setattr(self, name, value)
        self.real_root = os.path.realpath(self.doc_root)


#: The one of this process.
options = Options()


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


def default_config() -> Config:
    """The configuration of a server that was given none."""
    host = "localhost"
    ports: Dict[str, List[int]] = {
        "http": [], "https": [], "h2": [], "ws": [], "wss": []}
    if options.scheme == "https":
        ports["https"] = ports["h2"] = [options.port]
    else:
        ports["http"] = [options.port]
    return Config(
        browser_host=host, server_host=host, host=host,
        bind_address=list(options.hosts), doc_root=options.doc_root,
        url_base="/", ports=ports, domains={"": host},
        all_domains={"": {"": host}}, domains_set={host},
        alternate_hosts={}, subdomains=set(), not_subdomains=set())
