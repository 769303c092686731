/* SPDX-License-Identifier: MIT */
/*
 * Tests what a session does with frames that it receives.  Each case names the
 * section of RFC 9113 (or of another one) with the rule, and has a script for
 * the rig (rig.h) and the log that it must give.  Each runs frame by frame and
 * octet by octet, and also with all frames stopped, or all queued, on their
 * way.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "tap.h"

struct rule_case {
	const char *section;
	const char *script;
	const char *log;
};

/* Indexed fields: GET or POST, https, "/"; and a literal :authority "a". */
#define X40 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define GET "828784010161"
#define POST "838784010161"
#define HEAD "<:method=HEAD>+8784010161"

#define CLOSED_BY_US "closed 1 reset PROTOCOL_ERROR"
#define BAD_1(reason) "error 1 PROTOCOL_ERROR: " reason \
	" | RST_STREAM 1 PROTOCOL_ERROR"
#define TOO_MANY(id) "431 on " #id ": more fields than the bound max-fields " \
	"(RFC 9113 10.5.1)"
#define TOO_LARGE(id) "431 on " #id ": larger than the bound " \
	"max-header-list-size (RFC 9113 10.5.1)"
#define FAILS(last, code, text) "| GOAWAY " #last " " code " " text

static const struct rule_case frame_cases[] = {
	/* Sizes and stream numbers, type by type. */
	{ "4.2", "RAW 004001000000000001",
	    FAILS(0, "FRAME_SIZE_ERROR", "DATA on stream 1: the payload is "
	    "longer than SETTINGS_MAX_FRAME_SIZE (RFC 9113 4.2)") },
	{ "4.1", "64 ff 7 'abc'; PING 0 0 8*00", "| PING ack" },
	{ "4.1", "64 ff 0; 255 0 1 3*00; PING 0 0 8*00", "| PING ack" },
	{ "4.1 unknown flags", "PING fe 0 8*00", "| PING ack" },
	{ "4.1 reserved bit", "RAW 000000+04+01+80000000; PING 0 0 8*00",
	    "| PING ack" },
	{ "4.1 reserved bit", "HEADERS 5 2147483649 " GET, "headers 1 end" },
	{ "6.1", "DATA 0 0 00", FAILS(0, "PROTOCOL_ERROR",
	    "DATA: belongs to a stream, not to the connection "
	    "(RFC 9113 6.1)") },
	{ "6.2", "HEADERS 5 0 " GET, FAILS(0, "PROTOCOL_ERROR",
	    "HEADERS: belongs to a stream, not to the connection "
	    "(RFC 9113 6.2)") },
	{ "6.3", "PRIORITY 0 0 5*00", FAILS(0, "PROTOCOL_ERROR",
	    "PRIORITY: belongs to a stream, not to the connection "
	    "(RFC 9113 6.3)") },
	{ "6.3", "HEADERS 4 1 " POST "; PRIORITY 0 1 4*00",
	    "headers 1; error 1 FRAME_SIZE_ERROR: the payload is 5 octets long "
	    "(RFC 9113 6.3); closed 1 reset FRAME_SIZE_ERROR | "
	    "RST_STREAM 1 FRAME_SIZE_ERROR" },
	{ "6.3 on an idle stream, which cannot be reset", "PRIORITY 0 1 6*00",
	    FAILS(0, "FRAME_SIZE_ERROR", "PRIORITY on stream 1: "
	    "the payload is 5 octets long (RFC 9113 6.3)") },
	{ "6.4", "RST_STREAM 0 0 4*00", FAILS(0, "PROTOCOL_ERROR",
	    "RST_STREAM: belongs to a stream, not to the connection "
	    "(RFC 9113 6.4)") },
	{ "6.4", "HEADERS 4 1 " POST "; RST_STREAM 0 1 3*00", "headers 1 "
	    FAILS(1, "FRAME_SIZE_ERROR", "RST_STREAM on stream 1: "
	    "the payload is 4 octets long (RFC 9113 6.4)") },
	{ "6.5", "SETTINGS 0 1", FAILS(0, "PROTOCOL_ERROR",
	    "SETTINGS on stream 1: belongs to the connection, not to a stream "
	    "(RFC 9113 6.5)") },
	{ "6.5", "SETTINGS 0 0 5*00", FAILS(0, "FRAME_SIZE_ERROR", "SETTINGS: "
	    "the payload is a multiple of 6 octets (RFC 9113 6.5)") },
	{ "6.5", "SETTINGS 1 0 6*00", FAILS(0, "FRAME_SIZE_ERROR", "SETTINGS: "
	    "an acknowledgement has no payload (RFC 9113 6.5)") },
	{ "6.6", "PUSH_PROMISE 4 0 00000002", FAILS(0, "PROTOCOL_ERROR",
	    "PUSH_PROMISE: belongs to a stream, not to the connection "
	    "(RFC 9113 6.6)") },
	{ "8.4", "HEADERS 5 1 " GET "; PUSH_PROMISE 4 1 00000002+" GET,
	    "headers 1 end " FAILS(1, "PROTOCOL_ERROR",
	    "PUSH_PROMISE on stream 1: clients do not push "
	    "(RFC 9113 8.4)") },
	{ "6.7", "PING 0 1 8*00", FAILS(0, "PROTOCOL_ERROR", "PING on stream "
	    "1: belongs to the connection, not to a stream "
	    "(RFC 9113 6.7)") },
	{ "6.7", "PING 0 0 7*00", FAILS(0, "FRAME_SIZE_ERROR",
	    "PING: the payload is 8 octets long (RFC 9113 6.7)") },
	{ "6.7", "PING 1 0 8*00", "" },
	{ "6.8", "GOAWAY 0 1 8*00", FAILS(0, "PROTOCOL_ERROR", "GOAWAY on "
	    "stream 1: belongs to the connection, not to a stream "
	    "(RFC 9113 6.8)") },
	{ "6.8", "GOAWAY 0 0 7*00", FAILS(0, "FRAME_SIZE_ERROR", "GOAWAY: "
	    "the payload is at least 8 octets long (RFC 9113 6.8)") },
	{ "6.8", "GOAWAY 0 0 0000000200000000; GOAWAY 0 0 8*00", "" },
	{ "6.8", "GOAWAY 0 0 8*00; GOAWAY 0 0 0000000200000000",
	    FAILS(0, "PROTOCOL_ERROR", "GOAWAY: the last stream is above that "
	    "of an earlier GOAWAY (RFC 9113 6.8)") },
	{ "6.9", "WINDOW_UPDATE 0 0 3*00", FAILS(0, "FRAME_SIZE_ERROR",
	    "WINDOW_UPDATE: the payload is 4 octets long (RFC 9113 6.9)") },
	{ "6.10", "CONTINUATION 4 0", FAILS(0, "PROTOCOL_ERROR",
	    "CONTINUATION: belongs to a stream, not to the connection "
	    "(RFC 9113 6.10)") },
	{ "RFC 9218 7.1", "16 0 1 00000001+'u=1'", FAILS(0, "PROTOCOL_ERROR",
	    "PRIORITY_UPDATE on stream 1: belongs to the connection, not to a "
	    "stream (RFC 9218 7.1)") },
	{ "RFC 9218 7.1", "16 0 0 000000", FAILS(0, "FRAME_SIZE_ERROR",
	    "PRIORITY_UPDATE: no room for the prioritized stream identifier "
	    "(RFC 9218 7.1)") },
	{ "RFC 9218 7.1", "16 0 0 00000000+'u=1'", FAILS(0, "PROTOCOL_ERROR",
	    "PRIORITY_UPDATE: the prioritized stream is not 0 "
	    "(RFC 9218 7.1)") },
	{ "RFC 9218 7.1", "16 0 0 00000002+'u=1'", FAILS(0, "PROTOCOL_ERROR",
	    "PRIORITY_UPDATE: the prioritized pushed stream is idle "
	    "(RFC 9218 7.1)") },
	{ "RFC 9218 7.1", "16 0 0 00000007+'u=1'; PING 0 0 8*00",
	    "| PING ack" },
	/* Padding. */
	{ "6.1", "HEADERS 4 1 " POST "; DATA 9 1 02+'abc'+0000",
	    "headers 1; data 1 3/6 end" },
	{ "6.1", "HEADERS 4 1 " POST "; DATA 8 1 04+'abc'+00", "headers 1; "
	    "data 1 0/5" },
	{ "6.1", "HEADERS 4 1 " POST "; DATA 8 1 05+'abc'+00", "headers 1 "
	    FAILS(1, "PROTOCOL_ERROR", "DATA on stream 1: padding longer than "
	    "the payload (RFC 9113 6.1)") },
	{ "6.1", "HEADERS 4 1 " POST "; DATA 8 1", "headers 1 "
	    FAILS(1, "FRAME_SIZE_ERROR", "DATA on stream 1: no room for the "
	    "Pad Length octet (RFC 9113 4.2)") },
	{ "6.2", "HEADERS d 1 03+" GET "+000000", "headers 1 end padded" },
	{ "6.2", "HEADERS d 1 07+" GET, FAILS(0, "PROTOCOL_ERROR", "HEADERS "
	    "on stream 1: padding longer than the payload (RFC 9113 6.1)") },
	{ "6.2", "HEADERS 25 1 80000003+0f+" GET, "headers 1 end; weight 16" },
	{ "6.2", "HEADERS 25 1 80000003", FAILS(0, "FRAME_SIZE_ERROR",
	    "HEADERS on stream 1: too short for its mandatory fields "
	    "(RFC 9113 4.2)") },
	/* Header blocks. */
	{ "4.3", "HEADERS 1 1 " GET "; PING 0 0 8*00", FAILS(1,
	    "PROTOCOL_ERROR", "PING: inside of another frame's header block "
	    "(RFC 9113 4.3)") },
	{ "4.3", "HEADERS 1 1 " GET "; CONTINUATION 4 3 " GET, FAILS(1,
	    "PROTOCOL_ERROR", "CONTINUATION on stream 3: inside of another "
	    "frame's header block (RFC 9113 4.3)") },
	{ "4.3 unknown types too (5.5)", "HEADERS 1 1 8287; 64 0 1 00",
	    FAILS(1, "PROTOCOL_ERROR", "frame of type 0x40 on stream 1: "
	    "inside of another frame's header block (RFC 9113 4.3)") },
	{ "6.10", "CONTINUATION 4 1 " GET, FAILS(0, "PROTOCOL_ERROR",
	    "CONTINUATION on stream 1: no header block to continue "
	    "(RFC 9113 6.10)") },
	{ "6.10", "HEADERS 1 1 8287; CONTINUATION 0 1; CONTINUATION 0 1 8401; "
	    "CONTINUATION 4 1 0161", "headers 1 end" },
	{ "6.10 one block after the other", "HEADERS 1 1 8287; "
	    "CONTINUATION 4 1 84010161; HEADERS 1 3 8287; "
	    "CONTINUATION 4 3 84010161", "headers 1 end; headers 3 end" },
	{ "4.3", "HEADERS 5 1 " GET "ff", FAILS(1, "COMPRESSION_ERROR",
	    "HEADERS on stream 1: the header block cannot be decoded "
	    "(RFC 9113 4.3)") },
	{ "4.3", "HEADERS 1 1 82; CONTINUATION 4 1 be", FAILS(1,
	    "COMPRESSION_ERROR", "CONTINUATION on stream 1: the header block "
	    "cannot be decoded (RFC 9113 4.3)") },
};

