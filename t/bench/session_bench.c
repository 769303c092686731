/* SPDX-License-Identifier: MIT */
/*
 * One side of a comparison of HTTP/2 sessions in memory, for session.py:
 *
 *	session_bench ours|nghttp2 WORKLOAD MILLISECONDS
 *
 * makes the octets that a client would send on one connection (a row of the
 * table of workloads) and plays them to a server session, ours or libnghttp2's,
 * which answers each request.  It repeats this with new sessions until the time
 * is spent.  There is no I/O.  It prints requests, frames played, octets of
 * DATA played, octets of DATA in answers, and nanoseconds, all for the whole
 * time.
 *
 * Both sessions are used as a server uses them: octets come in as from a socket
 * (`chunk` at a time), then the output is taken.  The application is the same
 * for both: it counts DATA, and at the end of a request it answers with two
 * fields and `answer` octets.
 */
#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "h2/hpack.h"
#include "h2/send.h"
#include "h2/session.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define WINDOW_MAX 2147483647u
#define ANSWER_MAX (1u << 20)
#define OUTPUT_MAX 65536	/* octets in our session's output at a time */
#define WAITING_MAX 100
#define TEXT(name, value) { (const uint8_t *)(name), (const uint8_t *)(value), \
	sizeof(name) - 1, sizeof(value) - 1, false }
#define NV(name, value) { (uint8_t *)(name), (uint8_t *)(value), \
	sizeof(name) - 1, sizeof(value) - 1, NGHTTP2_NV_FLAG_NONE }

/* What the client sends: this many requests, one after the other. */
struct workload {
	const char *name;
	size_t requests;
	size_t data_frames;	/* DATA frames in each request */
	size_t data_size;	/* octets in each DATA frame */
	size_t control;		/* PING and WINDOW_UPDATE pairs per request */
	size_t answer;		/* octets of DATA in each answer */
	size_t chunk;		/* octets that the session receives at a time */
};

static const struct workload workloads[] = {
	{ "get", 1000, 0, 0, 0, 5, 1024 },
	{ "mixed", 500, 4, 1024, 1, 5, 16384 },
	{ "control", 20, 0, 0, 50, 5, 16384 },
	{ "small-data", 50, 64, 100, 0, 5, 16384 },
	{ "upload", 20, 64, 16384, 0, 5, 65536 },
	{ "download", 20, 0, 0, 0, ANSWER_MAX, 1024 }
};

/* An answer that is not sent completely: `left` octets are to be sent. */
struct waiting {
	uint32_t id;
	size_t left;
};

/* One run: the octets to play, and the counts of the results. */
struct run {
	const struct workload *w;
	struct buf octets;
	size_t frames;		/* frames in `octets` */
	size_t requests;	/* requests that were answered */
	size_t received;	/* octets of DATA received */
	size_t sent;		/* octets of DATA sent */
	struct session *ours;
	struct waiting waiting[WAITING_MAX];
	size_t n_waiting;
	nghttp2_session *theirs;
};

static uint8_t content[ANSWER_MAX];

static void
die(const char *why)
{
	fprintf(stderr, "session_bench: %s\n", why);
	exit(EXIT_FAILURE);
}

/* ---- the client */

static void
add_frame(struct run *r, size_t len, unsigned type, unsigned flags,
    size_t id)
{
	frame_header_encode(&r->octets, (uint32_t)len, type, flags,
	    (uint32_t)id);
	r->frames++;
}

static void
add_start(struct run *r)
{
	buf_add(&r->octets, PREFACE, sizeof(PREFACE) - 1);
	add_frame(r, 6, FRAME_SETTINGS, 0, 0);
	buf_add_u16(&r->octets, SETTINGS_INITIAL_WINDOW_SIZE);
	buf_add_u32(&r->octets, WINDOW_MAX / 2);
	add_frame(r, 4, FRAME_WINDOW_UPDATE, 0, 0);
	buf_add_u32(&r->octets, WINDOW_MAX - 65535);
}

static void
add_headers(struct run *r, struct hpack_encoder *e, size_t id)
{
	static const struct field fields[] = {
		TEXT(":method", "GET"), TEXT(":scheme", "https"),
		TEXT(":authority", "localhost:8443"),
		TEXT(":path", "/fast.py"), TEXT("user-agent", "bench/1"),
		TEXT("accept", "*/*")
	};
	struct buf block = { 0 };

	if (hpack_encode(e, &block, fields,
	    sizeof(fields) / sizeof(fields[0])) != HPACK_OK)
		die("out of memory");
	add_frame(r, buf_len(&block), FRAME_HEADERS, FLAG_END_HEADERS |
	    (r->w->data_frames == 0 ? FLAG_END_STREAM : 0), id);
	buf_add(&r->octets, buf_data(&block), buf_len(&block));
	buf_free(&block);
}

