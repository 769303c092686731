/* SPDX-License-Identifier: MIT */
/*
 * Errors, the session's own frames, the end of streams, bounds.  The other
 * files of the session fail, reset, answer and count through these functions;
 * all that the session sends by itself, but for the response 431, leaves by
 * ground_own or ground_goaway.
 *
 * Of the bounds, resets have a token bucket, frames that do no work have a
 * counter, and replies to control frames are counted until the output that
 * they end in is written.  The other bounds need no state here and are checked
 * where they may be exceeded.  No clock is read here: the caller of
 * session_recv gives the time.
 */
#include <stdio.h>
#include <string.h>

#include "ground.h"

/* Sets error_text, as in "HEADERS on stream 6: reason"; f may be NULL. */
static void
compose_error(struct session *s, const struct frame *f, const char *reason)
{
	char what[64] = "";

	if (f != NULL)
		frame_describe(f, what, sizeof(what));
	snprintf(s->error_text, sizeof(s->error_text), "%s%s%s", what,
	    f != NULL ? ": " : "", reason);
}

static void
tell(struct session *s, const struct frame *f, enum h2_level level,
    enum h2_code code, const char *reason)
{
	if (s->cb->violation != NULL && s->phase != PHASE_FAILED)
		s->cb->violation(s->user, f, level, code, reason);
}

/*
 * Ends the hold before it sends GOAWAY: a GOAWAY inside of a header block is
 * no worse than one that never comes.  Inside of a raw frame the peer would
 * take it for payload, so nothing is sent there.
 */
static int
fail(struct session *s, const struct frame *f, enum h2_code code,
    const char *reason)
{
	uint32_t last = s->last_client_id;

	if (s->phase == PHASE_FAILED)
		return -1;
	compose_error(s, f, reason);
	s->error_code = code;
	s->phase = PHASE_FAILED;
	if (!ground_does(s, SESSION_GOAWAY))
		return -1;
	if (ground_in_frame(s)) {
		buf_clear(&s->waiting);
		return -1;
	}
	ground_unhold(s);
	/* RFC 9113 §6.8: the number must not be above an earlier GOAWAY's. */
	if (last > s->goaway_last)
		last = s->goaway_last;
	ground_goaway(s, last, code, s->error_text, strlen(s->error_text));
	return -1;
}

int
ground_fail(struct session *s, const struct frame *f,
    enum h2_code code, const char *reason)
{
	tell(s, f, H2_LEVEL_CONNECTION, code, reason);
	return fail(s, f, code, reason);
}

static int
reset(struct session *s, const struct frame *f, enum h2_code code)
{
	struct stream *st;
	uint8_t payload[4];

	put_u32(payload, code);
	if (ground_reply(s, f, FRAME_RST_STREAM, 0, payload, 4) == -1)
		return -1;
	ground_remember_reset(s, f->stream_id);
	st = ground_stream(s, f->stream_id);
	if (st != NULL) {
		stream_set_reset(st, code, false);
		ground_closed(s, st->id);
	}
	return ground_count_reset(s, f);
}

int
ground_reset(struct session *s, const struct frame *f,
    enum h2_code code, const char *reason)
{
	tell(s, f, H2_LEVEL_STREAM, code, reason);
	return reset(s, f, code);
}

/* SESSION_CHECKS and SESSION_RST_STREAM apply to rules only, not to bounds. */
int
ground_rule(struct session *s, const struct frame *f,
    enum h2_level level, enum h2_code code, const char *reason)
{
	bool stream = level == H2_LEVEL_STREAM;

	tell(s, f, level, code, reason);
	if (code != H2_ENHANCE_YOUR_CALM &&
	    (!ground_does(s, SESSION_CHECKS) ||
	    (stream && !ground_does(s, SESSION_RST_STREAM))))
		return GROUND_TAKEN;
	return stream ? reset(s, f, code) : fail(s, f, code, reason);
}

bool
ground_is_rule(const struct frame *f, const struct h2_error *err)
{
	return err->code != H2_FRAME_SIZE_ERROR && !frame_has_fields(f->type);
}

