/* SPDX-License-Identifier: MIT */
/*
 * Values of SETTINGS (RFC 9113 §6.5): what is legal, the peer's in force, and
 * ours from when they are sent until they are acknowledged.
 */
#ifndef H2RIG_SETTINGS_H
#define H2RIG_SETTINGS_H

#include "ground.h"

/* The values before any SETTINGS frame, of either side. */
void settings_init(struct session *s);

/*
 * The peer's values are in force, unless one of them breaks a rule: then as
 * ground_rule.
 */
int settings_recv(struct session *s, const struct frame *f);

/* The oldest of ours that was not acknowledged is. */
void settings_recv_ack(struct session *s);

/*
 * Entries of a SETTINGS frame of ours, len octets: NULL, or which rule the
 * first of them breaks that is not legal.
 */
const char *settings_check(const struct session *s, const uint8_t *p,
    size_t len);

/*
 * A SETTINGS frame with these entries has gone out, and an acknowledgement is
 * due; entries that are not legal have no effect.
 */
void settings_note_sent(struct session *s, const uint8_t *p, size_t len);

/* The size by which streams' credit is returned, octets. */
int64_t settings_window(const struct session *s);

/* The window that the peer may have on st. */
static inline int64_t
settings_credit(const struct session *s, const struct stream *st)
{
	const struct own_settings *o = &s->own;

	return st->credit.window +
	    o->allowed.of[SETTINGS_INITIAL_WINDOW_SIZE] -
	    o->acked.of[SETTINGS_INITIAL_WINDOW_SIZE];
}

/* Returns the credit of streams that is due. */
void settings_return_credit(struct session *s);

#endif