static const struct rule_case state_cases[] = {
	/* Idle streams. */
	{ "5.1", "DATA 0 1 00", FAILS(0, "PROTOCOL_ERROR",
	    "DATA on stream 1: the stream is idle (RFC 9113 5.1)") },
	{ "5.1", "DATA 0 2 00", FAILS(0, "PROTOCOL_ERROR",
	    "DATA on stream 2: the stream is idle (RFC 9113 5.1)") },
	{ "5.1", "RST_STREAM 0 1 4*00", FAILS(0, "PROTOCOL_ERROR",
	    "RST_STREAM on stream 1: the stream is idle (RFC 9113 5.1)") },
	{ "5.1", "WINDOW_UPDATE 0 1 00000001", FAILS(0, "PROTOCOL_ERROR",
	    "WINDOW_UPDATE on stream 1: the stream is idle "
	    "(RFC 9113 5.1)") },
	{ "5.1", "PRIORITY 0 1 5*00; HEADERS 5 1 " GET, "headers 1 end" },
	/* Stream numbers. */
	{ "5.1.1", "HEADERS 5 6 " GET, FAILS(0, "PROTOCOL_ERROR",
	    "HEADERS on stream 6: client streams are odd-numbered "
	    "(RFC 9113 5.1.1)") },
	{ "5.1.1", "HEADERS 5 5 " GET "; HEADERS 5 3 " GET, "headers 5 end "
	    FAILS(5, "PROTOCOL_ERROR", "HEADERS on stream 3: a new stream's "
	    "number is above all earlier ones (RFC 9113 5.1.1)") },
	{ "5.1.1", "HEADERS 5 3 " GET "; HEADERS 5 5 " GET "; HEADERS 5 9 " GET
	    "; HEADERS 5 7 " GET, "headers 3 end; headers 5 end; headers 9 end "
	    FAILS(9, "PROTOCOL_ERROR", "HEADERS on stream 7: a new stream's "
	    "number is above all earlier ones (RFC 9113 5.1.1)") },
	{ "5.1.1", "HEADERS 5 3 " GET "; DATA 0 1 00", "headers 3 end "
	    FAILS(3, "STREAM_CLOSED", "DATA on stream 1: the stream is closed "
	    "(RFC 9113 5.1)") },
	/* Half-closed (remote). */
	{ "5.1", "HEADERS 5 1 " GET "; DATA 0 1 00", "headers 1 end; "
	    "error 1 STREAM_CLOSED: the stream is half-closed (RFC 9113 5.1); "
	    "closed 1 reset STREAM_CLOSED | RST_STREAM 1 STREAM_CLOSED" },
	{ "5.1", "HEADERS 5 1 " GET "; HEADERS 5 1 <a=b>; PING 0 0 8*00",
	    "headers 1 end; "
	    "error 1 STREAM_CLOSED: the stream is half-closed (RFC 9113 5.1); "
	    "closed 1 reset STREAM_CLOSED | RST_STREAM 1 STREAM_CLOSED; "
	    "PING ack" },
	{ "5.1", "HEADERS 5 1 " GET "; WINDOW_UPDATE 0 1 00000001; "
	    "PRIORITY 0 1 5*00; RST_STREAM 0 1 00000008", "headers 1 end; "
	    "window 1; closed 1 reset CANCEL by peer" },
	{ "5.1 half-closed (local) may still send", "HEADERS 4 1 " POST
	    "; !respond 1 200 end; DATA 0 1 00; HEADERS 5 1 <a=b>",
	    "headers 1; data 1 1/1; trailers 1; closed 1 | HEADERS 5 1" },
	/* Closed by END_STREAM of both sides. */
	{ "5.1", "HEADERS 5 1 " GET "; !respond 1 200 end; !wrote; DATA 0 1 00",
	    "headers 1 end; closed 1 " FAILS(1, "STREAM_CLOSED",
	    "DATA on stream 1: the stream is closed (RFC 9113 5.1)") },
	{ "5.1", "HEADERS 5 1 " GET "; !respond 1 200 end; !release 1; !wrote; "
	    "HEADERS 5 1 " GET,
	    "headers 1 end; closed 1 " FAILS(1, "STREAM_CLOSED",
	    "HEADERS on stream 1: the stream is closed (RFC 9113 5.1)") },
	{ "5.1 what may come after", "HEADERS 5 1 " GET "; !respond 1 200 end; "
	    "!wrote; WINDOW_UPDATE 0 1 00000001; RST_STREAM 0 1 4*00; "
	    "PRIORITY 0 1 5*00; !release 1; WINDOW_UPDATE 0 1 00000001; "
	    "RST_STREAM 0 1 4*00; PRIORITY 0 1 5*00; PING 0 0 8*00",
	    "headers 1 end; closed 1 | PING ack" },
	/* Reset by the peer. */
	{ "5.1", "HEADERS 4 1 " POST "; RST_STREAM 0 1 00000008; DATA 0 1 00",
	    "headers 1; closed 1 reset CANCEL by peer " FAILS(1,
	    "STREAM_CLOSED", "DATA on stream 1: the stream is closed "
	    "(RFC 9113 5.1)") },
	/* Reset by us: frames on their way are dropped, but counted. */
	{ "5.1", "HEADERS 4 1 " POST "; !reset 1 8; !wrote; DATA 0 1 00; "
	    "HEADERS 4 1 <a=b>; WINDOW_UPDATE 0 1 00000001; "
	    "RST_STREAM 0 1 4*00; !release 1; DATA 1 1 00; PING 0 0 8*00",
	    "headers 1; closed 1 reset CANCEL | PING ack" },
	{ "5.1 HPACK goes on", "HEADERS 4 1 " POST "; !reset 1 8; !wrote; "
	    "HEADERS 5 1 40016101+62; HEADERS 5 3 " GET "be",
	    "headers 1; closed 1 reset CANCEL; headers 3 end" },
	{ "5.1 credit goes on", "HEADERS 4 1 " POST "; !reset 1 8; !wrote; "
	    "DATA 0 1 16384*00",
	    "headers 1; closed 1 reset CANCEL | WINDOW_UPDATE 0 16384" },
	{ "5.1 after a stream error too", "HEADERS 4 1 <a=b>; DATA 1 1 00; "
	    "HEADERS 5 3 " GET, "error 1 PROTOCOL_ERROR: no :method "
	    "(RFC 9113 8.3.1); headers 3 end | RST_STREAM 1 PROTOCOL_ERROR" },
	/* Reserved (local). */
	{ "5.1", "HEADERS 5 1 " GET "; !push 1; !wrote; DATA 0 2 00",
	    "headers 1 end " FAILS(1, "PROTOCOL_ERROR",
	    "DATA on stream 2: the stream is reserved (RFC 9113 5.1)") },
	{ "5.1", "HEADERS 5 1 " GET "; !push 1; !wrote; "
	    "WINDOW_UPDATE 0 2 00000001; PRIORITY 0 2 5*00; 16 0 0 00000002; "
	    "RST_STREAM 0 2 00000008", "headers 1 end; window 2; "
	    "closed 2 reset CANCEL by peer" },
	{ "5.1 pushed and begun", "HEADERS 5 1 " GET "; !push 1; "
	    "!respond 2 200; !wrote; DATA 0 2 00", "headers 1 end; "
	    "error 2 STREAM_CLOSED: the stream is half-closed (RFC 9113 5.1); "
	    "closed 2 reset STREAM_CLOSED | RST_STREAM 2 STREAM_CLOSED" },
	{ "5.1 raw frames do not make the peer's answers wrong",
	    "HEADERS 5 1 " GET "; !hold 7; !unhold; !wrote; "
	    "RST_STREAM 0 7 00000001; HEADERS 5 3 " GET,
	    "headers 1 end; headers 3 end" },
	/* Dependencies. */
	{ "RFC 7540 5.3.1", "HEADERS 25 1 00000001+0f+" GET "; HEADERS 5 3 "
	    GET, "error 1 PROTOCOL_ERROR: a stream that depends on itself "
	    "(RFC 7540 5.3.1); headers 3 end | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "RFC 7540 5.3.1", "HEADERS 4 1 " POST "; PRIORITY 0 1 0000000100",
	    "headers 1; error 1 PROTOCOL_ERROR: a stream that depends on "
	    "itself (RFC 7540 5.3.1); " CLOSED_BY_US
	    " | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "RFC 7540 5.3.1", "PRIORITY 0 9 0000000900", FAILS(0,
	    "PROTOCOL_ERROR", "PRIORITY on stream 9: a stream that depends on "
	    "itself (RFC 7540 5.3.1)") },
	/* After our GOAWAY. */
	{ "6.8", "HEADERS 5 1 " GET "; !shutdown; HEADERS 4 3 " POST
	    "; DATA 1 3 00; RST_STREAM 0 3 00000008; !respond 1 200 end",
	    "headers 1 end; ignored 3; closed 1 | GOAWAY 1 NO_ERROR; "
	    "HEADERS 5 1" },
	{ "6.8 HPACK goes on", "!goaway 0 0; HEADERS 5 1 " GET "40016101+62; "
	    "HEADERS 5 3 be; PING 0 0 8*00",
	    "ignored 1; ignored 3 | GOAWAY 0 NO_ERROR; PING ack" },
	/* A peer that has read our GOAWAY must not open a stream. */
	{ "6.8 PING behind GOAWAY", "!goaway 5 0; !ping; HEADERS 5 1 " GET
	    "; PING 1 0 8*00; HEADERS 5 3 " GET "; HEADERS 5 7 " GET,
	    "headers 1 end; late 3; headers 3 end; late 7; ignored 7 | "
	    "GOAWAY 5 NO_ERROR; PING" },
	{ "6.8 nothing behind GOAWAY", "!ping; !goaway 5 0; PING 1 0 8*00; "
	    "HEADERS 5 1 " GET, "headers 1 end | PING; GOAWAY 5 NO_ERROR" },
	{ "6.8 one of two PINGs", "!ping; !goaway 5 0; !ping; PING 1 0 8*00; "
	    "HEADERS 5 1 " GET "; PING 1 0 8*00; HEADERS 5 3 " GET,
	    "headers 1 end; late 3; headers 3 end | PING; GOAWAY 5 NO_ERROR; "
	    "PING" },
	{ "6.8 acknowledgements of nothing", "PING 1 0 8*00; PING 1 0 8*00; "
	    "SETTINGS 1 0; !goaway 5 0; !ping; HEADERS 5 1 " GET,
	    "headers 1 end | GOAWAY 5 NO_ERROR; PING" },
	{ "6.8 raw GOAWAY and SETTINGS", "HEADERS 5 1 " GET "; !raw 1 GOAWAY; "
	    "!raw 1 SETTINGS; HEADERS 5 3 " GET "; SETTINGS 1 0; HEADERS 5 5 "
	    GET, "headers 1 end; headers 3 end; late 5; headers 5 end | "
	    "GOAWAY 0 NO_ERROR; SETTINGS" },
	{ "6.8 the first GOAWAY counts", "!goaway 2147483647 0; !ping; "
	    "!goaway 1 0; PING 1 0 8*00; HEADERS 5 1 " GET, "late 1; "
	    "headers 1 end | GOAWAY 2147483647 NO_ERROR; PING; "
	    "GOAWAY 1 NO_ERROR" },
	{ "6.8 shutdown", "HEADERS 5 1 " GET "; !shutdown; !ping; "
	    "PING 1 0 8*00; HEADERS 5 3 " GET, "headers 1 end; late 3; "
	    "ignored 3 | GOAWAY 1 NO_ERROR; PING" },
	{ "6.8 a raw PING overtakes GOAWAY that waits", "HEADERS 5 1 " GET
	    "; !hold 1; !goaway 5 0; !raw 1 PING; PING 1 0 8*00; HEADERS 5 3 "
	    GET "; !unhold; HEADERS 5 5 " GET, "headers 1 end; headers 3 end; "
	    "headers 5 end | HEADERS 0 1; PING; GOAWAY 5 NO_ERROR" },
	{ "6.8 the number does not rise", "HEADERS 5 1 " GET "; !goaway 0 0; "
	    "!goaway 1 0; DATA 0 0 00", "headers 1 end; !goaway -> -1: the "
	    "last stream is above that of an earlier GOAWAY (RFC 9113 6.8) | "
	    "GOAWAY 0 NO_ERROR; GOAWAY 0 PROTOCOL_ERROR DATA: belongs to a "
	    "stream, not to the connection (RFC 9113 6.1)" },
	{ "8.1 1xx, then the response, then trailers", "HEADERS 5 1 " GET
	    "; !respond 1 103; !respond 1 200; !data 1 3; !trailers 1",
	    "headers 1 end; closed 1 | HEADERS 4 1; HEADERS 4 1; DATA 0 1 3; "
	    "HEADERS 5 1" },
	{ "5.1 a frame of a wrong size for a stream that we have reset",
	    "HEADERS 4 1 " POST "; !reset 1 8; !release 1; PRIORITY 0 1 4*00; "
	    "PING 0 0 8*00", "headers 1; closed 1 reset CANCEL | "
	    "RST_STREAM 1 CANCEL; PING ack" },
};

