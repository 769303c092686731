# SPDX-License-Identifier: MIT
"""The rules that a correct client keeps, as data.

A row says what a breach by the server is: a connection error or a stream
error, its code, and the section of the RFC.  Rows of scope CLIENT are rules
for what the client itself does.
"""
from typing import Dict, Iterable, NamedTuple

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, \
    SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, \
    CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, \
    INADEQUATE_SECURITY, HTTP_1_1_REQUIRED = range(14)
CONNECTION, STREAM, CLIENT = "connection", "stream", "client"


class Rule(NamedTuple):
    """A rule.  scope: CONNECTION, STREAM or CLIENT.  code: the error code for
    GOAWAY or RST_STREAM.  section: "RFC §section"."""
    scope: str
    code: int
    section: str


def _rows(scope: str, code: int, **sections: str) -> Dict[str, Rule]:
    return {name.replace("_", "-"): Rule(scope, code, section)
            for name, section in sections.items()}


RULES: Dict[str, Rule] = {
    **_rows(CONNECTION, PROTOCOL_ERROR,
            preface="9113 §3.4",
            frame_stream="9113 §6",         # which types stream 0 has
            block_interrupted="9113 §6.10",
            block_absent="9113 §6.10",
            padding="9113 §6.1",
            idle_stream="9113 §5.1",
            reserved_stream="9113 §5.1",
            settings_value="9113 §6.5.2",
            settings_changed="9218 §2.1",
            window_increment_zero="9113 §6.9",
            goaway_raised="9113 §6.8",
            push_disabled="9113 §6.6",
            push_stream="9113 §6.6",
            push_id="9113 §5.1.1",
            priority_update="9218 §7.1",
            renegotiation="9113 §9.2.1"),
    **_rows(CONNECTION, FRAME_SIZE_ERROR,
            frame_too_long="9113 §4.2",
            frame_length="9113 §6"),
    **_rows(CONNECTION, FLOW_CONTROL_ERROR,
            settings_window="9113 §6.5.2",
            window_overflow="9113 §6.9.1",
            window_overflow_by_settings="9113 §6.9.2",
            overrun="9113 §6.9.1"),
    **_rows(CONNECTION, COMPRESSION_ERROR,
            hpack_integer="7541 §5.1",
            hpack_string="7541 §5.2",
            hpack_huffman="7541 §5.2",
            hpack_index="7541 §2.3.3",
            hpack_update_late="7541 §4.2",
            hpack_update_limit="7541 §6.3",
            hpack_update_missing="9113 §4.3.1"),
    **_rows(CONNECTION, ENHANCE_YOUR_CALM,
            header_list="9113 §10.5.1",
            flood="9113 §10.5"),
    **_rows(STREAM, PROTOCOL_ERROR,
            status="9113 §8.3.2",
            pseudo_field="9113 §8.3",
            field_name="9113 §8.2.1",
            field_value="9113 §8.2.1",
            connection_field="9113 §8.2.2",
            content_length="9113 §8.1.1",
            no_content="9113 §8.1.1",
            informational="9113 §8.1",
            message_order="9113 §8.1",
            tunnel="9113 §8.5",
            push_request="9113 §8.4",
            window_increment_zero_stream="9113 §6.9"),
    **_rows(STREAM, FRAME_SIZE_ERROR, frame_length_stream="9113 §6.3"),
    **_rows(STREAM, FLOW_CONTROL_ERROR,
            overrun_stream="9113 §6.9.1",
            window_overflow_stream="9113 §6.9.1"),
    **_rows(STREAM, STREAM_CLOSED, closed_stream="9113 §5.1"),
    **_rows(STREAM, REFUSED_STREAM, push_concurrency="9113 §5.1.2"),
    **_rows(CLIENT, NO_ERROR,
            whole_response="9113 §8.1",     # without END_STREAM: no response
            request_fields="9113 §8.2",
            send_window="9113 §6.9.1",
            send_frame_size="9113 §4.2",
            send_streams="9113 §5.1.2",
            send_table_size="9113 §4.3.1",
            goaway="9113 §6.8",             # no new streams after it
            say_goodbye="9113 §5.4.1",      # GOAWAY before the end
            reset="9113 §5.4.2",            # sends RST_STREAM when it gives up
            reset_isolated="9113 §5.4.2",   # no answer, other streams go on
            retry_limit="9110 §9.2.2",
            retry_safely="9113 §8.7",       # only if surely not processed
            redirect_limit="9110 §15.4",
            redirect_method="9110 §15.4.4",
            redirect_secrets="9110 §15.4",
            content_coding="9110 §8.4",
            expect="9110 §10.1.1",
            connect_protocol="8441 §3",
            websocket="6455 §4.1",
            alpn="9113 §3.2",
            tls_version="9113 §9.2",
            certificate="9110 §4.3.4",
            origin="9113 §9.1.1",           # no connection of another host
            alternative="7838 §2.1"),
}


# The rules that the naive client keeps: without request-fields no server would
# answer it; with reset-isolated it sends no RST_STREAM.
NAIVE = {"request-fields", "reset-isolated"}


class Violation(Exception):
    """The server broke a rule.  scope, code: of the rule."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{text} (RFC {RULES[rule].section})")
        self.scope, self.code = RULES[rule].scope, RULES[rule].code


class Rules:
    """The rules that one client keeps.  Raises ValueError for
    an unknown name."""

    def __init__(self, kept: Iterable[str]) -> None:
        self.kept = frozenset(kept)
        unknown = sorted(self.kept - set(RULES))
        if unknown:
            raise ValueError(f"no rule is named {', '.join(unknown)}")

    def keeps(self, name: str) -> bool:
        """Returns whether this client keeps a rule."""
        assert name in RULES, name
        return name in self.kept

    def require(self, holds: object, name: str, text: str) -> None:
        """Raises Violation with this text if `holds` is false and this client
        keeps the rule."""
        assert name in RULES, name
        if not holds and name in self.kept:
            raise Violation(name, text)
