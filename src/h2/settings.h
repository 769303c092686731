/* SPDX-License-Identifier: MIT */
/*
 * Values of SETTINGS (RFC 9113 §6.5): which values are legal, the peer's values
 * in force, and ours from when they are sent until they are acknowledged.
 */
#ifndef H2RIG_SETTINGS_H
#define H2RIG_SETTINGS_H

#include "ground.h"

/* Sets both sides' values to those before any SETTINGS frame. */
void settings_init(struct session *s);

/*
 * Puts the values of the peer's frame in force and returns 0.  If one of them
 * breaks a rule, none is put in force, and it returns as ground_rule does.
 */
int settings_recv(struct session *s, const struct frame *f);

/* The peer has acknowledged our oldest unacknowledged SETTINGS. */
void settings_recv_ack(struct session *s);

/*
 * Checks the entries of a SETTINGS frame of ours, len octets.  Returns NULL, or
 * the rule that the first illegal entry breaks.
 */
const char *settings_check(const struct session *s, const uint8_t *p,
    size_t len);

/*
 * Notes that a SETTINGS frame with these entries has gone out and that an
 * acknowledgement is due; illegal entries have no effect.
 */
void settings_note_sent(struct session *s, const uint8_t *p, size_t len);

/* The window's size for the return of streams' credit, octets. */
int64_t settings_window(const struct session *s);

/* The octets that the peer may send on st, by the value that allows it most. */
static inline int64_t
settings_credit(const struct session *s, const struct stream *st)
{
	const struct own_settings *o = &s->own;

	return st->credit.window +
	    o->allowed.of[SETTINGS_INITIAL_WINDOW_SIZE] -
	    o->acked.of[SETTINGS_INITIAL_WINDOW_SIZE];
}

/* Returns to the peer all credit of streams that is due. */
void settings_return_credit(struct session *s);

#endif
