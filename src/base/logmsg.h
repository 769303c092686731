/* SPDX-License-Identifier: MIT */
/*
 * A record of the log before it is a line: what its writer says, in pieces.  A
 * child sends it to the parent as a message (channel.h), which takes nothing in
 * it for granted.
 */
#ifndef H2RIG_LOGMSG_H
#define H2RIG_LOGMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "log.h"
#include "logline.h"

/* Octets of all of it: a pipe takes so much whole, or not at all (on Linux). */
#define LOGMSG_SIZE 4096

/* A kind that is no enum log_level: a line for SSLKEYLOGFILE. */
#define LOGMSG_KEYS 100

struct logmsg_head {
	uint32_t kind;		/* enum log_level, or LOGMSG_KEYS */
	uint32_t cut;		/* not 0: something did not fit */
	uint32_t text_len;	/* of `octets`; fields follow it */
	uint32_t len;		/* of `octets`, in use */
	struct timespec at;
};

struct logmsg {
	struct logmsg_head head;
	char octets[LOGMSG_SIZE - sizeof(struct logmsg_head)];
};

/* Begins a record, of now. */
void logmsg_begin(struct logmsg *m, unsigned kind);

/* Adds to its text; what does not fit is cut. */
void logmsg_add(struct logmsg *m, const char *p, size_t n);

/* When the text is complete: adds a field, all of it or nothing. */
void logmsg_field(struct logmsg *m, const struct log_field *f);

/* Octets of it that are sent. */
size_t logmsg_size(const struct logmsg *m);

/*
 * Copies the message that the n octets at p, which come from a child, begin
 * with: how long it is, 0 if they are not all of it yet, or -1 if it is none.
 * Its lengths are right then, and its time is a date.
 */
int logmsg_take(struct logmsg *m, const void *p, size_t n);

/* The line that it makes, of that process. */
void logmsg_line(const struct logmsg *m, long pid, enum log_format format,
    bool syslog, struct logline *l);

#endif
