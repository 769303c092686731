/* SPDX-License-Identifier: MIT */
/*
 * Tests what a connection script does with a session: it stops frames before
 * the session acts on them, takes them or has them wait, and switches off what
 * the session does by itself.  A table has scripts for the rig (rig.h) and the
 * log that each must give.  They run frame by frame and octet by octet.
 * test_session.c tests each rule of the protocol with all frames stopped or
 * queued on their way.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "tap.h"

/* Indexed fields: GET or POST, https, "/"; and a literal :authority "a". */
#define GET "828784010161"
#define POST "838784010161"

struct script {
	const char *about;
	const char *script;
	const char *log;
};

static const struct script scripted_cases[] = {
	/* The session acts neither on a stopped frame nor on later ones. */
	{ "SETTINGS", "!stop SETTINGS; SETTINGS 0 0 0003+00000005; PING 0 0 "
	    "8*00; !resume", "gate SETTINGS on 0, 6 | SETTINGS ack; PING ack" },
	{ "PING", "!stop PING; PING 0 0 8*00; PING 0 0 8*01; !resume; !resume",
	    "gate PING on 0, 8; gate PING on 0, 8 | PING ack; PING ack" },
	{ "WINDOW_UPDATE", "HEADERS 5 1 " GET "; !stop WINDOW_UPDATE; "
	    "WINDOW_UPDATE 0 1 00000001; !resume", "headers 1 end; "
	    "gate WINDOW_UPDATE on 1, 4; window 1" },
	{ "RST_STREAM", "HEADERS 5 1 " GET "; !stop RST_STREAM; RST_STREAM 0 1 "
	    "00000008; !resume", "headers 1 end; gate RST_STREAM on 1, 4; "
	    "closed 1 reset CANCEL by peer" },
	{ "GOAWAY", "!stop GOAWAY; GOAWAY 0 0 8*00; !resume; !push 1",
	    "gate GOAWAY on 0, 8; !push -> -3: the stream was never opened "
	    "(RFC 9113 5.1)" },
	{ "HEADERS", "!stop HEADERS; HEADERS 5 1 " GET "; !data 1 1; !resume; "
	    "!respond 1 200 end", "gate HEADERS on 1, 6, 4 fields; "
	    "!data -> -2: the stream is closed (RFC 9113 5.1); "
	    "headers 1 end; closed 1 | HEADERS 5 1" },
	{ "HEADERS in parts", "!stop all; HEADERS 1 1 8287; CONTINUATION 0 1; "
	    "CONTINUATION 4 1 84010161; DATA 1 1; !stop none; !resume; "
	    "HEADERS 5 3 " GET, "gate HEADERS on 1, 6, 4 fields; headers 1 end"
	    "; error 1 STREAM_CLOSED: the stream is half-closed (RFC 9113 5.1)"
	    "; closed 1 reset STREAM_CLOSED; headers 3 end | "
	    "RST_STREAM 1 STREAM_CLOSED" },
	{ "HEADERS padded", "!stop all; HEADERS d 1 03+" GET "+000000; !resume",
	    "gate HEADERS on 1, 10, 4 fields; headers 1 end padded" },
	{ "trailers", "HEADERS 4 1 " POST "; !stop HEADERS; HEADERS 5 1 <a=b>; "
	    "!resume", "headers 1; gate HEADERS on 1, 5, 1 fields; "
	    "trailers 1" },
	{ "DATA", "HEADERS 4 1 " POST "; !stop DATA; DATA 9 1 02+'abc'+0000; "
	    "PING 0 0 8*00; !resume",
	    "headers 1; gate DATA on 1, 6; data 1 3/6 end | PING ack" },
	{ "PRIORITY_UPDATE and unknown types", "!stop all; 16 0 0 "
	    "00000001+'u=1'; !resume; 64 0 1 'xyz'; !resume; 255 0 0; !resume",
	    "gate ? on 0, 7; gate ? on 1, 3; gate ? on 0, 0" },
	{ "PUSH_PROMISE", "HEADERS 5 1 " GET "; !stop all; PUSH_PROMISE 4 1 "
	    "00000002+" GET "; !take; !stop none; HEADERS 5 3 " GET,
	    "headers 1 end; gate PUSH_PROMISE on 1, 10, 4 fields; "
	    "headers 3 end" },
	{ "a request that is refused", "!stop all; HEADERS 5 1 82; !resume",
	    "gate HEADERS on 1, 1, 1 fields; error 1 PROTOCOL_ERROR: "
	    "no :scheme (RFC 9113 8.3.1) | RST_STREAM 1 PROTOCOL_ERROR" },
	{ "not well formed: no gate", "!stop all; WINDOW_UPDATE 0 0 00000000",
	    "| GOAWAY 0 PROTOCOL_ERROR WINDOW_UPDATE: an increment of 0 "
	    "(RFC 9113 6.9)" },
	{ "the rules of state come behind it", "!stop all; DATA 0 1 00; "
	    "!resume", "gate DATA on 1, 1; !resume -> -1 | GOAWAY 0 "
	    "PROTOCOL_ERROR DATA on stream 1: the stream is idle (RFC 9113 5.1)" },
	{ "failed while it is stopped", "!stop all; DATA 0 1 00; !stop none; "
	    "!resume; !resume; !continue", "gate DATA on 1, 1; "
	    "!resume -> -1; !resume -> -1; !continue -> -1 | GOAWAY 0 "
	    "PROTOCOL_ERROR DATA on stream 1: the stream is idle "
	    "(RFC 9113 5.1)" },
	{ "calls while it is stopped", "HEADERS 5 1 " GET "; !stop PING; "
	    "PING 0 0 8*00; !respond 1 200 end; !ping; !resume",
	    "headers 1 end; gate PING on 0, 8; closed 1 | HEADERS 5 1; PING; "
	    "PING ack" },
	{ "nothing is stopped", "!resume; !take; !continue; PING 0 0 8*00",
	    "| PING ack" },
	/* Many frames are received at once. */
	{ "in a lot", "!stop PING; !lot; HEADERS 5 1 " GET "; PING 0 0 8*00; "
	    "HEADERS 1 3 8287; CONTINUATION 4 3 84010161; PING 0 0 8*00; "
	    "HEADERS 5 5 " GET "; !feed; HEADERS 5 7 " GET "; !resume; "
	    "!resume", "headers 1 end; gate PING on 0, 8; headers 3 end; "
	    "gate PING on 0, 8; headers 5 end; headers 7 end | PING ack; "
	    "PING ack" },
	/* Frames are taken. */
	{ "SETTINGS: no effect, no acknowledgement", "HEADERS 5 1 " GET
	    "; !stop SETTINGS; SETTINGS 0 0 0004+00000000; !take; "
	    "!respond 1 200; !data 1 3 end",
	    "headers 1 end; gate SETTINGS on 0, 6; closed 1 | HEADERS 4 1; "
	    "DATA 1 1 3" },
	{ "PING, WINDOW_UPDATE, RST_STREAM, GOAWAY, PRIORITY", "HEADERS 5 1 "
	    GET "; !stop all; PING 0 0 8*00; !take; WINDOW_UPDATE 0 1 "
	    "7fffffff; !take; WINDOW_UPDATE 0 0 7fffffff; !take; "
	    "RST_STREAM 0 1 00000008; !take; GOAWAY 0 0 8*00; !take; "
	    "PRIORITY 0 1 5*00; !take; !push 1; !respond 1 200 end",
	    "headers 1 end; gate PING on 0, 8; gate WINDOW_UPDATE on 1, 4; "
	    "gate WINDOW_UPDATE on 0, 4; gate RST_STREAM on 1, 4; "
	    "gate GOAWAY on 0, 8; gate PRIORITY on 1, 5; closed 1 | "
	    "PUSH_PROMISE 1 2; HEADERS 5 1" },
	{ "acknowledgements count", "!ping; !stop all; PING 1 0 8*00; !take; "
	    "!stop none; !goaway 9 0; !ping; !ping; HEADERS 5 1 " GET "; "
	    "!stop all; PING 1 0 8*00; !take; !stop none; HEADERS 5 3 " GET,
	    "gate PING on 0, 8; headers 1 end; gate PING on 0, 8; late 3; "
	    "headers 3 end | PING; GOAWAY 9 NO_ERROR; PING; PING" },
	{ "HEADERS: open, without a request", "!stop HEADERS; HEADERS 4 1 "
	    POST "40016101+62; !take; !stop none; HEADERS 5 3 " GET "be; "
	    "DATA 0 1 3*00; DATA 1 1 00; !respond 1 200 end",
	    "gate HEADERS on 1, 11, 5 fields; headers 3 end; closed 1 | "
	    "HEADERS 5 1" },
	{ "... its credit is returned", "!stop HEADERS; HEADERS 4 1 " POST
	    "; !take; DATA 0 1 16384*00; WINDOW_UPDATE 0 1 00000001; "
	    "PRIORITY 0 1 5*00; RST_STREAM 0 1 00000008",
	    "gate HEADERS on 1, 6, 4 fields; window 1; "
	    "closed 1 reset CANCEL by peer | "
	    "WINDOW_UPDATE 0 16384; WINDOW_UPDATE 1 16384" },
	{ "... and its trailers are nobody's", "!stop HEADERS; HEADERS 4 1 "
	    POST "; !take; !stop none; HEADERS 5 1 <a=b>; DATA 0 1 00",
	    "gate HEADERS on 1, 6, 4 fields; error 1 STREAM_CLOSED: the stream "
	    "is half-closed (RFC 9113 5.1); closed 1 reset STREAM_CLOSED | "
	    "RST_STREAM 1 STREAM_CLOSED" },
	{ "HEADERS that break a rule", "!stop HEADERS; HEADERS 5 1 82; !take; "
	    "HEADERS 5 4 " GET "; !take; !stop none; HEADERS 5 3 " GET,
	    "gate HEADERS on 1, 1, 1 fields; gate HEADERS on 4, 6, 4 fields; "
	    "headers 3 end" },
	{ "trailers: END_STREAM counts", "HEADERS 4 1 " POST "; !respond 1 200 "
	    "end; !stop HEADERS; HEADERS 5 1 40016101+62; !take; !stop none; "
	    "HEADERS 5 3 " GET "be", "headers 1; gate HEADERS on 1, 5, 1 "
	    "fields; closed 1; headers 3 end | HEADERS 5 1" },
	{ "DATA: charged, and not returned", "HEADERS 4 1 " POST "; !stop DATA"
	    "; DATA 0 1 16384*00; !take; DATA 0 1 16384*00; !take; !stop none"
	    "; DATA 0 1 16384*00; DATA 1 1 16384*00", "headers 1; "
	    "gate DATA on 1, 16384; gate DATA on 1, 16384; "
	    "data 1 16384/16384; error 1 FLOW_CONTROL_ERROR: more DATA than "
	    "the stream's window (RFC 9113 6.9.1); closed 1 reset "
	    "FLOW_CONTROL_ERROR | WINDOW_UPDATE 0 16384; RST_STREAM 1 "
	    "FLOW_CONTROL_ERROR; WINDOW_UPDATE 0 16384" },
	{ "DATA: the connection's window too", "HEADERS 4 1 " POST "; "
	    "HEADERS 4 3 " POST "; !stop DATA; DATA 0 1 16384*00; !take; "
	    "DATA 0 1 16384*00; !take; DATA 0 1 16384*00; !take; !stop none; "
	    "DATA 0 3 16384*00", "headers 1; headers 3; gate DATA on 1, 16384; "
	    "gate DATA on 1, 16384; gate DATA on 1, 16384 | GOAWAY 3 "
	    "FLOW_CONTROL_ERROR DATA on stream 3: more DATA than the "
	    "connection's window (RFC 9113 6.9.1)" },
	{ "DATA: END_STREAM counts", "HEADERS 4 1 " POST "; !respond 1 200 end"
	    "; !stop DATA; DATA 1 1 00; !take", "headers 1; gate DATA on 1, 1; "
	    "closed 1 | HEADERS 5 1" },
	/* Frames are queued. */
	{ "the others go on", "!queue PING; PING 0 0 8*00; SETTINGS 0 0; "
	    "HEADERS 5 1 " GET "; !continue; !queue none; !continue",
	    "gate PING on 0, 8; headers 1 end; gate PING on 0, 8 again | "
	    "SETTINGS ack; PING ack" },
	{ "in order, later ones of the stream too", "!queue HEADERS; HEADERS 4 "
	    "1 " POST "; DATA 0 1 3*00; HEADERS 4 3 " POST "; DATA 0 3 00; "
	    "HEADERS 5 1 <a=b>; PING 0 0 8*00; !queue none; HEADERS 5 5 " GET
	    "; !continue", "gate HEADERS on 1, 6, 4 fields; gate HEADERS on 3, "
	    "6, 4 fields; gate HEADERS on 1, 5, 1 fields; headers 5 end; "
	    "headers 1; data 1 3/3; headers 3; data 3 1/1; trailers 1 | "
	    "PING ack" },
	{ "then stopped, each at a time", "!queue HEADERS; HEADERS 5 1 " GET
	    "; HEADERS 5 3 " GET "; WINDOW_UPDATE 0 3 00000001; !queue none; "
	    "!stop HEADERS; !continue; PING 0 0 8*00; !take; !resume",
	    "gate HEADERS on 1, 6, 4 fields; gate HEADERS on 3, 6, 4 fields; "
	    "gate HEADERS on 1, 6, 4 fields again; "
	    "gate HEADERS on 3, 6, 4 fields again; headers 3 end; window 3 "
	    "| PING ack" },
	{ "stopped behind one that is queued", "!queue HEADERS; HEADERS 4 1 "
	    POST "; !stop DATA; DATA 0 1 00; !queue none; !stop none; "
	    "!continue", "gate HEADERS on 1, 6, 4 fields; gate DATA on 1, 1; "
	    "headers 1; data 1 1/1" },
	{ "within a block that is not whole", "!queue HEADERS; HEADERS 5 1 "
	    GET "; HEADERS 1 3 8287; !queue none; !continue; "
	    "CONTINUATION 4 3 84010161", "gate HEADERS on 1, 6, 4 fields; "
	    "headers 1 end; headers 3 end" },
	{ "continued while another is stopped", "!queue PING; PING 0 0 8*00; "
	    "!stop HEADERS; HEADERS 5 1 " GET "; !queue none; !continue; "
	    "!stop none; !ping; !resume", "gate PING on 0, 8; "
	    "gate HEADERS on 1, 6, 4 fields; headers 1 end | PING; "
	    "PING ack" },
	{ "released, with octets behind", "!stop PING; PING 0 0 8*00; "
	    "PING 0 0 8*01; HEADERS 5 1 " GET "; !stop none; !queue PING; "
	    "!resume; !queue none; !continue", "gate PING on 0, 8; "
	    "gate PING on 0, 8; headers 1 end | PING ack; PING ack" },
	{ "a failure with frames queued", "!queue PING; PING 0 0 8*00; "
	    "DATA 0 0 00; !continue", "gate PING on 0, 8; !continue -> -1 | "
	    "GOAWAY 0 PROTOCOL_ERROR DATA: belongs to a stream, not to the "
	    "connection (RFC 9113 6.1)" },
	{ "one of them fails the connection", "!queue all; DATA 0 1 00; "
	    "PING 0 0 8*00; !queue none; !continue", "gate DATA on 1, 1; "
	    "gate PING on 0, 8; !continue -> -1 | GOAWAY 0 PROTOCOL_ERROR "
	    "DATA on stream 1: the stream is idle (RFC 9113 5.1)" },
};

