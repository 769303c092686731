/* SPDX-License-Identifier: MIT */
/*
 * Tests what the application sends: refusals of checked calls, splitting and
 * windows, promised streams, raw calls, the hold of an open header block.  The
 * scripts are those of rig.h; octets are compared where they matter.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "tap.h"

#define GET "828784010161"
#define POST "838784010161"
#define F(n, v) { (const uint8_t *)(n), (const uint8_t *)(v), \
	sizeof(n) - 1, sizeof(v) - 1, false }
#define OCTETS(s) (const uint8_t *)(s), sizeof(s) - 1

static const struct {
	const char *what;
	const char *script;
	const char *log;
} cases[] = {
	{ "never opened", "!respond 1 200; !data 1 1; !reset 1 0; !push 1",
	    "!respond -> -3: the stream was never opened (RFC 9113 5.1); "
	    "!data -> -3: the stream was never opened (RFC 9113 5.1); "
	    "!reset -> -3: the stream was never opened (RFC 9113 5.1); "
	    "!push -> -3: the stream was never opened (RFC 9113 5.1)" },
	{ "stream 0, even ones", "!respond 0 200; !respond 2 200",
	    "!respond -> -3: the stream was never opened (RFC 9113 5.1); "
	    "!respond -> -3: the stream was never opened (RFC 9113 5.1)" },
	{ "gone", "HEADERS 5 3 " GET "; !respond 3 200 end; !release 3; "
	    "!respond 3 200; !respond 1 200; !reset 3 0; !respond 5 200",
	    "headers 3 end; closed 3; "
	    "!respond -> -2: the stream is closed (RFC 9113 5.1); "
	    "!respond -> -2: the stream is closed (RFC 9113 5.1); "
	    "!reset -> -2: the stream is closed (RFC 9113 5.1); "
	    "!respond -> -3: the stream was never opened (RFC 9113 5.1) | "
	    "HEADERS 5 3" },
	{ "a pushed one that is gone", "HEADERS 5 1 " GET "; !push 1; "
	    "!reset 2 8; !respond 2 200; !respond 4 200", "headers 1 end; "
	    "closed 2 reset CANCEL; "
	    "!respond -> -2: the stream is closed (RFC 9113 5.1); "
	    "!respond -> -3: the stream was never opened (RFC 9113 5.1) | "
	    "PUSH_PROMISE 1 2; RST_STREAM 2 CANCEL" },
	{ "reset by the peer", "HEADERS 4 1 " POST "; RST_STREAM 0 1 00000008; "
	    "!respond 1 200; !data 1 1; !reset 1 8; !push 1", "headers 1; "
	    "closed 1 reset CANCEL by peer; "
	    "!respond -> -2: the peer has reset the stream (RFC 9113 5.1); "
	    "!data -> -2: the peer has reset the stream (RFC 9113 5.1); "
	    "!reset -> -2: the peer has reset the stream (RFC 9113 5.1); "
	    "!push -> -2: the peer has reset the stream (RFC 9113 5.1)" },
	{ "reset by us", "HEADERS 4 1 " POST "; !reset 1 5; !respond 1 200",
	    "headers 1; closed 1 reset STREAM_CLOSED; !respond -> -2: the "
	    "stream was reset (RFC 9113 5.1) | RST_STREAM 1 STREAM_CLOSED" },
	{ "after END_STREAM", "HEADERS 4 1 " POST "; !respond 1 200 end; "
	    "!data 1 1; !respond 1 200; !trailers 1; !push 1; !reset 1 0",
	    "headers 1; "
	    "!data -> -2: END_STREAM has been sent (RFC 9113 5.1); "
	    "!respond -> -2: END_STREAM has been sent (RFC 9113 5.1); "
	    "!trailers -> -2: END_STREAM has been sent (RFC 9113 5.1); "
	    "!push -> -2: END_STREAM has been sent (RFC 9113 5.1); "
	    "closed 1 reset NO_ERROR | HEADERS 5 1; RST_STREAM 1 NO_ERROR" },
	{ "DATA before HEADERS, and after 1xx", "HEADERS 5 1 " GET
	    "; !data 1 1; !respond 1 103; !data 1 0 end", "headers 1 end; "
	    "!data -> -1: DATA before the final response's HEADERS "
	    "(RFC 9113 8.1); "
	    "!data -> -1: DATA before the final response's HEADERS "
	    "(RFC 9113 8.1) | HEADERS 4 1" },
	{ "final HEADERS twice", "HEADERS 5 1 " GET "; !respond 1 200; "
	    "!respond 1 200; !respond 1 103; !respond 1 200 end",
	    "headers 1 end; "
	    "!respond -> -1: the final response's HEADERS have been sent "
	    "(RFC 9113 8.1); "
	    "!respond -> -1: the final response's HEADERS have been sent "
	    "(RFC 9113 8.1); "
	    "!respond -> -1: the final response's HEADERS have been sent "
	    "(RFC 9113 8.1) | HEADERS 4 1" },
	{ "statuses", "HEADERS 5 1 " GET "; !respond 1 101; "
	    "!respond 1 100 end; !respond 1 20; !respond 1 199; !trailers 1; "
	    "!respond 1 200", "headers 1 end; "
	    "!respond -> -1: HTTP/2 has no status 101 (RFC 9113 8.6); "
	    "!respond -> -1: END_STREAM on a 1xx response (RFC 9113 8.1); "
	    "!respond -> -1: :status is not three digits (RFC 9113 8.3.2); "
	    "!trailers -> -1: no :status (RFC 9113 8.3.2) | HEADERS 4 1; "
	    "HEADERS 4 1" },
	{ "after the connection has failed", "HEADERS 5 1 " GET "; PING 0 1 "
	    "8*00; !respond 1 200; !data 1 1; !reset 1 1; !push 1; "
	    "!goaway 0 0; !hold 1; !consume 1 1; !shutdown; !unhold",
	    "headers 1 end; !respond -> -6: the connection has failed; "
	    "!data -> -6: the connection has failed; "
	    "!reset -> -6: the connection has failed; "
	    "!push -> -6: the connection has failed; "
	    "!goaway -> -6: the connection has failed; !hold -> -6 | "
	    "GOAWAY 1 PROTOCOL_ERROR PING on stream 1: belongs to the "
	    "connection, not to a stream (RFC 9113 6.7)" },
	/* Windows. */
	{ "the connection's window", "SETTINGS 0 0 0004+00100000; !wrote; "
	    "HEADERS 5 1 " GET "; !respond 1 200; !data 1 65536; "
	    "WINDOW_UPDATE 0 0 00000001; !data 1 1 end", "window 0; "
	    "headers 1 end; !data -> 1; window 0; closed 1 | HEADERS 4 1; "
	    "DATA 0 1 16384; DATA 0 1 16384; DATA 0 1 16384; DATA 0 1 16383; "
	    "DATA 1 1 1" },
	{ "the stream's window", "HEADERS 5 1 " GET "; WINDOW_UPDATE 0 0 "
	    "00100000; !respond 1 200; !data 1 65535; !data 1 1; !data 1 0 "
	    "end", "headers 1 end; window 0; !data -> 1; closed 1 | "
	    "HEADERS 4 1; DATA 0 1 16384; DATA 0 1 16384; DATA 0 1 16384; "
	    "DATA 0 1 16383; DATA 1 1 0" },
	{ "the peer's frame size", "SETTINGS 0 0 0005+00008000; HEADERS 5 1 "
	    GET "; !respond 1 200; !data 1 32769", "headers 1 end | "
	    "SETTINGS ack; HEADERS 4 1; DATA 0 1 32768; DATA 0 1 1" },
	{ "END_STREAM on the last frame only", "HEADERS 5 1 " GET
	    "; !respond 1 200; !data 1 16385 end", "headers 1 end; closed 1 | "
	    "HEADERS 4 1; DATA 0 1 16384; DATA 1 1 1" },
	{ "no octets, no frame", "HEADERS 5 1 " GET "; !respond 1 200; "
	    "!data 1 0", "headers 1 end | HEADERS 4 1" },
	/* Push. */
	{ "push", "HEADERS 5 1 " GET "; !push 1; !data 2 1; !respond 2 200; "
	    "!data 2 1 end; !push 1; !respond 4 200 end", "headers 1 end; "
	    "!data -> -1: DATA before the final response's HEADERS "
	    "(RFC 9113 8.1); closed 2; closed 4 | PUSH_PROMISE 1 2; "
	    "HEADERS 4 2; DATA 1 2 1; PUSH_PROMISE 1 4; HEADERS 5 4" },
	{ "push disabled", "SETTINGS 0 0 0002+00000000; HEADERS 5 1 " GET
	    "; !push 1", "headers 1 end; !push -> -5: the peer has disabled "
	    "push (RFC 9113 6.5.2) | SETTINGS ack" },
	{ "push after the peer's GOAWAY", "HEADERS 5 1 " GET "; GOAWAY 0 0 "
	    "8*00; !push 1", "headers 1 end; !push -> -5: the peer has sent "
	    "GOAWAY (RFC 9113 6.8)" },
	{ "push on a pushed stream", "HEADERS 5 1 " GET "; !push 1; !push 2",
	    "headers 1 end; !push -> -1: a promise on a pushed stream "
	    "(RFC 9113 8.4) | PUSH_PROMISE 1 2" },
	{ "more pushed streams than the peer takes", "SETTINGS 0 0 "
	    "0003+00000001; !wrote; HEADERS 5 1 " GET "; !push 1; !push 1; "
	    "!respond 2 200; !respond 4 200; !data 2 0 end; !respond 4 200; "
	    "!reset 4 8", "headers 1 end; !respond -> -5: more pushed streams "
	    "than the peer's MAX_CONCURRENT_STREAMS (RFC 9113 5.1.2); "
	    "closed 2; closed 4 reset CANCEL | PUSH_PROMISE 1 2; "
	    "PUSH_PROMISE 1 4; HEADERS 4 2; DATA 1 2 0; HEADERS 4 4; "
	    "RST_STREAM 4 CANCEL" },
	/* GOAWAY. */
	{ "GOAWAY", "HEADERS 5 1 " GET "; !goaway 4294967295 2; !goaway 0 0",
	    "headers 1 end | GOAWAY 1 INTERNAL_ERROR; GOAWAY 0 NO_ERROR" },
	{ "GOAWAY with a number of 32 bits", "!goaway 2147483648 0; "
	    "!goaway 2147483647 0", "!goaway -> -1: stream numbers have 31 "
	    "bits (RFC 9113 5.1.1) | GOAWAY 2147483647 NO_ERROR" },
	{ "a shutdown after a lower GOAWAY", "HEADERS 5 1 " GET
	    "; !goaway 0 0; !shutdown", "headers 1 end | GOAWAY 0 NO_ERROR; "
	    "GOAWAY 0 NO_ERROR" },
	/* The hold. */
	{ "an open header block", "HEADERS 5 1 " GET "; HEADERS 5 3 " GET
	    "; !hold 1; !respond 1 200; !respond 3 200; !data 3 1; !reset 3 "
	    "8; !push 3; !hold 3; PING 0 0 8*00; !goaway 3 0; !unhold; "
	    "!respond 3 200", "headers 1 end; headers 3 end; !respond -> -1: "
	    "header block open: only raw frames until it ends (RFC 9113 4.3); "
	    "!respond -> 2; !data -> 2; !reset -> 2; !push -> 2; !hold -> 2 | "
	    "HEADERS 0 1; PING ack; GOAWAY 3 NO_ERROR; HEADERS 4 3" },
	{ "the session's own frames wait too", "HEADERS 4 1 " POST
	    "; HEADERS 4 3 " POST "; DATA 0 3 16384*00; DATA 0 3 16384*00; "
	    "!wrote; !hold 1; !consume 3 32768; SETTINGS 0 0; HEADERS 4 5 82; "
	    "!shutdown", "headers 1; headers 3; data 3 16384/16384; "
	    "data 3 16384/16384; error 5 PROTOCOL_ERROR: no :scheme "
	    "(RFC 9113 8.3.1) | HEADERS 0 1" },
	{ "a failure ends the hold", "HEADERS 5 1 " GET "; !hold 1; "
	    "PING 0 0 8*00; PING 0 1 8*00", "headers 1 end | HEADERS 0 1; "
	    "PING ack; GOAWAY 1 PROTOCOL_ERROR PING on stream 1: belongs to "
	    "the connection, not to a stream (RFC 9113 6.7)" },
	{ "the peer's reset of the holder", "HEADERS 5 1 " GET "; !hold 1; "
	    "RST_STREAM 0 1 00000008; PING 0 0 8*00", "headers 1 end; "
	    "closed 1 reset CANCEL by peer | HEADERS 0 1" },
};

