/* SPDX-License-Identifier: MIT */
/*
 * Whether a process whose connection is over may serve another one
 * (--connections-per-process): it may if the connection ended as most do, and
 * if nothing of it is left.  Else the process ends, as it does without that
 * option.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "base/channel.h"
#include "base/log.h"
#include "child_impl.h"
#include "host/confine.h"
#include "host/mark.h"
#include "py/interp.h"
#include "py/thread.h"

#define THREADS_MS 1000		/* for handler threads to end */
#define LOG_MS 2000		/* to write what finalizers have said */

/* A process that has used 1/CPU_PARTS of --max-cpu is not used again. */
#define CPU_PARTS 4

static bool
ended_well(enum child_end end)
{
	return end == CHILD_END_CLIENT || end == CHILD_END_TIMEOUT ||
	    end == CHILD_END_VIOLATION || end == CHILD_END_TRANSPORT ||
	    end == CHILD_END_SCRIPT;
}

/* --max-cpu is a limit of the process, not of a connection. */
static bool
used_much_cpu(const struct options *o)
{
	struct rusage u;

	return o->max_cpu_ms != 0 && (getrusage(RUSAGE_SELF, &u) == -1 ||
	    (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	    (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000 >
	    o->max_cpu_ms / CPU_PARTS);
}

/* Cleans up.  Returns what is left, in words; NULL: nothing. */
static const char *
what_is_left(struct child *ch)
{
	struct conn *c = &ch->c;
	const char *left;

	if (c->expired)
		return "a function that passed its limit";
	if (!thread_end(c, THREADS_MS))
		return "a handler thread";
	if (ch->python && (left = interp_child_end(c)) != NULL)
		return left;
	if (used_much_cpu(c->options))
		return "processor time (--max-cpu)";
	conn_free(c);
	ch->freed = true;
	return mark_changed();
}

bool
reuse_may(struct child *ch)
{
	struct slot *slot = ch->c.slot;
	const char *left;

	if (ch->a->last || !ended_well(ch->end))
		return false;
	if ((left = what_is_left(ch)) != NULL) {
		snprintf(slot->left, sizeof(slot->left), "%s", left);
		return false;
	}
	if (confine_files_end() == -1)
		return false;
	channel_finish(LOG_MS);
	atomic_store(&slot->kill_at_ms, 0);
	atomic_store(&slot->state, CHILD_SPARE);
	channel_hurry(false);	/* the next record waits for room */
	log_over();
	return true;
}