static const struct rule_case settings_cases[] = {
	{ "6.5.3", "SETTINGS 0 0", "| SETTINGS ack" },
	{ "6.5.3 not asked for", "SETTINGS 1 0; SETTINGS 1 0", "" },
	{ "6.5.2 unknown", "SETTINGS 0 0 f000+ffffffff", "| SETTINGS ack" },
	{ "6.5.2", "SETTINGS 0 0 0002+00000002", FAILS(0, "PROTOCOL_ERROR",
	    "SETTINGS: ENABLE_PUSH is 0 or 1 (RFC 9113 6.5.2)") },
	{ "6.5.2", "SETTINGS 0 0 0004+80000000", FAILS(0,
	    "FLOW_CONTROL_ERROR", "SETTINGS: INITIAL_WINDOW_SIZE is at most "
	    "2147483647 (RFC 9113 6.5.2)") },
	{ "6.5.2", "SETTINGS 0 0 0005+00003fff", FAILS(0, "PROTOCOL_ERROR",
	    "SETTINGS: MAX_FRAME_SIZE is from 16384 to 16777215 "
	    "(RFC 9113 6.5.2)") },
	{ "6.5.2", "SETTINGS 0 0 0005+01000000", FAILS(0, "PROTOCOL_ERROR",
	    "SETTINGS: MAX_FRAME_SIZE is from 16384 to 16777215 "
	    "(RFC 9113 6.5.2)") },
	{ "6.5.2", "SETTINGS 0 0 0005+00004000+0005+00ffffff", "| SETTINGS "
	    "ack" },
	{ "RFC 8441 3", "SETTINGS 0 0 0008+00000002", FAILS(0,
	    "PROTOCOL_ERROR", "SETTINGS: ENABLE_CONNECT_PROTOCOL is 0 or 1 "
	    "(RFC 8441 3)") },
	{ "RFC 9218 2.1", "SETTINGS 0 0 0009+00000002", FAILS(0,
	    "PROTOCOL_ERROR", "SETTINGS: NO_RFC7540_PRIORITIES is 0 or 1 "
	    "(RFC 9218 2.1)") },
	/* Send windows. */
	{ "6.9.2", "HEADERS 5 1 " GET "; !respond 1 200; !data 1 100; "
	    "SETTINGS 0 0 0004+00000032; !data 1 1; "
	    "WINDOW_UPDATE 0 1 00000032; !data 1 1; "
	    "WINDOW_UPDATE 0 1 00000001; !data 1 1 end",
	    "headers 1 end; !data -> 1; !data -> 1; window 1; "
	    "closed 1 | HEADERS 4 1; DATA 0 1 100; SETTINGS ack; DATA 1 1 1" },
	{ "6.9.2 grows", "SETTINGS 0 0 0004+00000000; HEADERS 5 1 " GET
	    "; !respond 1 200; !data 1 5; SETTINGS 0 0 0004+00000003; "
	    "!data 1 5", "headers 1 end; !data -> 1; window 0; !data -> 1 | "
	    "SETTINGS ack; HEADERS 4 1; SETTINGS ack; DATA 0 1 3" },
	{ "6.9.2", "HEADERS 5 1 " GET "; WINDOW_UPDATE 0 1 7fff0000; "
	    "SETTINGS 0 0 0004+00010000", "headers 1 end; window 1 " FAILS(1,
	    "FLOW_CONTROL_ERROR", "SETTINGS: INITIAL_WINDOW_SIZE makes a "
	    "stream's window larger than 2147483647 (RFC 9113 6.9.2)") },
	{ "6.9.2 nothing becomes of a closed stream's window", "HEADERS 5 1 "
	    GET "; WINDOW_UPDATE 0 1 7fff0000; !respond 1 200 end; "
	    "SETTINGS 0 0 0004+00010000", "headers 1 end; window 1; "
	    "closed 1; window 0 | HEADERS 5 1; SETTINGS ack" },
	{ "6.9", "WINDOW_UPDATE 0 0 00000000", FAILS(0, "PROTOCOL_ERROR",
	    "WINDOW_UPDATE: an increment of 0 (RFC 9113 6.9)") },
	{ "6.9 reserved bit", "WINDOW_UPDATE 0 0 80000000", FAILS(0,
	    "PROTOCOL_ERROR", "WINDOW_UPDATE: an increment of 0 "
	    "(RFC 9113 6.9)") },
	{ "6.9", "HEADERS 4 1 " POST "; WINDOW_UPDATE 0 1 00000000",
	    "headers 1; error 1 PROTOCOL_ERROR: an increment of 0 "
	    "(RFC 9113 6.9); " CLOSED_BY_US
	    " | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "6.9.1", "WINDOW_UPDATE 0 0 7fff0000", "window 0" },
	{ "6.9.1", "WINDOW_UPDATE 0 0 7fff0001", FAILS(0,
	    "FLOW_CONTROL_ERROR", "WINDOW_UPDATE: the window is larger than "
	    "2147483647 (RFC 9113 6.9.1)") },
	{ "6.9.1", "HEADERS 5 1 " GET "; WINDOW_UPDATE 0 1 7fff0001",
	    "headers 1 end; error 1 FLOW_CONTROL_ERROR: the window is larger "
	    "than 2147483647 (RFC 9113 6.9.1); closed 1 reset "
	    "FLOW_CONTROL_ERROR | RST_STREAM 1 FLOW_CONTROL_ERROR" },
	/* Receive windows. */
	{ "6.9", "HEADERS 4 1 " POST "; DATA 0 1 16383*00; DATA 0 1 01; "
	    "!consume 1 16383; !consume 1 1",
	    "headers 1; data 1 16383/16383; data 1 1/1 | "
	    "WINDOW_UPDATE 0 16384; WINDOW_UPDATE 1 16384" },
	{ "6.9 and so on", "HEADERS 4 1 " POST "; DATA 0 1 16384*00; "
	    "DATA 0 1 16384*00; !consume 1 32768; DATA 0 1 16384*00; "
	    "DATA 0 1 16384*00; !consume 1 32768; DATA 0 1 16384*00; "
	    "!consume 1 16384; !wrote", "headers 1; data 1 16384/16384; "
	    "data 1 16384/16384; data 1 16384/16384; data 1 16384/16384; "
	    "data 1 16384/16384" },
	{ "6.9 a quarter of it, each time", "HEADERS 4 1 " POST "; DATA 0 1 "
	    "16384*00; !consume 1 16384; !wrote; DATA 0 1 8192*00; "
	    "!consume 1 8192; !wrote; DATA 0 1 8192*00; !consume 1 8192",
	    "headers 1; data 1 16384/16384; data 1 8192/8192; "
	    "data 1 8192/8192 | WINDOW_UPDATE 0 16384; "
	    "WINDOW_UPDATE 1 16384" },
	{ "6.9 none on a stream that has ended", "HEADERS 4 1 " POST
	    "; DATA 0 1 16383*00; DATA 1 1; !consume 1 16383; "
	    "!consume 1 16383", "headers 1; data 1 16383/16383; "
	    "data 1 0/0 end" },
	{ "6.9.1 padding counts", "HEADERS 4 1 " POST
	    "; DATA 8 1 ff+16128*00+255*00; DATA 8 1 ff+16128*00+255*00; "
	    "DATA 8 1 ff+16128*00+255*00; DATA 8 1 ff+16127*00+255*00; "
	    "DATA 8 1 00; !consume 1 65535",
	    "headers 1; data 1 16128/16384; data 1 16128/16384; "
	    "data 1 16128/16384; data 1 16127/16383; "
	    "error 1 FLOW_CONTROL_ERROR: more DATA than the stream's window "
	    "(RFC 9113 6.9.1); closed 1 reset FLOW_CONTROL_ERROR | "
	    "WINDOW_UPDATE 0 16384; WINDOW_UPDATE 0 16384; "
	    "WINDOW_UPDATE 0 16384; RST_STREAM 1 FLOW_CONTROL_ERROR; "
	    "WINDOW_UPDATE 0 16384" },
};

static const struct rule_case message_cases[] = {
	{ "8.3.1 the connection goes on", "HEADERS 5 1 8287; HEADERS 5 3 " GET,
	    "error 1 PROTOCOL_ERROR: no :path (RFC 9113 8.3.1); headers 3 end "
	    "| RST_STREAM 1 PROTOCOL_ERROR" },
	{ "8.1", "HEADERS 4 1 " POST "; DATA 0 1 00; HEADERS 5 1 <a=b>",
	    "headers 1; data 1 1/1; trailers 1" },
	{ "8.1", "HEADERS 4 1 " POST "; HEADERS 4 1 <a=b>", "headers 1; error "
	    "1 PROTOCOL_ERROR: trailers without END_STREAM (RFC 9113 8.1); "
	    CLOSED_BY_US " | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "8.1", "HEADERS 4 1 " POST "; HEADERS 5 1 <a=b>+<:path=/>",
	    "headers 1; error 1 PROTOCOL_ERROR: a pseudo-header field in "
	    "trailers (RFC 9113 8.1); " CLOSED_BY_US
	    " | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "8.1 empty trailers", "HEADERS 4 1 " POST "; HEADERS 5 1",
	    "headers 1; trailers 1" },
	/* content-length, compared with the content that comes. */
	{ "8.1.1", "HEADERS 4 1 " POST "+<content-length=3>; DATA 0 1 'ab'; "
	    "DATA 1 1 'c'", "headers 1; data 1 2/2; data 1 1/1 end" },
	{ "8.1.1", "HEADERS 4 1 " POST "+<content-length=3>; DATA 0 1 'abc'; "
	    "DATA 1 1", "headers 1; data 1 3/3; data 1 0/0 end" },
	{ "8.1.1", "HEADERS 4 1 " POST "+<content-length=3>; DATA 8 1 "
	    "01+'ab'+00; HEADERS 5 1 <a=b>", "headers 1; data 1 2/4; error 1 "
	    "PROTOCOL_ERROR: less content than content-length says "
	    "(RFC 9113 8.1.1); " CLOSED_BY_US
	    " | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "8.1.1", "HEADERS 4 1 " POST "+<content-length=3>; DATA 1 1 'ab'",
	    "headers 1; error 1 PROTOCOL_ERROR: less content than "
	    "content-length says (RFC 9113 8.1.1); " CLOSED_BY_US
	    " | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "8.1.1", "HEADERS 4 1 " POST "+<content-length=3>; DATA 0 1 'abcd'",
	    "headers 1; error 1 PROTOCOL_ERROR: more content than "
	    "content-length says (RFC 9113 8.1.1); " CLOSED_BY_US
	    " | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "8.1.1", "HEADERS 5 1 " POST "+<content-length=3>",
	    BAD_1("less content than content-length says "
	    "(RFC 9113 8.1.1)") },
	{ "8.1.1", "HEADERS 5 1 " POST "+<content-length=0>",
	    "headers 1 end" },
	{ "RFC 9110 8.6", "HEADERS 4 1 " POST "+<content-length=3>+"
	    "<content-length=4>", BAD_1("content-length fields that differ "
	    "(RFC 9110 8.6)") },
	{ "RFC 9110 8.6", "HEADERS 4 1 " POST "+<content-length=3>+"
	    "<content-length=3>", "headers 1" },
	/* Tunnels. */
	{ "8.5", "HEADERS 4 1 <:method=CONNECT>+<:authority=a:1>; "
	    "DATA 0 1 'ab'; HEADERS 5 1 <a=b>", "headers 1; data 1 2/2; "
	    "error 1 PROTOCOL_ERROR: a CONNECT tunnel has DATA only "
	    "(RFC 9113 8.5); " CLOSED_BY_US
	    " | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "RFC 8441 4", "HEADERS 4 1 <:method=CONNECT>+<:protocol=websocket>+"
	    "8784+<:authority=a>; !respond 1 200; DATA 0 1 'ab'; !data 1 2; "
	    "DATA 1 1; !trailers 1; !data 1 0 end", "headers 1; data 1 2/2; "
	    "data 1 0/0 end; !trailers -> -1: a CONNECT tunnel has DATA only "
	    "(RFC 9113 8.5); closed 1 | HEADERS 4 1; DATA 0 1 2; DATA 1 1 0" },
	{ "8.1.1 a field too many is refused octet by octet",
	    "HEADERS 5 1 " GET "+<Upper=x>", BAD_1("a field name with "
	    "upper-case letters (RFC 9113 8.2.1)") },
};

/* Cases that exceed the bounds of small_limits. */
static const struct rule_case bound_cases[] = {
	{ "5.1.2", "HEADERS 4 1 " POST "; HEADERS 4 3 " POST "; HEADERS 5 5 "
	    GET "; DATA 0 1 00", "headers 1; headers 3; error 5 "
	    "REFUSED_STREAM: more streams than the bound "
	    "max-concurrent-streams (RFC 9113 5.1.2); data 1 1/1 | "
	    "RST_STREAM 5 REFUSED_STREAM" },
	{ "5.1.2 an ended stream frees its place though held",
	    "HEADERS 5 1 " GET "; HEADERS 5 3 " GET "; !respond 1 200 end; "
	    "!wrote; HEADERS 5 5 " GET, "headers 1 end; headers 3 end; "
	    "closed 1; headers 5 end" },
	{ "5.1.2 a reset one does not until it is released",
	    "HEADERS 5 1 " GET "; HEADERS 5 3 " GET "; "
	    "RST_STREAM 0 1 00000008; HEADERS 5 5 " GET "; !release 1; "
	    "HEADERS 5 7 " GET,
	    "headers 1 end; headers 3 end; closed 1 reset CANCEL by peer; "
	    "error 5 REFUSED_STREAM: more streams than the bound "
	    "max-concurrent-streams (RFC 9113 5.1.2); headers 7 end | "
	    "RST_STREAM 5 REFUSED_STREAM" },
	{ "5.1.2 nor one that we reset", "HEADERS 5 1 " GET "; HEADERS 5 3 "
	    GET "; !reset 1 2; !wrote; HEADERS 5 5 " GET,
	    "headers 1 end; headers 3 end; closed 1 reset INTERNAL_ERROR; "
	    "error 5 REFUSED_STREAM: more streams than the bound "
	    "max-concurrent-streams (RFC 9113 5.1.2) | "
	    "RST_STREAM 5 REFUSED_STREAM" },
	{ "5.1.2 held ones above twice the bound", "HEADERS 5 1 " GET
	    "; !respond 1 200 end; HEADERS 5 3 " GET "; !respond 3 200 end; "
	    "HEADERS 5 5 " GET "; !respond 5 200 end; HEADERS 5 7 " GET
	    "; !respond 7 200 end; !wrote; HEADERS 5 9 " GET "; !release 3; "
	    "HEADERS 5 11 " GET, "headers 1 end; closed 1; headers 3 end; "
	    "closed 3; headers 5 end; closed 5; headers 7 end; closed 7; "
	    "error 9 REFUSED_STREAM: more streams than the bound "
	    "max-concurrent-streams (RFC 9113 5.1.2); headers 11 end | "
	    "RST_STREAM 9 REFUSED_STREAM" },
	{ "10.5.1 fields", "HEADERS 5 1 " GET "+<a=b>", "headers 1 end" },
	{ "10.5.1 fields", "HEADERS 5 1 " GET "+<a=b>+<a=b>", TOO_MANY(1)
	    " | HEADERS 5 1" },
	{ "10.5.1 octets, 32 more for a field", "HEADERS 5 1 " GET
	    "+<a="X40">", "headers 1 end" },
	{ "10.5.1 octets", "HEADERS 5 1 " GET
	    "+<a="X40"x>", TOO_LARGE(1) " | HEADERS 5 1" },
	{ "10.5.1 the rest of the request is not wanted", "HEADERS 4 1 " POST
	    "+<a=b>+<a=b>; DATA 0 1 'abc'; DATA 1 1 'abc'; HEADERS 5 3 " GET,
	    TOO_MANY(1) "; headers 3 end | HEADERS 5 1; "
	    "RST_STREAM 1 NO_ERROR" },
	{ "10.5.1 trailers of it", "HEADERS 4 1 " POST "+<a=b>+<a=b>; "
	    "HEADERS 5 1 <a=b>", TOO_MANY(1) " | HEADERS 5 1; RST_STREAM 1 "
	    "NO_ERROR" },
	{ "10.5.1 no more DATA after END_STREAM", "HEADERS 5 1 " GET
	    "+<a=b>+<a=b>; DATA 1 1 'abc'", TOO_MANY(1) " | HEADERS 5 1; "
	    "GOAWAY 1 STREAM_CLOSED DATA on stream 1: the stream is closed "
	    "(RFC 9113 5.1)" },
	{ "10.5.1 HPACK stays in step: 62 is one that was dropped",
	    "HEADERS 5 1 " GET "+<a=b>+400162+0163; HEADERS 5 3 " GET "+be",
	    TOO_MANY(1) "; headers 3 end | HEADERS 5 1" },
	{ "10.5.1 trailers", "HEADERS 4 1 " POST "; HEADERS 5 1 "
	    "<a="X40">+<a="X40">+<a="X40">+<a="X40">", "headers 1; error 1 "
	    "ENHANCE_YOUR_CALM: larger than the bound max-header-list-size "
	    "(RFC 9113 10.5.1); closed 1 reset ENHANCE_YOUR_CALM | "
	    "RST_STREAM 1 ENHANCE_YOUR_CALM" },
	{ "10.5.1 trailers that are malformed too", "HEADERS 4 1 " POST
	    "; HEADERS 4 1 6*82", "headers 1; error 1 PROTOCOL_ERROR: "
	    "trailers without END_STREAM (RFC 9113 8.1); closed 1 reset "
	    "PROTOCOL_ERROR | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "10.5.1 of a stream that is reset", "HEADERS 4 1 " POST
	    "; !reset 1 8; HEADERS 5 1 6*82", "headers 1; closed 1 reset "
	    "CANCEL | RST_STREAM 1 CANCEL" },
	{ "10.5.1 after GOAWAY", "!goaway 0 0; !wrote; HEADERS 5 1 " GET
	    "+<a=b>+<a=b>", "ignored 1" },
	{ "10.5.1 too many streams come first", "HEADERS 4 1 " POST
	    "; HEADERS 4 3 " POST "; HEADERS 5 5 " GET "+<a=b>+<a=b>",
	    "headers 1; headers 3; error 5 REFUSED_STREAM: more streams than "
	    "the bound max-concurrent-streams (RFC 9113 5.1.2) | "
	    "RST_STREAM 5 REFUSED_STREAM" },
	{ "10.5.1 while a header block is open", "HEADERS 5 1 " GET "; "
	    "!hold 1; !wrote; HEADERS 4 3 " POST "+<a=b>+<a=b>; HEADERS 5 5 "
	    GET "+<a=b>+<a=b>; PING 0 0 8*00; !unhold", "headers 1 end; "
	    TOO_MANY(3) "; " TOO_MANY(5) " | PING ack; HEADERS 5 3; "
	    "RST_STREAM 3 NO_ERROR; HEADERS 5 5" },
	{ "10.5.1 answers are bounded", "HEADERS 5 1 " GET "+<a=b>+<a=b>; "
	    "HEADERS 5 3 " GET "+<a=b>+<a=b>; HEADERS 5 5 " GET
	    "+<a=b>+<a=b>; HEADERS 5 7 " GET "+<a=b>+<a=b>", TOO_MANY(1) "; "
	    TOO_MANY(3) "; " TOO_MANY(5) "; " TOO_MANY(7) " | HEADERS 5 1; "
	    "HEADERS 5 3; HEADERS 5 5; HEADERS 5 7; GOAWAY 7 "
	    "ENHANCE_YOUR_CALM HEADERS on stream 7: more than the bound "
	    "max-replies, which is 3 (RFC 9113 10.5)" },
	{ "10.5.1 much too large", "HEADERS 5 1 " GET "+40+0161+7fe906"
	    "+1000*61; HEADERS 5 3 " GET "+62*be", TOO_LARGE(1) "; "
	    TOO_LARGE(3) " | HEADERS 5 1; HEADERS 5 3" },
	{ "10.5.1 much too large", "HEADERS 5 1 " GET "+40+0161+7fe906"
	    "+1000*61; HEADERS 5 3 " GET "+64*be", TOO_LARGE(1) "; ignored 3 "
	    "| HEADERS 5 1; GOAWAY 3 ENHANCE_YOUR_CALM HEADERS on stream 3: "
	    "more than the bound max-header-list-size, which is 240 "
	    "(RFC 9113 10.5)" },
	{ "10.5 CONTINUATION", "HEADERS 1 1 8287; CONTINUATION 0 1; "
	    "CONTINUATION 4 1 84010161", "headers 1 end" },
	{ "10.5 CONTINUATION, counted by block", "HEADERS 1 1 8287; "
	    "CONTINUATION 0 1; CONTINUATION 4 1 84010161; HEADERS 1 3 8287; "
	    "CONTINUATION 0 3; CONTINUATION 4 3 84010161",
	    "headers 1 end; headers 3 end" },
	{ "10.5 CONTINUATION", "HEADERS 1 1; CONTINUATION 0 1; "
	    "CONTINUATION 0 1; CONTINUATION 0 1", FAILS(1,
	    "ENHANCE_YOUR_CALM", "CONTINUATION on stream 1: more than the "
	    "bound max-continuations, which is 2 (RFC 9113 10.5)") },
	{ "10.5 SETTINGS", "SETTINGS 0 0 18*00", "| SETTINGS ack" },
	{ "10.5 SETTINGS", "SETTINGS 0 0 24*00", FAILS(0,
	    "ENHANCE_YOUR_CALM", "SETTINGS: more than the bound max-settings, "
	    "which is 3 (RFC 9113 10.5)") },
	{ "10.5 rapid reset", "HEADERS 4 1 " POST "; RST_STREAM 0 1 00000008; "
	    "!release 1; HEADERS 4 3 " POST "; RST_STREAM 0 3 00000008; "
	    "!release 3; HEADERS 4 5 " POST "; RST_STREAM 0 5 00000008; "
	    "!release 5; HEADERS 4 7 " POST "; RST_STREAM 0 7 00000008",
	    "headers 1; closed 1 reset CANCEL by peer; headers 3; closed 3 "
	    "reset CANCEL by peer; headers 5; closed 5 reset CANCEL by peer; "
	    "headers 7 " FAILS(7, "ENHANCE_YOUR_CALM", "RST_STREAM on stream "
	    "7: more than the bound max-resets, which is 3 (RFC 9113 10.5)") },
	{ "10.5 resets that we are made to send", "HEADERS 4 1 82; "
	    "HEADERS 4 3 82; HEADERS 4 5 82; !wrote; HEADERS 4 7 82",
	    "error 1 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 3 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 5 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 7 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1) | "
	    "RST_STREAM 7 PROTOCOL_ERROR; GOAWAY 7 ENHANCE_YOUR_CALM "
	    "HEADERS on stream 7: more than the bound max-resets, which is 3 "
	    "(RFC 9113 10.5)" },
	{ "10.5 resets, refilled at 2 a second", "HEADERS 4 1 82; "
	    "HEADERS 4 3 82; HEADERS 4 5 82; !time 500; !wrote; "
	    "HEADERS 4 7 82; !time 499; HEADERS 4 9 82",
	    "error 1 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 3 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 5 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 7 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 9 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1) | "
	    "RST_STREAM 7 PROTOCOL_ERROR; RST_STREAM 9 PROTOCOL_ERROR; "
	    "GOAWAY 9 ENHANCE_YOUR_CALM HEADERS on stream 9: more than the "
	    "bound max-resets, which is 3 (RFC 9113 10.5)" },
	{ "10.5 resets, refilled to the full and no further",
	    "HEADERS 4 1 82; HEADERS 4 3 82; !time 1000000; HEADERS 4 5 82; "
	    "!wrote; HEADERS 4 7 82; HEADERS 4 9 82; !wrote; HEADERS 4 11 82",
	    "error 1 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 3 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 5 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 7 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 9 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "error 11 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1) | "
	    "RST_STREAM 11 PROTOCOL_ERROR; GOAWAY 11 ENHANCE_YOUR_CALM "
	    "HEADERS on stream 11: more than the bound max-resets, which is 3 "
	    "(RFC 9113 10.5)" },
	{ "10.5 the application's own resets are not the peer's",
	    "HEADERS 4 1 " POST "; !reset 1 8; !release 1; HEADERS 4 3 " POST
	    "; !reset 3 8; !release 3; HEADERS 4 5 " POST "; !reset 5 8; "
	    "!release 5; HEADERS 4 7 " POST "; !reset 7 8; !wrote",
	    "headers 1; closed 1 reset CANCEL; headers 3; closed 3 reset "
	    "CANCEL; headers 5; closed 5 reset CANCEL; headers 7; closed 7 "
	    "reset CANCEL" },
	{ "10.5 replies", "PING 0 0 8*00; SETTINGS 0 0; HEADERS 4 1 82; "
	    "!wrote; "
	    "HEADERS 5 3 " GET "; PING 0 0 8*00; SETTINGS 0 0; PING 0 0 8*00; "
	    "PING 0 0 8*00", "error 1 PROTOCOL_ERROR: no :scheme "
	    "(RFC 9113 8.3.1); headers 3 end | PING ack; "
	    "SETTINGS ack; PING ack; PING ack; GOAWAY 3 ENHANCE_YOUR_CALM "
	    "PING: more than the bound max-replies, which is 3 "
	    "(RFC 9113 10.5)" },
	{ "10.5 replies to SETTINGS", "PING 0 0 8*00; PING 0 0 8*00; "
	    "PING 0 0 8*00; SETTINGS 0 0", "| PING ack; PING ack; PING ack; "
	    "SETTINGS ack; GOAWAY 0 ENHANCE_YOUR_CALM SETTINGS: more than "
	    "the bound max-replies, which is 3 (RFC 9113 10.5)" },
	{ "10.5 resets are replies", "PING 0 0 8*00; PING 0 0 8*00; "
	    "PING 0 0 8*00; HEADERS 4 1 82", "error 1 PROTOCOL_ERROR: "
	    "no :scheme (RFC 9113 8.3.1) | PING ack; PING ack; "
	    "PING ack; RST_STREAM 1 PROTOCOL_ERROR; GOAWAY 1 "
	    "ENHANCE_YOUR_CALM HEADERS on stream 1: more than the bound "
	    "max-replies, which is 3 (RFC 9113 10.5)" },
	{ "10.5 replies behind a hold", "HEADERS 5 1 " GET "; !hold 1; "
	    "PING 0 0 8*00; !unhold; PING 0 0 8*00; PING 0 0 8*00; !wrote; "
	    "PING 0 0 8*00; PING 0 0 8*00; PING 0 0 8*00", "headers 1 end | "
	    "PING ack; PING ack; PING ack" },
	{ "10.5 replies behind a hold count until they are written",
	    "HEADERS 5 1 " GET "; !hold 1; PING 0 0 8*00; PING 0 0 8*00; "
	    "PING 0 0 8*00; !wrote; PING 0 0 8*00", "headers 1 end | "
	    "PING ack; PING ack; PING ack; PING ack; GOAWAY 1 "
	    "ENHANCE_YOUR_CALM PING: more than the bound max-replies, which "
	    "is 3 (RFC 9113 10.5)" },
	{ "10.5 replies count to their last octet", "PING 0 0 8*00; "
	    "PING 0 0 8*00; PING 0 0 8*00; !wrote 17; PING 0 0 8*00; "
	    "!wrote 16; !wrote 1; PING 0 0 8*00; HEADERS 5 1 " GET
	    "; !wrote 16; PING 0 0 8*00; !wrote 35", "headers 1 end | "
	    "PING ack; GOAWAY 1 ENHANCE_YOUR_CALM PING: more than the bound "
	    "max-replies, which is 3 (RFC 9113 10.5)" },
	{ "10.5 frames that do no work", "PING 1 0 8*00; PRIORITY 0 9 5*00; "
	    "64 0 0; "
	    "WINDOW_UPDATE 0 0 00000001; 64 0 0; SETTINGS 1 0; PING 1 0 8*00",
	    "window 0 " FAILS(0, "ENHANCE_YOUR_CALM", "PING: more than the "
	    "bound max-idle-frames, which is 7 (RFC 9113 10.5)") },
	{ "10.5 SETTINGS", "64 0 0; 64 0 0; 64 0 0; 64 0 0; 64 0 0; "
	    "SETTINGS 0 0; SETTINGS 0 0", "| SETTINGS ack; GOAWAY 0 ENHANCE_YOUR_CALM "
	    "SETTINGS: more than the bound max-idle-frames, which is 7 "
	    "(RFC 9113 10.5)" },
	{ "10.5 WINDOW_UPDATE", "64 0 0; 64 0 0; 64 0 0; 64 0 0; "
	    "64 0 0; "
	    "WINDOW_UPDATE 0 0 00000001; WINDOW_UPDATE 0 0 00000001",
	    "window 0 " FAILS(0, "ENHANCE_YOUR_CALM", "WINDOW_UPDATE: more "
	    "than the bound max-idle-frames, which is 7 (RFC 9113 10.5)") },
	{ "10.5 GOAWAY", "GOAWAY 0 0 8*00; 64 0 0; 64 0 0; 64 0 0; 64 0 0; "
	    "64 0 0; "
	    "GOAWAY 0 0 8*00", FAILS(0, "ENHANCE_YOUR_CALM", "GOAWAY: more "
	    "than the bound max-idle-frames, which is 7 (RFC 9113 10.5)") },
	{ "10.5 PRIORITY_UPDATE", "16 0 0 00000003; 64 0 0; 64 0 0; 64 0 0; "
	    "64 0 0; 64 0 0; 16 0 0 00000003", FAILS(0, "ENHANCE_YOUR_CALM",
	    "PRIORITY_UPDATE: more than the bound max-idle-frames, which is 7 "
	    "(RFC 9113 10.5)") },
	{ "10.5 empty DATA", "HEADERS 4 1 " POST "; DATA 0 1; DATA 0 1; "
	    "DATA 8 1 00; DATA 0 1; DATA 0 1; DATA 0 1; DATA 0 1; DATA 0 1",
	    "headers 1; data 1 0/0; data 1 0/0; data 1 0/1; data 1 0/0; "
	    "data 1 0/0; data 1 0/0; data 1 0/0 "
	    FAILS(1, "ENHANCE_YOUR_CALM", "DATA on stream 1: more than the "
	    "bound max-idle-frames, which is 7 (RFC 9113 10.5)") },
	{ "10.5 work begins the count anew", "64 0 0; 64 0 0; 64 0 0; 64 0 0; "
	    "HEADERS 4 1 " POST "; 64 0 0; 64 0 0; 64 0 0; 64 0 0; "
	    "DATA 0 1 00; 64 0 0; 64 0 0; 64 0 0; 64 0 0; 64 0 0; "
	    "!respond 1 200; !data 1 1; 64 0 0; 64 0 0; 64 0 0; 64 0 0; "
	    "64 0 0; 64 0 0; 64 0 0; PING 1 0 8*00",
	    "headers 1; data 1 1/1 | HEADERS 4 1; DATA 0 1 1; GOAWAY 1 "
	    "ENHANCE_YOUR_CALM PING: more than the bound "
	    "max-idle-frames, which is 7 (RFC 9113 10.5)" },
	{ "10.5 body", "HEADERS 4 1 " POST "; DATA 0 1 8*00; DATA 0 1 8*00; "
	    "DATA 0 1 00; HEADERS 4 3 " POST, "headers 1; data 1 8/8; "
	    "data 1 8/8; error 1 ENHANCE_YOUR_CALM: more content than the "
	    "bound max-body (RFC 9113 10.5); closed 1 reset "
	    "ENHANCE_YOUR_CALM; headers 3 | RST_STREAM 1 ENHANCE_YOUR_CALM" },
	{ "10.5 many small DATA frames", "HEADERS 4 1 " POST "; DATA 0 1 00; "
	    "DATA 0 1 00; DATA 0 1; DATA 0 1 00; DATA 0 1 00; DATA 0 1 00",
	    "headers 1; data 1 1/1; data 1 1/1; data 1 0/0; data 1 1/1; "
	    "data 1 1/1 " FAILS(1, "ENHANCE_YOUR_CALM", "DATA on stream 1: "
	    "more than the bound max-data-frames, which is 4 "
	    "(RFC 9113 10.5)") },
	{ "10.5 a tunnel is no body", "HEADERS 4 1 <:method=CONNECT>+"
	    "<:authority=a:1>; DATA 0 1 17*00", "headers 1; data 1 17/17" },
};

