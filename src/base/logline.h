/* SPDX-License-Identifier: MIT */
/*
 * One record of the log: its level, its text and its fields, in pieces while it
 * is made and on its way from a child to the parent (channel.h), and then as a
 * line of text or JSON.
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

/* Their names; NULL comes after the last. */
extern const char *const logline_levels[], *const logline_formats[];

/* "error", "warn", "info", "debug"; -1 for any other name. */
int logline_level_from_name(const char *name);

/* A member of a record beside its text: text of len octets, or a number. */
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

/* Octets of all of it: a pipe takes so much whole, or not at all (on Linux). */
#define LOGLINE_SIZE 4096
#define LOGLINE_TEXT 8192	/* of the line, newline counted */

/* A kind that is no enum log_level: a line for SSLKEYLOGFILE. */
#define LOGLINE_KEYS 100

/* ... nor is this: the connection is over, and the process takes another. */
#define LOGLINE_OVER 101

struct logline {
	uint32_t kind;		/* enum log_level, or LOGLINE_KEYS */
	uint32_t cut;		/* not 0: some of the text did not fit */
	uint32_t text_len;	/* of `octets`; fields follow it */
	uint32_t len;		/* of `octets`, in use */
	struct timespec at;
	char octets[LOGLINE_SIZE - sizeof(struct timespec) -
	    4 * sizeof(uint32_t)];
};

/* Begins a record, of now. */
void logline_begin(struct logline *l, unsigned kind);

/* Adds to its text; what does not fit is cut. */
void logline_add(struct logline *l, const char *p, size_t n);

/* When the text is complete: adds a field, all of it or nothing. */
void logline_add_field(struct logline *l, const struct log_field *f);

/* Octets of it that are sent. */
size_t logline_size(const struct logline *l);

/*
 * Copies the record that the n octets at p, which come from a child, begin
 * with: its size, 0 if they are not all of it yet, or -1 if it is none.  Its
 * lengths are right then, and its time is a date.
 */
int logline_take(struct logline *l, const void *p, size_t n);

/* For the system's log, which adds time and host; for standard error. */
enum logline_head { LOGLINE_FILE, LOGLINE_SYSLOG, LOGLINE_STDERR };

/* The line that it makes, of that process, in dst: octets, newline included. */
size_t logline_print(const struct logline *l, long pid, enum log_format format,
    enum logline_head head, char dst[LOGLINE_TEXT]);

/* Octets of the UTF-8 sequence at p, from 0x80 on (RFC 3629 §4); 0: none. */
size_t logline_utf8_len(const unsigned char *p, size_t n);

#endif
