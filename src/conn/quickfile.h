/* SPDX-License-Identifier: MIT */
/*
 * Plain static files that Python has served before on this connection, so that
 * the I/O thread answers the next request for them by itself.
 *
 * What is kept is a whole answer, as it was sent, by the request's :path as it
 * came.  It is used only while file and directory are what they were (two
 * calls of stat), for a plain GET, when it can all be sent at once; whatever
 * else there is goes to Python as before.
 */
#ifndef H2RIG_QUICKFILE_H
#define H2RIG_QUICKFILE_H

#include <stddef.h>
#include <stdint.h>

#include "h2/fields.h"

struct conn;
struct quickfile;		/* a file with its answer */

/* An answer that Python is about to send. */
struct quickfile_answer {
	const char *path;	/* of the file, as the system knows it */
	uint64_t dev, ino;	/* of what was read */
	const struct field *fields;	/* with :status */
	size_t n_fields;
	const uint8_t *content;	/* all of the file */
	size_t len;
};

/*
 * A copy of the answer to a request whose HEADERS came at since_ms
 * (sys_now_ms), for quickfile_keep.  NULL: not one to be kept, because of the
 * request, because the file or its directory changed too short a time ago to
 * tell its next change by its times, or for lack of memory.
 *
 * The caller has seen that nothing but file and directory decides about the
 * answer.  Without the mutex: it calls stat.
 */
struct quickfile *quickfile_new(const struct fields *request,
    uint64_t since_ms, const struct quickfile_answer *a);

/*
 * With the mutex: c takes q over, also when it has that path already.  From now
 * on requests are answered by a hook of c.
 */
void quickfile_keep(struct conn *c, struct quickfile *q);

#endif