START_TEST(test_case)
{
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, cases[_i].script);
	ck_assert_msg(strcmp(rig_log(&r), cases[_i].log) == 0,
	    "%s\nlog      %s\nexpected %s", cases[_i].what, r.log,
	    cases[_i].log);
	rig_end(&r);
}
END_TEST

/* Compares the output since the last `!wrote` with a PAYLOAD of rig.h. */
static void
expect_octets(struct rig *r, const char *text)
{
	struct buf *out = session_output(r->s);
	struct buf want = { 0 };

	rig_payload(&want, text, strlen(text));
	ck_assert_uint_eq(buf_len(out), buf_len(&want));
	if (buf_len(&want) > 0)
		ck_assert_mem_eq(buf_data(out), buf_data(&want),
		    buf_len(&want));
	buf_free(&want);
	rig_run(r, "!wrote");
}

START_TEST(test_headers_octets)
{
	const struct field v[] = { F(":status", "200"), F("a", "bcd") };
	const char *why;
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET);
	ck_assert_int_eq(send_headers(r.s, 1, v, 2, true, false, &why),
	    SEND_OK);
	/* An indexed field; a literal with indexing, without Huffman coding. */
	expect_octets(&r, "0000080105000000018840+0161+03+'bcd'");
	rig_end(&r);
}
END_TEST

/* §4.3: a block is split if it is larger than the peer's maximum frame size. */
START_TEST(test_split)
{
	static uint8_t big[40000];
	struct field v[] = { F(":status", "200"), F("big", ""),
		F("server", "x") };
	const uint8_t *p;
	const char *why;
	struct rig r;
	size_t left;

	memset(big, '\\', sizeof(big));	/* its Huffman code has 19 bits */
	v[1].value = big;
	v[1].value_len = sizeof(big);
	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; HEADERS 5 3 " GET);
	ck_assert_int_eq(send_headers(r.s, 1, v, 3, false, false, &why),
	    SEND_OK);
	p = buf_data(session_output(r.s));
	left = buf_len(session_output(r.s));
	ck_assert_uint_eq(get_u24(p), 16384);
	ck_assert_uint_eq(p[3], FRAME_HEADERS);
	ck_assert_uint_eq(p[4], 0);
	p += 9 + 16384;
	ck_assert_uint_eq(get_u24(p), 16384);
	ck_assert_uint_eq(p[3], FRAME_CONTINUATION);
	ck_assert_uint_eq(p[4], 0);
	p += 9 + 16384;
	left -= 2 * (9 + 16384);
	ck_assert_uint_eq(get_u24(p), left - 9);
	ck_assert_uint_eq(p[3], FRAME_CONTINUATION);
	ck_assert_uint_eq(p[4], FLAG_END_HEADERS);
	ck_assert_uint_eq(get_u32(p + 5), 1);
	/* The block ends with server, a literal with indexing. */
	ck_assert_mem_eq(p + left - 3, "\x76\x01x", 3);
	/* The next section is a block of its own. */
	rig_run(&r, "!wrote");
	ck_assert_int_eq(send_headers(r.s, 3, v, 3, false, false, &why),
	    SEND_OK);
	ck_assert_uint_lt(buf_len(session_output(r.s)), left + 2 * 16393);
	rig_end(&r);
}
END_TEST

