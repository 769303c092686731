/* SPDX-License-Identifier: MIT */
/*
 * Tests a session for which memory runs out at the first allocation, at the
 * second and so on, once or from there on.  Each failure must be reported, by
 * session_new, session_recv or a call of the application.  Sanitizers see
 * whether memory leaks or is used after it was freed.
 *
 * src/h2 and buf.c are compiled for this program with -Dmalloc=short_malloc
 * -Dcalloc=short_calloc.
 */
#undef malloc
#undef calloc

#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "tap.h"

#define POST "838784010161"
#define F(n, v) { (const uint8_t *)(n), (const uint8_t *)(v), \
	sizeof(n) - 1, sizeof(v) - 1, false }
#define COUNT(v) (sizeof(v) / sizeof((v)[0]))

void *short_malloc(size_t size);
void *short_calloc(size_t n, size_t size);

static struct {
	unsigned long left;	/* allocations that succeed from now on */
	bool once;		/* then only one fails, else all fail */
	unsigned failed;
} memory;

static bool
runs_out(void)
{
	if (memory.left > 0) {
		memory.left--;
		return false;
	}
	if (memory.once && memory.failed > 0)
		return false;
	memory.failed++;
	return true;
}

void *
short_malloc(size_t size)
{
	return runs_out() ? NULL : malloc(size);
}

void *
short_calloc(size_t n, size_t size)
{
	return runs_out() ? NULL : calloc(n, size);
}

/* What the peer sends; the application makes its calls before PING. */
enum { START, REQUEST, CONTENT, TRAILERS, REST, PING, PIECES };

static const char *const pieces[] = {
	[START] = "'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'+000000+04+00+00000000",
	/* A block in two frames, with a field for the dynamic table. */
	[REQUEST] = "000006+01+00+00000001+" POST "+000005+09+04+00000001+"
	    "4001610162",
	/* CONTENT ends within a frame's header, TRAILERS within a payload. */
	[CONTENT] = "000010+00+00+00000001+16*61+000005+01",
	[TRAILERS] = "05+00000001+0001610162+000008+06+00+00000000+0000",
	[REST] = "6*00",
	[PING] = "000008+06+00+00000000+8*00",
};

static struct buf input[PIECES];

static void
make_input(void)
{
	size_t i;

	memory.left = ULONG_MAX;
	for (i = 0; i < PIECES; i++)
		rig_payload(&input[i], pieces[i], strlen(pieces[i]));
}

static void
on_headers(void *user, struct stream *st, const struct fields *l,
    const struct frame *frame)
{
	struct fields copy = { 0 };
	bool *told = user;

	(void)st;
	(void)frame;
	if (fields_copy(&copy, l) == -1)
		*told = true;
	fields_free(&copy);
}

static void
on_data(void *user, struct stream *st, const uint8_t *data, size_t len,
    size_t flow_len, bool end_stream)
{
	(void)user;
	(void)st;
	(void)data;
	(void)len;
	(void)flow_len;
	(void)end_stream;
}

static void
on_trailers(void *user, struct stream *st, const struct fields *l,
    const struct frame *frame)
{
	(void)user;
	(void)frame;
	(void)st;
	(void)l;
}

static void
on_stream(void *user, struct stream *st)
{
	(void)user;
	(void)st;
}

static enum session_gate
gate(void *user, const struct frame *f, const uint8_t *payload,
    const struct fields *l, bool again)
{
	(void)user;
	(void)payload;
	(void)l;
	return again ? SESSION_PASS : f->type == FRAME_HEADERS ?
	    SESSION_QUEUE : SESSION_STOP;
}

static struct session_callbacks callbacks = {
	.headers = on_headers, .data = on_data, .trailers = on_trailers,
	.closed = on_stream, .window = on_stream,
};

static void
receive(struct session *s, const struct buf *b)
{
	session_recv(s, buf_data(b), buf_len(b), 0);
	if (callbacks.gate != NULL)
		session_continue(s, 0);
	while (session_stopped(s))
		session_resume(s, false, 0);
}

