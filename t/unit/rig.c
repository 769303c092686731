/* SPDX-License-Identifier: MIT */
/*
 * The session under test of rig.h.  The peer's frames are made octet by octet
 * here, without the encoders of frame.c, so that faults of those are seen.
 */
#include <check.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "h2/ground.h"
#include "octets.h"
#include "rig.h"

static const char *const types[] = { "DATA", "HEADERS", "PRIORITY",
	"RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY",
	"WINDOW_UPDATE", "CONTINUATION" };

static void
note(struct rig *r, const char *fmt, ...)
{
	size_t room = sizeof(r->log) - r->log_len;
	va_list ap;
	int n;

	if (r->log_len > 0 && r->log[r->log_len - 1] != ' ')
		r->log_len += (size_t)snprintf(r->log + r->log_len, room,
		    "; ");
	room = sizeof(r->log) - r->log_len;
	va_start(ap, fmt);
	n = vsnprintf(r->log + r->log_len, room, fmt, ap);
	va_end(ap);
	ck_assert_msg(n >= 0 && (size_t)n + 4 < room, "log too long: %s",
	    r->log);
	r->log_len += (size_t)n;
}

static const char *
code_name(uint32_t code)
{
	static char number[FRAME_CODE_TEXT];

	return frame_code_text(code, number);
}

static void
on_headers(void *user, struct stream *st, const struct fields *l,
    const struct frame *frame)
{
	struct field f;

	note(user, "headers %u%s%s", (unsigned)st->id,
	    frame->flags & FLAG_END_STREAM ? " end" : "",
	    frame->flags & FLAG_PADDED ? " padded" : "");
	if (frame->has_priority)
		note(user, "weight %u", frame->priority.weight);
	ck_assert(fields_find(l, ":method", &f));
}

static void
on_data(void *user, struct stream *st, const uint8_t *data, size_t len,
    size_t flow_len, bool end_stream)
{
	(void)data;
	note(user, "data %u %zu/%zu%s", (unsigned)st->id, len, flow_len,
	    end_stream ? " end" : "");
}

static void
on_trailers(void *user, struct stream *st, const struct fields *l,
    const struct frame *frame)
{
	note(user, "trailers %u", (unsigned)st->id);
	ck_assert(l != NULL && (frame->len == 0 || frame->data != NULL));
	ck_assert_uint_ge(frame->length, frame->len);
}

static const char *
on_frame(void *user, struct stream *st, const struct frame *f,
    const uint8_t *payload)
{
	struct rig *r = user;

	ck_assert(st->state != STREAM_CLOSED && !st->taken);
	if (r->tell_frames)
		note(r, "frame %u on %u, %u octets from %02x", f->type,
		    (unsigned)st->id, (unsigned)f->length,
		    f->length > 0 ? payload[0] : 0);
	return r->tell_frames && f->type == 0xee ? "refused" : NULL;
}

static void
on_closed(void *user, struct stream *st)
{
	struct rig *r = user;

	if (st->reset)
		note(r, "closed %u reset %s%s", (unsigned)st->id,
		    code_name(st->reset_code),
		    st->reset_by_peer ? " by peer" : "");
	else
		note(r, "closed %u", (unsigned)st->id);
	if (r->auto_release)
		session_release(r->s, st);
}

static void
on_window(void *user, struct stream *st)
{
	note(user, "window %u", st != NULL ? (unsigned)st->id : 0);
}

static void
on_rst_stream(void *user, uint32_t id, uint32_t code)
{
	struct rig *r = user;

	ck_assert_uint_ne(id, 0);
	r->peer_code = code;
}

static void
on_goaway(void *user, uint32_t last, uint32_t code, const uint8_t *debug,
    size_t len)
{
	struct rig *r = user;

	ck_assert(last <= 0x7fffffff && (len == 0 || debug != NULL));
	r->peer_code = code;
}