/* Calls of the callback `frame`: see tell_frames in rig.h. */
static const struct rule_case frame_event_cases[] = {
	{ "once they have had their effect", "HEADERS 4 1 " POST
	    "; WINDOW_UPDATE ff 1 80000007; PRIORITY 0 1 8000000910; "
	    "16 0 0 00000001+'u=1'; 187 81 1 'what'; 10 0 1",
	    "headers 1; window 1; frame 8 on 1, 4 octets from "
	    "80; frame 2 on 1, 5 octets from 80; frame 16 on 1, "
	    "7 octets from 00; frame 187 on 1, 4 octets from 77; "
	    "frame 10 on 1, 0 octets from 00" },
	{ "none on the connection, and on streams that are not there",
	    "WINDOW_UPDATE 0 0 00000001; 187 0 0; PRIORITY 0 3 5*00; 187 0 3; "
	    "16 0 0 00000003; HEADERS 5 1 " GET "; !respond 1 200 end; "
	    "WINDOW_UPDATE 0 1 00000001; 187 0 1; 16 0 0 00000001",
	    "window 0; headers 1 end; closed 1 | HEADERS 5 1" },
	{ "none that breaks a rule", "HEADERS 4 1 " POST "; HEADERS 4 3 " POST
	    "; HEADERS 4 5 " POST "; WINDOW_UPDATE 0 1 00000000; "
	    "WINDOW_UPDATE 0 3 7fffffff; PRIORITY 0 5 00",
	    "headers 1; headers 3; headers 5; error 1 PROTOCOL_ERROR: an "
	    "increment of 0 (RFC 9113 6.9); " CLOSED_BY_US "; error 3 "
	    "FLOW_CONTROL_ERROR: the window is larger than 2147483647 "
	    "(RFC 9113 6.9.1); closed 3 reset FLOW_CONTROL_ERROR; error 5 "
	    "FRAME_SIZE_ERROR: the payload is 5 octets long (RFC 9113 6.3); "
	    "closed 5 reset FRAME_SIZE_ERROR | RST_STREAM 1 PROTOCOL_ERROR; "
	    "RST_STREAM 3 FLOW_CONTROL_ERROR; RST_STREAM 5 FRAME_SIZE_ERROR" },
	{ "the application has too many", "HEADERS 4 1 " POST "; 238 0 1 0102",
	    "headers 1; frame 238 on 1, 2 octets from 01 " FAILS(1,
	    "ENHANCE_YOUR_CALM", "frame of type 0xee on stream 1: refused") },
};

