/* SPDX-License-Identifier: MIT */
/*
 * Values of SETTINGS (RFC 9113 §6.5).  The peer's values are in force when they
 * have come.  The peer applies ours at some time between our frame and its
 * acknowledgement.  In between, the peer may go by either value, so it is
 * judged by the one that allows it more.  Several frames may be on their way,
 * and they are acknowledged in order:
 *
 *	INITIAL_WINDOW_SIZE	65535  ->  1024  ->  0  ->  1048576
 *				acked      sent[0]   sent[1]   sent[2], last
 *				allowed: 1048576, the most of the four
 *
 * Streams' windows are counted by the acknowledged value; DATA may exceed them
 * by the difference between that value and `allowed`.
 *
 * recv.c calls this for what comes, send.c, send_raw.c and session.c for what
 * goes out.
 */
#include <string.h>

#include "ground.h"

/* Legal values (RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1). */
static const struct {
	uint32_t min, max;	/* max 0: unknown setting */
	enum h2_code code;	/* error code of a value out of range */
	const char *reason;
} rows[SETTINGS_COUNT] = {
	[SETTINGS_HEADER_TABLE_SIZE] = { 0, UINT32_MAX, 0, NULL },
	[SETTINGS_ENABLE_PUSH] = { 0, 1, H2_PROTOCOL_ERROR,
	    "ENABLE_PUSH is 0 or 1 (RFC 9113 6.5.2)" },
	[SETTINGS_MAX_CONCURRENT_STREAMS] = { 0, UINT32_MAX, 0, NULL },
	[SETTINGS_INITIAL_WINDOW_SIZE] = { 0, WINDOW_MAX,
	    H2_FLOW_CONTROL_ERROR,
	    "INITIAL_WINDOW_SIZE is at most 2147483647 (RFC 9113 6.5.2)" },
	[SETTINGS_MAX_FRAME_SIZE] = { FRAME_DEFAULT_MAX_SIZE,
	    FRAME_LARGEST_MAX_SIZE, H2_PROTOCOL_ERROR,
	    "MAX_FRAME_SIZE is from 16384 to 16777215 (RFC 9113 6.5.2)" },
	[SETTINGS_MAX_HEADER_LIST_SIZE] = { 0, UINT32_MAX, 0, NULL },
	[SETTINGS_ENABLE_CONNECT_PROTOCOL] = { 0, 1, H2_PROTOCOL_ERROR,
	    "ENABLE_CONNECT_PROTOCOL is 0 or 1 (RFC 8441 3)" },
	[SETTINGS_NO_RFC7540_PRIORITIES] = { 0, 1, H2_PROTOCOL_ERROR,
	    "NO_RFC7540_PRIORITIES is 0 or 1 (RFC 9218 2.1)" },
};

/* The values before any SETTINGS frame; all others are 0. */
static const struct settings_values initial = { {
	[SETTINGS_HEADER_TABLE_SIZE] = HPACK_DEFAULT_TABLE_SIZE,
	[SETTINGS_ENABLE_PUSH] = 1,
	[SETTINGS_MAX_CONCURRENT_STREAMS] = UINT32_MAX,
	[SETTINGS_INITIAL_WINDOW_SIZE] = WINDOW_DEFAULT,
	[SETTINGS_MAX_FRAME_SIZE] = FRAME_DEFAULT_MAX_SIZE,
	[SETTINGS_MAX_HEADER_LIST_SIZE] = UINT32_MAX
} };

static bool
is_known(unsigned id)
{
	return id < SETTINGS_COUNT && rows[id].max != 0;
}

static bool
is_in_range(unsigned id, uint32_t value)
{
	return value >= rows[id].min && value <= rows[id].max;
}