/* Receives more streams and table entries than fit before tables grow. */
static void
receive_requests(struct session *s)
{
	uint8_t frame[] = { 0, 0, 11, 1, 5, 0, 0, 0, 0, 0x82, 0x87, 0x84, 1, 1,
		'a', 0x40, 1, 'n', 1, '0' };
	unsigned i;

	for (i = 0; i < 40; i++) {
		frame[8] = (uint8_t)(2 * i + 3);
		frame[19] = (uint8_t)('0' + i);
		session_recv(s, frame, sizeof(frame), 0);
		session_continue(s, 0);
	}
}

/*
 * Sends a promise, a response of several frames that fills the dynamic table,
 * and content.  Returns whether a call reported that memory had run out.
 */
static bool
send_checked(struct session *s)
{
	static uint8_t text[40000];
	const struct field push[] = { F(":method", "GET"),
		F(":scheme", "https"), F(":authority", "a"), F(":path", "/") };
	struct field v[42] = { F(":status", "200"), F("large", "") };
	const char *why;
	uint32_t id = 0;
	bool told;
	size_t i;

	memset(text, '~', sizeof(text));
	v[1].value = text;
	v[1].value_len = sizeof(text);
	for (i = 2; i < COUNT(v); i++)
		v[i] = (struct field){ (const uint8_t *)"n", text, 1, i,
		    false };
	told = send_push(s, 1, &id, push, COUNT(push), &why) ==
	    SEND_ERR_MEMORY;
	told |= send_headers(s, 1, v, COUNT(v), false, false, &why) ==
	    SEND_ERR_MEMORY;
	told |= send_data(s, 1, text, sizeof(text), false, SIZE_MAX, &i,
	    &why) == SEND_ERR_MEMORY;
	return told;
}

/*
 * Sends a raw block that holds the output, GOAWAY behind it, and a raw promise.
 * Returns whether a call reported that memory had run out.
 */
static bool
send_raw_calls(struct session *s)
{
	static const uint8_t promise[64] = { 0, 0, 0, 100 };
	static const uint8_t text[100000];
	const struct field v[] = { { (const uint8_t *)"b", text, 1,
		sizeof(text), false } };
	bool told;

	told = send_raw_block(s, 1, FRAME_HEADERS, 0, 1, promise, 4, v, 1) ==
	    SEND_ERR_MEMORY;
	session_shutdown(s);
	send_release(s);
	told |= send_raw_frame(s, 1, FRAME_PUSH_PROMISE, FLAG_END_HEADERS, 1,
	    promise, sizeof(promise)) == SEND_ERR_MEMORY;
	return told;
}

/* Runs a connection.  Returns whether anybody was told of the shortage. */
static bool
run(void)
{
	struct session_limits l;
	struct session *s;
	uint32_t code = 0;
	bool told = false;

	session_limits_default(&l);
	s = session_new(&l, &callbacks, &told);
	if (s == NULL)
		return true;
	session_start(s, true, NULL, 0);
	receive(s, &input[START]);
	receive(s, &input[REQUEST]);
	receive(s, &input[CONTENT]);
	receive(s, &input[TRAILERS]);
	receive(s, &input[REST]);
	receive_requests(s);
	told |= send_checked(s);
	told |= send_raw_calls(s);
	receive(s, &input[PING]);
	if (session_error(s, &code) != NULL) {
		ck_assert_uint_eq(code, H2_INTERNAL_ERROR);
		told = true;
	}
	session_free(s);
	return told;
}

/* Ends when as many allocations succeed as the connection makes. */
START_TEST(test_shortage)
{
	unsigned long n;

	make_input();
	callbacks.gate = _i & 2 ? gate : NULL;
	for (n = 0;; n++) {
		memory.left = n;
		memory.once = _i & 1;
		memory.failed = 0;
		ck_assert_msg(run() == (memory.failed > 0),
		    "allocation %lu: %u failed", n, memory.failed);
		if (memory.failed == 0)
			break;
	}
	ck_assert_uint_gt(n, 20);
	for (n = 0; n < PIECES; n++)
		buf_free(&input[n]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory");
	TCase *tc = tcase_create("memory");

	tcase_add_loop_test(tc, test_shortage, 0, 4);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
