/* SPDX-License-Identifier: MIT */
/*
 * How children end: reaped and logged when they are dead, killed when they are
 * past their time or have too many processes.  When they die before their
 * first request, accepting slows down.  The loop in parent.c calls it.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/sys.h"
#include "child.h"
#include "ends.h"
#include "host/confine.h"
#include "host/guard.h"
#include "host/machine.h"
#include "parent_impl.h"

#define COUNT_MAX_MS 4000	/* processes are counted so often, at least */

/*
 * A child that failed before its first request, by no fault of the client's,
 * will not be the last one: a crash, a fault of our own, or SIGKILL from
 * outside (memory was short).  Then the next ones are made slowly.
 */
static bool
died_early(const struct seat *seat, const struct slot *slot, int status)
{
	if (seat->killed != NULL || atomic_load(&slot->streams) > 0)
		return false;
	return WIFSIGNALED(status) || atomic_load(&slot->end) ==
	    CHILD_END_NONE || WEXITSTATUS(status) == CHILD_EXIT_INTERNAL;
}

static void
note_death(struct parent *p, long i, int status)
{
	uint64_t now = sys_now_ms();

	p->last_client_ms = now;
	p->single_status = WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);	/* as shells say it */
	if (died_early(&p->board.seat[i], &p->board.slot[i], status)) {
		if (p->dying_ms == 0)
			log_warnx("children die before their first request, "
			    "accepting slowly");
		p->dying_ms = pause_after(p->dying_ms);
		p->dying_until_ms = now + p->dying_ms;
		log_debug("waiting for %u ms", p->dying_ms);
	} else if (p->dying_ms != 0) {
		log_info("children live again, accepting as before");
		p->dying_ms = 0;
		p->dying_until_ms = 0;
	}
}

/*
 * The child is dead and not yet reaped, so its pid, and with it the group's
 * number, cannot belong to anyone else: what it left behind goes with it.
 */
static void
bury(struct parent *p, pid_t pid)
{
	long i = scoreboard_find(&p->board, pid);
	uint64_t cpu_us = ends_cpu_us();
	int status = 0;

	if (p->reload.running && pid == p->reload.probe.pid) {
		reload_probe_died(p);
		return;
	}
	if (i != -1)
		kill(-pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || i == -1)
		return;
	guard_forget(GUARD_CHILD((size_t)i));
	parent_finish_feed(p, i);
	if (p->board.seat[i].spare) {
		spare_died(p, i, status, ends_cpu_us() - cpu_us);
		return;
	}
	ends_log(p->options, &p->board.seat[i], &p->board.slot[i], status,
	    ends_cpu_us() - cpu_us);
	p->board.seat[i].pid = 0;
	/* Its files are gone, with what it had in them. */
	atomic_store(&p->board.slot[i].stored, 0);
	p->alive--;
	room_died(p, (size_t)i);
	note_death(p, i, status);
	/* There is room again for what was short, perhaps. */
	p->resume_ms = 0;
}

void
reap_children(struct parent *p)
{
	siginfo_t info;

	for (;;) {
		memset(&info, 0, sizeof(info));
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) ==
		    -1 || info.si_pid == 0)
			return;
		bury(p, info.si_pid);
	}
}

void
reap_kill(struct seat *seat, const char *why)
{
	if (seat->killed == NULL)
		seat->killed = why;
	kill(-seat->pid, SIGKILL);
	/* It may have left its group; not yet reaped, the number is its own. */
	kill(seat->pid, SIGKILL);
}

void
reap_kill_all(struct parent *p, const char *why)
{
	size_t i;

	p->killed_all = true;
	for (i = 0; i < p->board.n; i++)
		if (p->board.seat[i].pid != 0)
			reap_kill(&p->board.seat[i], why);
}

/*
 * Not if this process did not run for a while: then the whole machine may have
 * stood still, and children are given time to say that they live.
 */
void
reap_deadlines(struct parent *p, uint64_t now)
{
	size_t i;

	if (p->looked_ms != 0 && now - p->looked_ms > 3 * TICK_MS)
		p->spare_until_ms = now + 3 * TICK_MS;
	p->looked_ms = p->alive + p->leaving > 0 ? now : 0;
	if (p->alive > 0 && now >= p->oom_ms) {
		machine_oom(now);
		p->oom_ms = now + TICK_MS;
	}
	for (i = 0; now >= p->spare_until_ms && i < p->board.n; i++) {
		const struct slot *slot = &p->board.slot[i];
		uint64_t at;

		/* Slots that nobody has used have no page yet. */
		if (p->board.seat[i].pid == 0)
			continue;
		at = atomic_load(&slot->kill_at_ms);
		if (at == 0 || at > now)
			continue;
		reap_kill(&p->board.seat[i],
		    atomic_load(&slot->state) == CHILD_LEAVING ?
		    "past its deadline" :
		    "limit hit: no sign of life (--silence-limit)");
	}
}

/*
 * Looking costs time for each process of the machine: the longer it takes, the
 * more seldom it is done.
 */
void
reap_processes(struct parent *p, uint64_t now)
{
	uint64_t took;
	size_t i;

	if (p->options->max_processes == 0 || p->alive == 0 ||
	    now < p->count_ms)
		return;
	if (confine_count(&p->board) == -1) {
		p->count_ms = UINT64_MAX;
		log_debug("cannot count processes (--max-processes)");
		return;
	}
	for (i = 0; i < p->board.n; i++)
		if (p->board.seat[i].pid != 0 &&
		    p->board.seat[i].processes > p->options->max_processes)
			reap_kill(&p->board.seat[i],
			    "limit hit: processes (--max-processes)");
	took = sys_now_ms() - now;
	p->count_ms = now + TICK_MS +
	    (took < COUNT_MAX_MS / 50 ? 50 * took : COUNT_MAX_MS);
}
