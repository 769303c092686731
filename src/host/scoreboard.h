/* SPDX-License-Identifier: MIT */
/*
 * The scoreboard: a slot for each child.  What the parent acts on (which slots
 * are taken, which process to signal) is in memory of its own (proc/seat.c).
 */
#ifndef H2RIG_SCOREBOARD_H
#define H2RIG_SCOREBOARD_H

#include "slot.h"

struct scoreboard {
	size_t n;
	struct slot *slot;	/* shared */
};

/* Makes n slots in shared memory.  Returns 0, or -1 with errno set. */
int scoreboard_init(struct scoreboard *b, size_t n);

void scoreboard_free(struct scoreboard *b);

/*
 * Returns the octets of content that all children have in files.  `most`
 * becomes a text about the one with most: "child 812 of 127.0.0.1:50000 with
 * 4096 octets".
 */
uint64_t scoreboard_stored(const struct scoreboard *b, char *most,
    size_t size);

#endif