void
settings_init(struct session *s)
{
	struct settings_values *v = &s->own.acked;

	s->peer = *v = initial;
	/* The RFC has no initial limit here; our bounds hold from the start. */
	v->of[SETTINGS_MAX_CONCURRENT_STREAMS] =
	    s->limits.max_concurrent_streams;
	v->of[SETTINGS_MAX_HEADER_LIST_SIZE] = s->limits.max_header_list_size;
	s->own.last = s->own.allowed = *v;
}

/* The peer's SETTINGS. */

/* Adds delta to all streams' windows, even to below 0 (RFC 9113 §6.9.2). */
static void
change_send_windows(struct session *s, int64_t delta)
{
	struct stream *st = NULL;

	while ((st = stream_table_next(&s->streams, st)) != NULL)
		st->send_window += delta;
}

/* Whether this INITIAL_WINDOW_SIZE makes no stream's window too large. */
static bool
fits_windows(const struct session *s, uint32_t value)
{
	int64_t delta = (int64_t)value -
	    s->peer.of[SETTINGS_INITIAL_WINDOW_SIZE];
	const struct stream *st = NULL;

	while ((st = stream_table_next(&s->streams, st)) != NULL) {
		if (st->state != STREAM_CLOSED &&
		    st->send_window + delta > WINDOW_MAX)
			return false;
	}
	return true;
}

/* Checks all entries, before any of them has an effect. */
static int
check_values(struct session *s, const struct frame *f)
{
	uint32_t value;
	uint16_t id;
	size_t i;

	for (i = 0; i < f->len / FRAME_SETTING_LEN; i++) {
		frame_setting_decode(f->data, i, &id, &value);
		if (is_known(id) && !is_in_range(id, value))
			return ground_rule(s, f, H2_LEVEL_CONNECTION,
			    rows[id].code, rows[id].reason);
		if (id == SETTINGS_INITIAL_WINDOW_SIZE &&
		    !fits_windows(s, value))
			return ground_rule(s, f, H2_LEVEL_CONNECTION,
			    H2_FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE makes "
			    "a stream's window larger than 2147483647 "
			    "(RFC 9113 6.9.2)");
	}
	return 0;
}

int
settings_recv(struct session *s, const struct frame *f)
{
	int rc = check_values(s, f);
	uint32_t value;
	uint16_t id;
	size_t i;

	for (i = 0; rc == 0 && i < f->len / FRAME_SETTING_LEN; i++) {
		frame_setting_decode(f->data, i, &id, &value);
		if (!is_known(id))	/* RFC 9113 §6.5.2: ignored */
			continue;
		if (id == SETTINGS_HEADER_TABLE_SIZE)
			hpack_encoder_resize(s->enc, value);
		if (id == SETTINGS_INITIAL_WINDOW_SIZE)
			change_send_windows(s, (int64_t)value -
			    s->peer.of[SETTINGS_INITIAL_WINDOW_SIZE]);
		s->peer.of[id] = value;
	}
	return rc;
}

/* Our SETTINGS. */

/* Returns why a server with the values v must not send this one, or NULL. */
static const char *
check_own(const struct settings_values *v, unsigned id, uint32_t value)
{
	if (!is_known(id))
		return NULL;
	if (id == SETTINGS_ENABLE_PUSH && value != 0)
		return "a server's ENABLE_PUSH is 0 (RFC 9113 6.5.2)";
	if (!is_in_range(id, value))
		return rows[id].reason;
	if (id == SETTINGS_ENABLE_CONNECT_PROTOCOL && value < v->of[id])
		return "ENABLE_CONNECT_PROTOCOL stays 1 (RFC 8441 3)";
	if (id == SETTINGS_NO_RFC7540_PRIORITIES && value != v->of[id])
		return "NO_RFC7540_PRIORITIES does not change (RFC 9218 2.1)";
	return NULL;
}

