/* SPDX-License-Identifier: MIT */
/*
 * The log: one record is one line.  The parent alone writes lines, also those
 * of its children's records, so that records never mix.  A line reads
 *
 *	2026-01-02T03:04:05.678Z h2rig[PID] LEVEL: text
 *
 * Control characters, also those from a client or a script, are written as \n,
 * \t, \xHH; octets above 0x7f stay as they are.  With --log-format json a line
 * is instead an object with the members time, pid, level and text.
 */
#ifndef H2RIG_LOG_H
#define H2RIG_LOG_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "logline.h"

/* The exit statuses of sysexits(3) that h2rig uses (see h2rig(8)). */
enum exit_status {
	EXIT_USAGE = 64,	/* command line wrong */
	EXIT_INTERNAL = 70,	/* a fault of our own */
	EXIT_SYSTEM = 71,	/* the system refused something */
	EXIT_CONFIG = 78	/* a file or value that it names is unusable */
};

#if defined(__GNUC__)
#define LOG_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define LOG_NORETURN __attribute__((noreturn))
#else
#define LOG_PRINTF(f, a)
#define LOG_NORETURN
#endif

/* ---- records ---- */

/* Logs a record; if err is not 0, adds ": " and strerror(err). */
void log_printf(enum log_level level, int err, const char *fmt, ...)
    LOG_PRINTF(3, 4);

#define log_errorx(...) log_printf(LOG_L_ERROR, 0, __VA_ARGS__)
#define log_warn(...) log_printf(LOG_L_WARN, errno, __VA_ARGS__)
#define log_warnx(...) log_printf(LOG_L_WARN, 0, __VA_ARGS__)
#define log_info(...) log_printf(LOG_L_INFO, 0, __VA_ARGS__)
#define log_debug(...) log_printf(LOG_L_DEBUG, 0, __VA_ARGS__)

/*
 * Logs a text of len octets, each of its lines as a record after "prefix: ".
 * For tracebacks and what scripts print.
 */
void log_lines(enum log_level level, const char *prefix, const char *text,
    size_t len);

/*
 * Logs a record with fields, as "text name=value name=value" or JSON members.
 */
void log_fields(enum log_level level, const char *text,
    const struct log_field *f, size_t n);

/* Logs a record whose text says all; JSON has the fields as members too. */
void log_members(enum log_level level, const char *text,
    const struct log_field *f, size_t n);

/* Writes a line, without its newline, to the file of TLS secrets. */
void log_keys(const char *line);

/*
 * For an environment that is unusable: prints "h2rig: text" on standard error
 * (and logs it to the system's log, if records go there) and exits with the
 * status.  fatal adds strerror(errno).  Only the start and the parent call
 * these.
 */
void log_fatal(int status, int err, const char *fmt, ...)
    LOG_PRINTF(3, 4) LOG_NORETURN;

#define fatal(status, ...) log_fatal(status, errno, __VA_ARGS__)
#define fatalx(status, ...) log_fatal(status, 0, __VA_ARGS__)

/* ---- where records go ---- */

/* Logs only this level and more severe ones from now on. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

void log_set_format(enum log_format format);

/*
 * Send records from now on to a file, which is created if it is missing and
 * appended to, or to the system's log; until then they go to standard error.
 * Return 0, or -1 with errno set and nothing changed.  path is borrowed.
 */
int log_set_file(const char *path);
int log_set_syslog(void);

/*
 * Opens the file again, since it may have been moved away.  Returns 0, or -1
 * with errno set and nothing changed.  Does not wait: it fails for a FIFO
 * without reader.
 */
int log_reopen(void);

/* Opens the file for TLS secrets: 0, or -1 with errno set.  Does not wait. */
int log_set_keys_file(const char *path);

/* Returns the descriptor that records are written to; -1: the system's log. */
int log_get_fd(void);

/* Tells the parent that the connection is over and the process goes on. */
void log_over(void);

/* ---- in the parent ---- */

/*
 * The parent never waits for the log's reader.  It holds records that the
 * reader does not take at once, up to a bound; those beyond it are lost, and a
 * record tells their number when there is room again.
 *
 * log_retry writes held records.  It returns true if some are still held, and
 * is then to be called again before long.
 */
bool log_retry(void);

/*
 * Returns the descriptor that is writable when held records have room, or -1.
 */
int log_room_fd(void);

/*
 * Takes a record of the child pid, to be written by the next call of log_retry
 * or with the next record of the parent.  With `loses` the record is lost while
 * the log takes no more; without, only when there is no room at all.
 */
void log_of_child(long pid, const struct logline *l, bool loses);

/* Returns false if so much is held that children should wait. */
bool log_takes_more(void);

/* Adds to the number of records that were lost. */
void log_add_lost(unsigned long n);

#endif