static const struct script automatic_cases[] = {
	{ "settings_ack: values apply all the same", "!without settings_ack; "
	    "SETTINGS 0 0 0004+00000002; HEADERS 5 1 " GET "; !respond 1 200; "
	    "!data 1 3; !with settings_ack; SETTINGS 0 0",
	    "headers 1 end; !data -> 1 | HEADERS 4 1; DATA 0 1 2; "
	    "SETTINGS ack" },
	{ "ping_ack", "!without ping_ack; PING 0 0 8*00; !with ping_ack; "
	    "PING 0 0 8*00", "| PING ack" },
	{ "window_update: credit gathers", "!without window_update; "
	    "HEADERS 4 1 " POST "; DATA 0 1 16384*00; DATA 0 1 16384*00; "
	    "!consume 1 32768; !ping; !with window_update",
	    "headers 1; data 1 16384/16384; data 1 16384/16384 | PING; "
	    "WINDOW_UPDATE 0 32768; WINDOW_UPDATE 1 32768" },
	{ "window_update by hand counts as returned", "!without window_update; "
	    "HEADERS 4 1 " POST "; DATA 0 1 16384*00; DATA 0 1 16384*00; "
	    "!consume 1 32768; !update 0 16384; !update 1 40000; "
	    "!with window_update", "headers 1; data 1 16384/16384; "
	    "data 1 16384/16384 | WINDOW_UPDATE 0 16384; "
	    "WINDOW_UPDATE 1 40000; WINDOW_UPDATE 0 16384" },
	{ "update: what is legal", "HEADERS 4 1 " POST "; !update 1 0; "
	    "!update 1 2147483648; !update 3 1; !update 1 2147418112; "
	    "!update 1 1; !update 0 2147418113; !update 0 2147418112; "
	    "!reset 1 8; !update 1 1", "headers 1; "
	    "!update -> -1: an increment is from 1 to 2147483647 "
	    "(RFC 9113 6.9); !update -> -1: an increment is from 1 to "
	    "2147483647 (RFC 9113 6.9); !update -> -3: the stream was never "
	    "opened (RFC 9113 5.1); !update -> -4: the window would be larger "
	    "than 2147483647 (RFC 9113 6.9.1); !update -> -4: the window "
	    "would be larger than 2147483647 (RFC 9113 6.9.1); "
	    "closed 1 reset CANCEL; !update -> -2: the stream was reset "
	    "(RFC 9113 5.1) | WINDOW_UPDATE 1 2147418112; "
	    "WINDOW_UPDATE 0 2147418112; RST_STREAM 1 CANCEL" },
	{ "update while the output is held", "HEADERS 5 1 " GET "; HEADERS 4 3 "
	    POST "; !hold 1; !update 0 5; !update 3 5; !unhold; !update 3 5",
	    "headers 1 end; headers 3; !update -> 2 | HEADERS 0 1; "
	    "WINDOW_UPDATE 0 5; WINDOW_UPDATE 3 5" },
	{ "goaway: fails, and the script may send", "!without goaway; "
	    "HEADERS 5 1 " GET "; DATA 0 0 00; !respond 1 200; !ping; "
	    "!goaway 0 2; !raw 1 PING; PING 0 0 8*00",
	    "headers 1 end; broken PROTOCOL_ERROR: belongs to a stream, not to "
	    "the connection (RFC 9113 6.1); !respond -> -6: the connection has "
	    "failed; !ping -> -6: the connection has failed | "
	    "GOAWAY 0 INTERNAL_ERROR; PING" },
	{ "goaway: inside of a hold", "!without goaway; HEADERS 5 1 " GET
	    "; !hold 1; PING 0 0 8*00; DATA 0 0 00; !goaway 0 2; !unhold",
	    "headers 1 end; broken PROTOCOL_ERROR: belongs to a stream, not to "
	    "the connection (RFC 9113 6.1) | HEADERS 0 1; PING ack; "
	    "GOAWAY 0 INTERNAL_ERROR" },
	{ "goaway: bounds fail too", "!without goaway; HEADERS 1 1 8287; "
	    "PING 0 0 8*00", "broken PROTOCOL_ERROR: inside of another "
	    "frame's header block (RFC 9113 4.3)" },
	{ "goaway: shutdown refuses nothing", "!without goaway; HEADERS 5 1 "
	    GET "; !shutdown; HEADERS 5 3 " GET,
	    "headers 1 end; headers 3 end" },
	{ "rst_stream: the stream goes on", "!without rst_stream; HEADERS 5 1 "
	    GET "; DATA 0 1 00; HEADERS 5 1 <a=b>; WINDOW_UPDATE 0 1 7fffffff"
	    "; WINDOW_UPDATE 0 1 00000000; PRIORITY 0 1 0000000100; "
	    "!respond 1 200 end; HEADERS 5 3 " GET, "headers 1 end; "
	    "error 1 STREAM_CLOSED: the stream is half-closed (RFC 9113 5.1); "
	    "error 1 STREAM_CLOSED: the stream is half-closed (RFC 9113 5.1); "
	    "error 1 FLOW_CONTROL_ERROR: the window is larger than 2147483647 "
	    "(RFC 9113 6.9.1); error 1 PROTOCOL_ERROR: an increment of 0 "
	    "(RFC 9113 6.9); error 1 PROTOCOL_ERROR: a stream that depends on "
	    "itself (RFC 7540 5.3.1); closed 1; headers 3 end | HEADERS 5 1" },
	{ "rst_stream: connection errors are that", "!without rst_stream; "
	    "DATA 0 1 00", "broken PROTOCOL_ERROR: the stream is idle "
	    "(RFC 9113 5.1) | GOAWAY 0 PROTOCOL_ERROR DATA on stream 1: "
	    "the stream is idle (RFC 9113 5.1)" },
	{ "rst_stream: a bad request opens its stream", "!without rst_stream; "
	    "HEADERS 4 1 82; DATA 0 1 3*00; !respond 1 400 end; DATA 1 1 00",
	    "error 1 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); closed 1 | "
	    "HEADERS 5 1" },
	{ "requests: streams open, content is dropped", "!without requests; "
	    "HEADERS 4 1 " POST "; DATA 0 1 16384*00; HEADERS 5 1 <a=b>; "
	    "HEADERS 5 3 82; !respond 1 200 end; !with requests; HEADERS 5 5 "
	    GET, "error 3 PROTOCOL_ERROR: no :scheme (RFC 9113 8.3.1); "
	    "closed 1; headers 5 end | WINDOW_UPDATE 0 16384; "
	    "WINDOW_UPDATE 1 16384; RST_STREAM 3 PROTOCOL_ERROR; "
	    "HEADERS 5 1" },
	{ "hold: nothing is held", "!without hold; HEADERS 5 1 " GET
	    "; HEADERS 5 3 " GET "; !hold 1; PING 0 0 8*00; !respond 3 200 end"
	    "; !with hold; !hold 1; PING 0 0 8*00; !respond 1 200; !unhold",
	    "headers 1 end; headers 3 end; closed 3; !respond -> -1: header "
	    "block open: only raw frames until it ends (RFC 9113 4.3) | "
	    "HEADERS 0 1; PING ack; HEADERS 5 3; HEADERS 0 1; PING ack" },
	/* Broken rules that have no consequence, and then a good request. */
	{ "checks: idle and closed streams", "!without checks; DATA 0 1 00; "
	    "RST_STREAM 0 1 00000008; WINDOW_UPDATE 0 1 00000001; "
	    "HEADERS 5 3 " GET "; HEADERS 5 1 40016101+62; "
	    "!respond 3 200 end; DATA 0 3 00; HEADERS 5 5 " GET "be",
	    "broken PROTOCOL_ERROR: the stream is idle (RFC 9113 5.1); "
	    "broken PROTOCOL_ERROR: the stream is idle (RFC 9113 5.1); "
	    "broken PROTOCOL_ERROR: the stream is idle (RFC 9113 5.1); "
	    "headers 3 end; broken PROTOCOL_ERROR: a new stream's number is "
	    "above all earlier ones (RFC 9113 5.1.1); closed 3; "
	    "broken STREAM_CLOSED: the stream is closed (RFC 9113 5.1); "
	    "headers 5 end | HEADERS 5 3" },
	{ "checks: stream numbers, and each is told of once", "!without checks"
	    "; PING 0 1 8*00; DATA 0 0 00; SETTINGS 0 1 6*00; RST_STREAM 0 0 "
	    "4*00; HEADERS 5 2 " GET "; HEADERS 5 1 " GET,
	    "broken PROTOCOL_ERROR: belongs to the connection, not to a stream "
	    "(RFC 9113 6.7); broken PROTOCOL_ERROR: belongs to a stream, not "
	    "to the connection (RFC 9113 6.1); broken PROTOCOL_ERROR: belongs "
	    "to the connection, not to a stream (RFC 9113 6.5); "
	    "broken PROTOCOL_ERROR: belongs to a stream, not to the connection "
	    "(RFC 9113 6.4); broken PROTOCOL_ERROR: client streams are "
	    "odd-numbered (RFC 9113 5.1.1); headers 1 end" },
	{ "checks: what clients never send, HPACK in step", "!without checks; "
	    "HEADERS 5 1 " GET "; PUSH_PROMISE 0 1 00000002+40016101+62; "
	    "CONTINUATION 4 1; HEADERS 5 3 " GET "be", "headers 1 end; "
	    "broken PROTOCOL_ERROR: clients do not push (RFC 9113 8.4); "
	    "headers 3 end" },
	{ "checks: settings: none applies", "!without checks; SETTINGS 0 0 "
	    "0004+00000000+0002+00000002; SETTINGS 0 0 0005+00000001; "
	    "HEADERS 5 1 " GET "; !respond 1 200; !data 1 3 end",
	    "broken PROTOCOL_ERROR: ENABLE_PUSH is 0 or 1 (RFC 9113 6.5.2); "
	    "broken PROTOCOL_ERROR: MAX_FRAME_SIZE is from 16384 to 16777215 "
	    "(RFC 9113 6.5.2); headers 1 end; closed 1 | HEADERS 4 1; "
	    "DATA 1 1 3" },
	{ "checks: windows that are too large", "!without checks; HEADERS 5 1 "
	    GET "; WINDOW_UPDATE 0 0 7fffffff; WINDOW_UPDATE 0 1 7fff0000; "
	    "SETTINGS 0 0 0004+7fffffff; WINDOW_UPDATE 0 0 00000000; "
	    "!respond 1 200; !data 1 3 end", "headers 1 end; "
	    "broken FLOW_CONTROL_ERROR: the window is larger than 2147483647 "
	    "(RFC 9113 6.9.1); window 1; broken FLOW_CONTROL_ERROR: "
	    "INITIAL_WINDOW_SIZE makes a stream's window larger than "
	    "2147483647 (RFC 9113 6.9.2); broken PROTOCOL_ERROR: an increment "
	    "of 0 (RFC 9113 6.9); closed 1 | HEADERS 4 1; DATA 1 1 3" },
	{ "checks: more DATA than windows allow", "!without checks; "
	    "!without window_update; HEADERS 4 1 " POST "; DATA 0 1 16384*00; "
	    "DATA 0 1 16384*00; DATA 0 1 16384*00; DATA 0 1 16384*00; "
	    "!update 0 20000; DATA 0 1 16384*00; HEADERS 5 3 " GET,
	    "headers 1; data 1 16384/16384; data 1 16384/16384; "
	    "data 1 16384/16384; broken FLOW_CONTROL_ERROR: more DATA than the "
	    "connection's window (RFC 9113 6.9.1); error 1 "
	    "FLOW_CONTROL_ERROR: more DATA than the stream's window "
	    "(RFC 9113 6.9.1); headers 3 end | WINDOW_UPDATE 0 20000" },
	{ "checks: fields", "!without checks; HEADERS 5 1 82+<A=b>; "
	    "HEADERS 4 3 " POST "+<content-length=2>; DATA 0 3 3*00; HEADERS 5 "
	    "3 <:a=b>; !respond 1 400 end; !respond 3 400 end; HEADERS 5 5 "
	    GET, "error 1 PROTOCOL_ERROR: a field name with upper-case letters "
	    "(RFC 9113 8.2.1); headers 3; error 3 PROTOCOL_ERROR: more content "
	    "than content-length says (RFC 9113 8.1.1); error 3 "
	    "PROTOCOL_ERROR: a pseudo-header field in trailers (RFC 9113 8.1); "
	    "closed 1; closed 3; headers 5 end | HEADERS 5 1; HEADERS 5 3" },
	{ "checks: padding", "!without checks; HEADERS 4 1 " POST "; DATA 8 1 "
	    "05+'abc'+00; HEADERS 5 3 " GET, "headers 1; broken PROTOCOL_ERROR"
	    ": padding longer than the payload (RFC 9113 6.1); "
	    "headers 3 end" },
	{ "checks: GOAWAY that goes up, PRIORITY_UPDATE", "!without checks; "
	    "GOAWAY 0 0 8*00; GOAWAY 0 0 0000000200000000; 16 0 0 "
	    "00000000+'u=1'; 16 0 0 00000002; PRIORITY 0 9 0000000900; "
	    "HEADERS 5 1 " GET, "broken PROTOCOL_ERROR: the last stream is "
	    "above that of an earlier GOAWAY (RFC 9113 6.8); "
	    "broken PROTOCOL_ERROR: the prioritized stream is not 0 "
	    "(RFC 9218 7.1); broken PROTOCOL_ERROR: the prioritized pushed "
	    "stream is idle (RFC 9218 7.1); broken PROTOCOL_ERROR: a stream "
	    "that depends on itself (RFC 7540 5.3.1); headers 1 end" },
	{ "checks: lengths keep theirs", "!without checks; PING 0 0 7*00",
	    "broken FRAME_SIZE_ERROR: the payload is 8 octets long "
	    "(RFC 9113 6.7) | GOAWAY 0 FRAME_SIZE_ERROR PING: the payload is 8 "
	    "octets long (RFC 9113 6.7)" },
	{ "checks: lengths are looked at first", "!without checks; GOAWAY 0 1 "
	    "4*00", "broken FRAME_SIZE_ERROR: the payload is at least 8 octets "
	    "long (RFC 9113 6.8) | GOAWAY 0 FRAME_SIZE_ERROR GOAWAY on stream "
	    "1: the payload is at least 8 octets long (RFC 9113 6.8)" },
	{ "checks: header blocks that cannot be decoded do", "!without checks; "
	    "HEADERS d 1 07+" GET, "broken PROTOCOL_ERROR: padding longer than "
	    "the payload (RFC 9113 6.1) | GOAWAY 0 PROTOCOL_ERROR HEADERS on "
	    "stream 1: padding longer than the payload (RFC 9113 6.1)" },
	{ "none at all", "!without all; SETTINGS 0 0; PING 0 0 8*00; DATA 0 1 "
	    "00; HEADERS 4 3 " POST "; DATA 0 3 16384*00; DATA 0 3 16384*00; "
	    "!shutdown; HEADERS 5 5 " GET "; !respond 3 200 end; !with all; "
	    "HEADERS 5 7 " GET, "broken PROTOCOL_ERROR: the stream is idle "
	    "(RFC 9113 5.1); headers 7 end | HEADERS 5 3; "
	    "WINDOW_UPDATE 0 32768; WINDOW_UPDATE 3 32768" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
run_script(const struct script *c, bool split, bool tell_broken)
{
	const char *log;
	struct rig r;

	rig_start(&r, true);
	r.cb.gate = rig_gate;
	r.split = split;
	r.tell_broken = tell_broken;
	rig_run(&r, c->script);
	log = rig_log(&r);
	ck_assert_msg(strcmp(log, c->log) == 0, "%s\nscript   %s\n"
	    "log      %s\nexpected %s", c->about, c->script, log, c->log);
	rig_end(&r);
}

START_TEST(test_scripted)
{
	run_script(&scripted_cases[_i], false, false);
	run_script(&scripted_cases[_i], true, false);
}
END_TEST

START_TEST(test_automatic)
{
	run_script(&automatic_cases[_i], false, true);
	run_script(&automatic_cases[_i], true, true);
}
END_TEST

/* The first SETTINGS count as the preface's, even if stopped and taken. */
START_TEST(test_preface)
{
	struct rig r;
	int taken;

	for (taken = 0; taken < 2; taken++) {
		rig_start(&r, false);
		r.cb.gate = rig_gate;
		r.split = taken;
		rig_run(&r, "!stop SETTINGS; RAW 'PRI * HTTP/2.0\r\n\r\n"
		    "SM\r\n\r\n'; SETTINGS 0 0; HEADERS 5 1 " GET);
		ck_assert(session_stopped(r.s));
		rig_run(&r, taken ? "!take" : "!resume");
		ck_assert(!session_stopped(r.s) && session_established(r.s));
		ck_assert_str_eq(rig_log(&r), taken ?
		    "gate SETTINGS on 0, 0; headers 1 end | SETTINGS" :
		    "gate SETTINGS on 0, 0; headers 1 end | SETTINGS; "
		    "SETTINGS ack");
		rig_end(&r);
	}
}
END_TEST

/* Tests which SETTINGS we send first, and that the peer is held to them. */
START_TEST(test_start)
{
	static const uint8_t entries[] = "\0\4\0\0\0\5" "\0\2\0\0\0\7"
	    "\0\4\0\0\0\4" "\0\5\0\0\0\1";
	struct session_limits l;
	struct session *s;
	struct rig r;

	rig_start(&r, true);
	r.cb.gate = rig_gate;
	session_limits_default(&l);	/* more than 65535 */
	/* Nothing is sent before session_start, and then no SETTINGS. */
	s = session_new(&l, &r.cb, &r);
	ck_assert_uint_eq(buf_len(session_output(s)), 0);
	session_start(s, false, NULL, 0);
	ck_assert_uint_eq(buf_len(session_output(s)), 13);
	ck_assert_mem_eq(buf_data(session_output(s)),
	    "\0\0\4\x08\0\0\0\0\0\0\3\0\1", 13);
	session_free(s);
	/* Any entries are sent, in their order; the legal ones apply. */
	s = session_new(&l, &r.cb, &r);
	session_set_automatic(s, SESSION_ALL & ~SESSION_WINDOW_UPDATE);
	session_start(s, true, entries, sizeof(entries) - 1);
	ck_assert_uint_eq(buf_len(session_output(s)), 9 + 24);
	ck_assert_mem_eq(buf_data(session_output(s)) + 9, entries, 24);
	session_free(r.s);
	r.s = s;
	rig_run(&r, "!wrote; RAW 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'; "
	    "SETTINGS 0 0; HEADERS 4 1 " POST "; DATA 0 1 6*00; SETTINGS 1 0; "
	    "DATA 1 1; HEADERS 4 3 " POST "; DATA 0 3 5*00");
	ck_assert_str_eq(rig_log(&r), "headers 1; data 1 6/6; data 1 0/0 end; "
	    "headers 3; error 3 FLOW_CONTROL_ERROR: more DATA than the "
	    "stream's window (RFC 9113 6.9.1); closed 3 reset "
	    "FLOW_CONTROL_ERROR | SETTINGS ack; "
	    "RST_STREAM 3 FLOW_CONTROL_ERROR");
	rig_end(&r);
	/* Without SETTINGS the initial values of RFC 9113 §6.5.2 apply. */
	rig_start(&r, false);
	session_free(r.s);
	r.s = session_new(&l, &r.cb, &r);
	session_set_automatic(r.s, SESSION_ALL & ~SESSION_WINDOW_UPDATE);
	session_start(r.s, false, NULL, 0);
	rig_run(&r, "RAW 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'; SETTINGS 0 0; "
	    "HEADERS 4 1 " POST "; DATA 0 1 16384*00; DATA 0 1 16384*00; "
	    "DATA 0 1 16384*00; DATA 0 1 16384*00");
	ck_assert_str_eq(session_error(r.s, NULL), "DATA on stream 1: more "
	    "DATA than the connection's window (RFC 9113 6.9.1)");
	rig_end(&r);
}
END_TEST

/* The peer may acknowledge all raw frames, even if they are very many. */
START_TEST(test_raw_acknowledged)
{
	struct session_limits l;
	struct rig r;
	int i;

	session_limits_default(&l);
	l.max_idle_frames = 20;
	rig_start_limits(&r, true, &l);
	for (i = 0; i < 3000; i++) {
		send_raw_frame(r.s, SEND_BY_CONNECTION, FRAME_PING, 0, 0,
		    (const uint8_t *)"8 octets", 8);
		send_raw_frame(r.s, SEND_BY_CONNECTION, FRAME_SETTINGS, 0, 0,
		    (const uint8_t *)"\0\4\0\0\0\5", i % 2 == 0 ? 6 : 0);
	}
	for (i = 0; i < 3000; i++, r.log_len = 0)
		rig_run(&r, "PING 1 0 8*00; SETTINGS 1 0");
	ck_assert_ptr_null(session_error(r.s, NULL));
	for (i = 0; i < 21; i++)
		rig_run(&r, i % 2 == 0 ? "PING 1 0 8*00" : "SETTINGS 1 0");
	ck_assert_ptr_nonnull(session_error(r.s, NULL));
	rig_end(&r);
	/* Too many acknowledgements count, even if a script takes them. */
	rig_start_limits(&r, true, &l);
	r.cb.gate = rig_gate;
	rig_run(&r, "!ping; !stop all");
	for (i = 0; i < 22; i++, r.log_len = 0)
		rig_run(&r, "PING 1 0 8*00; !take");
	ck_assert_ptr_nonnull(session_error(r.s, NULL));
	rig_end(&r);
}
END_TEST

/* An incomplete raw frame holds the output, also without SESSION_HOLD. */
START_TEST(test_cut_frame)
{
	const uint8_t ping[] = "\0\0\x08\6\0\0\0\0\0" "8 octets";
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "!without hold; HEADERS 5 1 " GET);
	ck_assert_int_eq(send_raw_octets(r.s, SEND_BY_CONNECTION, ping, 12),
	    SEND_OK);
	ck_assert_uint_eq(send_held_by(r.s), SEND_BY_CONNECTION);
	rig_run(&r, "PING 0 0 8*00; !respond 1 200 end; !hold 1");
	ck_assert_int_eq(send_raw_octets(r.s, SEND_BY_CONNECTION, ping + 12,
	    5), SEND_OK);
	ck_assert_uint_eq(send_held_by(r.s), 0);
	ck_assert_str_eq(rig_log(&r), "headers 1 end; !respond -> 2; "
	    "!hold -> 2 | PING; PING ack");
	rig_end(&r);
}
END_TEST

/* Streams without a request have the same bounds as others. */
START_TEST(test_taken_bounds)
{
	static const char *const opens[] = { "!without requests",
		"!without checks", "!stop HEADERS" };
	struct session_limits l;
	char step[80];
	struct rig r;
	int i;

	session_limits_default(&l);
	l.max_idle_frames = 50;
	l.max_concurrent_streams = 10;
	rig_start_limits(&r, true, &l);
	r.cb.gate = rig_gate;
	rig_run(&r, opens[_i]);
	for (i = 0; i < 10; i++) {
		snprintf(step, sizeof(step), "HEADERS 4 %d %s; !take",
		    2 * i + 1, _i == 1 ? "82" : POST);
		rig_run(&r, step);
	}
	ck_assert_uint_eq(session_open_count(r.s), 10);
	r.log_len = 0;
	rig_run(&r, "HEADERS 4 21 " POST "; !take");
	ck_assert_ptr_nonnull(strstr(rig_log(&r), "error 21 REFUSED_STREAM"));
	ck_assert_uint_eq(session_open_count(r.s), 10);
	rig_run(&r, "!stop all");
	for (i = 0; i <= 50; i++, r.log_len = 0)
		rig_run(&r, _i == 1 ? "!stop none; WINDOW_UPDATE 0 1 00000000" :
		    "DATA 0 1; !take");
	ck_assert_ptr_nonnull(session_error(r.s, NULL));
	rig_end(&r);
}
END_TEST

/* 64 KiB in one call, with each frame stopped; HPACK's table keeps in step. */
START_TEST(test_lot)
{
	char step[80];
	int n, stops;
	struct rig r;

	rig_start(&r, true);
	r.cb.gate = rig_gate;
	rig_run(&r, "!stop HEADERS; !lot");
	for (n = 0; buf_len(&r.lot) < 64 * 1024; n++) {
		snprintf(step, sizeof(step), "HEADERS 5 %d 828784%s", 2 * n + 1,
		    n == 0 ? "410161+40016101+62" : "bfbe");
		rig_run(&r, step);
	}
	rig_run(&r, "!feed");
	for (stops = 0; session_stopped(r.s); stops++) {
		r.log_len = 0;
		rig_run(&r, "!resume");
		snprintf(step, sizeof(step), "!respond %d 200 end; !wrote; "
		    "!release %d", 2 * stops + 1, 2 * stops + 1);
		ck_assert_ptr_nonnull(session_stream(r.s,
		    (uint32_t)(2 * stops + 1)));
		rig_run(&r, step);
	}
	ck_assert_ptr_null(session_error(r.s, NULL));
	ck_assert_int_eq(stops, n);
	rig_end(&r);
}
END_TEST

/* The queue holds 1,000 frames, and 1 MiB of payload and fields. */
START_TEST(test_queue_bounds)
{
	const char *why;
	struct rig r;
	int i;

	rig_start(&r, true);
	r.cb.gate = rig_gate;
	rig_run(&r, "!queue PING");
	for (i = 0; i < 1000; i++, r.log_len = 0)
		rig_run(&r, "PING 0 0 8*00");
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_run(&r, "PING 0 0 8*00");
	why = session_error(r.s, NULL);
	ck_assert_ptr_nonnull(why);
	ck_assert_str_eq(why, "PING: more than the bound on frames that wait "
	    "for a connection script, which is 1000 (RFC 9113 10.5)");
	rig_end(&r);

	rig_start(&r, true);
	r.cb.gate = rig_gate;
	rig_run(&r, "!queue all");
	for (i = 0; i < 64; i++, r.log_len = 0)
		rig_run(&r, "64 0 0 16384*00");
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_run(&r, "64 0 0 00");
	why = session_error(r.s, NULL);
	ck_assert_ptr_nonnull(why);
	ck_assert_str_eq(why, "frame of type 0x40: more than the bound on "
	    "octets of frames that wait for a connection script, which is "
	    "1048576 (RFC 9113 10.5)");
	rig_end(&r);
}
END_TEST

/* The parts of a stopped frame's payload are still valid later. */
START_TEST(test_copies)
{
	const uint8_t ping[] = "\0\0\x08\6\1\0\0\0\0" "8 octets";
	struct rig r;

	rig_start(&r, true);
	r.cb.gate = rig_gate;
	rig_run(&r, "HEADERS 4 1 " POST "; !stop all; 16 0 0 00000001+'u=1'; "
	    "!resume; PING 0 0 '8 octets'; !resume");
	ck_assert_str_eq(session_stream(r.s, 1)->priority, "u=1");
	ck_assert_mem_eq(buf_data(session_output(r.s)), ping, 17);
	/* A stream without a request is freed when it is closed. */
	rig_run(&r, "HEADERS 5 3 " GET "; !take; !respond 3 200 end");
	ck_assert_ptr_null(session_stream(r.s, 3));
	rig_end(&r);
}
END_TEST

/* A raw WINDOW_UPDATE counts: credit is returned up to the largest window. */
START_TEST(test_credit_and_raw)
{
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "!without window_update; HEADERS 4 1 " POST "; "
	    "DATA 0 1 16384*00; DATA 0 1 16384*00");
	send_raw_frame(r.s, SEND_BY_CONNECTION, FRAME_WINDOW_UPDATE, 0, 0,
	    (const uint8_t *)"\x7f\xff\x7f\xff", 4);	/* all but 1 */
	rig_run(&r, "!with window_update");
	ck_assert_str_eq(rig_log(&r), "headers 1; data 1 16384/16384; "
	    "data 1 16384/16384 | WINDOW_UPDATE 0 2147450879; "
	    "WINDOW_UPDATE 0 1");
	rig_end(&r);
}
END_TEST