/* A block that just fits the peer's maximum frame size is not split. */
START_TEST(test_split_boundary)
{
	static uint8_t big[16384];
	struct field v[] = { F(":status", "200"), F("b", "") };
	const uint8_t *p;
	const char *why;
	struct rig r;
	size_t k;

	memset(big, '\\', sizeof(big));
	v[1].value = big;
	/* 1 for :status, 3 for the name, 3 for the length of the value. */
	for (k = 0; k < 2; k++) {
		v[1].value_len = 16384 - 7 + k;
		rig_start(&r, true);
		rig_run(&r, "HEADERS 5 1 " GET);
		ck_assert_int_eq(send_headers(r.s, 1, v, 2, true, false, &why),
		    SEND_OK);
		p = buf_data(session_output(r.s));
		ck_assert_uint_eq(get_u24(p), 16384);
		ck_assert_uint_eq(p[4], k == 0 ? 5 : 1);
		if (k == 1)
			ck_assert_uint_eq(get_u24(p + 9 + 16384), 1);
		rig_end(&r);
	}
}
END_TEST

START_TEST(test_data_frame)
{
	static const uint8_t octets[70000];
	const char *why;
	struct rig r;

	rig_start(&r, true);
	ck_assert_uint_eq(send_max_payload(r.s, 1), 0);
	ck_assert_int_eq(send_data_frame(r.s, 1, octets, 1, false, &why),
	    SEND_ERR_NO_STREAM);
	rig_run(&r, "HEADERS 5 1 " GET "; !respond 1 200; !wrote");
	ck_assert_uint_eq(send_max_payload(r.s, 1), 16384);
	ck_assert_int_eq(send_data_frame(r.s, 1, octets, 16385, false, &why),
	    SEND_ERR_FLOW);
	ck_assert_str_eq(why, "more than the peer's MAX_FRAME_SIZE "
	    "(RFC 9113 4.2)");
	rig_run(&r, "!data 1 65530; !wrote");
	ck_assert_uint_eq(send_max_payload(r.s, 1), 5);
	ck_assert_int_eq(send_data_frame(r.s, 1, octets, 6, false, &why),
	    SEND_ERR_FLOW);
	ck_assert_str_eq(why, "more than the flow-control window "
	    "(RFC 9113 6.9.1)");
	expect_octets(&r, "-");
	ck_assert_int_eq(send_data_frame(r.s, 1, OCTETS("abcde"), false,
	    &why), SEND_OK);
	ck_assert_uint_eq(send_max_payload(r.s, 1), 0);
	/* §6.9.1: empty frames need no window. */
	ck_assert_int_eq(send_data_frame(r.s, 1, NULL, 0, false, &why),
	    SEND_OK);
	rig_run(&r, "SETTINGS 0 0 0004+00000000; WINDOW_UPDATE 0 0 00001000");
	ck_assert_uint_eq(send_max_payload(r.s, 1), 0);
	ck_assert_int_eq(send_data_frame(r.s, 1, NULL, 0, true, &why),
	    SEND_OK);
	expect_octets(&r, "000005+00+00+00000001+'abcde'+"
	    "000000+00+00+00000001+000000+04+01+00000000+"
	    "000000+00+01+00000001");
	ck_assert_uint_eq(send_max_payload(r.s, 1), 0);
	ck_assert_str_eq(rig_log(&r), "headers 1 end; window 0; closed 1");
	rig_end(&r);
}
END_TEST

/* A whole response fits if both windows take it and nothing is held. */
START_TEST(test_fits)
{
	static const struct field status[] = { F(":status", "200") };
	struct stream *st;
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; HEADERS 5 3 " GET
	    "; !respond 1 200; !data 1 65000; WINDOW_UPDATE 0 0 00010000; "
	    "!wrote");
	st = session_stream(r.s, 1);
	ck_assert(send_fits(r.s, st, 535));
	ck_assert(!send_fits(r.s, st, 536));
	rig_run(&r, "WINDOW_UPDATE 0 1 01000000");
	/* Now the connection's window is the smaller one. */
	ck_assert(send_fits(r.s, st, 66071));
	ck_assert(!send_fits(r.s, st, 66072));
	send_raw_block(r.s, 3, FRAME_HEADERS, 0, 3, NULL, 0, status, 1);
	ck_assert(!send_fits(r.s, st, 0));
	send_release(r.s);
	ck_assert(send_fits(r.s, st, 0));
	rig_end(&r);
}
END_TEST

/* The output does not exceed max_out by more than a frame. */
START_TEST(test_max_out)
{
	static const uint8_t octets[60000];
	const char *why;
	struct rig r;
	size_t sent;

	rig_start(&r, true);
	rig_run(&r, "SETTINGS 0 0 0005+00ffffff; HEADERS 5 1 " GET
	    "; !respond 1 200; !wrote");
	ck_assert_int_eq(send_data(r.s, 1, octets, sizeof(octets), true, 100,
	    &sent, &why), SEND_OK);
	ck_assert_uint_eq(sent, 16384);
	ck_assert_int_eq(send_data(r.s, 1, octets, sizeof(octets) - sent,
	    true, 100, &sent, &why), SEND_OK);
	ck_assert_uint_eq(sent, 0);
	ck_assert_int_eq(send_data(r.s, 1, octets, 60000 - 16384, true,
	    SIZE_MAX, &sent, &why), SEND_OK);
	ck_assert_uint_eq(sent, 60000 - 16384);
	ck_assert_int_eq(session_stream(r.s, 1)->state, STREAM_CLOSED);
	rig_end(&r);
}
END_TEST

START_TEST(test_push_ids)
{
	const struct field v[] = { F(":method", "GET"), F(":scheme", "https"),
		F(":authority", "a"), F(":path", "/") };
	uint32_t id = 6;
	const char *why;
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET);
	ck_assert_int_eq(send_push(r.s, 1, &id, v, 4, &why), SEND_OK);
	ck_assert_int_eq(session_stream(r.s, 6)->state,
	    STREAM_RESERVED_LOCAL);
	ck_assert(session_stream(r.s, 6)->info.content_length == -1);
	expect_octets(&r, "00000a+05+04+00000001+00000006+828741+0161+84");
	id = 0;
	ck_assert_int_eq(send_push(r.s, 1, &id, v, 3, &why),
	    SEND_ERR_PROTOCOL);
	ck_assert_str_eq(why, "no :path (RFC 9113 8.3.1)");
	ck_assert_int_eq(send_push(r.s, 1, &id, v, 4, &why), SEND_OK);
	ck_assert_uint_eq(id, 8);
	id = 6;
	ck_assert_int_eq(send_push(r.s, 1, &id, v, 4, &why),
	    SEND_ERR_PROTOCOL);
	ck_assert_str_eq(why, "a promised stream's number is above all "
	    "earlier ones (RFC 9113 5.1.1)");
	id = 9;
	ck_assert_int_eq(send_push(r.s, 1, &id, v, 4, &why),
	    SEND_ERR_PROTOCOL);
	ck_assert_str_eq(why, "promised streams are even-numbered "
	    "(RFC 9113 5.1.1)");
	id = 0x7ffffffe;
	ck_assert_int_eq(send_push(r.s, 1, &id, v, 4, &why), SEND_OK);
	id = 0;
	ck_assert_int_eq(send_push(r.s, 1, &id, v, 4, &why),
	    SEND_ERR_PROTOCOL);
	ck_assert_str_eq(why, "no stream numbers are left (RFC 9113 5.1.1)");
	rig_end(&r);
}
END_TEST

