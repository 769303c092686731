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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "h2/fields.h"
#include "h2/session.h"

/* What a connection keeps at most; the least recently used goes first. */
#define QUICKFILE_FILES 256
#define QUICKFILE_OCTETS (8 * 1024 * 1024)

/* Longest :path, octets, so that its record fits a pipe (PIPE_BUF). */
#define QUICKFILE_PATH_MAX 512

struct conn;
struct quickfile;		/* a file with its answer */
struct quickfiles;		/* those of a connection */

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

/* With the mutex: c takes q over, also when it has that path already. */
void quickfile_keep(struct conn *c, struct quickfile *q);

/*
 * I/O thread, with the mutex: octets were read, and no check made before
 * counts for the requests in them.
 */
void quickfile_new_lot(struct conn *c);

/* Octets of content that requests of this lot were answered with. */
uint64_t quickfile_lot_octets(const struct conn *c);

/*
 * I/O thread, with the mutex, for a request that has just come: true if it has
 * been answered and s released.
 */
bool quickfile_respond(struct conn *c, struct stream *s,
    const struct fields *request, bool end_stream);

/* With the mutex, or alone. */
void quickfile_free(struct conn *c);

#endif
