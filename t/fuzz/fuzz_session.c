/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer harness for whole sessions.  The application answers as the first
 * octet of the input says.  The invariants: the output is a sequence of whole
 * frames, no window is beyond 2^31-1, released streams are freed, and nothing
 * happens while a frame is stopped.
 *
 * The input: an octet for the application's behaviour, the octets received at a
 * time minus 1, bits of enum session_automatic to clear, four answers of the
 * gate (two bits each; 0: no gate), then the octets after the preface.
 */
#include <stdlib.h>
#include <string.h>

#include "h2/send.h"
#include "h2/session.h"

struct app {
	struct session *session;
	unsigned behaviour;
	unsigned answers;
	unsigned asked;
	struct stream *held[256];	/* to be released at the end */
	size_t n_held;
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#define FIELD(n, v) { .name = (const uint8_t *)(n), \
    .name_len = sizeof(n) - 1, .value = (const uint8_t *)(v), \
    .value_len = sizeof(v) - 1 }

static const struct field response[] = {
	FIELD(":status", "200"), FIELD("x-test", "value")
};
static const struct field trailers[] = { FIELD("x-end", "1") };
static const struct field promise[] = {
	FIELD(":method", "GET"), FIELD(":scheme", "https"),
	FIELD(":authority", "localhost"), FIELD(":path", "/p")
};

static void
answer(struct app *a, struct stream *s)
{
	uint8_t octets[3000] = { 0 };
	struct session *x = a->session;
	uint32_t id = s->id, promised = 0;
	const char *why;
	size_t sent;

	switch (a->behaviour & 7) {
	case 0:
		send_headers(x, id, response, 2, true, false, &why);
		break;
	case 1:
		send_headers(x, id, response, 2, false, false, &why);
		send_data(x, id, octets, sizeof(octets), true, 65536, &sent,
		    &why);
		break;
	case 2:
		send_headers(x, id, response, 2, false, false, &why);
		send_headers(x, id, trailers, 1, true, false, &why);
		break;
	case 3:
		send_push(x, id, &promised, promise, 4, &why);
		send_headers(x, promised, response, 2, true, false, &why);
		send_rst_stream(x, id, H2_CANCEL, &why);
		break;
	case 4:
		send_raw_block(x, id, FRAME_HEADERS, 0, id, NULL, 0, response,
		    2);
		break;
	case 5:
		send_raw_block(x, id, FRAME_HEADERS, 0, id, NULL, 0, response,
		    1);
		send_raw_block(x, id, FRAME_CONTINUATION, FLAG_END_HEADERS,
		    id, NULL, 0, response + 1, 1);
		break;
	case 6:
		send_raw_frame(x, id, FRAME_DATA, FLAG_END_STREAM, id, octets,
		    17);
		break;
	default:
		break;		/* never answers */
	}
}

static void
done(struct app *a, struct stream *s)
{
	if (a->behaviour & 8 && a->n_held < 256)
		a->held[a->n_held++] = s;
	else
		session_release(a->session, s);
}

/*
 * Returns the next of the four answers in the input; for 3, which is no answer,
 * one that depends on the frame.
 */
static enum session_gate
on_gate(void *user, const struct frame *f, const uint8_t *payload,
    const struct fields *l, bool again)
{
	struct app *a = user;
	unsigned answer = a->answers >> a->asked++ % 4 * 2 & 3;
	size_t len = l != NULL ? f->len : f->length;
	struct field v = { .name_len = 0 };

	if (session_stopped(a->session) ||
	    (l != NULL) != frame_has_fields(f->type) ||
	    (len > 0 && payload[0] + payload[len - 1] > 510) ||
	    (f->len > 0 && f->data[0] + f->data[f->len - 1] > 510))
		abort();
	if (l != NULL && l->n > 0)
		fields_get(l, l->n - 1, &v);
	if (v.name_len > 0 && v.name[0] + v.name[v.name_len - 1] > 510)
		abort();
	if (answer == 3)
		answer = (f->length + f->stream_id + again) % 3;
	return (enum session_gate)answer;
}

/* Acts as the application does between two reads; bits of *next choose. */
static void
go_on(struct app *a, const uint8_t *next, uint64_t now)
{
	bool stopped = session_stopped(a->session);
	const char *why;

	if (a->answers == 0)
		return;
	if (session_error(a->session, NULL) != NULL) {
		send_goaway(a->session, 0, H2_CANCEL, NULL, 0, &why);
		send_raw_frame(a->session, SEND_BY_CONNECTION, FRAME_PING, 0,
		    0, next, 1);
	}
	if (!stopped && *next & 2)
		session_continue(a->session, now);
	else if (stopped && *next & 12)
		session_resume(a->session, *next & 1, now);
	if (*next & 16)
		session_set_automatic(a->session, *next);
	if (*next & 32)
		send_window_update(a->session, *next & 3, *next * 1000u, &why);
}