int
ground_violation(struct session *s, const struct frame *f,
    const struct h2_error *err)
{
	enum h2_level level = err->level;

	if (level == H2_LEVEL_STREAM &&
	    ground_stream(s, f->stream_id) == NULL) {
		if (ground_ignores(s, f->stream_id))
			return 0;
		level = H2_LEVEL_CONNECTION;
	}
	if (ground_is_rule(f, err))
		return ground_rule(s, f, level, err->code, err->reason);
	return level == H2_LEVEL_STREAM ?
	    ground_reset(s, f, err->code, err->reason) :
	    ground_fail(s, f, err->code, err->reason);
}

int
ground_exceeded(struct session *s, const struct frame *f,
    const char *bound, uint64_t value)
{
	char reason[128];

	snprintf(reason, sizeof(reason),
	    "more than the bound %s, which is %llu (RFC 9113 10.5)", bound,
	    (unsigned long long)value);
	return ground_fail(s, f, H2_ENHANCE_YOUR_CALM, reason);
}

int
ground_no_memory(struct session *s, const struct frame *f)
{
	return fail(s, f, H2_INTERNAL_ERROR, "out of memory");
}

static struct buf *
own_out(struct session *s)
{
	return s->raw.by != 0 ? &s->waiting : &s->out;
}

void
ground_own(struct session *s, unsigned type, unsigned flags, uint32_t id,
    const void *payload, size_t len)
{
	frame_encode(own_out(s), type, flags, id, payload, len);
	ground_note_sent(s, type, flags);
}

void
ground_own_u32(struct session *s, unsigned type, uint32_t id, uint32_t v)
{
	uint8_t payload[4];

	put_u32(payload, v);
	ground_own(s, type, 0, id, payload, sizeof(payload));
}

void
ground_goaway(struct session *s, uint32_t last, uint32_t code,
    const void *debug, size_t len)
{
	struct buf *out = own_out(s);

	frame_header_encode(out, (uint32_t)(8 + len), FRAME_GOAWAY, 0, 0);
	buf_add_u32(out, last);
	buf_add_u32(out, code);
	buf_add(out, debug, len);
	ground_note_sent(s, FRAME_GOAWAY, 0);
}

/*
 * Credit is returned at a quarter of the window, so that the peer has more
 * before it runs out.  Measured with uploads of 10 MiB, one after the other,
 * through a window of 65,535 octets: 15 a second at a quarter, 13 at a half.
 */
void
ground_return_credit(struct session *s, uint32_t id, struct credit *c,
    int64_t n, int64_t size)
{
	c->unreturned += n;
	if (c->unreturned < (size + 1) / 4 ||
	    !ground_does(s, SESSION_WINDOW_UPDATE))
		return;
	n = c->unreturned;
	if (n > WINDOW_MAX - c->window)	/* raw frames may have given some */
		n = WINDOW_MAX - c->window;
	if (n <= 0)
		return;
	ground_own_u32(s, FRAME_WINDOW_UPDATE, id, (uint32_t)n);
	c->window += n;
	c->unreturned -= n;
}

int
ground_reply(struct session *s, const struct frame *f,
    unsigned type, unsigned flags, const void *payload, size_t len)
{
	ground_own(s, type, flags, f->stream_id, payload, len);
	return ground_count_reply(s, f);
}

/* If a GOAWAY has waited, it goes out now: notes what was sent before it. */
static void
note_goaway(struct session *s)
{
	if (!s->goaway_waits)
		return;
	s->goaway_waits = false;
	s->goaway_sent = true;
	s->pings.before = s->pings.sent;
	s->settings.before = s->settings.sent;
}

/*
 * Acknowledgements of PINGs may come in any order: only when there are more of
 * them than PINGs before GOAWAY, one is certain to answer a later PING.  While
 * the output is held, GOAWAY waits and raw frames overtake it.
 */
void
ground_note_sent(struct session *s, unsigned type, unsigned flags)
{
	if (type == FRAME_GOAWAY) {
		s->goaway_waits = !s->goaway_sent;
		if (s->raw.by == 0)
			note_goaway(s);
	} else if (type == FRAME_PING && !(flags & FLAG_ACK)) {
		s->pings.sent++;
	}
}

