/* SPDX-License-Identifier: MIT */
/*
 * One record of the log under construction, as text or as JSON.
 */
#ifndef H2RIG_LOGLINE_H
#define H2RIG_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "log.h"

#define LOGLINE_SIZE 8192	/* one record, newline counted */

struct logline {
	char text[LOGLINE_SIZE];
	size_t len;
	bool cut;		/* something did not fit */
	bool json;
};

/* Who says it, and when. */
struct logline_stamp {
	enum log_level level;
	long pid;
	struct timespec at;
};

/*
 * Begins a record with time, process and level.  For syslog, which has the
 * first two already, they are written as it wants them.
 */
void logline_begin(struct logline *l, enum log_format format,
    const struct logline_stamp *by, bool syslog);

/* Begins one that is not a record: "h2rig: " for standard error. */
void logline_begin_plain(struct logline *l);

/* Adds octets of the record's text, escaped. */
void logline_add(struct logline *l, const char *p, size_t n);

/* The text is complete; fields may follow. */
void logline_text_end(struct logline *l);
void logline_field(struct logline *l, const struct log_field *f);

/* Closes the record, newline included. */
void logline_end(struct logline *l);

#endif