/* A refused field leaves the encoder's table as it was. */
START_TEST(test_refused_fields)
{
	const struct field bad[] = { F(":status", "200"), F("a", "bcd"),
		F("Upper", "x") };
	const char *why;
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET);
	ck_assert_int_eq(send_headers(r.s, 1, bad, 3, false, false, &why),
	    SEND_ERR_PROTOCOL);
	ck_assert_str_eq(why, "a field name with upper-case letters "
	    "(RFC 9113 8.2.1)");
	expect_octets(&r, "-");
	ck_assert_int_eq(send_headers(r.s, 1, bad, 2, false, false, &why),
	    SEND_OK);
	ck_assert_ptr_null(why);
	expect_octets(&r, "0000080104000000018840+0161+03+'bcd'");
	/* Trailers, whose field is in the table now. */
	ck_assert_int_eq(send_headers(r.s, 1, bad + 1, 1, false, false, &why),
	    SEND_ERR_PROTOCOL);
	ck_assert_str_eq(why, "trailers without END_STREAM (RFC 9113 8.1)");
	ck_assert_int_eq(send_headers(r.s, 1, bad + 1, 2, true, false, &why),
	    SEND_ERR_PROTOCOL);
	ck_assert_int_eq(send_headers(r.s, 1, bad + 1, 1, true, false, &why),
	    SEND_OK);
	expect_octets(&r, "000001010500000001be");
	rig_end(&r);
}
END_TEST

START_TEST(test_ping_goaway)
{
	static const uint8_t opaque[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t debug[16384];
	const char *why;
	struct rig r;

	rig_start(&r, true);
	ck_assert_int_eq(send_ping(r.s, opaque, &why), SEND_OK);
	ck_assert_int_eq(send_goaway(r.s, UINT32_MAX, 2, "why", 3, &why),
	    SEND_OK);
	expect_octets(&r, "000008+06+00+00000000+0102030405060708+"
	    "00000b+07+00+00000000+00000000+00000002+'why'");
	ck_assert_int_eq(send_goaway(r.s, 0, 2, debug, 16377, &why),
	    SEND_ERR_FLOW);
	ck_assert_int_eq(send_goaway(r.s, 0, 2, debug, 16376, &why), SEND_OK);
	rig_run(&r, "!wrote; PING 0 1 8*00; !wrote");
	ck_assert_int_eq(send_ping(r.s, opaque, &why), SEND_ERR_GONE);
	ck_assert_uint_eq(buf_len(session_output(r.s)), 0);
	rig_end(&r);
}
END_TEST

/* Raw calls: they send anything, and the session follows what they change. */

/* As it is, send_headers checks only :status and the stream's state. */
START_TEST(test_as_is)
{
	static const struct field v[] = {
		{ (const uint8_t *)":status", (const uint8_t *)"200", 7, 3,
		    false },
		{ (const uint8_t *)"Bad Name", (const uint8_t *)"\n", 8, 1,
		    false },
	};
	const char *why;
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET);
	ck_assert_int_eq(send_headers(r.s, 1, v, 2, true, false, &why),
	    SEND_ERR_PROTOCOL);
	ck_assert_int_eq(send_headers(r.s, 1, v + 1, 1, true, true, &why),
	    SEND_ERR_PROTOCOL);
	ck_assert_int_eq(send_headers(r.s, 1, v, 2, true, true, &why),
	    SEND_OK);
	ck_assert_int_eq(send_headers(r.s, 1, v, 2, true, true, &why),
	    SEND_ERR_CLOSED);
	rig_end(&r);
}
END_TEST

START_TEST(test_raw_octets)
{
	const struct field v[] = { F(":status", "200"), F("A b", "\r\n\x00") };
	struct rig r;

	rig_start(&r, true);
	ck_assert_int_eq(send_raw_frame(r.s, 1, 0xfe, 0xa5, 0xfffffff5,
	    OCTETS("xyz")), SEND_OK);
	expect_octets(&r, "000003fea5fffffff5+'xyz'");
	ck_assert_int_eq(send_raw_frame(r.s, 1, 0, 0, 99, NULL, 0), SEND_OK);
	expect_octets(&r, "000000000000000063");
	ck_assert_int_eq(send_raw_block(r.s, 1, FRAME_HEADERS, 0x2c, 7,
	    OCTETS("\x00\x00\x00\x00\x01\x0f"), v, 2), SEND_OK);
	expect_octets(&r, "000010+01+2c+00000007+00000000010f+88+40+03+"
	    "'A b'+03+0d0a00");
	/* A correct client's decoder is in step, so the field has index 62. */
	ck_assert_int_eq(send_raw_block(r.s, 1, FRAME_HEADERS, 4, 7, NULL, 0,
	    v + 1, 1), SEND_OK);
	expect_octets(&r, "000001+01+04+00000007+be");
	/* A client ignores unknown types, so they must not use the table. */
	ck_assert_int_eq(send_raw_block(r.s, 1, 0xee, 0, 7, NULL, 0, v + 1,
	    1), SEND_OK);
	expect_octets(&r, "000009+ee+00+00000007+00+03+'A b'+03+0d0a00");
	ck_assert_int_eq(send_raw_octets(r.s, 1, OCTETS("\x00\x00\x01\x00\x00"
	    "\x00\x00\x00\x01z")), SEND_OK);
	expect_octets(&r, "000001000000000001+7a");
	ck_assert_int_eq(send_raw_octets(r.s, 1, NULL, 0), SEND_OK);
	ck_assert_uint_eq(send_held_by(r.s), 0);
	rig_end(&r);
}
END_TEST

/* A payload longer than any frame can be is refused, and not read. */
START_TEST(test_raw_too_long)
{
	struct field v[] = { F(":status", "200"), F("a", "b") };
	struct rig r;

	rig_start(&r, true);
	ck_assert_int_eq(send_raw_frame(r.s, 1, 0, 0, 1, v[1].name,
	    FRAME_LARGEST_MAX_SIZE + 1), SEND_ERR_FLOW);
	v[1].value_len = FRAME_LARGEST_MAX_SIZE;
	ck_assert_int_eq(send_raw_block(r.s, 1, FRAME_HEADERS, 4, 1, NULL, 0,
	    v, 2), SEND_ERR_FLOW);
	expect_octets(&r, "-");
	rig_end(&r);
}
END_TEST

