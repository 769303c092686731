/* SPDX-License-Identifier: MIT */
/*
 * The bounds on what a peer may make us do (struct session_limits): resets
 * by a token bucket, frames that do no work by a counter, replies to control
 * frames by where they end in the output.  Those that need no state of their
 * own are checked where they are passed, and end here only for the error.
 *
 * It reads no clock: time is what the caller gave session_recv.
 */
#include <stdio.h>
#include <stdlib.h>

#include "session_impl.h"

/* Octets that limits_section allows also where the bound is small. */
#define LEAST_SECTION 65536

void
session_limits_default(struct session_limits *l)
{
	*l = (struct session_limits){
		.header_table_size = 4096,
		.max_concurrent_streams = 100,
		.initial_window_size = 262144,
		.max_frame_size = 16384,
		.max_header_list_size = 65536,
		.enable_connect_protocol = true,
		.max_fields = 1000,
		.max_continuations = 8,
		.max_settings = 32,
		.max_resets = 1000,
		.resets_per_second = 33,
		.max_idle_frames = 10000,
		.max_replies = 1000,
		.max_data_frames = 65536,
		.max_body = UINT64_C(1) << 30,
	};
}

int
limits_init(struct session *s)
{
	size_t n = s->limits.max_replies;

	s->reset_tokens = (uint64_t)s->limits.max_resets * 1000;
	s->replies.end = calloc(n > 0 ? n : 1, sizeof(*s->replies.end));
	return s->replies.end != NULL ? 0 : -1;
}

/* Fails the connection for h, which passed the bound of that name. */
int
limits_passed(struct session *s, const struct frame_header *h,
    const char *bound, uint64_t value)
{
	char reason[128];

	snprintf(reason, sizeof(reason),
	    "more than the bound %s, which is %llu (RFC 9113 10.5)", bound,
	    (unsigned long long)value);
	return session_fail(s, h, H2_ENHANCE_YOUR_CALM, reason);
}

/*
 * A field section of this size, or a block of as many octets, fails the
 * connection.  It is four times the bound past which a section is answered with
 * 431: a Huffman code has 30 bits at most (RFC 7541 appendix B), so that no
 * section within that bound comes in a block so long.
 */
size_t
limits_section(const struct session *s)
{
	size_t most = (size_t)s->limits.max_header_list_size * 4;

	return most > LEAST_SECTION ? most : LEAST_SECTION;
}

static void
refill_resets(struct session *s)
{
	uint64_t full = (uint64_t)s->limits.max_resets * 1000;
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

/*
 * A stream was reset by the peer, or by us because of what the peer did.  The
 * application's own resets are not counted: the peer did not cause them.
 */
int
limits_reset(struct session *s, const struct frame_header *h)
{
	refill_resets(s);
	if (s->reset_tokens < 1000)
		return limits_passed(s, h, "max-resets", s->limits.max_resets);
	s->reset_tokens -= 1000;
	return 0;
}

/* A frame came that moves nothing forward: control, empty DATA, ignored. */
int
limits_idle_frame(struct session *s, const struct frame_header *h)
{
	if (++s->idle_frames > s->limits.max_idle_frames)
		return limits_passed(s, h, "max-idle-frames",
		    s->limits.max_idle_frames);
	return 0;
}

int
session_note_idle(struct session *s, unsigned n, const char *what)
{
	uint32_t max = s->limits.max_idle_frames;
	char reason[128];

	if (n <= max && s->idle_frames <= max - n) {
		s->idle_frames += n;
		return 0;
	}
	snprintf(reason, sizeof(reason), "%s: more than the bound "
	    "max-idle-frames, which is %lu", what, (unsigned long)max);
	return session_fail(s, NULL, H2_ENHANCE_YOUR_CALM, reason);
}

/*
 * Work was done: a request began, content came, or content went.  The last
 * because a client with a window of one octet sends two WINDOW_UPDATE frames
 * for each octet that it gets, and is served.
 */
void
limits_work(struct session *s)
{
	s->idle_frames = 0;
}

/*
 * A DATA frame with content.  Each costs the application much more than the
 * octet that may be in it: small ones are bounded by number.
 */
int
limits_data_frame(struct session *s, const struct frame_header *h,
    struct stream *st)
{
	limits_work(s);
	if (st->info.connect || ++st->data_frames <=
	    s->limits.max_data_frames + (uint64_t)st->received / 256)
		return 0;
	return limits_passed(s, h, "max-data-frames",
	    s->limits.max_data_frames);
}

/*
 * A reply to h was queued.  Its end is kept as the count of octets ever
 * queued up to there; while the output is held, the octets in `waiting`.
 */
int
limits_reply(struct session *s, const struct frame_header *h)
{
	struct replies *r = &s->replies;
	size_t max = s->limits.max_replies;
	struct buf *b = session_own_out(s);

	if (r->n >= max)
		return limits_passed(s, h, "max-replies", max);
	if (b == &s->waiting) {
		r->end[(r->first + r->n) % max] = buf_len(b);
		r->n_waiting++;
	} else {
		r->end[(r->first + r->n) % max] = s->wrote + buf_len(b);
	}
	r->n++;
	return 0;
}

/* What waited goes to the output, where its first octet is number base. */
void
limits_unhold(struct session *s, uint64_t base)
{
	struct replies *r = &s->replies;
	size_t i;

	for (i = r->n - r->n_waiting; i < r->n; i++)
		r->end[(r->first + i) % s->limits.max_replies] += base;
	r->n_waiting = 0;
}

/* s->wrote has grown: forgets the replies that have left. */
void
limits_wrote(struct session *s)
{
	struct replies *r = &s->replies;

	while (r->n > r->n_waiting && r->end[r->first] <= s->wrote) {
		r->first = (r->first + 1) % s->limits.max_replies;
		r->n--;
	}
}

/* The rule is in session.h, at struct session_limits. */
bool
limits_refuse_stream(const struct session *s)
{
	size_t max = s->limits.max_concurrent_streams;

	return s->n_active + s->n_reset_held >= max || s->n_held >= 2 * max;
}