static void
on_violation(void *user, const struct frame *f, enum h2_level level,
    uint32_t code, const char *text)
{
	struct rig *r = user;

	if (level == H2_LEVEL_STREAM)
		note(r, "error %u %s: %s", (unsigned)f->stream_id,
		    code_name(code), text);
	else if (r->tell_broken)
		note(r, "broken %s: %s", code_name(code), text);
}

static void
on_late(void *user, uint32_t id)
{
	note(user, "late %u", (unsigned)id);
}

/* Requests that were reset are not noted: on_violation has done that. */
static void
on_refused(void *user, uint32_t id, const struct fields *l,
    enum session_refusal how, const char *reason)
{
	ck_assert(l != NULL);
	if (how == REFUSAL_STATUS)
		note(user, "431 on %u: %s", (unsigned)id, reason);
	else if (how == REFUSAL_IGNORED)
		note(user, "ignored %u", (unsigned)id);
}

static uint64_t
bit_of(unsigned type)
{
	return UINT64_C(1) << (type < 63 ? type : 63);
}

enum session_gate
rig_gate(void *user, const struct frame *f, const uint8_t *payload,
    const struct fields *l, bool again)
{
	struct rig *r = user;
	uint64_t bit = bit_of(f->type);
	char fields[32] = "";

	ck_assert(!session_stopped(r->s));
	ck_assert((l != NULL) == frame_has_fields(f->type));
	ck_assert(f->length == 0 || payload != NULL);
	if (r->detour != SESSION_PASS)
		return again ? SESSION_PASS : r->detour;
	if (!((r->stops | r->queues) & bit))
		return SESSION_PASS;
	if (l != NULL)
		snprintf(fields, sizeof(fields), ", %zu fields", l->n);
	note(r, "gate %s on %u, %u%s%s", f->type < 10 ? types[f->type] : "?",
	    (unsigned)f->stream_id, (unsigned)f->length, fields,
	    again ? " again" : "");
	return r->queues & bit ? SESSION_QUEUE : SESSION_STOP;
}

static const struct session_callbacks callbacks = {
	.headers = on_headers,
	.data = on_data,
	.trailers = on_trailers,
	.closed = on_closed,
	.window = on_window,
	.frame = on_frame,
	.rst_stream = on_rst_stream,
	.goaway = on_goaway,
	.violation = on_violation,
	.refused = on_refused,
	.late = on_late,
};

static void
feed(struct rig *r, const uint8_t *p, size_t len)
{
	size_t i, n = r->split ? 1 : len;

	if (r->gathers) {
		buf_add(&r->lot, p, len);
		return;
	}
	for (i = 0; i < len; i += n) {
		session_recv(r->s, p + i, n, r->now_ms);
		if (r->detour == SESSION_QUEUE)
			session_continue(r->s, r->now_ms);
		while (r->detour == SESSION_STOP && session_stopped(r->s))
			session_resume(r->s, false, r->now_ms);
	}
}

static void
feed_lot(struct rig *r)
{
	r->gathers = false;
	feed(r, buf_data(&r->lot), buf_len(&r->lot));
	buf_clear(&r->lot);
}

static void
add_octets(struct buf *b, unsigned n, const char *hex)
{
	char two[3] = { hex[0], hex[1], '\0' };

	while (n-- > 0)
		add_u8(b, (unsigned)strtoul(two, NULL, 16));
}

/* Adds <name=value> without indexing and Huffman; lengths below 127. */
static void
add_field(struct buf *b, const char *text, size_t len)
{
	const char *eq = memchr(text, '=', len);
	size_t name_len, value_len;

	ck_assert(eq != NULL);
	name_len = (size_t)(eq - text);
	value_len = len - name_len - 1;
	ck_assert(name_len < 127 && value_len < 127);
	add_u8(b, 0);
	add_u8(b, (unsigned)name_len);
	buf_add(b, text, name_len);
	add_u8(b, (unsigned)value_len);
	buf_add(b, eq + 1, value_len);
}

