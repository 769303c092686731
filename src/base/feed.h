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

/* A zeroed one is closed: `open` says which descriptors count. */
struct feed {
	bool open;
	bool loses;		/* what the log has no room for */
	int fd[FEED_FDS];	/* records, 1, 2; -1: at its end */
	int theirs[FEED_FDS];	/* the child's, until it is forked */
	struct buf left[FEED_FDS];	/* a message, lines, not yet all there */
};

/* Before the fork: 0, or -1 with errno. */
int feed_open(struct feed *f);

/* After the fork, in the parent. */
void feed_forked(struct feed *f);

/*
 * After the fork, in the child: 1 and 2 lead to it, and the pipe for records is
 * returned, which is to be closed like the rest of the parent's descriptors
 * if it is not used.  -1: errno.
 */
int feed_enter(struct feed *f);

/* Fills entries for sys_poll: FEED_FDS, or 0 for a closed one. */
size_t feed_watch(const struct feed *f, struct pollfd *set);

/*
 * If the entries of set, over which it moves on, say that there is something:
 * logs it, of process pid, a bounded part of it, and does not wait.  Unless
 * `loses` is set it stops when the log takes no more.  True: there may be more.
 */
bool feed_read_ready(struct feed *f, pid_t pid, bool loses,
    const struct pollfd **set);

/* The process is dead: logs what is left, and closes. */
void feed_finish(struct feed *f, pid_t pid);

/* Closes it as it is. */
void feed_close(struct feed *f);

#endif
