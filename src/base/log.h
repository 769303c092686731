/* SPDX-License-Identifier: MIT */
/*
 * The log: one record is one line.  The parent alone writes them, its
 * children's too, so that records never mix.  A line reads
 *
 *	2026-01-02T03:04:05.678Z h2rig[PID] LEVEL: text
 *
 * Control characters, also those that came from a client or a script, are
 * written as \n, \t, \xHH; octets above 0x7f go as they are.  Or it is a JSON
 * object with the members time, pid, level and text.
 */
#ifndef H2RIG_LOG_H
#define H2RIG_LOG_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "logline.h"

/* The exit statuses of sysexits(3) that h2rig uses (see h2rig(8)). */
enum exit_status {
	EXIT_USAGE = 64,	/* command line wrong */
	EXIT_INTERNAL = 70,	/* a fault of our own */
	EXIT_SYSTEM = 71,	/* the system refused something */
	EXIT_CONFIG = 78	/* a file or value named on it unusable */
};

#if defined(__GNUC__)
#define LOG_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define LOG_NORETURN __attribute__((noreturn))
#else
#define LOG_PRINTF(f, a)
#define LOG_NORETURN
#endif

/* ---- records ---- */

/* A record; err, if it is not 0, adds ": " and strerror(err). */
void log_printf(enum log_level level, int err, const char *fmt, ...)
    LOG_PRINTF(3, 4);

#define log_errorx(...) log_printf(LOG_L_ERROR, 0, __VA_ARGS__)
#define log_warn(...) log_printf(LOG_L_WARN, errno, __VA_ARGS__)
#define log_warnx(...) log_printf(LOG_L_WARN, 0, __VA_ARGS__)
#define log_info(...) log_printf(LOG_L_INFO, 0, __VA_ARGS__)
#define log_debug(...) log_printf(LOG_L_DEBUG, 0, __VA_ARGS__)

/*
 * Logs text of len octets that may have several lines, one record a line,
 * each after "prefix: ".  For tracebacks and what scripts print.
 */
void log_lines(enum log_level level, const char *prefix, const char *text,
    size_t len);

/* One record with fields: "text name=value name=value", or JSON members. */
void log_fields(enum log_level level, const char *text,
    const struct log_field *f, size_t n);

/* One record whose text says it all; JSON has the fields as members too. */
void log_members(enum log_level level, const char *text,
    const struct log_field *f, size_t n);

/* A line for the file of secrets of TLS, without its newline. */
void log_keys(const char *line);

/*
 * The environment is unusable: prints "h2rig: text" on standard error (and in
 * the system's log, if that is where records go) and exits with the status.
 * fatal adds strerror(errno).  Only main, parent and child call them.
 */
void log_fatal(int status, int err, const char *fmt, ...)
    LOG_PRINTF(3, 4) LOG_NORETURN;

#define fatal(status, ...) log_fatal(status, errno, __VA_ARGS__)
#define fatalx(status, ...) log_fatal(status, 0, __VA_ARGS__)

/* ---- where they go ---- */

/* What is logged from now on: this level and the graver ones. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

void log_set_format(enum log_format format);

/*
 * Where records go from now on, which is standard error until then: a file,
 * which is made if it is not there and appended to, or the system's log.  0, or
 * -1 with errno and all as before.  path is borrowed.
 */
int log_set_file(const char *path);
int log_set_syslog(void);

/*
 * Opens the file again, which may have been moved away: 0, or -1 likewise.  It
 * does not wait: a pipe that nobody reads cannot be opened.
 */
int log_reopen(void);

/* The same of the file for secrets of TLS: 0, or -1 with errno. */
int log_set_keys_file(const char *path);

/* The descriptor records are written to; -1: they go to the system's log. */
int log_get_fd(void);

/*
 * In a process that was forked: its records go to the parent by fd, as
 * channel.h says; *lost counts those that do not.
 */
void log_to_parent(int fd, atomic_uint *lost);

/* Tells it that the connection is over, and the process is not. */
void log_over(void);

/* ---- in the parent ---- */

/*
 * The parent waits for nobody: records that the log's reader does not take at
 * once are held, up to a bound; those beyond it are lost, and counted in a
 * record when there is room again.
 *
 * log_retry tries those that are held.  True: some still are, so it is to be
 * called before long.
 */
bool log_retry(void);

/* poll tells by it when there is room for what is held; -1: nothing does. */
int log_room_fd(void);

/*
 * A record of process pid, a child: is written by the next call of log_retry,
 * or with the next record of our own.  With `loses` it is lost while the log
 * takes no more; else only when there is no room at all.
 */
void log_of_child(long pid, const struct logline *l, bool loses);

/* False: so much is held that children had better wait. */
bool log_takes_more(void);

/* Adds to the number of records that were lost. */
void log_add_lost(unsigned long n);

#endif
