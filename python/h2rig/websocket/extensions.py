# SPDX-License-Identifier: MIT
"""Reads and writes Sec-WebSocket-Extensions, and chooses the parameters of
permessage-deflate (RFC 7692 §7.1); a handler may influence that choice.
"""

import re
from typing import Any, Dict, Iterable, List, Optional, Tuple

from h2rig.server.config import options
from h2rig.server.isomorphic import shown

__all__ = ["ExtensionParameter", "PerMessageDeflateExtensionProcessor",
           "format_extensions", "parse_extensions"]

#: The most characters of the field: each escape in it takes about a hundred
#: octets of memory.
MAX_LENGTH = 65536

Parameter = Tuple[str, Optional[str]]

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_blanks = re.compile(r"[ \t]*")
_item = re.compile(
    r"(%s)[ \t]*(?:=[ \t]*(?:(%s)|\"([^\"\\]*(?:\\.[^\"\\]*)*)\")[ \t]*)?"
    % (_TOKEN, _TOKEN))


class ExtensionParameter:
    """An extension: its name (str) and its parameters, whose values are str or
    None.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._parameters: List[Parameter] = []

    def name(self) -> str:
        """The extension's name."""
        return self._name

    def add_parameter(self, name: str, value: Any) -> None:
        """Adds a parameter; value: an object whose text is sent, or None."""
        self._parameters.append(
            (name, None if value is None else str(value)))

    def get_parameters(self) -> List[Parameter]:
        """(name, value) pairs, in order."""
        return self._parameters

    def get_parameter_names(self) -> List[str]:
        """The parameters' names, in order."""
        return [name for name, _ in self._parameters]

    def has_parameter(self, name: str) -> bool:
        """Whether there is a parameter of this name."""
        return name in self.get_parameter_names()

    def get_parameter_value(self, name: str) -> Optional[str]:
        """The value of the first parameter of this name, or None."""
        return dict(reversed(self._parameters)).get(name)

    def __repr__(self) -> str:
        return "<ExtensionParameter %s>" % format_extensions([self])


def parse_extensions(data: str) -> List[ExtensionParameter]:
    """Parses the value of the field (RFC 6455 §9.1).  Raises ValueError if it
    is malformed, too long, or has more extensions and parameters than
    `--max-parameters`.
    """
    if len(data) > MAX_LENGTH:
        raise ValueError("extensions of %d characters; expected at most %d"
                         % (len(data), MAX_LENGTH))
    if data.count(",") + data.count(";") >= options.max_parameters:
        raise ValueError("more extensions and parameters than %d "
                         "(--max-parameters)" % options.max_parameters)
    found: List[ExtensionParameter] = []
    at = 0
    expect_name = True
    while True:
        # Each blank is read only once: otherwise a field of blanks would take
        # time that grows with the square of its length.
        at = _blanks.match(data, at).end()      # type: ignore[union-attr]
        if at >= len(data):
            break
        match = _item.match(data, at)
        if match is None:
            if expect_name and data[at] == ",":
                at += 1                 # an empty element
                continue
            raise _syntax_error(data)
        name, value, quoted = match.groups()
        if quoted is not None:
            value = re.sub(r"\\(.)", r"\1", quoted)
        if expect_name and value is not None:
            raise _syntax_error(data)
        if expect_name:
            found.append(ExtensionParameter(name))
        else:
            found[-1].add_parameter(name, value)
        at = match.end()
        if at < len(data) and data[at] not in ",;":
            raise _syntax_error(data)
        expect_name = data[at:at + 1] == ","
        at += 1
    if data.rstrip().endswith(";"):
        raise _syntax_error(data)
    return found


def _syntax_error(data: str) -> ValueError:
    return ValueError("no list of extensions (RFC 6455 §9.1): %s"
                      % shown(data))


def format_extensions(extensions: Iterable[ExtensionParameter]) -> str:
    """Returns extensions as the value of the field."""
    out = []
    for extension in extensions:
        words = [extension.name()]
        for name, value in extension.get_parameters():
            if value is None:
                words.append(name)
            elif re.fullmatch(_TOKEN, value):
                words.append("%s=%s" % (name, value))
            else:
                words.append('%s="%s"' % (
                    name, re.sub(r'(["\\])', r"\\\1", value)))
        out.append("; ".join(words))
    return ", ".join(out)


class PerMessageDeflateExtensionProcessor:
    """Answers an offer of permessage-deflate.  The server makes this object.

    `web_socket_do_extra_handshake` may call the set methods.
    """

    NAME = "permessage-deflate"
    _FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
    _BITS = ("server_max_window_bits", "client_max_window_bits")

    def __init__(self, request: ExtensionParameter) -> None:
        self._request = request
        self._client_bits: Optional[int] = None
        self._client_no_takeover = False
        #: wsproto's extension, once the offer has been accepted
        self.extension: Any = None

    def name(self) -> str:
        """The extension's name."""
        return self.NAME

    def request(self) -> ExtensionParameter:
        """The offer."""
        return self._request

    def set_client_max_window_bits(self, bits: Optional[int]) -> None:
        """Asks the client for a window of 2**bits octets, if its offer allows
        that.

        bits: 9 to 15, or None not to ask.  Raises ValueError for others.
        """
        if bits is not None and not 9 <= bits <= 15:
            raise ValueError("client_max_window_bits must be 9 to 15, not %r"
                             % (bits,))
        self._client_bits = bits

    def set_client_no_context_takeover(self, value: bool) -> None:
        """Sets whether the client is asked to compress each message by itself.
        """
        self._client_no_takeover = bool(value)

    def get_extension_response(self) -> Optional[ExtensionParameter]:
        """Returns the answer to the offer and sets `extension`; returns None
        to decline the offer.
        """
        offer = self._read()
        if offer is None:
            return None
        response = ExtensionParameter(self.NAME)
        for name in self._FLAGS:
            if name in offer or (name == self._FLAGS[1]
                                 and self._client_no_takeover):
                response.add_parameter(name, None)
        if self._BITS[0] in offer:
            response.add_parameter(self._BITS[0], offer[self._BITS[0]])
        bits = offer.get(self._BITS[1], 0)
        if bits > 8 and (self._client_bits is not None or bits != 15):
            response.add_parameter(self._BITS[1],
                                   min(bits, self._client_bits or 15))
        from h2rig.websocket.framing import Deflate
        self.extension = Deflate()
        self.extension.finalize(format_extensions([response]))
        return response

    def _read(self) -> Optional[Dict[str, int]]:
        # Returns the offer's parameters; None if one of them is unknown, is
        # repeated, or has a value that it must not have (RFC 7692 §7.1).
        out: Dict[str, int] = {}
        for name, value in self._request.get_parameters():
            if name in out:
                return None
            if name in self._FLAGS and value is None:
                out[name] = 1
            elif name == self._BITS[1] and value is None:
                out[name] = 15
            elif name in self._BITS and value is not None and re.fullmatch(
                    "[89]|1[0-5]", value):
                out[name] = int(value)
            else:
                return None
        # zlib cannot deflate with a window of 2**8 octets.  To inflate, it
        # need not know that the client's window is so small.
        return None if out.get(self._BITS[0]) == 8 else out