static void
add_request(struct run *r, struct hpack_encoder *e, size_t id)
{
	static const uint8_t opaque[8] = "h2bench";
	const struct workload *w = r->w;
	size_t i;

	add_headers(r, e, id);
	for (i = 0; i < w->control; i++) {
		add_frame(r, 8, FRAME_PING, 0, 0);
		buf_add(&r->octets, opaque, 8);
		add_frame(r, 4, FRAME_WINDOW_UPDATE, 0, id);
		buf_add_u32(&r->octets, 1);
	}
	for (i = 0; i < w->data_frames; i++) {
		add_frame(r, w->data_size, FRAME_DATA,
		    i + 1 == w->data_frames ? FLAG_END_STREAM : 0, id);
		buf_add(&r->octets, content, w->data_size);
	}
}

static void
make_octets(struct run *r)
{
	struct hpack_encoder *e = hpack_encoder_new(HPACK_DEFAULT_TABLE_SIZE);
	size_t i;

	if (e == NULL)
		die("out of memory");
	add_start(r);
	for (i = 0; i < r->w->requests; i++)
		add_request(r, e, 2 * i + 1);
	hpack_encoder_free(e);
	if (r->octets.failed)
		die("out of memory");
}

/* ---- our session */

/* Sends DATA; octets for which the output has no room wait in r->waiting. */
static void
ours_body(struct run *r, uint32_t id, size_t left)
{
	const char *why;
	size_t sent = 0;

	if (send_data(r->ours, id, content, left, true, OUTPUT_MAX, &sent,
	    &why) != SEND_OK)
		die(why);
	r->sent += sent;
	if (sent == left)
		return;
	if (r->n_waiting == WAITING_MAX)
		die("too many answers wait");
	r->waiting[r->n_waiting++] = (struct waiting){ id, left - sent };
}

static void
ours_answer(struct run *r, struct stream *st)
{
	static const struct field fields[] = {
		TEXT(":status", "200"), TEXT("x-bench", "1")
	};
	const char *why;

	if (send_headers(r->ours, st->id, fields, 2, false, false, &why) !=
	    SEND_OK)
		die(why);
	r->requests++;
	ours_body(r, st->id, r->w->answer);
}

/* Takes the output until no answer waits. */
static void
ours_drain(struct run *r)
{
	struct waiting next;

	session_wrote(r->ours, buf_len(session_output(r->ours)));
	while (r->n_waiting > 0) {
		next = r->waiting[--r->n_waiting];
		ours_body(r, next.id, next.left);
		session_wrote(r->ours, buf_len(session_output(r->ours)));
	}
}

static void
ours_headers(void *user, struct stream *st, const struct fields *l,
    const struct frame *frame)
{
	(void)l;
	if (frame->flags & FLAG_END_STREAM)
		ours_answer(user, st);
}

static void
ours_data(void *user, struct stream *st, const uint8_t *data, size_t len,
    size_t flow_len, bool end_stream)
{
	struct run *r = user;

	(void)data;
	r->received += len;
	session_consume(r->ours, st, flow_len);
	if (end_stream)
		ours_answer(r, st);
}

static void
ours_trailers(void *user, struct stream *st, const struct fields *l,
    const struct frame *frame)
{
	(void)user;
	(void)st;
	(void)l;
	(void)frame;
}

static void
ours_closed(void *user, struct stream *st)
{
	struct run *r = user;

	session_release(r->ours, st);
}

static void
ours_window(void *user, struct stream *st)
{
	(void)user;
	(void)st;
}

static const struct session_callbacks ours_callbacks = {
	.headers = ours_headers, .data = ours_data, .trailers = ours_trailers,
	.closed = ours_closed, .window = ours_window
};

static void
play_ours(struct run *r)
{
	struct session_limits limits;
	const uint8_t *p = buf_data(&r->octets);
	size_t left = buf_len(&r->octets), n;

	session_limits_default(&limits);
	r->ours = session_new(&limits, &ours_callbacks, r);
	if (r->ours == NULL)
		die("out of memory");
	session_start(r->ours, true, NULL, 0);
	for (; left > 0; p += n, left -= n) {
		n = left < r->w->chunk ? left : r->w->chunk;
		if (session_recv(r->ours, p, n, 0) != 0)
			die(session_error(r->ours, NULL));
		ours_drain(r);
	}
	session_free(r->ours);
}