/* Cases that begin without a handshake. */
static const struct rule_case preface_cases[] = {
	{ "3.4", "RAW 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'; SETTINGS 0 0",
	    "| SETTINGS; SETTINGS ack" },
	{ "3.4", "RAW 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'; PING 0 0 8*00",
	    "| SETTINGS; GOAWAY 0 PROTOCOL_ERROR PING: the first frame is "
	    "SETTINGS (RFC 9113 3.4)" },
	{ "3.4", "RAW 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'; SETTINGS 1 0",
	    "| SETTINGS; GOAWAY 0 PROTOCOL_ERROR SETTINGS: the first frame is "
	    "SETTINGS (RFC 9113 3.4)" },
	{ "3.4", "RAW 'PRI * HTTP/2.0\r\n\r\nSM\r\n\rX'",
	    "| SETTINGS; GOAWAY 0 PROTOCOL_ERROR not the HTTP/2 connection "
	    "preface (RFC 9113 3.4)" },
	{ "3.4", "RAW 1603010200", "| SETTINGS; GOAWAY 0 PROTOCOL_ERROR not "
	    "the HTTP/2 connection preface (RFC 9113 3.4)" },
	{ "3.4", "RAW 40*61", "| SETTINGS; GOAWAY 0 PROTOCOL_ERROR not the "
	    "HTTP/2 connection preface (RFC 9113 3.4)" },
	{ "3.4", "RAW 'PUT '", "| SETTINGS; GOAWAY 0 PROTOCOL_ERROR an HTTP/1 "
	    "request where the HTTP/2 preface should be (RFC 9113 3.4)" },
	{ "3.4", "RAW 'GE'", "| SETTINGS" },
	{ "3.4", "RAW 'GE'; RAW 'T / HTTP/1.1'", "| SETTINGS; GOAWAY 0 "
	    "PROTOCOL_ERROR an HTTP/1 request where the HTTP/2 preface should "
	    "be (RFC 9113 3.4)" },
	{ "3.4", "RAW 'PRI * HTTP/1.1'", "| SETTINGS; GOAWAY 0 PROTOCOL_ERROR "
	    "an HTTP/1 request where the HTTP/2 preface should be "
	    "(RFC 9113 3.4)" },
	{ "3.4", "RAW ' GET'", "| SETTINGS; GOAWAY 0 PROTOCOL_ERROR not the "
	    "HTTP/2 connection preface (RFC 9113 3.4)" },
	/* Our SETTINGS apply once they are acknowledged. */
	{ "6.5.3", "RAW 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'; SETTINGS 0 0; "
	    "!wrote; HEADERS 4 1 " POST "; DATA 0 1 11*00; SETTINGS 1 0; "
	    "DATA 0 1; HEADERS 4 3 " POST "; DATA 0 3 10*00; DATA 0 3 00; "
	    "DATA 0 1 00", "headers 1; data 1 11/11; data 1 0/0; headers 3; "
	    "data 3 10/10; error 3 FLOW_CONTROL_ERROR: more DATA than the "
	    "stream's window (RFC 9113 6.9.1); closed 3 reset "
	    "FLOW_CONTROL_ERROR; error 1 FLOW_CONTROL_ERROR: more DATA than "
	    "the stream's window (RFC 9113 6.9.1); closed 1 reset "
	    "FLOW_CONTROL_ERROR | RST_STREAM 3 FLOW_CONTROL_ERROR; "
	    "RST_STREAM 1 FLOW_CONTROL_ERROR" },
};