/* The peer may apply SETTINGS that it has not acknowledged yet. */
START_TEST(test_update_and_settings)
{
	const char *why;
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 4 1 " POST);
	ck_assert_int_eq(send_settings(r.s, 1, (const uint8_t *)
	    "\0\4\0\1\0\0", 6, &why), SEND_OK);
	ck_assert_int_eq(send_window_update(r.s, 1, 0x7fffffff - 65535, &why),
	    SEND_ERR_FLOW);
	ck_assert_int_eq(send_window_update(r.s, 1, 0x7fffffff - 65536, &why),
	    SEND_OK);
	rig_end(&r);
}
END_TEST

/* Frames that have left the queue no longer count. */
START_TEST(test_queue_empties)
{
	struct rig r;
	int i;

	rig_start(&r, true);
	r.cb.gate = rig_gate;
	for (i = 0; i < 2500; i++, r.log_len = 0) {
		rig_run(&r, "!queue PING; PING 1 0 8*00");
		if (i % 900 == 0)
			rig_run(&r, "!queue none; !continue");
	}
	rig_run(&r, "!queue none; !continue");
	for (i = 0; i < 100; i++, r.log_len = 0)
		rig_run(&r, "!queue all; 64 0 0 16384*00; !queue none; "
		    "!continue");
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_end(&r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("gate");
	TCase *tc = tcase_create("gate");

	tcase_add_loop_test(tc, test_scripted, 0, (int)COUNT(scripted_cases));
	tcase_add_loop_test(tc, test_automatic, 0, (int)COUNT(automatic_cases));
	tcase_add_test(tc, test_preface);
	tcase_add_test(tc, test_start);
	tcase_add_test(tc, test_raw_acknowledged);
	tcase_add_test(tc, test_cut_frame);
	tcase_add_loop_test(tc, test_taken_bounds, 0, 3);
	tcase_add_test(tc, test_lot);
	tcase_add_test(tc, test_queue_bounds);
	tcase_add_test(tc, test_update_and_settings);
	tcase_add_test(tc, test_copies);
	tcase_add_test(tc, test_credit_and_raw);
	tcase_add_test(tc, test_queue_empties);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
