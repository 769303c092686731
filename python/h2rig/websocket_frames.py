# SPDX-License-Identifier: MIT
"""What h2rig takes from wsproto: framing, and permessage-deflate.

Of all that the package imports this takes longest, so that nothing imports
this module before the server is ready: `warm_up` does then, for the children,
and whatever needs it first where nothing is rehearsed.  Neither takes a
document root's module of that name.
"""

from typing import Any

from h2rig import paths

_DeflateBase: Any = object
available = False
try:
    with paths.without():
        from wsproto.extensions import PerMessageDeflate
        from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed
    _DeflateBase = PerMessageDeflate
    available = True
except ImportError:
    pass    # websocket.py says so when one is asked for

__all__ = ["Deflate", "FrameProtocol", "Opcode", "ParseFailed", "available"]


class Deflate(_DeflateBase):  # type: ignore[misc]
    """permessage-deflate (RFC 7692), control frames left alone.

    wsproto 1.2 takes a control frame amid a fragmented message for the end
    of that message's compression.
    """

    def frame_inbound_header(self, proto: Any, opcode: Any, rsv: Any,
                             payload_length: int) -> Any:
        self._control = opcode.iscontrol()
        if not self._control:
            return super().frame_inbound_header(proto, opcode, rsv,
                                                payload_length)
        # No bit of a control frame is the extension's.
        return type(rsv)(False, False, False)

    def frame_inbound_payload_data(self, proto: Any, data: Any) -> Any:
        if self._control:
            return data
        return super().frame_inbound_payload_data(proto, data)

    def frame_inbound_complete(self, proto: Any, fin: bool) -> Any:
        if self._control:
            return None
        return super().frame_inbound_complete(proto, fin)