static void
default_limits(struct session_limits *l)
{
	session_limits_default(l);
	l->initial_window_size = 65535;	/* the initial value of §6.9.2 */
}

static void
small_limits(struct session_limits *l)
{
	session_limits_default(l);
	l->max_concurrent_streams = 2;
	l->max_fields = 5;
	l->max_header_list_size = 240;
	l->max_continuations = 2;
	l->max_settings = 3;
	l->max_resets = 3;
	l->resets_per_second = 2;
	l->max_idle_frames = 7;
	l->max_replies = 3;
	l->max_data_frames = 4;
	l->max_body = 16;
}

static void
small_window(struct session_limits *l)
{
	session_limits_default(l);
	l->initial_window_size = 10;
}

static const struct group {
	const char *name;
	const struct rule_case *cases;
	size_t n;
	void (*limits)(struct session_limits *l);
	bool handshake;
} groups[] = {
#define GROUP(v, limits, handshake) \
	{ #v, v, sizeof(v) / sizeof((v)[0]), limits, handshake }
	GROUP(frame_cases, default_limits, true),
	GROUP(state_cases, default_limits, true),
	GROUP(settings_cases, default_limits, true),
	GROUP(message_cases, default_limits, true),
	GROUP(bound_cases, small_limits, true),
	GROUP(frame_event_cases, default_limits, true),
	GROUP(preface_cases, small_window, false),
};

static void
run_case(const struct group *g, const struct rule_case *c, bool split,
    enum session_gate detour)
{
	struct session_limits l;
	const char *log;
	struct rig r;

	g->limits(&l);
	rig_start_limits(&r, g->handshake, &l);
	r.split = split;
	r.detour = detour;
	r.cb.gate = detour != SESSION_PASS ? rig_gate : NULL;
	r.tell_frames = g->cases == frame_event_cases;
	rig_run(&r, c->script);
	log = rig_log(&r);
	ck_assert_msg(strcmp(log, c->log) == 0, "%s, detour %d\nscript   %s\n"
	    "log      %s\nexpected %s", c->section, (int)detour, c->script,
	    log, c->log);
	rig_end(&r);
}

START_TEST(test_rule)
{
	const struct group *g = groups;
	size_t i = (size_t)_i;

	while (i >= g->n) {
		i -= g->n;
		g++;
	}
	run_case(g, &g->cases[i], false, SESSION_PASS);
	run_case(g, &g->cases[i], true, SESSION_PASS);
	run_case(g, &g->cases[i], false, SESSION_STOP);
	run_case(g, &g->cases[i], true, SESSION_STOP);
	run_case(g, &g->cases[i], false, SESSION_QUEUE);
}
END_TEST

/* Whether an error fails the connection even without SESSION_CHECKS. */
static bool
is_fatal(const char *why, uint32_t code)
{
	static const char *const texts[] = { "(RFC 9113 3.4)",
		"inside of another frame's header block",
		"no header block to continue", "longer than the payload",
		"HEADERS: belongs", "CONTINUATION: belongs",
		"PUSH_PROMISE: belongs" };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strstr(why, texts[i]) != NULL)
			return true;
	return code == H2_FRAME_SIZE_ERROR || code == H2_COMPRESSION_ERROR ||
	    code == H2_ENHANCE_YOUR_CALM;
}

