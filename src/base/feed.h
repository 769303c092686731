/* SPDX-License-Identifier: MIT */
/*
 * A feed: what the parent hears of a child, by three pipes: the child's records
 * (channel.h), and what is written to its descriptors 1 and 2.  The parent
 * trusts none of it.  The process that tries a routes file has a feed too.
 *
 * The parent alone has the reading ends, and no child has another child's
 * pipes: whatever a script does to its descriptors, the log and other
 * children's records stay as they are.
 */
#ifndef H2RIG_FEED_H
#define H2RIG_FEED_H

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "buf.h"

#define FEED_FDS 3		/* pipes of a feed */
#define FEED_READY 64		/* most feeds that feed_ready finds at once */

/* A zeroed feed is closed.  Its descriptors count only while `open` is set. */
struct feed {
	bool open;
	bool loses;		/* drops records while the log takes no more */
	bool over;		/* log_over was called: feed_over is due */
	int fd[FEED_FDS];	/* reading: records, 1, 2; -1: at its end */
	int theirs[FEED_FDS];	/* writing: the child's, until the fork */
	struct buf left[FEED_FDS];	/* an incomplete message or line each */
};

/* Opens the pipes, before the fork.  Returns 0, or -1 with errno set. */
int feed_open(struct feed *f);

/* In the parent, after the fork.  feed_ready calls this feed `number`. */
void feed_forked(struct feed *f, size_t number);

/*
 * In the child, after the fork: makes descriptors 1 and 2 lead to the feed.
 * Returns the descriptor for records, which the caller closes with the rest of
 * the parent's descriptors if it does not use it, or -1 with errno set.
 */
int feed_enter(struct feed *f);

/* In the parent, before the first feed: prepares feed_watch_all. */
void feed_begin(void);

/* Fills one entry for all feeds; returns 1, or 0 if each needs feed_watch. */
size_t feed_watch_all(struct pollfd *set);

/*
 * When that entry is ready: stores the numbers of ready feeds and returns how
 * many.  A number may occur more than once.
 */
size_t feed_ready(size_t numbers[FEED_READY]);

/* Fills a feed's entries for sys_poll; returns FEED_FDS, or 0 if closed. */
size_t feed_watch(const struct feed *f, struct pollfd *set);

/* Returns whether a feed's entries at *set are ready; advances *set. */
bool feed_is_ready(const struct feed *f, const struct pollfd **set);

/*
 * Logs what process pid has written, up to a bound, and does not wait.  Without
 * `loses` it stops when the log takes no more; with it, records are lost then.
 * Returns true if there may be more.
 */
bool feed_read(struct feed *f, pid_t pid, bool loses);

/*
 * Logs what is left of a connection of process pid that is over, or whose
 * process is dead.
 */
void feed_over(struct feed *f, pid_t pid);

/* Closes a feed; what was not logged is lost. */
void feed_close(struct feed *f);

#endif