void
ground_unhold(struct session *s)
{
	struct replies *r = &s->replies;
	uint64_t *end;
	size_t i;

	buf_add(&s->out, buf_data(&s->waiting), buf_len(&s->waiting));
	if (s->waiting.failed)
		s->out.failed = true;
	buf_clear(&s->waiting);
	if (s->raw.block_id != 0)	/* the block has not ended */
		hpack_follow_lose(s->enc);
	for (i = 0; i < r->n; i++) {
		end = &r->end[(r->first + i) % s->limits.max_replies];
		if (*end == UINT64_MAX)
			*end = s->wrote + buf_len(&s->out);
	}
	s->raw = (struct raw_state){ 0 };
	note_goaway(s);
}

struct stream *
ground_stream(const struct session *s, uint32_t id)
{
	struct stream *st = stream_table_find(&s->streams, id);

	return st != NULL && st->state != STREAM_CLOSED ? st : NULL;
}

/*
 * The callback `closed` may call session_release: `telling` keeps it from
 * freeing the stream, which is still used here.
 */
void
ground_closed(struct session *s, uint32_t id)
{
	struct stream *st = stream_table_find(&s->streams, id);

	if (st == NULL || st->state != STREAM_CLOSED || st->told)
		return;
	st->told = true;
	st->telling = true;
	if (!st->pushed)
		s->n_active--;
	else if (st->opened)
		s->n_pushing--;
	if (st->reset && st->held)
		s->n_reset_held++;
	s->cb->closed(s->user, st);
	st->telling = false;
	if (!st->held)
		stream_table_remove(&s->streams, st);
}

static bool
was_reset(const struct session *s, uint32_t id)
{
	size_t n = s->n_resets < RESET_MEMORY ? s->n_resets : RESET_MEMORY;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s->reset_ids[i] == id)
			return true;
	}
	return false;
}

void
ground_remember_reset(struct session *s, uint32_t id)
{
	s->reset_ids[s->n_resets++ % RESET_MEMORY] = id;
}

bool
ground_ignores(const struct session *s, uint32_t id)
{
	return (id % 2 == 1 && id > s->goaway_last) || was_reset(s, id);
}

/*
 * A stream that the application has named in a raw frame is not idle: the
 * peer's answer to that frame is not the peer's mistake.
 */
bool
ground_is_idle(const struct session *s, uint32_t id)
{
	uint32_t last = id % 2 == 1 ? s->last_client_id : s->last_promised;

	return id > last && id > s->raw_last[id % 2];
}

static void
refill_resets(struct session *s)
{
	uint64_t full = (uint64_t)s->limits.max_resets * GROUND_RESET;
	uint64_t rate = s->limits.resets_per_second;
	uint64_t gone = s->now_ms > s->reset_time ?
	    s->now_ms - s->reset_time : 0;

	s->reset_time = s->now_ms;
	/* The division comes first: the product might not fit. */
	if (rate > 0 && gone > full / rate)
		s->reset_tokens = full;
	else
		s->reset_tokens += gone * rate;
	if (s->reset_tokens > full)
		s->reset_tokens = full;
}

/* The application's own resets are not counted: the peer did not cause them. */
int
ground_count_reset(struct session *s, const struct frame *f)
{
	refill_resets(s);
	if (s->reset_tokens < GROUND_RESET)
		return ground_exceeded(s, f, "max-resets",
		    s->limits.max_resets);
	s->reset_tokens -= GROUND_RESET;
	return 0;
}

int
ground_count_reply(struct session *s, const struct frame *f)
{
	struct replies *r = &s->replies;
	size_t max = s->limits.max_replies;

	if (r->n >= max)
		return ground_exceeded(s, f, "max-replies", max);
	r->end[(r->first + r->n++) % max] = s->raw.by != 0 ? UINT64_MAX :
	    s->wrote + buf_len(&s->out);
	return 0;
}

void
ground_wrote(struct session *s)
{
	struct replies *r = &s->replies;

	while (r->n > 0 && r->end[r->first] <= s->wrote) {
		r->first = (r->first + 1) % s->limits.max_replies;
		r->n--;
	}
}