static void
add_part(struct buf *b, const char *p, size_t len)
{
	const char *star = memchr(p, '*', len);
	size_t i;

	if (p[0] == '\'') {
		buf_add(b, p + 1, len - 2);
	} else if (p[0] == '<') {
		add_field(b, p + 1, len - 2);
	} else if (star != NULL) {
		add_octets(b, (unsigned)strtoul(p, NULL, 10), star + 1);
	} else {
		ck_assert_msg(len % 2 == 0, "odd hex: %.*s", (int)len, p);
		for (i = 0; i < len; i += 2)
			add_octets(b, 1, p + i);
	}
}

void
rig_payload(struct buf *b, const char *text, size_t len)
{
	size_t at = 0, end;

	if (len == 1 && text[0] == '-')
		return;
	while (at < len) {
		end = at;
		if (text[at] == '\'' || text[at] == '<') {
			char close = text[at] == '<' ? '>' : '\'';

			for (end = at + 1; end < len && text[end] != close;)
				end++;
		}
		while (end < len && text[end] != '+')
			end++;
		add_part(b, text + at, end - at);
		at = end + 1;
	}
}

static unsigned
type_of(const char *name)
{
	unsigned i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i], name) == 0)
			return i;
	}
	ck_assert_msg(isdigit((unsigned char)name[0]), "no type %s", name);
	return (unsigned)strtoul(name, NULL, 0);
}

static void
run_frame(struct rig *r, const char *step, size_t len)
{
	struct buf b = { 0 }, payload = { 0 };
	char type[32];
	unsigned flags = 0;
	unsigned long id = 0;
	int at = 0;

	if (strncmp(step, "RAW ", 4) == 0) {
		rig_payload(&b, step + 4, len - 4);
	} else {
		ck_assert_msg(sscanf(step, "%31s %x %lu%n", type, &flags, &id,
		    &at) == 3, "step: %.*s", (int)len, step);
		while ((size_t)at < len && step[at] == ' ')
			at++;
		rig_payload(&payload, step + at, len - (size_t)at);
		buf_add_u32(&b, (uint32_t)buf_len(&payload) << 8 |
		    type_of(type));
		add_u8(&b, flags);
		buf_add_u32(&b, (uint32_t)id);
		buf_add(&b, buf_data(&payload), buf_len(&payload));
	}
	feed(r, buf_data(&b), buf_len(&b));
	buf_free(&b);
	buf_free(&payload);
}

#define F(n, v) { (const uint8_t *)(n), (const uint8_t *)(v), \
	sizeof(n) - 1, sizeof(v) - 1, false }

static int
do_respond(struct rig *r, uint32_t id, const char *status, bool end,
    const char **why)
{
	struct field v[] = { F(":status", "200"), F("server", "x") };

	v[0].value = (const uint8_t *)status;
	v[0].value_len = strlen(status);
	return send_headers(r->s, id, v, 2, end, false, why);
}

static int
do_trailers(struct rig *r, uint32_t id, const char **why)
{
	struct field v[] = { F("x-sum", "1") };

	return send_headers(r->s, id, v, 1, true, false, why);
}

static int
do_push(struct rig *r, uint32_t id, const char **why)
{
	struct field v[] = { F(":method", "GET"), F(":scheme", "https"),
		F(":authority", "a"), F(":path", "/p") };
	uint32_t promised = 0;

	return send_push(r->s, id, &promised, v, 4, why);
}

static int
do_data(struct rig *r, uint32_t id, size_t n, bool end, const char **why)
{
	uint8_t *p = calloc(1, n + 1);
	size_t sent;
	int rc;

	rc = send_data(r->s, id, p, n, end, SIZE_MAX, &sent, why);
	free(p);
	return rc;
}

/* Stream id sends HEADERS without END_HEADERS. */
static int
do_hold(struct rig *r, uint32_t id)
{
	struct field v[] = { F(":status", "200") };

	return send_raw_block(r->s, id, FRAME_HEADERS, 0, id, NULL, 0, v, 1);
}

static unsigned
automatic_bit(const char *name)
{
	static const char *const names[] = { "settings_ack", "ping_ack",
		"window_update", "goaway", "rst_stream", "checks", "requests",
		"hold" };
	unsigned i;

	if (strcmp(name, "all") == 0)
		return SESSION_ALL;
	for (i = 0; strcmp(name, names[i]) != 0; i++)
		ck_assert_uint_lt(i + 1, sizeof(names) / sizeof(names[0]));
	return 1u << i;
}

