/* SPDX-License-Identifier: MIT */
/*
 * The file of a trace: JSON objects, one on each line, and only whole lines.  A
 * line is made member by member; lines stay in memory until tracefile_flush.
 * When the file cannot be written, or is as long as it may be, the trace ends
 * and nothing else does.
 *
 * One thread at a time may call these functions.
 */
#ifndef H2RIG_TRACEFILE_H
#define H2RIG_TRACEFILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct tracefile {
	atomic_int fd;		/* owned; -1: the trace has ended */
	atomic_int *error;	/* set to errno if it cannot be written */
	uint64_t size, max;	/* octets */
	uint64_t since_us;	/* when `t` is 0, as from sys_now_us */
	struct buf lines;	/* not yet written, and the one being made */
	size_t whole;		/* octets of `lines` that are whole lines */
};

/* Begins a line: {"t":1.234567,"dir":"DIR","type":"TYPE"; dir may be NULL. */
void tracefile_begin(struct tracefile *f, const char *dir, const char *type);

/* These add a member.  A word is ASCII without quotes. */
void tracefile_word(struct tracefile *f, const char *name, const char *word);
void tracefile_number(struct tracefile *f, const char *name, uint64_t number);
void tracefile_true(struct tracefile *f, const char *name);

/*
 * Adds octets: a string if they are text in UTF-8, else {"hex":"00ff"}.  cut:
 * more octets followed, so the last character may be incomplete.
 */
void tracefile_octets(struct tracefile *f, const char *name, const void *p,
    size_t n, bool cut);
void tracefile_text(struct tracefile *f, const char *name, const char *text);

/* Add ,"name": and parts of its value: octets as above, or JSON as it is. */
void tracefile_name(struct tracefile *f, const char *name);
void tracefile_value(struct tracefile *f, const void *p, size_t n, bool cut);
void tracefile_raw(struct tracefile *f, const char *json);

void tracefile_end(struct tracefile *f);

void tracefile_flush(struct tracefile *f);
void tracefile_close(struct tracefile *f);

#endif