static void
on_headers(void *user, struct stream *s, const struct fields *l,
    const struct frame *frame)
{
	struct app *a = user;

	(void)l;
	if (session_stopped(a->session) || s->taken ||
	    (frame->length == 0 && (frame->flags & FLAG_PADDED)))
		abort();
	if (a->behaviour & 16)
		answer(a, s);
	done(a, s);
}

static void
on_data(void *user, struct stream *s, const uint8_t *data, size_t len,
    size_t flow_len, bool end_stream)
{
	struct app *a = user;

	if (s->taken || len > flow_len || (len > 0 && data[0] + data[len - 1] > 510))
		abort();
	if (!(a->behaviour & 32))
		session_consume(a->session, s, flow_len);
	if (end_stream)
		answer(a, s);
}

static void
on_trailers(void *user, struct stream *s, const struct fields *l,
    const struct frame *frame)
{
	(void)l;
	if (frame->len > frame->length)
		abort();
	answer(user, s);
}

static const char *
on_frame(void *user, struct stream *s, const struct frame *f,
    const uint8_t *payload)
{
	(void)user;
	if (s->state == STREAM_CLOSED ||
	    (f->length > 0 && payload[0] + payload[f->length - 1] > 510))
		abort();
	return NULL;
}

static void
on_closed(void *user, struct stream *s)
{
	(void)user;
	if (s->state != STREAM_CLOSED)
		abort();
}

static void
on_window(void *user, struct stream *s)
{
	(void)user;
	if (s != NULL && s->send_window > 0x7fffffff)
		abort();
}

static void
on_refused(void *user, uint32_t id, const struct fields *l,
    enum session_refusal how, const char *reason)
{
	const struct app *a = user;

	if (session_stream(a->session, id) != NULL || l->n > 1000 ||
	    (how == REFUSAL_STATUS) != (reason != NULL))
		abort();
}

static const struct session_callbacks callbacks = {
	.headers = on_headers,
	.data = on_data,
	.trailers = on_trailers,
	.closed = on_closed,
	.window = on_window,
	.frame = on_frame,
	.refused = on_refused
}, gated = {
	.gate = on_gate,
	.headers = on_headers,
	.data = on_data,
	.trailers = on_trailers,
	.closed = on_closed,
	.window = on_window,
	.frame = on_frame,
	.refused = on_refused
};

/* Takes all frames from the output, and aborts if one is not whole. */
static void
check_output(struct session *s)
{
	struct buf *out = session_output(s);
	struct frame h;

	while (buf_len(out) > 0) {
		if (buf_len(out) < FRAME_HEADER_LEN)
			abort();
		frame_header_decode(buf_data(out), &h);
		if (h.length > FRAME_LARGEST_MAX_SIZE ||
		    buf_len(out) < FRAME_HEADER_LEN + h.length)
			abort();
		session_wrote(s, FRAME_HEADER_LEN + h.length);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct session_limits limits;
	struct app a = { 0 };
	uint64_t now = 1000;
	size_t step;

	if (len < 4)
		return 0;
	session_limits_default(&limits);
	limits.max_concurrent_streams = 20;
	a.behaviour = p[0];
	if (a.behaviour & 64) {
		limits.max_header_list_size = 300;
		limits.max_fields = 6;
	}
	step = p[1] + 1u;
	a.answers = p[3];
	a.session = session_new(&limits, p[3] != 0 ? &gated : &callbacks, &a);
	session_set_automatic(a.session, SESSION_ALL & ~(unsigned)p[2]);
	p += 4;
	len -= 4;
	session_start(a.session, true, NULL, 0);
	session_recv(a.session, (const uint8_t *)preface, sizeof(preface) - 1,
	    now);
	while (len > 0) {
		size_t n = step < len ? step : len;

		session_recv(a.session, p, n, now += 10);
		check_output(a.session);
		go_on(&a, p, now);
		check_output(a.session);
		p += n;
		len -= n;
	}
	for (step = 0; step < 5000 && session_stopped(a.session); step++)
		session_resume(a.session, step % 2, now);
	send_release(a.session);
	while (a.n_held > 0)
		session_release(a.session, a.held[--a.n_held]);
	session_shutdown(a.session);
	check_output(a.session);
	session_free(a.session);
	return 0;
}
