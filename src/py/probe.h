/* SPDX-License-Identifier: MIT */
/*
 * What scripts will need, tried in a process with their rights: whether --user
 * may use the directories, and the user's routes, as user code never runs in
 * the parent.
 */
#ifndef H2RIG_PROBE_H
#define H2RIG_PROBE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/feed.h"
#include "host/options.h"

struct probe {
	pid_t pid;		/* of its process; 0: there is none */
	int fd;			/* its answer arrives here; owned */
	struct feed feed;	/* what else it says */
	uint64_t due_ms;	/* sys_now_ms: it is then to be killed */
};

/*
 * Reads the routes file and forks a process that runs it.  0, pr->pid is 0 when
 * there is neither --routes nor --user; or an exit status with err, one line,
 * and no process: EXIT_CONFIG when the file is unusable, else EXIT_SYSTEM.
 */
int probe_begin(struct probe *pr, const struct options *o, char *err,
    size_t err_size);

/* Kills the process and what it has started; it is still to be reaped. */
void probe_kill(const struct probe *pr);

/*
 * The process is dead and not yet reaped, or as good as dead: reaps it.  If
 * its answer was yes, what was read is used by the children forked from now
 * on, else nothing changes.  Results as above.
 */
int probe_end(struct probe *pr, const struct options *o, char *err,
    size_t err_size);

/*
 * Gives up a process that has been killed; whoever reaps it need not know what
 * it was.
 */
void probe_forget(struct probe *pr);

/* All of it at once, waiting for the answer.  Results as above. */
int probe_run(const struct options *o, char *err, size_t err_size);

#endif