START_TEST(test_raw_follows_streams)
{
	const struct field early[] = { F(":status", "103") };
	const struct field final[] = { F(":status", "200") };
	struct stream *st;
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; HEADERS 4 3 " POST "; HEADERS 4 5 "
	    POST "; HEADERS 5 7 " GET "; HEADERS 5 9 " GET);
	st = session_stream(r.s, 1);
	send_raw_block(r.s, 1, FRAME_HEADERS, 4, 1, NULL, 0, early, 1);
	ck_assert(!st->headers_sent);
	send_raw_block(r.s, 1, FRAME_HEADERS, 4, 1, NULL, 0, final, 1);
	ck_assert(st->headers_sent);
	/* Windows: padding counts, and so does DATA on unknown streams. */
	send_raw_frame(r.s, 1, FRAME_DATA, FLAG_PADDED, 1,
	    OCTETS("\x01" "abc\x00"));
	ck_assert_int_eq(st->send_window, 65530);
	send_raw_frame(r.s, 1, FRAME_DATA, 0, 99, OCTETS("abc"));
	ck_assert_uint_eq(send_max_payload(r.s, 1), 16384);
	rig_run(&r, "!data 1 70000");
	ck_assert_int_eq(st->send_window, 3);
	send_raw_frame(r.s, 1, FRAME_DATA, 0, 1, OCTETS("abcdef"));
	ck_assert_int_eq(st->send_window, -3);
	/* END_STREAM and RST_STREAM. */
	send_raw_frame(r.s, 1, FRAME_DATA, FLAG_END_STREAM, 1, NULL, 0);
	send_raw_block(r.s, 3, FRAME_HEADERS, 5, 3, NULL, 0, final, 1);
	ck_assert_int_eq(session_stream(r.s, 3)->state,
	    STREAM_HALF_CLOSED_LOCAL);
	send_raw_frame(r.s, 5, FRAME_RST_STREAM, 0, 5,
	    OCTETS("\x00\x00\x00\x08"));
	/* As octets: HEADERS count as final; too long a RST_STREAM does not. */
	send_raw_octets(r.s, 7, OCTETS("\x00\x00\x01\x01\x04\x00\x00\x00\x07\x88"
	    "\x00\x00\x05\x03\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00"
	    "\x00\x00\x00\x00\x01\x00\x00\x00\x09"));
	ck_assert(session_stream(r.s, 7)->headers_sent);
	rig_run(&r, "!wrote; DATA 0 5 00");
	ck_assert_str_eq(rig_log(&r), "headers 1 end; headers 3; headers 5; "
	    "headers 7 end; headers 9 end; !data -> 1; closed 1; "
	    "closed 5 reset CANCEL; closed 9");
	rig_end(&r);
}
END_TEST

/* The peer may use the credit of a raw WINDOW_UPDATE. */
START_TEST(test_raw_window_update)
{
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 4 1 " POST);
	send_raw_frame(r.s, 1, FRAME_WINDOW_UPDATE, 0, 1,
	    OCTETS("\x00\x00\x00\x05"));
	send_raw_frame(r.s, 1, FRAME_WINDOW_UPDATE, 0, 0,
	    OCTETS("\x80\x00\x00\x07"));
	send_raw_frame(r.s, 1, FRAME_WINDOW_UPDATE, 0, 1, OCTETS("\x01"));
	ck_assert_int_eq(session_stream(r.s, 1)->credit.window, 65540);
	rig_run(&r, "DATA 0 1 16384*00; DATA 0 1 16384*00; DATA 0 1 16384*00; "
	    "DATA 0 1 16384*00; DATA 0 1 4*00");
	ck_assert_ptr_null(session_error(r.s, NULL));
	ck_assert_int_eq(session_stream(r.s, 1)->credit.window, 0);
	rig_run(&r, "DATA 0 1 00");
	ck_assert(session_stream(r.s, 1)->reset);
	rig_end(&r);
}
END_TEST

/* The same for the connection; in one frame, so that no credit is returned. */
START_TEST(test_raw_connection_window)
{
	struct session_limits l;
	struct rig r;

	session_limits_default(&l);
	l.max_frame_size = 300000;
	l.initial_window_size = 200000;
	rig_start_limits(&r, true, &l);
	rig_run(&r, "HEADERS 4 1 " POST);
	send_raw_frame(r.s, 1, FRAME_WINDOW_UPDATE, 0, 0,
	    OCTETS("\x80\x00\x00\x07"));
	rig_run(&r, "DATA 0 1 200007*00");
	ck_assert_ptr_null(session_error(r.s, NULL));
	rig_run(&r, "DATA 0 1 200008*00");
	ck_assert_ptr_nonnull(session_error(r.s, NULL));
	rig_end(&r);
}
END_TEST

/* Raw DATA counts as work, as other DATA does; see max_idle_frames. */
START_TEST(test_raw_data_is_work)
{
	struct session_limits l;
	struct rig r;

	session_limits_default(&l);
	l.max_idle_frames = 3;
	rig_start_limits(&r, true, &l);
	rig_run(&r, "64 0 0");
	send_raw_frame(r.s, 1, FRAME_DATA, 0, 1, OCTETS("x"));
	rig_run(&r, "64 0 0; 64 0 0; 64 0 0");
	ck_assert_ptr_null(session_error(r.s, NULL));
	send_raw_frame(r.s, 1, FRAME_DATA, 0, 1, NULL, 0);
	rig_run(&r, "64 0 0");
	ck_assert_ptr_nonnull(session_error(r.s, NULL));
	rig_end(&r);
}
END_TEST

/* A raw promise makes a stream, on which checked calls can answer. */
START_TEST(test_raw_promise)
{
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET);
	send_raw_frame(r.s, 1, FRAME_PUSH_PROMISE, 4, 1,
	    OCTETS("\x00\x00\x00\x04" "\x82"));
	send_raw_frame(r.s, 1, FRAME_PUSH_PROMISE, 4 | FLAG_PADDED, 1,
	    OCTETS("\x01\x80\x00\x00\x06" "\x82\x00"));
	/* Odd or used stream, too short payload, more padding than payload, no
	 * stream to promise on: these make no stream. */
	send_raw_frame(r.s, 1, FRAME_PUSH_PROMISE, 4, 1,
	    OCTETS("\x00\x00\x00\x09"));
	send_raw_frame(r.s, 1, FRAME_PUSH_PROMISE, 4, 1,
	    OCTETS("\x00\x00\x00\x02"));
	send_raw_frame(r.s, 1, FRAME_PUSH_PROMISE, 4, 1, OCTETS("\x00\x00"));
	send_raw_frame(r.s, 1, FRAME_PUSH_PROMISE, 4 | FLAG_PADDED, 1,
	    OCTETS("\xc8\x00\x00\x00\x08" "\x82"));
	send_raw_frame(r.s, 1, FRAME_PUSH_PROMISE, 4, 0,
	    OCTETS("\x00\x00\x00\x0a" "\x82"));
	ck_assert_uint_eq(rig_streams(r.s), 3);
	rig_run(&r, "!wrote; !respond 4 200 end; !push 1; WINDOW_UPDATE 0 6 "
	    "00000001; !respond 2 200");
	ck_assert_str_eq(rig_log(&r), "headers 1 end; closed 4; window 6; "
	    "!respond -> -2: the stream is closed (RFC 9113 5.1) | "
	    "HEADERS 5 4; PUSH_PROMISE 1 8");
	rig_end(&r);
}
END_TEST

/* A stream's open block holds the output until its END_HEADERS. */
START_TEST(test_hold_ends)
{
	const struct field v[] = { F(":status", "200") };
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; HEADERS 5 3 " GET "; !hold 1");
	ck_assert_uint_eq(send_held_by(r.s), 1);
	rig_run(&r, "PING 0 0 8*00");
	/* Only raw frames of the same stream pass. */
	ck_assert_int_eq(send_raw_frame(r.s, 1, FRAME_PING, 0, 0,
	    OCTETS("12345678")), SEND_OK);
	ck_assert_int_eq(send_raw_frame(r.s, 3, FRAME_PING, 0, 0,
	    OCTETS("12345678")), SEND_AGAIN_HELD);
	ck_assert_int_eq(send_raw_octets(r.s, 3, OCTETS("x")), SEND_AGAIN_HELD);
	ck_assert_int_eq(send_raw_block(r.s, 3, 1, 4, 3, NULL, 0, v, 1),
	    SEND_AGAIN_HELD);
	ck_assert_int_eq(send_raw_block(r.s, 1, FRAME_CONTINUATION, 0, 1,
	    NULL, 0, NULL, 0), SEND_OK);
	/* END_HEADERS on another stream does not end the hold. */
	ck_assert_int_eq(send_raw_block(r.s, 1, FRAME_CONTINUATION, 4, 3,
	    NULL, 0, NULL, 0), SEND_OK);
	ck_assert_uint_eq(send_held_by(r.s), 1);
	ck_assert_int_eq(send_raw_block(r.s, 1, FRAME_CONTINUATION, 4, 1,
	    NULL, 0, NULL, 0), SEND_OK);
	ck_assert_uint_eq(send_held_by(r.s), 0);
	rig_run(&r, "!respond 3 200");
	ck_assert_str_eq(rig_log(&r), "headers 1 end; headers 3 end | "
	    "HEADERS 0 1; PING; CONTINUATION 0 1; CONTINUATION 4 3; "
	    "CONTINUATION 4 1; PING ack; HEADERS 4 3");
	rig_end(&r);
}
END_TEST

