/* SPDX-License-Identifier: MIT */
/*
 * A log record: its level, its text and its fields.  It is made and sent from a
 * child to the parent (channel.h) as pieces, and written as a line of text or
 * JSON.
 */
#ifndef H2RIG_LOGLINE_H
#define H2RIG_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

enum log_level { LOG_L_ERROR, LOG_L_WARN, LOG_L_INFO, LOG_L_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* The names of levels and formats; NULL comes after the last. */
extern const char *const logline_levels[], *const logline_formats[];

/* Returns the level of a name ("error", "warn", "info", "debug"), or -1. */
int logline_level_from_name(const char *name);

/* A field of a record, beside its text: text of len octets, or a number. */
struct log_field {
	const char *name;	/* small letters and '_' */
	const char *text;	/* NULL: a number */
	size_t len;
	uint64_t number;
	bool thousandths;	/* 1234 is written as 1.234 */
};

static inline struct log_field
log_field_text(const char *name, const char *text)
{
	return (struct log_field){ .name = name, .text = text,
	    .len = strlen(text) };
}

static inline struct log_field
log_field_number(const char *name, uint64_t number)
{
	return (struct log_field){ .name = name, .number = number };
}

/* Octets of a record.  A pipe takes it whole, or not at all (on Linux). */
#define LOGLINE_SIZE 4096
#define LOGLINE_TEXT 8192	/* octets of a line, newline counted */

/* A record's kind that is no enum log_level: a line for SSLKEYLOGFILE. */
#define LOGLINE_KEYS 100

/* Another such kind: the connection is over, the process takes another one. */
#define LOGLINE_OVER 101

struct logline {
	uint32_t kind;		/* enum log_level, LOGLINE_KEYS, LOGLINE_OVER */
	uint32_t cut;		/* not 0: some of the text did not fit */
	uint32_t text_len;	/* octets of the text; fields follow it */
	uint32_t len;		/* octets in use, of text and fields */
	struct timespec at;
	char octets[LOGLINE_SIZE - sizeof(struct timespec) -
	    4 * sizeof(uint32_t)];
};

/* Begins a record and gives it the present time. */
void logline_begin(struct logline *l, unsigned kind);

/* Adds n octets to the text; what does not fit is cut. */
void logline_add(struct logline *l, const char *p, size_t n);

/* When the text is complete: adds a field, or nothing if it does not fit. */
void logline_add_field(struct logline *l, const struct log_field *f);

/* Returns how many octets of a record are to be sent. */
size_t logline_size(const struct logline *l);

/*
 * Copies the record that begins at p, where n octets have come from a child.
 * Returns its size, 0 if it is not complete yet, or -1 if it is no record.  The
 * copy has valid lengths, and its time is a date.
 */
int logline_take(struct logline *l, const void *p, size_t n);

/*
 * What a line begins with, for each place; the system's log adds time and host.
 */
enum logline_head { LOGLINE_FILE, LOGLINE_SYSLOG, LOGLINE_STDERR };

/* Writes the line of a record of process pid to dst; returns its octets. */
size_t logline_print(const struct logline *l, long pid, enum log_format format,
    enum logline_head head, char dst[LOGLINE_TEXT]);

/*
 * Returns the octets of the UTF-8 sequence at p, whose first octet is 0x80 or
 * more (RFC 3629 §4), or 0 if there is none.
 */
size_t logline_utf8_len(const unsigned char *p, size_t n);

#endif
