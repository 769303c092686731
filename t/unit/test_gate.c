/* SPDX-License-Identifier: MIT */
/*
 * What an application does with frames before the session acts on them: it
 * stops them, takes them, has them wait.  A table of scripts for the rig (rig.h)
 * with the log that is to come of each, which run frame by frame and octet by
 * octet.  test_session.c has every rule of the protocol with all frames stopped
 * or queued on their way.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "tap.h"

/* Indexed: GET or POST, https, "/"; :authority "a" as a literal. */
#define GET "828784010161"
#define POST "838784010161"

struct script {
	const char *about;
	const char *script;
	const char *log;
};

static const struct script gate_cases[] = {
	/* Stopped: nothing is done, and nothing behind it is. */
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
	/* Many in a lot. */
	{ "in a lot", "!stop PING; !lot; HEADERS 5 1 " GET "; PING 0 0 8*00; "
	    "HEADERS 1 3 8287; CONTINUATION 4 3 84010161; PING 0 0 8*00; "
	    "HEADERS 5 5 " GET "; !feed; HEADERS 5 7 " GET "; !resume; "
	    "!resume", "headers 1 end; gate PING on 0, 8; headers 3 end; "
	    "gate PING on 0, 8; headers 5 end; headers 7 end | PING ack; "
	    "PING ack" },
	/* Taken. */
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
	{ "DATA: END_STREAM counts", "HEADERS 4 1 " POST "; !respond 1 200 end"
	    "; !stop DATA; DATA 1 1 00; !take", "headers 1; gate DATA on 1, 1; "
	    "closed 1 | HEADERS 5 1" },
	/* Queued. */
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

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
run_script(const struct script *c, bool split)
{
	const char *log;
	struct rig r;

	rig_start(&r, true);
	r.cb.gate = rig_gate;
	r.split = split;
	rig_run(&r, c->script);
	log = rig_log(&r);
	ck_assert_msg(strcmp(log, c->log) == 0, "%s\nscript   %s\n"
	    "log      %s\nexpected %s", c->about, c->script, log, c->log);
	rig_end(&r);
}

START_TEST(test_gate)
{
	run_script(&gate_cases[_i], false);
	run_script(&gate_cases[_i], true);
}
END_TEST

/* The peer's first SETTINGS are stopped, and taken: they count as such. */
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

/* 64 KiB in one lot, frame after frame stopped; HPACK's table goes on. */
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

/* 1,000 frames, and 1 MiB of payload and fields. */
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

/* What the queue has let go counts no more. */
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
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_end(&r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("gate");
	TCase *tc = tcase_create("gate");

	tcase_add_loop_test(tc, test_gate, 0, (int)COUNT(gate_cases));
	tcase_add_test(tc, test_preface);
	tcase_add_test(tc, test_lot);
	tcase_add_test(tc, test_queue_bounds);
	tcase_add_test(tc, test_queue_empties);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
