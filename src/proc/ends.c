/* SPDX-License-Identifier: MIT */
/*
 * What the log says of a child that has died: whose doing it was, what ran.
 * It goes by the exit status, by what the parent
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

#include "base/log.h"
#include "base/sys.h"
#include "ends.h"
#include "host/machine.h"

void
ends_append(char *text, size_t size, const char *before, const char *what)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s", before, what);
}

/* After a SIGKILL of somebody else's. */
static const char *const oom_texts[] = {
	[MACHINE_OOM_NO] = "",
	[MACHINE_OOM_YES] = (": out of memory, for want of which the kernel "
	    "kills processes now"),
	[MACHINE_OOM_UNKNOWN] = ", perhaps by the kernel for want of memory"
};

/* What the record of an end says. */
struct record {
	const char *end;	/* in a word or two; static */
	char why[SCOREBOARD_WHY + 1];
	char code[32];		/* of HTTP/2; "" for none */
	bool warn;
	struct ran run;		/* that runs, or ran last; stream 0: none */
	char text[4096];	/* all of it */
};

/* How the child ended, and whether that calls for a warning. */
static void
describe_end(const struct seat *seat, const struct slot *slot, int status,
    bool out_of_cpu, struct record *r)
{
	int end = atomic_load(&slot->end);
	const char *killed = seat->killed != NULL ? seat->killed : out_of_cpu ?
	    "processor time (--max-cpu)" : NULL;
	const char *oom = "";

	slot_why_text(slot, r->why, sizeof(r->why));
	slot_code_text(slot, r->code, sizeof(r->code));
	r->warn = true;
	if (WIFSIGNALED(status) && seat->killed != NULL) {
		r->end = "killed";
		snprintf(r->text, sizeof(r->text), "killed: %s", seat->killed);
	} else if (WIFSIGNALED(status)) {
		if (WTERMSIG(status) == SIGKILL && !out_of_cpu)
			oom = oom_texts[machine_oom(sys_now_ms())];
		r->end = out_of_cpu ? "limit hit" : "killed";
		snprintf(r->text, sizeof(r->text), "%skilled by %s%s",
		    out_of_cpu ? "limit hit: processor time (--max-cpu), " :
		    "", sys_signal_name(WTERMSIG(status)), oom);
	} else if (end == CHILD_END_NONE) {
		r->end = "exit by a script";
		snprintf(r->text, sizeof(r->text), "exit by a script, code %d",
		    WEXITSTATUS(status));
	} else {
		r->end = child_end_text(end);
		r->warn = end >= CHILD_END_LIMIT;
		snprintf(r->text, sizeof(r->text), "%s%s%s", r->end,
		    r->why[0] != '\0' ? ": " : "", r->why);
		return;
	}
	/* It said something before it was stopped. */
	if (end != CHILD_END_NONE && r->why[0] != '\0')
		ends_append(r->text, sizeof(r->text), "; ", r->why);
	if (killed != NULL)
		snprintf(r->why, sizeof(r->why), "%s", killed);
}

/* What runs, or the thread of what ran last that it left behind, perhaps. */
static void
describe_running(const struct slot *slot, struct record *r)
{
	struct ran run;
	size_t i;

	r->run.stream = 0;
	for (i = 0; r->warn && i < SCOREBOARD_RUNNING; i++)
		if (slot_running(slot, i, &run)) {
			ends_append(r->text, sizeof(r->text), ", running ",
			    run.text);
			r->run = run;
		}
	if (r->warn && r->run.stream == 0 && slot_last(slot, &r->run))
		ends_append(r->text, sizeof(r->text), ", last ran ",
		    r->run.text);
}

static void
describe_work(const struct slot *slot, uint64_t ms, struct record *r)
{
	char text[200];

	snprintf(text, sizeof(text), "; %" PRIu64 ".%03u s, %u streams, "
	    "%" PRIuFAST64 " octets in, %" PRIuFAST64 " out",
	    ms / 1000, (unsigned)(ms % 1000), atomic_load(&slot->streams),
	    atomic_load(&slot->octets_in), atomic_load(&slot->octets_out));
	ends_append(r->text, sizeof(r->text), text, "");
	if (atomic_load(&slot->quick) == 0)
		return;
	snprintf(text, sizeof(text), ", %u without Python",
	    atomic_load(&slot->quick));
	ends_append(r->text, sizeof(r->text), text, "");
}

static void
log_end(const struct seat *seat, const struct slot *slot, int status,
    bool out_of_cpu)
{
	uint64_t ms = sys_now_ms() - seat->started_ms;
	struct log_field f[16];
	struct record r;
	char line[sizeof(r.text) + 128];
	size_t n = 0;

	describe_end(seat, slot, status, out_of_cpu, &r);
	describe_running(slot, &r);
	describe_work(slot, ms, &r);
	f[n++] = log_field_number("child", (uint64_t)seat->pid);
	f[n++] = log_field_text("client", seat->client);
	f[n++] = log_field_text("end", r.end);
	if (r.why[0] != '\0')
		f[n++] = log_field_text("why", r.why);
	if (r.code[0] != '\0')
		f[n++] = log_field_text("code", r.code);
	f[n++] = WIFSIGNALED(status) ?
	    log_field_text("signal", sys_signal_name(WTERMSIG(status))) :
	    log_field_number("status", (uint64_t)WEXITSTATUS(status));
	if (r.run.stream != 0) {
		f[n++] = log_field_text("script", r.run.script);
		f[n++] = log_field_text("function", r.run.function);
		f[n++] = log_field_number("stream", r.run.stream);
	}
	f[n] = log_field_number("seconds", ms);
	f[n++].thousandths = true;
	f[n++] = log_field_number("streams", atomic_load(&slot->streams));
	f[n++] = log_field_number("without_python",
	    atomic_load(&slot->quick));
	f[n++] = log_field_number("octets_in", atomic_load(&slot->octets_in));
	f[n++] = log_field_number("octets_out",
	    atomic_load(&slot->octets_out));
	snprintf(line, sizeof(line), "child %ld of %s ended: %s",
	    (long)seat->pid, seat->client, r.text);
	log_members(r.warn ? LOG_L_WARN : LOG_L_INFO, line, f, n);
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
}
