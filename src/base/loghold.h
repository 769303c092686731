/* SPDX-License-Identifier: MIT */
/*
 * Lines of a process that waits for nobody: what the log's reader does not take
 * at once is held, up to a bound, and what is beyond that is counted.  For
 * log.c.
 */
#ifndef H2RIG_LOGHOLD_H
#define H2RIG_LOGHOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes as write(2) does; a socket of the system's log, or a descriptor. */
typedef ssize_t loghold_write_fn(int fd, const char *text, size_t len);

/* From then on SIGALRM is this module's: it ends a write that blocks. */
void loghold_begin(void);

/* Whether so much is held that nothing is to be fetched to be added. */
bool loghold_is_enough(void);

/* Adds a line, or counts it. */
void loghold_add(const char *line, size_t len);

/* Counts n that were lost elsewhere. */
void loghold_add_lost(unsigned long n);

/*
 * Writes what is held, several lines at a time (not so to the system's log,
 * whose datagrams are one each).  It takes some milliseconds at most.  True:
 * some still is.
 */
bool loghold_flush(loghold_write_fn *write, int fd, bool one_each);

/*
 * Whether poll can tell when there is room; else it is to be tried now and
 * then, as the last write was too long or failed.
 */
bool loghold_polls(void);

/* How many lines were lost, when nothing is held any more; 0 after that. */
unsigned long loghold_lost(void);

#endif
