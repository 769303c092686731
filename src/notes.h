/* SPDX-License-Identifier: MIT */
/*
 * Records of the log that are made while a lock is held, and written when it is
 * not: the log may be a pipe that nobody empties.
 */
#ifndef H2RIG_NOTES_H
#define H2RIG_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "log.h"

/* Zeroed is empty.  Who has several threads guards it with a lock. */
struct notes {
	struct buf records;
	unsigned long lost;	/* there was no room for so many */
};

/* Octets of records; more are lost, and counted. */
#define NOTES_MAX (256 * 1024)

/*
 * A record at level info, as of log_fields or log_members; copied, but for the
 * fields' names.  Without effect below that level.
 */
void notes_fields(struct notes *n, const char *text,
    const struct log_field *f, size_t n_fields);
void notes_members(struct notes *n, const char *text,
    const struct log_field *f, size_t n_fields);

static inline bool
notes_empty(const struct notes *n)
{
	return buf_len(&n->records) == 0 && n->lost == 0;
}

/* Moves all of src to the end of dst. */
void notes_move(struct notes *dst, struct notes *src);

/* Logs what there is: all, or as much as the log takes without waiting. */
void notes_log(struct notes *n, bool all);

void notes_free(struct notes *n);

#endif
