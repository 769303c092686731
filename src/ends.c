/* SPDX-License-Identifier: MIT */
/*
 * What the log says of a child that has died: whose doing it was, what ran,
 * and the stacks of a crash.  It goes by the exit status, by what the parent
 * knows of its own doing, and by the slot, whose texts a script may have
 * overwritten.  The parent calls it before it frees the seat.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ends.h"
#include "log.h"
#include "machine.h"
#include "sys.h"

#define CRASH_MAX (64 * 1024)	/* octets of a crash file that are logged */

void
ends_append(char *text, size_t size, const char *before, const char *what)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s", before, what);
}

/* After a SIGKILL of somebody else's. */
static const char *const oom_texts[] = {
	[MACHINE_OOM_NO] = "",
	[MACHINE_OOM_YES] = ": out of memory, for want of which the kernel "
	    "kills processes now",
	[MACHINE_OOM_UNKNOWN] = ", perhaps by the kernel for want of memory"
};

/* How the child ended, in words; whether that calls for a warning. */
static bool
describe_end(const struct seat *seat, const struct slot *slot, int status,
    bool out_of_cpu, char *dst, size_t size)
{
	int end = atomic_load(&slot->end);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	char why[sizeof(slot->why) + 1];

	slot_why_text(slot, why, sizeof(why));
	if (WIFSIGNALED(status) && seat->killed != NULL) {
		snprintf(dst, size, "killed: %s", seat->killed);
	} else if (WIFSIGNALED(status)) {
		snprintf(dst, size, "%skilled by %s%s", out_of_cpu ?
		    "limit hit: processor time (--max-cpu), " : "",
		    sys_signal_name(WTERMSIG(status)),
		    WTERMSIG(status) == SIGKILL && !out_of_cpu ?
		    oom_texts[machine_oom(sys_now_ms())] : "");
	} else if (end == CHILD_END_NONE) {
		snprintf(dst, size, "exit by a script, code %d", code);
	} else {
		snprintf(dst, size, "%s", child_end_text(end));
		if (why[0] != '\0')
			ends_append(dst, size, ": ", why);
		return end >= CHILD_END_LIMIT;
	}
	/* It said something before it was stopped. */
	if (end != CHILD_END_NONE && why[0] != '\0')
		ends_append(dst, size, "; ", why);
	return true;
}

static void
log_end(const struct seat *seat, const struct slot *slot, int status,
    bool out_of_cpu)
{
	uint64_t ms = sys_now_ms() - seat->started_ms;
	char text[4096], run[SCOREBOARD_RUN_TEXT], tail[256];
	bool warn, running = false;
	size_t i;

	warn = describe_end(seat, slot, status, out_of_cpu, text,
	    sizeof(text));
	for (i = 0; warn && i < SCOREBOARD_RUNNING; i++)
		if (slot_running_text(slot, i, run, sizeof(run))) {
			ends_append(text, sizeof(text), ", running ", run);
			running = true;
		}
	/* A thread that it left behind, perhaps. */
	if (warn && !running && slot_last_text(slot, run, sizeof(run)))
		ends_append(text, sizeof(text), ", last ran ", run);
	snprintf(tail, sizeof(tail), "%" PRIu64 ".%03u s, %u streams, "
	    "%" PRIuFAST64 " octets in, %" PRIuFAST64 " out",
	    ms / 1000, (unsigned)(ms % 1000), atomic_load(&slot->streams),
	    atomic_load(&slot->octets_in), atomic_load(&slot->octets_out));
	if (atomic_load(&slot->quick) > 0) {
		snprintf(run, sizeof(run), ", %u without Python",
		    atomic_load(&slot->quick));
		ends_append(tail, sizeof(tail), run, "");
	}
	(warn ? log_warnx : log_info)("child %ld of %s ended: %s; %s",
	    (long)seat->pid, seat->client, text, tail);
}

/* Logs what a dead child left in its crash file, and empties that. */
static void
log_crash_file(const struct seat *seat)
{
	static char text[CRASH_MAX];
	char prefix[32];
	ssize_t n;

	if (seat->crash_fd == -1)
		return;
	n = pread(seat->crash_fd, text, sizeof(text), 0);
	if (n <= 0)
		return;
	snprintf(prefix, sizeof(prefix), "child %ld", (long)seat->pid);
	log_lines(LOG_L_WARN, prefix, text, (size_t)n);
	/* The next child's writes begin where the shared offset stands. */
	if (ftruncate(seat->crash_fd, 0) == -1 ||
	    lseek(seat->crash_fd, 0, SEEK_SET) == -1)
		log_warn("crash file");
}

uint64_t
ends_cpu_us(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_CHILDREN, &u) == -1)
		return 0;
	return ((uint64_t)u.ru_utime.tv_sec + (uint64_t)u.ru_stime.tv_sec) *
	    1000000 + (uint64_t)u.ru_utime.tv_usec +
	    (uint64_t)u.ru_stime.tv_usec;
}

/* SIGXCPU, or the kernel's SIGKILL for one that ignored it. */
static bool
was_out_of_cpu(const struct options *o, int status, uint64_t used)
{
	return o->max_cpu_ms != 0 && WIFSIGNALED(status) &&
	    (WTERMSIG(status) == SIGXCPU || (WTERMSIG(status) == SIGKILL &&
	    used >= (uint64_t)o->max_cpu_ms * 1000));
}

void
ends_log(const struct options *o, const struct seat *seat,
    const struct slot *slot, int status, uint64_t cpu_us)
{
	log_end(seat, slot, status, was_out_of_cpu(o, status, cpu_us));
	log_crash_file(seat);
}
