/* SPDX-License-Identifier: MIT */
/*
 * Answers for plain static files that Python has served before on this
 * connection, so that the I/O thread answers the next request for them itself.
 *
 * A whole answer is kept as it was sent, under the request's :path as it came.
 * It is used only for a plain GET, while the file and its directory are
 * unchanged (two calls of stat), and if all of it can be sent at once.  All
 * other requests go to Python.
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
	uint64_t dev, ino;	/* of the file that was read */
	const struct field *fields;	/* with :status */
	size_t n_fields;
	const uint8_t *content;	/* all of the file */
	size_t len;
};

/*
 * Returns a copy of the answer to a request whose HEADERS came at since_ms
 * (sys_now_ms), for quickfile_keep.  NULL: it is not to be kept, because of the
 * request or the file system, because the file or its directory changed so
 * recently that its times may not show the next change, or for lack of memory.
 *
 * The caller has checked that the answer depends only on the file and its
 * directory, and does not hold the mutex: this calls stat.
 */
struct quickfile *quickfile_new(const struct fields *request,
    uint64_t since_ms, const struct quickfile_answer *a);

/*
 * With the mutex: c owns q from now on, in place of an answer for the same
 * path.  A hook of c answers such requests.
 */
void quickfile_keep(struct conn *c, struct quickfile *q);

#endif