/*
 * Runs a case without SESSION_CHECKS.  A valid request behind it must be
 * received, unless the case's error is fatal.
 */
static void
run_unchecked(const struct group *g, const struct rule_case *c, bool split)
{
	struct session_limits l;
	const char *why;
	uint32_t code;
	struct rig r;

	g->limits(&l);
	l.max_concurrent_streams = 100;
	rig_start_limits(&r, g->handshake, &l);
	r.split = split;
	rig_run(&r, "!without checks");
	rig_run(&r, c->script);
	rig_run(&r, "!with checks; !unhold; HEADERS 5 2147483647 "
	    "<:method=GET>+8784");
	why = session_error(r.s, &code);
	if (why != NULL)
		ck_assert_msg(is_fatal(why, code), "%s\nscript   %s\n"
		    "failed   %s", c->section, c->script, why);
	else if (strstr(c->script, "!shutdown") == NULL &&
	    strstr(c->script, "!goaway") == NULL)
		ck_assert_msg(strstr(r.log, "headers 2147483647 end") != NULL,
		    "%s\nscript   %s\nlog      %s", c->section, c->script,
		    r.log);
	rig_end(&r);
}

START_TEST(test_unchecked)
{
	const struct group *g = groups;
	size_t i = (size_t)_i;

	for (; i >= g->n; g++)
		i -= g->n;
	run_unchecked(g, &g->cases[i], false);
	run_unchecked(g, &g->cases[i], true);
}
END_TEST

/* Windows, and the parts of the interface. */
START_TEST(test_connection_window)
{
	struct rig r;
	int i;

	/* DATA that nobody consumes uses only the window of its stream. */
	rig_start(&r, true);
	for (i = 0; i < 3; i++) {
		char step[128];
		int j;

		snprintf(step, sizeof(step), "HEADERS 4 %d " POST, 2 * i + 1);
		rig_run(&r, step);
		snprintf(step, sizeof(step), "DATA 0 %d 16384*00", 2 * i + 1);
		for (j = 0; j < 3; j++)
			rig_run(&r, step);
	}
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_end(&r);
}
END_TEST

/* One frame of an allowed size exceeds the connection's window. */
START_TEST(test_connection_window_overrun)
{
	struct session_limits l;
	uint32_t code;
	struct rig r;

	session_limits_default(&l);
	l.max_frame_size = 300000;
	l.initial_window_size = 200000;
	rig_start_limits(&r, true, &l);
	rig_run(&r, "HEADERS 4 1 " POST "; DATA 0 1 200000*00");
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_run(&r, "DATA 0 1 200001*00");
	ck_assert_str_eq(session_error(r.s, &code), "DATA on stream 1: more "
	    "DATA than the connection's window (RFC 9113 6.9.1)");
	ck_assert_uint_eq(code, H2_FLOW_CONTROL_ERROR);
	rig_end(&r);
}
END_TEST

START_TEST(test_http1)
{
	static const struct {
		const char *octets;
		bool http1;
	} v[] = {
		{ "GET / HTTP/1.1\r\n", true }, { "P ", true },
		{ "PRI * HTTP/1.1\r\n", true }, { "GET/ x", false },
		{ "\x16\x03\x01", false },
		{ "PRI * HTTP/2.0\r\n\r\nXX", false },
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct rig r;

		rig_start(&r, false);
		ck_assert_int_eq(session_recv(r.s,
		    (const uint8_t *)v[i].octets, strlen(v[i].octets), 0), -1);
		ck_assert_msg(session_is_http1(r.s) == v[i].http1, "%s",
		    v[i].octets);
		rig_end(&r);
	}
}
END_TEST

/* §3.4: our first frame is SETTINGS, with values of RFC 9113 §6.5.2. */
START_TEST(test_our_settings)
{
	static const uint8_t want[] = { 0, 0, 36, 4, 0, 0, 0, 0, 0,
		0, 1, 0, 0, 0x10, 0, 0, 3, 0, 0, 0, 100,
		0, 4, 0, 4, 0, 0, 0, 5, 0, 0, 0x40, 0,
		0, 6, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1,
		/* WINDOW_UPDATE: the connection's window, made as large. */
		0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 3, 0, 1 };
	struct session_limits l;
	struct rig r;

	session_limits_default(&l);
	rig_start_limits(&r, false, &l);
	ck_assert_uint_eq(buf_len(session_output(r.s)), sizeof(want));
	ck_assert_mem_eq(buf_data(session_output(r.s)), want, sizeof(want));
	rig_end(&r);
	l.enable_connect_protocol = false;
	l.initial_window_size = 65535;
	rig_start_limits(&r, false, &l);
	ck_assert_uint_eq(buf_len(session_output(r.s)), sizeof(want) - 6 - 13);
	rig_end(&r);
}
END_TEST

START_TEST(test_settings_acked)
{
	struct rig r;

	rig_start(&r, false);
	ck_assert(!session_settings_acked(r.s));
	rig_run(&r, "RAW 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'");
	ck_assert(!session_established(r.s));
	rig_run(&r, "SETTINGS 0 0");
	ck_assert(session_established(r.s));
	ck_assert(!session_settings_acked(r.s));
	rig_run(&r, "SETTINGS 1 0");
	ck_assert(session_settings_acked(r.s));
	rig_end(&r);
}
END_TEST

START_TEST(test_peer_settings)
{
	const struct settings_values *p;
	struct rig r;

	rig_start(&r, true);
	p = session_peer_settings(r.s);
	ck_assert_uint_eq(p->of[SETTINGS_MAX_HEADER_LIST_SIZE], UINT32_MAX);
	rig_run(&r, "SETTINGS 0 0 0001+00000000+0002+00000000+0003+00000007+"
	    "0004+00000008+0005+00005000+0006+00000009+0003+0000000a");
	ck_assert_uint_eq(p->of[SETTINGS_HEADER_TABLE_SIZE], 0);
	ck_assert_uint_eq(p->of[SETTINGS_ENABLE_PUSH], 0);
	/* the last entry */
	ck_assert_uint_eq(p->of[SETTINGS_MAX_CONCURRENT_STREAMS], 10);
	ck_assert_uint_eq(p->of[SETTINGS_INITIAL_WINDOW_SIZE], 8);
	ck_assert_uint_eq(p->of[SETTINGS_MAX_FRAME_SIZE], 0x5000);
	ck_assert_uint_eq(p->of[SETTINGS_MAX_HEADER_LIST_SIZE], 9);
	rig_end(&r);
}
END_TEST

/* RFC 7541 §4.2: our table shrinks when the peer acknowledges SETTINGS. */
START_TEST(test_our_table_size)
{
	struct session_limits l;
	struct rig r;

	session_limits_default(&l);
	l.header_table_size = 0;
	rig_start_limits(&r, false, &l);
	rig_run(&r, "RAW 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'; SETTINGS 0 0; "
	    "HEADERS 5 1 " GET "40016101+62; HEADERS 5 3 " GET "be");
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_run(&r, "SETTINGS 1 0; HEADERS 5 5 20" GET);
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_run(&r, "HEADERS 5 7 " GET "be");
	ck_assert_ptr_nonnull(session_error(r.s, NULL));
	rig_end(&r);
}
END_TEST

/* Priorities of RFC 9218 §4, §5 and §7. */
START_TEST(test_priority)
{
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 4 1 " POST "; HEADERS 4 3 " POST
	    "+<priority=u=2, i>");
	ck_assert_str_eq(session_stream(r.s, 1)->priority, "");
	ck_assert_str_eq(session_stream(r.s, 3)->priority, "u=2, i");
	rig_run(&r, "16 0 0 00000003+'u=5'");
	ck_assert_str_eq(session_stream(r.s, 3)->priority, "u=5");
	rig_run(&r, "16 0 0 00000003+64*61; 16 0 0 00000003+7500");
	ck_assert_str_eq(session_stream(r.s, 3)->priority, "u=5");
	rig_run(&r, "16 0 0 80000003");	/* with the reserved bit */
	ck_assert_str_eq(session_stream(r.s, 3)->priority, "");
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_end(&r);
}
END_TEST