/* HEADERS with END_HEADERS on the same stream end the hold too. */
START_TEST(test_hold_ends_by_headers)
{
	const struct field v[] = { F(":status", "200") };
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; !hold 1");
	ck_assert_int_eq(send_raw_block(r.s, 1, FRAME_HEADERS, 4, 3, NULL, 0,
	    v, 1), SEND_OK);
	ck_assert_uint_eq(send_held_by(r.s), 1);
	ck_assert_int_eq(send_raw_block(r.s, 1, FRAME_HEADERS, 4, 1, NULL, 0,
	    v, 1), SEND_OK);
	ck_assert_uint_eq(send_held_by(r.s), 0);
	/* A promise without END_HEADERS holds the output too. */
	send_raw_frame(r.s, 1, FRAME_PUSH_PROMISE, 0, 1,
	    OCTETS("\x00\x00\x00\x02\x82"));
	ck_assert_uint_eq(send_held_by(r.s), 1);
	/* When the connection fails, the hold ends. */
	rig_run(&r, "PING 0 0 8*00; PING 0 0 7*00");
	ck_assert_uint_eq(send_held_by(r.s), 0);
	ck_assert(!session_done(r.s));
	rig_run(&r, "!wrote");
	ck_assert(session_done(r.s));
	rig_end(&r);
}
END_TEST

static void
check_missing(const struct session *s, const char *want)
{
	char text[128];

	ck_assert(send_in_frame(s));
	send_missing(s, text, sizeof(text));
	ck_assert_str_eq(text, want);
}

/* Octets that end within a frame hold the output until the frame ends. */
START_TEST(test_hold_partial)
{
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; HEADERS 5 3 " GET);
	ck_assert_int_eq(send_raw_octets(r.s, 1, OCTETS("\x00\x00")), SEND_OK);
	ck_assert_uint_eq(send_held_by(r.s), 1);
	check_missing(r.s, "7 of the 9 octets of a frame's header");
	rig_run(&r, "PING 0 0 8*00; !respond 3 200; !respond 1 200");
	send_raw_octets(r.s, 1, OCTETS("\x03\x00\x01\x00\x00\x00\x01" "a"));
	ck_assert_uint_eq(send_held_by(r.s), 1);
	send_raw_octets(r.s, 1, OCTETS("b"));
	check_missing(r.s, "1 of the 3 octets of DATA on stream 1");
	ck_assert_int_eq(session_stream(r.s, 1)->state,
	    STREAM_HALF_CLOSED_REMOTE);
	send_raw_octets(r.s, 1, OCTETS("c"));
	ck_assert_uint_eq(send_held_by(r.s), 0);
	ck_assert(!send_in_frame(r.s));
	ck_assert_str_eq(rig_log(&r), "headers 1 end; headers 3 end; "
	    "!respond -> 2; !respond -> -1: inside of a raw frame: only raw "
	    "octets until it ends (RFC 9113 4.1); closed 1 | "
	    "DATA 1 1 3; PING ack");
	rig_end(&r);
}
END_TEST

/* A frame and a part of the next, which never ends: nothing else is sent. */
START_TEST(test_partial_frame_is_the_last)
{
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; HEADERS 5 3 " GET);
	ck_assert_int_eq(send_raw_octets(r.s, 3, OCTETS("\x00\x00\x00\x02\x00\x00"
	    "\x00\x00\x03" "HTTP/1.1 400 Bad Request\r\n\r\n")), SEND_OK);
	ck_assert_uint_eq(send_held_by(r.s), 3);
	check_missing(r.s, "4740161 of the 4740180 octets of frame of type "
	    "0x50 on stream 825110816");
	rig_run(&r, "PING 0 0 8*00; !unhold; !respond 1 200 end");
	ck_assert_uint_eq(send_held_by(r.s), 3);
	ck_assert_uint_eq(buf_len(session_output(r.s)), 9 + 28);
	rig_run(&r, "PING 0 0 7*00");
	ck_assert_ptr_nonnull(session_error(r.s, NULL));
	ck_assert_uint_eq(buf_len(session_output(r.s)), 9 + 28);
	session_wrote(r.s, 9 + 28);
	ck_assert(session_done(r.s));
	ck_assert_str_eq(rig_log(&r), "headers 1 end; headers 3 end; "
	    "!respond -> 2");
	rig_end(&r);
}
END_TEST

/*
 * RFC 7541 §4.2: table size updates begin a block.  So those for SETTINGS that
 * come during a raw block wait for the next block, the smallest size included.
 */
START_TEST(test_hold_table_size)
{
	const struct field v[] = { F("server", "x") };
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; HEADERS 5 3 " GET "; !hold 1; "
	    "SETTINGS 0 0 0001+00000400+0001+00000800; !wrote");
	send_raw_block(r.s, 1, FRAME_CONTINUATION, 4, 1, NULL, 0, v, 1);
	rig_run(&r, "!respond 3 200 end");
	expect_octets(&r, "000003+09+04+00000001+760178+"
	    "000000+04+01+00000000+"
	    "000008+01+05+00000003+3fe107+3fe10f+88+be");
	rig_end(&r);
}
END_TEST

/*
 * Raw header blocks, and how our encoder then encodes "server: x" (index 54)
 * and "a: b", with the table that the block has left.
 */
