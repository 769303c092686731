# SPDX-License-Identifier: MIT
"""The connection of a request: TLS, addresses, the client's settings."""

from typing import Any, Dict, Optional, Tuple

import _h2rig

__all__ = ["Connection"]


class Connection:
    """`request.connection`: one object for all requests of a connection.

    data: a dict for scripts to keep what they like in, as long as the
    connection lasts.
    """

    __slots__ = ("data", "_fixed")

    def __init__(self) -> None:
        self.data: Dict[Any, Any] = {}
        self._fixed: Optional[Dict[str, Any]] = None

    def _get(self, name: str) -> Any:
        if self._fixed is None:
            self._fixed = _h2rig.connection()
        return self._fixed[name]

    @property
    def id(self) -> int:
        """A number that no other open connection of this machine has."""
        n: int = self._get("id")
        return n

    @property
    def alpn_protocol(self) -> Optional[str]:
        """"h2", or None without ALPN (RFC 7301)."""
        return _opt(self._get("alpn_protocol"))

    @property
    def tls_version(self) -> Optional[str]:
        """"TLSv1.3", "TLSv1.2", or None in cleartext."""
        return _opt(self._get("tls_version"))

    @property
    def cipher(self) -> Optional[str]:
        """The cipher suite by its name, or None in cleartext."""
        return _opt(self._get("cipher"))

    @property
    def sni(self) -> Optional[str]:
        """The host name the client asked for (RFC 6066 §3), or None."""
        return _opt(self._get("sni"))

    @property
    def session_reused(self) -> bool:
        """Whether the TLS session is a resumed one."""
        return bool(self._get("session_reused"))

    @property
    def client_address(self) -> Tuple[str, int]:
        """(address, port) of the client."""
        host, port = self._get("client_address")
        return host, port

    @property
    def server_port(self) -> int:
        """The server's port that the client has connected to."""
        port: int = self._get("server_port")
        return port

    @property
    def client_settings(self) -> Dict[str, int]:
        """The client's SETTINGS as they stand now, by their names
        ("INITIAL_WINDOW_SIZE", RFC 9113 §6.5.2).
        """
        return dict(_h2rig.connection()["client_settings"])

    def __repr__(self) -> str:
        return "<Connection %d of %s:%d>" % ((self.id,) + self.client_address)


def _opt(v: Any) -> Optional[str]:
    return None if v is None else str(v)


#: The connection of this process.
connection = Connection()