/* ---- libnghttp2's session */

/* The stream's user data is the octets of the answer that are still left. */
static ssize_t
theirs_read(nghttp2_session *s, int32_t id, uint8_t *out, size_t len,
    uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct run *r = user;
	size_t left = (size_t)nghttp2_session_get_stream_user_data(s, id);

	(void)source;
	if (len >= left) {
		len = left;
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	}
	memcpy(out, content, len);
	nghttp2_session_set_stream_user_data(s, id, (void *)(left - len));
	r->sent += len;
	return (ssize_t)len;
}

static int
theirs_frame(nghttp2_session *s, const nghttp2_frame *frame, void *user)
{
	static const nghttp2_nv nvs[] = {
		NV(":status", "200"), NV("x-bench", "1")
	};
	nghttp2_data_provider body = { .read_callback = theirs_read };
	struct run *r = user;
	int32_t id = frame->hd.stream_id;

	if ((frame->hd.type != NGHTTP2_HEADERS &&
	    frame->hd.type != NGHTTP2_DATA) ||
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	nghttp2_session_set_stream_user_data(s, id, (void *)r->w->answer);
	r->requests++;
	return nghttp2_submit_response(s, id, nvs, 2, &body);
}

static int
theirs_header(nghttp2_session *s, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value,
    size_t value_len, uint8_t flags, void *user)
{
	(void)s;
	(void)frame;
	(void)name;
	(void)name_len;
	(void)value;
	(void)value_len;
	(void)flags;
	(void)user;
	return 0;
}

static int
theirs_data(nghttp2_session *s, uint8_t flags, int32_t id,
    const uint8_t *data, size_t len, void *user)
{
	struct run *r = user;

	(void)s;
	(void)flags;
	(void)id;
	(void)data;
	r->received += len;
	return 0;
}

static nghttp2_session *
theirs_new(struct run *r)
{
	static const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100 }
	};
	nghttp2_session_callbacks *cb;
	nghttp2_session *s;

	if (nghttp2_session_callbacks_new(&cb) != 0)
		die("out of memory");
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, theirs_frame);
	nghttp2_session_callbacks_set_on_header_callback(cb, theirs_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb,
	    theirs_data);
	if (nghttp2_session_server_new(&s, cb, r) != 0 ||
	    nghttp2_submit_settings(s, 0, settings, 1) != 0)
		die("out of memory");
	nghttp2_session_callbacks_del(cb);
	return s;
}

static void
play_theirs(struct run *r)
{
	nghttp2_session *s = theirs_new(r);
	const uint8_t *p = buf_data(&r->octets), *out;
	size_t left = buf_len(&r->octets), n;
	ssize_t done;

	for (; left > 0; p += n, left -= n) {
		n = left < r->w->chunk ? left : r->w->chunk;
		if (nghttp2_session_mem_recv(s, p, n) != (ssize_t)n)
			die("their session fails");
		while ((done = nghttp2_session_mem_send(s, &out)) > 0)
			continue;
		if (done < 0)
			die("their session does not send");
	}
	nghttp2_session_del(s);
}

/* ---- the clock */

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Plays once to warm up, then until ns nanoseconds are spent, and prints. */
static void
measure(struct run *r, void (*play)(struct run *), long long ns)
{
	long long start, spent;
	size_t times = 0;

	make_octets(r);
	play(r);
	if (r->requests != r->w->requests ||
	    r->sent != r->w->requests * r->w->answer)
		die("not every request was answered");
	r->requests = r->received = r->sent = 0;
	start = now_ns();
	do {
		play(r);
		times++;
		spent = now_ns() - start;
	} while (spent < ns);
	printf("%zu %zu %zu %zu %lld\n", r->requests, times * r->frames,
	    r->received, r->sent, spent);
	buf_free(&r->octets);
}

int
main(int argc, char **argv)
{
	struct run r = { 0 };
	size_t i;
	bool ours;

	for (i = 0; argc == 4 && i < sizeof(workloads) / sizeof(workloads[0]);
	    i++)
		if (strcmp(workloads[i].name, argv[2]) == 0)
			r.w = &workloads[i];
	if (r.w == NULL || ((ours = strcmp(argv[1], "ours") == 0) == false &&
	    strcmp(argv[1], "nghttp2") != 0)) {
		fprintf(stderr, "usage: session_bench ours|nghttp2 WORKLOAD "
		    "MILLISECONDS\n");
		return 64;
	}
	measure(&r, ours ? play_ours : play_theirs,
	    atoll(argv[3]) * 1000000LL);
	return EXIT_SUCCESS;
}