static const struct {
	const char *what;
	const char *raw;
	const char *made;
} blocks[] = {
	{ "a field is stored", "000005+01+04+00000001+40+01+'a'+01+'b'",
	    "76+0178+bf" },
	{ "... twice: the newer one",
	    "00000a+01+04+00000001+40+01+'a'+01+'b'+40+01+'a'+01+'b'",
	    "76+0178+bf" },
	{ "not stored", "000009+01+04+00000001+00+01+'a'+01+'b'+10+01+'a'+00",
	    "76+0178+40+01+'a'+01+'b'" },
	{ "a static name", "000003+01+04+00000001+76+01+'x'",
	    "be+40+01+'a'+01+'b'" },
	{ "by index of what came before", "000008+01+04+00000001+76+01+'x'+"
	    "7e+01+'y'+bf+be", "bf+40+01+'a'+01+'b'" },
	{ "Huffman", "000003+01+04+00000001+76+81+f3", "be+40+01+'a'+01+'b'" },
	{ "padding, priority", "00000b+01+2c+00000001+02+00000000+00+76+01+'x'+"
	    "0000", "be+40+01+'a'+01+'b'" },
	{ "PUSH_PROMISE", "000007+05+04+00000001+00000002+76+01+'x'",
	    "be+40+01+'a'+01+'b'" },
	{ "a stream that is not there", "000003+01+04+00000063+76+01+'x'",
	    "be+40+01+'a'+01+'b'" },
	{ "CONTINUATION, cut in a field", "000002+01+00+00000001+76+01+"
	    "000000+09+00+00000001+000001+09+04+00000001+'x'",
	    "be+40+01+'a'+01+'b'" },
	{ "an empty block", "000000+01+04+00000001",
	    "76+0178+40+01+'a'+01+'b'" },
	{ "the table made smaller", "000004+01+04+00000001+20+76+01+'x'",
	    "0f27+0178+00+01+'a'+01+'b'" },
	{ "... and larger again, in parts", "000001+01+00+00000001+3f+"
	    "000005+09+04+00000001+e11f+76+01+'x'", "be+40+01+'a'+01+'b'" },
	/* Blocks that do not decode, or that no client accepts. */
	{ "an index that is not there", "000001+01+04+00000001+be",
	    "0f27+0178+00+01+'a'+01+'b'" },
	{ "... after a field that is stored", "000004+01+04+00000001+76+01+'x'+"
	    "bf", "0f27+0178+00+01+'a'+01+'b'" },
	{ "cut in a field", "000002+01+04+00000001+76+01",
	    "0f27+0178+00+01+'a'+01+'b'" },
	{ "Huffman padding of ones and a zero", "000003+01+04+00000001+76+81+f2",
	    "0f27+0178+00+01+'a'+01+'b'" },
	{ "a size update behind a field", "000002+01+04+00000001+88+20",
	    "0f27+0178+00+01+'a'+01+'b'" },
	{ "a size update too large", "000003+01+04+00000001+3fe21f",
	    "0f27+0178+00+01+'a'+01+'b'" },
	{ "too much padding", "000004+01+0c+00000001+04+76+01+'x'",
	    "0f27+0178+00+01+'a'+01+'b'" },
	{ "stream 0", "000003+01+04+00000000+76+01+'x'",
	    "0f27+0178+00+01+'a'+01+'b'" },
	{ "CONTINUATION of nothing", "000003+09+04+00000001+76+01+'x'",
	    "0f27+0178+00+01+'a'+01+'b'" },
	{ "CONTINUATION on another stream", "000001+01+00+00000001+88+"
	    "000003+09+04+00000003+76+01+'x'+000000+09+04+00000001",
	    "0f27+0178+00+01+'a'+01+'b'" },
	{ "HEADERS inside of a block", "000001+01+00+00000001+88+"
	    "000003+01+04+00000003+76+01+'x'+000000+09+04+00000001",
	    "0f27+0178+00+01+'a'+01+'b'" },
};

START_TEST(test_raw_blocks)
{
	const struct field v[] = { F("server", "x"), F("a", "b") };
	struct buf raw = { 0 };
	struct rig r;
	size_t i, way;

	/* The block comes in one call, then octet by octet. */
	for (way = 0; way < 2; way++) {
		rig_start(&r, true);
		rig_run(&r, "HEADERS 5 1 " GET "; HEADERS 5 3 " GET);
		rig_payload(&raw, blocks[_i].raw, strlen(blocks[_i].raw));
		for (i = 0; way == 1 && i + 1 < buf_len(&raw); i++)
			send_raw_octets(r.s, 1, buf_data(&raw) + i, 1);
		send_raw_octets(r.s, 1, buf_data(&raw) + i, buf_len(&raw) - i);
		ck_assert_uint_eq(send_held_by(r.s), 0);
		session_wrote(r.s, buf_len(session_output(r.s)));
		send_raw_block(r.s, 1, FRAME_HEADERS, 4, 5, NULL, 0, v, 2);
		buf_clear(&raw);
		rig_payload(&raw, blocks[_i].made, strlen(blocks[_i].made));
		buf_consume(session_output(r.s), 9);
		ck_assert_msg(buf_len(&raw) == buf_len(session_output(r.s)) &&
		    memcmp(buf_data(&raw), buf_data(session_output(r.s)),
		    buf_len(&raw)) == 0, "%s", blocks[_i].what);
		buf_free(&raw);
		rig_end(&r);
	}
}
END_TEST

/* Blocks of raw and encoded fragments, while the peer's table is smaller. */
START_TEST(test_raw_blocks_mixed)
{
	const struct field v[] = { F("server", "x"), F("a", "b") };
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; HEADERS 5 3 " GET "; "
	    "SETTINGS 0 0 0001+00000040+0001+00000080; !wrote");
	/* The script announces the least size, the encoder the present one. */
	send_raw_frame(r.s, 1, FRAME_HEADERS, 0, 1, OCTETS("\x3f\x21"));
	expect_octets(&r, "000002+01+00+00000001+3f21");
	send_raw_block(r.s, 1, FRAME_CONTINUATION, 0, 1, NULL, 0, v, 1);
	expect_octets(&r, "000005+09+00+00000001+3f61+76+0178");
	send_raw_frame(r.s, 1, FRAME_CONTINUATION, 0, 1, OCTETS("\x40\x02"));
	expect_octets(&r, "000002+09+00+00000001+4002");
	/* The encoder's octets become name and value of the raw field. */
	send_raw_block(r.s, 1, FRAME_CONTINUATION, 4, 1, NULL, 0, v, 1);
	expect_octets(&r, "000004+09+04+00000001+0f27+0178");
	send_raw_block(r.s, 1, FRAME_HEADERS, 4, 3, NULL, 0, v, 2);
	expect_octets(&r, "000006+01+04+00000003+bf+40+01+'a'+01+'b'");
	/* A block that never ends. */
	send_raw_frame(r.s, 1, FRAME_HEADERS, 0, 1, OCTETS("\x88"));
	rig_run(&r, "!unhold");
	expect_octets(&r, "000001+01+00+00000001+88");
	send_raw_block(r.s, 1, FRAME_HEADERS, 4, 3, NULL, 0, v, 1);
	expect_octets(&r, "000004+01+04+00000003+0f27+0178");
	/* A raw block that does not begin with the size update it needs. */
	rig_end(&r);
	rig_start(&r, true);
	rig_run(&r, "SETTINGS 0 0 0001+00000000; !wrote");
	send_raw_frame(r.s, 1, FRAME_HEADERS, 4, 1, OCTETS("\x88"));
	expect_octets(&r, "000001+01+04+00000001+88");
	/* The same, but the encoder ends it: its next block has the update. */
	send_raw_frame(r.s, 1, FRAME_HEADERS, 0, 1, OCTETS("\x88"));
	expect_octets(&r, "000001+01+00+00000001+88");
	send_raw_block(r.s, 1, FRAME_CONTINUATION, 4, 1, NULL, 0, v, 1);
	expect_octets(&r, "000004+09+04+00000001+0f27+0178");
	send_raw_block(r.s, 1, FRAME_HEADERS, 4, 3, NULL, 0, v, 1);
	expect_octets(&r, "000005+01+04+00000003+20+0f27+0178");
	rig_end(&r);
}
END_TEST

/* SETTINGS wait for the hold; acknowledgements count in the frames' order. */
START_TEST(test_hold_settings)
{
	const uint8_t window[] = { 0, SETTINGS_INITIAL_WINDOW_SIZE, 0, 0, 0, 7 };
	const struct field v[] = { F("server", "x") };
	uint8_t many[2731 * 6] = { 0 };
	const char *why;
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET "; HEADERS 4 3 " POST "; !hold 1");
	ck_assert_int_eq(send_settings(r.s, 3, window, 6, &why),
	    SEND_AGAIN_HELD);
	ck_assert_int_eq(send_settings(r.s, 1, window, 6, &why),
	    SEND_ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(why, "header block open"));
	send_raw_block(r.s, 1, FRAME_CONTINUATION, 4, 1, NULL, 0, v, 1);
	ck_assert_int_eq(send_settings(r.s, 3, window, 6, &why), SEND_OK);
	ck_assert_int_eq(send_settings(r.s, 3, many, sizeof(many), &why),
	    SEND_ERR_FLOW);
	rig_run(&r, "SETTINGS 1 0; DATA 0 3 7*00; DATA 0 3 00");
	ck_assert_str_eq(rig_log(&r), "headers 1 end; headers 3; data 3 7/7; "
	    "error 3 FLOW_CONTROL_ERROR: more DATA than the stream's window "
	    "(RFC 9113 6.9.1); closed 3 reset FLOW_CONTROL_ERROR | "
	    "HEADERS 0 1; CONTINUATION 4 1; SETTINGS; "
	    "RST_STREAM 3 FLOW_CONTROL_ERROR");
	rig_end(&r);
}
END_TEST

