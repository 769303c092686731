/* SPDX-License-Identifier: MIT */
/*
 * What a child says, as the parent hears it: its records (channel.h), and what
 * is written to descriptors 1 and 2, which lead to a pipe each.  Nothing of it
 * is trusted.  A routes file's process has one as well.
 *
 * The parent alone has the reading ends, and no child has another's: whatever a
 * script does to its descriptors, others' records and the log stay as they are.
 */
#ifndef H2RIG_FEED_H
#define H2RIG_FEED_H

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "buf.h"

#define FEED_FDS 3		/* descriptors of one, each way */
#define FEED_READY 64		/* so many are found ready at once, at most */

/* A zeroed one is closed: `open` says which descriptors count. */
struct feed {
	bool open;
	bool loses;		/* what the log has no room for */
	bool over;		/* its connection is (log_over): feed_over */
	int fd[FEED_FDS];	/* records, 1, 2; -1: at its end */
	int theirs[FEED_FDS];	/* the child's, until it is forked */
	struct buf left[FEED_FDS];	/* a message, lines, not yet all there */
};

/* Before the fork: 0, or -1 with errno. */
int feed_open(struct feed *f);

/* After the fork, in the parent, which knows it by that number. */
void feed_forked(struct feed *f, size_t number);

/*
 * After the fork, in the child: 1 and 2 lead to it, and the pipe for records is
 * returned, which is to be closed like the rest of the parent's descriptors
 * if it is not used.  -1: errno.
 */
int feed_enter(struct feed *f);

/* In the parent, before the first: feed_watch_all works, if the system can. */
void feed_begin(void);

/* One entry for sys_poll, of all feeds: 1.  0: each needs feed_watch. */
size_t feed_watch_all(struct pollfd *set);

/* When that one is ready: how many numbers, perhaps the same more than once. */
size_t feed_ready(size_t numbers[FEED_READY]);

/* Fills entries for sys_poll: FEED_FDS, or 0 for a closed one. */
size_t feed_watch(const struct feed *f, struct pollfd *set);

/* Whether one of these entries is ready; moves on over them. */
bool feed_is_ready(const struct feed *f, const struct pollfd **set);

/*
 * Logs what there is, of process pid, a bounded part of it, and does not wait.
 * Unless `loses` is set it stops when the log takes no more.  True: there may
 * be more.
 */
bool feed_read(struct feed *f, pid_t pid, bool loses);

/* The process's connection is over: logs what is left of it. */
void feed_over(struct feed *f, pid_t pid);

/* The process is dead: logs what is left, and closes. */
void feed_finish(struct feed *f, pid_t pid);

/* Closes it as it is. */
void feed_close(struct feed *f);

#endif
