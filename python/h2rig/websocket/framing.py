# SPDX-License-Identifier: MIT
"""Framing, and compression of what is sent, by wsproto.

Of all that the package imports, wsproto takes longest.  So this module is
imported only when the server is ready: by `warm_up`, for the children, or else
by the first WebSocket.  A module wsproto in the document root is not used.
"""

import zlib
from typing import Any, Union

from h2rig.server import scripts
from h2rig.server.config import options

_DeflateBase: Any = object
available = False
try:
    with scripts.without_paths():
        from wsproto.extensions import PerMessageDeflate
        from wsproto.frame_protocol import (
            CloseReason, FrameProtocol, Opcode, ParseFailed, RsvBits)
    _DeflateBase = PerMessageDeflate
    available = True
except ImportError:
    pass    # serve.py logs it when a client asks for a WebSocket

__all__ = ["Deflate", "FrameProtocol", "Opcode", "ParseFailed", "available"]

#: The octets that a sender removes from the end of a message (RFC 7692
#: §7.2.1).
_TAIL = b"\x00\x00\xff\xff"

#: The window: octets to which later ones may refer (RFC 1951 §2).
_WINDOW = 1 << 15

#: The most final blocks in a message; each one needs a new decompressor.
_MAX_FINAL_BLOCKS = 1000


class Deflate(_DeflateBase):  # type: ignore[misc]
    """permessage-deflate (RFC 7692).

    This class does not inflate with wsproto: version 1.2 takes a control frame
    amid a fragmented message for the end of that message's compression, fails
    after a block with BFINAL (§7.2.3.5), and inflates without a size limit.
    """

    def __init__(self) -> None:
        super().__init__()
        self._control = False
        self._inbound_compressed: Any = None
        self._inflater: Any = None
        self._window = b""
        self._size = 0          # octets inflated of the current message
        self._final_blocks = 0

    def frame_inbound_header(self, proto: Any, opcode: Any, rsv: Any,
                             payload_length: int) -> Any:
        self._control = opcode.iscontrol()
        if self._control:
            # The extension uses no bit of a control frame.
            return RsvBits(False, False, False)
        if rsv.rsv1 and opcode is Opcode.CONTINUATION:
            return CloseReason.PROTOCOL_ERROR       # RFC 7692 §6.1
        if self._inbound_compressed is None:
            self._inbound_compressed = rsv.rsv1
        return RsvBits(True, False, False)

    def frame_inbound_payload_data(self, proto: Any, data: Any) -> Any:
        if self._control or not self._inbound_compressed:
            return data
        return self._inflate(bytes(data))

    def frame_inbound_complete(self, proto: Any, fin: bool) -> Any:
        if self._control or not fin:
            return None
        compressed, self._inbound_compressed = self._inbound_compressed, None
        data: Union[bytearray, Any] = None
        # There is no inflater if a final block has ended the message.
        if compressed and self._inflater is not None:
            data = self._inflate(_TAIL)
        if self.client_no_context_takeover:
            self._inflater, self._window = None, b""
        self._size = self._final_blocks = 0
        return data

    def _inflate(self, data: bytes) -> Any:
        # Returns the octets to which data inflates, or the reason to close.
        out = bytearray()
        while data:
            if self._inflater is None:
                self._inflater = zlib.decompressobj(
                    -int(self.client_max_window_bits), zdict=self._window)
            try:
                piece = self._inflater.decompress(
                    data, options.max_message - self._size + 1)
            except zlib.error:
                return CloseReason.INVALID_FRAME_PAYLOAD_DATA
            out += piece
            self._size += len(piece)
            self._window = (self._window + piece)[-_WINDOW:]
            data = self._inflater.unused_data
            if self._inflater.eof:
                self._inflater = None
                self._final_blocks += 1
            if (self._size > options.max_message
                    or self._final_blocks > _MAX_FINAL_BLOCKS):
                return CloseReason.MESSAGE_TOO_BIG
        return out