/* Callbacks that call the session, and streams that are freed meanwhile. */
struct nested {
	struct session *s;
	int rc;
};

static void
nested_headers(void *user, struct stream *st, const struct fields *l,
    const struct frame *frame)
{
	const struct field v[] = { F(":status", "200") };
	struct nested *n = user;
	const char *why;

	(void)l;
	(void)frame;
	/* The whole response, from within session_recv. */
	n->rc += send_headers(n->s, st->id, v, 1, true, false, &why) != SEND_OK;
}

static void
nested_data(void *user, struct stream *st, const uint8_t *data, size_t len,
    size_t flow_len, bool end_stream)
{
	struct nested *n = user;
	const char *why;

	(void)data;
	(void)len;
	(void)end_stream;
	session_consume(n->s, st, flow_len);
	n->rc += send_rst_stream(n->s, st->id, 0, &why) != SEND_OK;
}

static void
nested_closed(void *user, struct stream *st)
{
	struct nested *n = user;

	session_release(n->s, st);
}

/* When stream 1 is closed, the application answers on stream 3. */
static void
closed_sends(void *user, struct stream *st)
{
	const struct field v[] = { F(":status", "200") };
	struct nested *n = user;
	const char *why;

	if (st->id == 1)
		n->rc = send_headers(n->s, 3, v, 1, true, false, &why);
}

static void
nested_window(void *user, struct stream *st)
{
	struct nested *n = user;
	const char *why;

	if (st != NULL)
		n->rc += send_rst_stream(n->s, st->id, 0, &why) != SEND_OK;
}

START_TEST(test_nested_calls)
{
	static const struct session_callbacks cb = {
		.headers = nested_headers, .data = nested_data,
		.closed = nested_closed, .window = nested_window,
	};
	static const char octets[] = "'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'+"
	    "000000+04+00+00000000+"
	    "000006+01+05+00000001+" GET "+"	/* ended in `headers` */
	    "000006+01+04+00000003+" POST "+"
	    "000003+00+00+00000003+'abc'+"	/* reset in `data` */
	    "000006+01+04+00000005+" POST "+"
	    "000004+08+00+00000005+00000001";	/* reset in `window` */
	struct session_limits l;
	struct nested n = { 0 };
	struct buf in = { 0 };

	session_limits_default(&l);
	n.s = session_new(&l, &cb, &n);
	rig_payload(&in, octets, sizeof(octets) - 1);
	ck_assert_int_eq(session_recv(n.s, buf_data(&in), buf_len(&in), 0), 0);
	ck_assert_int_eq(n.rc, 0);
	ck_assert_uint_eq(rig_streams(n.s), 0);
	buf_free(&in);
	session_free(n.s);
}
END_TEST

/* Output is lost, as if memory had run out; calls and session report it. */
START_TEST(test_memory)
{
	const struct field v[] = { F(":status", "200") };
	uint32_t code;
	struct rig r;

	rig_start(&r, true);
	rig_run(&r, "HEADERS 5 1 " GET);
	session_output(r.s)->failed = true;
	rig_run(&r, "!respond 1 200; !push 1; !goaway 0 0");
	ck_assert_str_eq(r.log, "headers 1 end; "
	    "!respond -> -7: out of memory; !push -> -7: out of memory; "
	    "!goaway -> -7: out of memory");
	ck_assert_int_eq(send_raw_block(r.s, 1, 1, 4, 1, NULL, 0, v, 1),
	    SEND_ERR_MEMORY);
	rig_run(&r, "PING 0 0 8*00");
	ck_assert_str_eq(session_error(r.s, &code), "out of memory");
	ck_assert_uint_eq(code, H2_INTERNAL_ERROR);
	rig_end(&r);

	/* An error of the peer that is found first is the one reported. */
	rig_start(&r, true);
	session_output(r.s)->failed = true;
	rig_run(&r, "PING 0 1 8*00");
	ck_assert_str_eq(session_error(r.s, &code), "PING on stream 1: "
	    "belongs to the connection, not to a stream (RFC 9113 6.7)");
	ck_assert_uint_eq(code, H2_PROTOCOL_ERROR);
	rig_end(&r);
}
END_TEST

static void
hears_headers(void *user, struct stream *st, const struct fields *l,
    const struct frame *frame)
{
	(void)user;
	(void)st;
	(void)l;
	(void)frame;
}

/*
 * If a raw HEADERS frame ends its stream and leaves its block open, the hold
 * begins before `closed` is called.
 */
START_TEST(test_hold_before_closed)
{
	static const struct session_callbacks cb = {
		.headers = hears_headers, .closed = closed_sends,
	};
	static const char octets[] = "'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'+"
	    "000000+04+00+00000000+000006+01+05+00000001+" GET
	    "+000006+01+05+00000003+" GET;
	const struct field v[] = { F(":status", "200") };
	struct session_limits l;
	struct nested n = { 0 };
	struct buf in = { 0 };

	session_limits_default(&l);
	n.s = session_new(&l, &cb, &n);
	rig_payload(&in, octets, sizeof(octets) - 1);
	ck_assert_int_eq(session_recv(n.s, buf_data(&in), buf_len(&in), 0), 0);
	ck_assert_int_eq(send_raw_block(n.s, 1, FRAME_HEADERS,
	    FLAG_END_STREAM, 1, NULL, 0, v, 1), SEND_OK);
	ck_assert_int_eq(n.rc, SEND_AGAIN_HELD);
	buf_free(&in);
	session_free(n.s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("send");
	TCase *tc = tcase_create("send");

	tcase_add_loop_test(tc, test_case, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tc, test_headers_octets);
	tcase_add_test(tc, test_split);
	tcase_add_test(tc, test_split_boundary);
	tcase_add_test(tc, test_data_frame);
	tcase_add_test(tc, test_fits);
	tcase_add_test(tc, test_max_out);
	tcase_add_test(tc, test_push_ids);
	tcase_add_test(tc, test_refused_fields);
	tcase_add_test(tc, test_ping_goaway);
	tcase_add_test(tc, test_as_is);
	tcase_add_test(tc, test_raw_octets);
	tcase_add_test(tc, test_raw_too_long);
	tcase_add_test(tc, test_raw_follows_streams);
	tcase_add_test(tc, test_raw_window_update);
	tcase_add_test(tc, test_raw_connection_window);
	tcase_add_test(tc, test_raw_data_is_work);
	tcase_add_test(tc, test_raw_promise);
	tcase_add_test(tc, test_hold_ends);
	tcase_add_test(tc, test_hold_ends_by_headers);
	tcase_add_test(tc, test_hold_partial);
	tcase_add_test(tc, test_partial_frame_is_the_last);
	tcase_add_test(tc, test_hold_table_size);
	tcase_add_test(tc, test_hold_settings);
	tcase_add_loop_test(tc, test_raw_blocks, 0,
	    sizeof(blocks) / sizeof(blocks[0]));
	tcase_add_test(tc, test_raw_blocks_mixed);
	tcase_add_test(tc, test_nested_calls);
	tcase_add_test(tc, test_memory);
	tcase_add_test(tc, test_hold_before_closed);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