/* !stop and !queue.  Returns false if the verb is neither of them. */
static bool
do_gate(struct rig *r, const char *verb, const char *type)
{
	bool stop = strcmp(verb, "stop") == 0;

	if (!stop && strcmp(verb, "queue") != 0)
		return false;
	*(stop ? &r->stops : &r->queues) =
	    strcmp(type, "none") == 0 ? 0 :
	    strcmp(type, "all") == 0 ? UINT64_MAX : bit_of(type_of(type));
	return true;
}

static struct stream *
stream_of(struct rig *r, unsigned long id)
{
	struct stream *st = session_stream(r->s, (uint32_t)id);

	ck_assert_msg(st != NULL, "no stream %lu", id);
	return st;
}

static void
run_call(struct rig *r, const char *step)
{
	char verb[32], a[32] = "", b[32] = "", c[32] = "";
	const char *why = NULL;
	unsigned long id;
	int rc = 0;
	bool end;

	sscanf(step, "!%31s %31s %31s %31s", verb, a, b, c);
	id = strtoul(a, NULL, 10);
	end = strcmp(c, "end") == 0;
	if (do_gate(r, verb, a))
		return;
	if (strcmp(verb, "respond") == 0)
		rc = do_respond(r, (uint32_t)id, b, end, &why);
	else if (strcmp(verb, "data") == 0)
		rc = do_data(r, (uint32_t)id, strtoul(b, NULL, 10), end, &why);
	else if (strcmp(verb, "trailers") == 0)
		rc = do_trailers(r, (uint32_t)id, &why);
	else if (strcmp(verb, "reset") == 0)
		rc = send_rst_stream(r->s, (uint32_t)id,
		    (uint32_t)strtoul(b, NULL, 10), &why);
	else if (strcmp(verb, "goaway") == 0)
		rc = send_goaway(r->s, (uint32_t)id,
		    (uint32_t)strtoul(b, NULL, 10), NULL, 0, &why);
	else if (strcmp(verb, "ping") == 0)
		rc = send_ping(r->s, (const uint8_t *)"8 octets", &why);
	else if (strcmp(verb, "raw") == 0)
		rc = send_raw_frame(r->s, (uint32_t)id, type_of(b), 0, 0,
		    (const uint8_t *)"\0\0\0\0\0\0\0\0", 8);
	else if (strcmp(verb, "push") == 0)
		rc = do_push(r, (uint32_t)id, &why);
	else if (strcmp(verb, "hold") == 0)
		rc = do_hold(r, (uint32_t)id);
	else if (strcmp(verb, "unhold") == 0)
		send_release(r->s);
	else if (strcmp(verb, "release") == 0)
		session_release(r->s, stream_of(r, id));
	else if (strcmp(verb, "consume") == 0)
		session_consume(r->s, stream_of(r, id), strtoul(b, NULL, 10));
	else if (strcmp(verb, "shutdown") == 0)
		session_shutdown(r->s);
	else if (strcmp(verb, "without") == 0)
		session_set_automatic(r->s, session_automatic(r->s) &
		    ~automatic_bit(a));
	else if (strcmp(verb, "with") == 0)
		session_set_automatic(r->s, session_automatic(r->s) |
		    automatic_bit(a));
	else if (strcmp(verb, "update") == 0)
		rc = send_window_update(r->s, (uint32_t)id,
		    (uint32_t)strtoul(b, NULL, 10), &why);
	else if (strcmp(verb, "lot") == 0)
		r->gathers = true;
	else if (strcmp(verb, "feed") == 0)
		feed_lot(r);
	else if (strcmp(verb, "resume") == 0 || strcmp(verb, "take") == 0)
		rc = session_resume(r->s, verb[0] == 't', r->now_ms);
	else if (strcmp(verb, "continue") == 0)
		rc = session_continue(r->s, r->now_ms);
	else if (strcmp(verb, "time") == 0)
		r->now_ms += id;
	else if (strcmp(verb, "wrote") == 0)
		session_wrote(r->s, a[0] != '\0' ? id :
		    buf_len(session_output(r->s)));
	else
		ck_abort_msg("no call %s", verb);
	if (rc != 0)
		note(r, "!%s -> %d%s%s", verb, rc, why != NULL ? ": " : "",
		    why != NULL ? why : "");
}