START_TEST(test_message_info)
{
	const struct message_info *i;
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 4 1 " POST "+<content-length=12>; HEADERS 5 3 "
	    HEAD "; HEADERS 4 5 <:method=CONNECT>+<:authority=a:1>; "
	    "HEADERS 4 7 <:method=CONNECT>+<:protocol=p>+8784");
	i = &session_stream(r.s, 1)->info;
	ck_assert(i->content_length == 12 && !i->head && !i->connect);
	i = &session_stream(r.s, 3)->info;
	ck_assert(i->content_length == -1 && i->head && !i->connect);
	i = &session_stream(r.s, 5)->info;
	ck_assert(i->connect && !i->extended);
	i = &session_stream(r.s, 7)->info;
	ck_assert(i->connect && i->extended);
	rig_end(&r);
}
END_TEST

/* RFC 8441 §3: no :protocol unless our SETTINGS have allowed it. */
START_TEST(test_extended_connect_off)
{
	struct session_limits l;
	struct rig r;

	session_limits_default(&l);
	l.enable_connect_protocol = false;
	rig_start_limits(&r, true, &l);
	rig_run(&r, "HEADERS 4 1 <:method=CONNECT>+<:protocol=p>+8784");
	ck_assert_str_eq(rig_log(&r), "error 1 PROTOCOL_ERROR: a pseudo-header "
	    "field that requests do not have (RFC 9113 8.3.1) | "
	    "RST_STREAM 1 PROTOCOL_ERROR");
	rig_end(&r);
}
END_TEST

/* A block can be too long in one frame, or by its CONTINUATION frames. */
START_TEST(test_block_too_long)
{
	static const char *const blocks[] = {
		"HEADERS 4 1 70000*82",
		"HEADERS 0 1 40000*82; CONTINUATION 0 1 40000*82"
	};
	struct session_limits l;
	struct rig r;

	session_limits_default(&l);
	l.max_frame_size = 1 << 20;
	l.max_header_list_size = 1000;
	rig_start_limits(&r, true, &l);
	rig_run(&r, blocks[_i]);
	ck_assert_ptr_nonnull(strstr(session_error(r.s, NULL),
	    "more than the bound max-header-list-size, which is 1000"));
	rig_end(&r);
}
END_TEST

START_TEST(test_what_the_peer_ends)
{
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET);
	ck_assert_uint_eq(session_open_count(r.s), 1);
	rig_run(&r, "RST_STREAM 0 1 00000008");
	ck_assert_uint_eq(r.peer_code, H2_CANCEL);
	ck_assert_uint_eq(session_open_count(r.s), 0);
	rig_run(&r, "GOAWAY 0 0 000000000000000b+'bye'");
	ck_assert_uint_eq(r.peer_code, H2_ENHANCE_YOUR_CALM);
	rig_end(&r);
}
END_TEST

/*
 * The client answers each DATA frame by two WINDOW_UPDATE frames once it has
 * all of them.  One more for which there is no reason counts.
 */
START_TEST(test_updates_due)
{
	static const char *const update = "WINDOW_UPDATE 0 0 00000001";
	struct session_limits l;
	const char *why;
	struct rig r;
	size_t sent;
	int i;

	session_limits_default(&l);
	l.max_idle_frames = 3;
	rig_start_limits(&r, true, &l);
	rig_run(&r, "HEADERS 5 1 " GET "; !respond 1 200; !wrote");
	for (i = 0; i < 20; i++)
		ck_assert_int_eq(send_data(r.s, 1, (const uint8_t *)"x", 1,
		    false, SIZE_MAX, &sent, &why), SEND_OK);
	for (i = 0; i < 40 + 3; i++)
		rig_run(&r, update);
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_run(&r, update);
	ck_assert_str_eq(session_error(r.s, NULL), "WINDOW_UPDATE: more than "
	    "the bound max-idle-frames, which is 3 (RFC 9113 10.5)");
	rig_end(&r);
}
END_TEST

START_TEST(test_note_idle)
{
	struct session_limits l;
	struct rig r;

	session_limits_default(&l);
	l.max_idle_frames = 10;
	rig_start_limits(&r, true, &l);
	ck_assert_int_eq(session_note_idle(r.s, 5, "key updates"), 0);
	ck_assert_int_eq(session_note_idle(r.s, 5, "key updates"), -1);
	ck_assert_str_eq(session_error(r.s, NULL), "key updates: more than the "
	    "bound max-idle-frames, which is 10");
	rig_end(&r);
}
END_TEST

START_TEST(test_release)
{
	struct rig r;

	rig_start(&r, true);
	/* Released first, closed later. */
	rig_run(&r, "HEADERS 4 1 " POST "; !release 1");
	ck_assert_uint_eq(rig_streams(r.s), 1);
	rig_run(&r, "RST_STREAM 0 1 00000008");
	ck_assert_uint_eq(rig_streams(r.s), 0);
	/* Closed first, released later. */
	rig_run(&r, "HEADERS 5 3 " GET "; !respond 3 200 end");
	ck_assert_uint_eq(rig_streams(r.s), 1);
	rig_run(&r, "!release 3");
	ck_assert_ptr_null(session_stream(r.s, 3));
	/* Released within `closed`, from every place that calls it. */
	r.auto_release = true;
	rig_run(&r, "HEADERS 5 5 " GET "; !respond 5 200 end; HEADERS 4 7 "
	    POST "; !respond 7 200 end; DATA 1 7 00; HEADERS 4 9 " POST
	    "; !respond 9 200 end; HEADERS 5 9 <a=b>; HEADERS 4 11 " POST
	    "; !reset 11 8; HEADERS 5 13 " GET "; DATA 0 13; HEADERS 4 15 "
	    POST "; RST_STREAM 0 15 00000008; HEADERS 5 17 " GET
	    "; !respond 17 200; !data 17 3 end");
	ck_assert_ptr_null(session_error(r.s, NULL));
	ck_assert_uint_eq(rig_streams(r.s), 0);
	/* A pushed stream is the session's own: release does not free it. */
	rig_run(&r, "HEADERS 5 19 " GET "; !push 19; !release 2; !release 2; "
	    "HEADERS 5 21 " GET);
	ck_assert_ptr_nonnull(session_stream(r.s, 2));
	ck_assert_ptr_nonnull(session_stream(r.s, 21));
	rig_run(&r, "!reset 2 8; !respond 19 200 end; !respond 21 200 end");
	ck_assert_uint_eq(rig_streams(r.s), 0);
	rig_end(&r);
}
END_TEST

/* Octets may come in two parts that meet at any place. */
START_TEST(test_two_parts)
{
	static const char octets[] = "'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'+"
	    "000000+04+00+00000000+000006+01+04+00000001+" POST "+"
	    "000020+00+01+00000001+32*61+000008+06+00+00000000+8*00";
	struct buf in = { 0 };
	struct rig r;
	size_t i;

	rig_payload(&in, octets, sizeof(octets) - 1);
	for (i = 0; i <= buf_len(&in); i++) {
		rig_start(&r, false);
		session_recv(r.s, buf_data(&in), i, 0);
		session_recv(r.s, buf_data(&in) + i, buf_len(&in) - i, 0);
		ck_assert_str_eq(rig_log(&r), "headers 1; data 1 32/32 end | "
		    "SETTINGS; SETTINGS ack; PING ack");
		rig_end(&r);
	}
	buf_free(&in);
	session_free(NULL);
}
END_TEST

START_TEST(test_shutdown_done)
{
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; !shutdown; !shutdown; !wrote");
	ck_assert(!session_done(r.s));
	rig_run(&r, "!respond 1 200 end; !wrote");
	ck_assert(!session_done(r.s));	/* the application still holds it */
	rig_run(&r, "!release 1");
	ck_assert(session_done(r.s));
	rig_end(&r);

	rig_start(&r, true);
	rig_run(&r, "DATA 0 0 00");
	ck_assert(!session_done(r.s));
	rig_run(&r, "!wrote");
	ck_assert(session_done(r.s));
	ck_assert_int_eq(session_recv(r.s, (const uint8_t *)"x", 1, 0), -1);
	ck_assert_uint_eq(buf_len(session_output(r.s)), 0);
	rig_end(&r);
}
END_TEST

/* Only RESET_MEMORY resets are remembered: earlier streams count as closed. */
START_TEST(test_reset_memory)
{
	struct session_limits l;
	char step[128];
	struct rig r;
	int i;

	session_limits_default(&l);
	l.max_resets = 5000;
	l.max_replies = 5000;
	rig_start_limits(&r, true, &l);
	for (i = 0; i < 1025; i++) {
		snprintf(step, sizeof(step), "HEADERS 4 %d 82", 2 * i + 1);
		r.log_len = 0;
		rig_run(&r, step);
	}
	rig_run(&r, "DATA 0 3 00");
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_run(&r, "DATA 0 1 00");
	ck_assert_str_eq(session_error(r.s, NULL),
	    "DATA on stream 1: the stream is closed (RFC 9113 5.1)");
	rig_end(&r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("session");
	TCase *tc = tcase_create("rules");
	size_t i, n = 0;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		n += groups[i].n;
	tcase_add_loop_test(tc, test_rule, 0, (int)n);
	tcase_add_loop_test(tc, test_unchecked, 0, (int)n);
	suite_add_tcase(s, tc);
	tc = tcase_create("interface");
	tcase_add_test(tc, test_connection_window);
	tcase_add_test(tc, test_connection_window_overrun);
	tcase_add_test(tc, test_http1);
	tcase_add_test(tc, test_our_settings);
	tcase_add_test(tc, test_settings_acked);
	tcase_add_test(tc, test_peer_settings);
	tcase_add_test(tc, test_our_table_size);
	tcase_add_test(tc, test_priority);
	tcase_add_test(tc, test_message_info);
	tcase_add_test(tc, test_extended_connect_off);
	tcase_add_loop_test(tc, test_block_too_long, 0, 2);
	tcase_add_test(tc, test_what_the_peer_ends);
	tcase_add_test(tc, test_note_idle);
	tcase_add_test(tc, test_updates_due);
	tcase_add_test(tc, test_release);
	tcase_add_test(tc, test_two_parts);
	tcase_add_test(tc, test_shutdown_done);
	tcase_add_test(tc, test_reset_memory);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