/* Puts the legal entries into v.  Returns NULL, or the first broken rule. */
static const char *
take_entries(struct settings_values *v, const uint8_t *p, size_t len)
{
	const char *reason, *first = NULL;
	uint32_t value;
	uint16_t id;
	size_t i;

	for (i = 0; i < len / FRAME_SETTING_LEN; i++) {
		frame_setting_decode(p, i, &id, &value);
		reason = check_own(v, id, value);
		if (reason == NULL && is_known(id))
			v->of[id] = value;
		if (first == NULL)
			first = reason;
	}
	return first;
}

const char *
settings_check(const struct session *s, const uint8_t *p, size_t len)
{
	struct settings_values v = s->own.last;

	return take_entries(&v, p, len);
}

/* Raises values of v to larger ones: a larger value allows the peer more. */
static void
raise_values(struct settings_values *v, const struct settings_values *by)
{
	size_t i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		if (v->of[i] < by->of[i])
			v->of[i] = by->of[i];
}

static void
update_allowed(struct session *s)
{
	struct own_settings *o = &s->own;
	size_t i;

	o->allowed = o->acked;
	for (i = 0; i < o->n; i++)
		raise_values(&o->allowed, &o->sent[i].most);
	hpack_decoder_allow(s->dec, o->allowed.of[SETTINGS_HEADER_TABLE_SIZE]);
}

/*
 * Returns the smaller of the last and the acknowledged size.  Every
 * WINDOW_UPDATE comes after the last SETTINGS, so the last size would do; but
 * if it is larger, a peer that applies it late must not lack credit meanwhile.
 */
int64_t
settings_window(const struct session *s)
{
	uint32_t last = s->own.last.of[SETTINGS_INITIAL_WINDOW_SIZE];
	uint32_t acked = s->own.acked.of[SETTINGS_INITIAL_WINDOW_SIZE];

	return last < acked ? last : acked;
}

/*
 * Credit that was too little to be returned with the old window size may be
 * all that the peer has with the new one.
 */
void
settings_return_credit(struct session *s)
{
	struct stream *st = NULL;

	while ((st = stream_table_next(&s->streams, st)) != NULL) {
		if (st->credit.unreturned > 0 && stream_can_receive(st))
			ground_return_credit(s, st->id, &st->credit, 0,
			    settings_window(s));
	}
}

/* If `sent` is full, the frame shares the slot of the frame before it. */
void
settings_note_sent(struct session *s, const uint8_t *p, size_t len)
{
	struct own_settings *o = &s->own;
	struct settings_sent *sent;

	take_entries(&o->last, p, len);
	if (o->n == 0)
		hpack_decoder_forget_updates(s->dec);
	if (o->n < SETTINGS_SENT_MAX)
		o->sent[o->n++] = (struct settings_sent){ 0 };
	sent = &o->sent[o->n - 1];
	raise_values(&sent->most, &o->last);
	sent->last = o->last;
	sent->frames++;
	s->settings.sent++;
	update_allowed(s);
	settings_return_credit(s);
}

/* RFC 9113 §6.5.3.  An acknowledgement that is not due changes nothing. */
void
settings_recv_ack(struct session *s)
{
	struct own_settings *o = &s->own;
	struct settings_sent *sent = &o->sent[0];
	struct settings_values old = o->acked;
	uint32_t table = sent->last.of[SETTINGS_HEADER_TABLE_SIZE];
	struct stream *st = NULL;

	if (o->n == 0)
		return;
	s->settings.acked++;
	if (--sent->frames > 0)
		return;
	o->acked = sent->last;
	memmove(sent, sent + 1, --o->n * sizeof(*sent));
	while ((st = stream_table_next(&s->streams, st)) != NULL)
		st->credit.window +=
		    (int64_t)o->acked.of[SETTINGS_INITIAL_WINDOW_SIZE] -
		    old.of[SETTINGS_INITIAL_WINDOW_SIZE];
	/* The peer may have applied a reduction before it acknowledged it. */
	if (table < old.of[SETTINGS_HEADER_TABLE_SIZE] &&
	    !hpack_decoder_has_update(s->dec, table))
		hpack_decoder_resize(s->dec, table);
	update_allowed(s);
}