void
rig_run(struct rig *r, const char *script)
{
	char step[1024];
	const char *end;
	size_t len;

	while (*script != '\0') {
		end = strstr(script, "; ");
		len = end != NULL ? (size_t)(end - script) : strlen(script);
		ck_assert(len < sizeof(step));
		memcpy(step, script, len);
		step[len] = '\0';
		if (step[0] == '!')
			run_call(r, step);
		else
			run_frame(r, step, len);
		script += len + (end != NULL ? 2 : 0);
	}
}

void
rig_start_limits(struct rig *r, bool handshake, const struct session_limits *l)
{
	memset(r, 0, sizeof(*r));
	r->limits = *l;
	r->now_ms = 1000;
	r->cb = callbacks;
	r->s = session_new(l, &r->cb, r);
	ck_assert_ptr_nonnull(r->s);
	session_start(r->s, true, NULL, 0);
	if (!handshake)
		return;
	rig_run(r, "RAW 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'; SETTINGS 0 0; "
	    "SETTINGS 1 0");
	ck_assert(session_established(r->s));
	session_wrote(r->s, buf_len(session_output(r->s)));
}

void
rig_start(struct rig *r, bool handshake)
{
	struct session_limits l;

	session_limits_default(&l);
	l.initial_window_size = 65535;	/* the initial value of §6.9.2 */
	rig_start_limits(r, handshake, &l);
}

/* Logs one of our frames as text. */
static void
show_frame(struct rig *r, const uint8_t *p, uint32_t len)
{
	unsigned type = p[3], flags = p[4];
	unsigned id = (unsigned)get_u32(p + 5);
	const uint8_t *v = p + 9;
	const char *name = type < 10 ? types[type] : "?";

	switch (type) {
	case FRAME_RST_STREAM:
		note(r, "%s %u %s", name, id, code_name(get_u32(v)));
		break;
	case FRAME_GOAWAY:
		note(r, "%s %u %s%s%.*s", name, (unsigned)get_u32(v),
		    code_name(get_u32(v + 4)), len > 8 ? " " : "",
		    (int)len - 8, (const char *)v + 8);
		break;
	case FRAME_WINDOW_UPDATE:
		note(r, "%s %u %u", name, id, (unsigned)get_u32(v));
		break;
	case FRAME_SETTINGS:
	case FRAME_PING:
		note(r, "%s%s", name, flags & 1 ? " ack" : "");
		break;
	case FRAME_PUSH_PROMISE:
		note(r, "%s %u %u", name, id, (unsigned)get_u32(v));
		break;
	case FRAME_DATA:
		note(r, "%s %x %u %u", name, flags, id, (unsigned)len);
		break;
	default:
		note(r, "%s %x %u", name, flags, id);
	}
}

size_t
rig_streams(const struct session *s)
{
	return s->streams.n;
}

const char *
rig_log(struct rig *r)
{
	struct buf *out = session_output(r->s);
	const uint8_t *p = buf_data(out);
	size_t left = buf_len(out);

	if (left > 0)
		r->log_len += (size_t)snprintf(r->log + r->log_len, 8,
		    r->log_len > 0 ? " | " : "| ");
	while (left >= 9) {
		uint32_t len = get_u24(p);

		ck_assert_uint_le(len, left - 9);
		show_frame(r, p, len);
		p += 9 + len;
		left -= 9 + len;
	}
	ck_assert_uint_eq(left, 0);
	return r->log;
}

void
rig_end(struct rig *r)
{
	session_free(r->s);
	r->s = NULL;
	buf_free(&r->lot);
}
