/* SPDX-License-Identifier: MIT */
/*
 * Records of a process that waits for nobody: what whoever reads the log does
 * not take at once is held, up to a bound, and what is beyond that is counted.
 * For log.c.
 */
#ifndef H2RIG_LOGHOLD_H
#define H2RIG_LOGHOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes as write(2) does; a socket of the system's log, or a descriptor. */
typedef ssize_t loghold_write_fn(int fd, const char *text, size_t len);

/*
 * Between these SIGALRM is this module's: it ends a write that does not come
 * back.  loghold_end forgets what is held; in a forked process that is the
 * parent's.
 */
void loghold_begin(void);
void loghold_end(void);

/*
 * One record, a line, by write to fd: at once, or later, or never.  It takes
 * some milliseconds at most.
 */
void loghold_record(loghold_write_fn *write, int fd, const char *line,
    size_t len);

/* Tries what is held again; true: some still is. */
bool loghold_retry(loghold_write_fn *write, int fd);

/* How many records were lost, when nothing is held any more; 0 after that. */
unsigned long loghold_lost(void);

#endif
