/* SPDX-License-Identifier: MIT */
/*
 * What the log says of children: how each has ended, who caused that and what
 * ran; and on USR1 what each does.  The facts come from the exit status, from
 * what the parent itself has done, and from the slot, whose texts a script may
 * have overwritten.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/sys.h"
#include "host/machine.h"
#include "parent_impl.h"

#define TEXT_SIZE 4096		/* of a record's text; longer ones are cut */

/* Appends to a text of TEXT_SIZE octets. */
static void
append(char *text, const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + len, TEXT_SIZE - len, fmt, ap);
	va_end(ap);
}

/* Appends what a child has done in ms milliseconds of its connection. */
static void
append_work(char *text, const struct slot *slot, uint64_t ms)
{
	append(text, "; %" PRIu64 ".%03u s, %u streams, %" PRIuFAST64
	    " octets in, %" PRIuFAST64 " out", ms / 1000,
	    (unsigned)(ms % 1000), atomic_load(&slot->streams),
	    atomic_load(&slot->octets_in), atomic_load(&slot->octets_out));
}

/* Appends the functions that run; *last becomes the last, if any. */
static void
append_running(char *text, const struct slot *slot, struct ran *last)
{
	struct ran run;
	size_t i;

	for (i = 0; i < SCOREBOARD_RUNNING; i++)
		if (slot_running(slot, i, &run)) {
			append(text, ", running %s", run.text);
			*last = run;
		}
}

/* ---- ends ---- */

/* Text for a SIGKILL that the server has not sent. */
static const char *const oom_texts[] = {
	[MACHINE_OOM_NO] = "",
	[MACHINE_OOM_YES] = (": out of memory, for want of which the kernel "
	    "kills processes now"),
	[MACHINE_OOM_UNKNOWN] = ", perhaps by the kernel for want of memory"
};

/* What the record of a child's end says. */
struct record {
	const char *end;	/* in a word or two; static */
	char why[SCOREBOARD_WHY + 1];
	char code[32];		/* HTTP/2 error code; "": none */
	bool warn;
	struct ran run;		/* runs, or ran last; stream 0: none */
	char text[TEXT_SIZE];	/* the whole text */
};

/* Describes how the child ended, and whether that calls for a warning. */
static void
describe_end(const struct seat *seat, const struct slot *slot, int status,
    bool out_of_cpu, struct record *r)
{
	int end = atomic_load(&slot->end);
	const char *killed = seat->killed != NULL ? seat->killed : out_of_cpu ?
	    "processor time (--max-cpu)" : NULL;
	const char *oom = "";

	slot_copy_text(r->why, sizeof(r->why), slot->why,
	    sizeof(slot->why));
	slot_copy_text(r->code, sizeof(r->code), slot->code,
	    sizeof(slot->code));
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
		r->end = slot_end_text(end);
		r->warn = end >= CHILD_END_LIMIT;
		snprintf(r->text, sizeof(r->text), "%s%s%s", r->end,
		    r->why[0] != '\0' ? ": " : "", r->why);
		return;
	}
	/* The child gave a reason before it was killed. */
	if (end != CHILD_END_NONE && r->why[0] != '\0')
		append(r->text, "; %s", r->why);
	if (killed != NULL)
		snprintf(r->why, sizeof(r->why), "%s", killed);
}

/*
 * Adds the functions that run or, if none does, the one that ran last: a thread
 * or process that it has left behind may have caused the end.
 */
static void
describe_running(const struct slot *slot, struct record *r)
{
	r->run.stream = 0;
	if (!r->warn)
		return;
	append_running(r->text, slot, &r->run);
	if (r->run.stream == 0 && slot_last(slot, &r->run))
		append(r->text, ", last ran %s", r->run.text);
}

/* Whether SIGXCPU killed it or, if it ignored that, the kernel's SIGKILL. */
static bool
was_out_of_cpu(const struct options *o, const struct death *d)
{
	int sig = WIFSIGNALED(d->status) ? WTERMSIG(d->status) : 0;

	return o->max_cpu_ms != 0 && (sig == SIGXCPU || (sig == SIGKILL &&
	    d->cpu_us >= (uint64_t)o->max_cpu_ms * 1000));
}

void
report_end(const struct parent *p, const struct death *d)
{
	const struct seat *seat = &p->seat[d->i];
	const struct slot *slot = &p->board.slot[d->i];
	bool out_of_cpu = was_out_of_cpu(p->options, d);
	int status = d->status;
	uint64_t ms = sys_now_ms() - seat->started_ms;
	char left[sizeof(slot->left) + 1];
	struct log_field f[18];
	struct record r;
	char line[sizeof(r.text) + 128];
	size_t n = 0;

	describe_end(seat, slot, status, out_of_cpu, &r);
	describe_running(slot, &r);
	append_work(r.text, slot, ms);
	if (atomic_load(&slot->quick) != 0)
		append(r.text, ", %u without Python",
		    atomic_load(&slot->quick));
	f[n++] = log_field_number("child", (uint64_t)seat->pid);
	f[n++] = log_field_text("client", seat->client);
	f[n++] = log_field_text("end", r.end);
	if (r.why[0] != '\0')
		f[n++] = log_field_text("why", r.why);
	if (r.code[0] != '\0')
		f[n++] = log_field_text("code", r.code);
	if (!d->lives)
		f[n++] = WIFSIGNALED(status) ? log_field_text("signal",
		    sys_signal_name(WTERMSIG(status))) :
		    log_field_number("status", (uint64_t)WEXITSTATUS(status));
	if ((d->role == SEAT_CLIENT || d->role == SEAT_GONE) &&
	    (d->lives || seat->connections > 1)) {
		append(r.text, "; connection %u of its process",
		    seat->connections);
		f[n++] = log_field_number("connection", seat->connections);
	}
	slot_copy_text(left, sizeof(left), slot->left, sizeof(slot->left));
	if (left[0] != '\0') {
		append(r.text, "; its process is not used again: %s", left);
		f[n++] = log_field_text("left", left);
	}
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

/* ---- status ---- */

static const char *
state_text(int state)
{
	static const char *const text[] = {
		[CHILD_FREE] = "starting", [CHILD_SPARE] = "spare",
		[CHILD_HANDSHAKE] = "handshake", [CHILD_IDLE] = "idle",
		[CHILD_WAITING] = "waiting for the client",
		[CHILD_FINISHING] = "finishing",
		[CHILD_RUNNING] = "running", [CHILD_GONE] = "client gone",
		[CHILD_LEAVING] = "leaving"
	};
	size_t i = (size_t)state;	/* from a slot, untrusted */

	return i < sizeof(text) / sizeof(text[0]) ? text[i] : "?";
}

static void
log_child(const struct seat *seat, const struct slot *slot)
{
	uint64_t stored = atomic_load(&slot->stored);
	char text[TEXT_SIZE] = "";
	struct ran unused;

	append(text, "%s", state_text(atomic_load(&slot->state)));
	append_running(text, slot, &unused);
	append_work(text, slot, sys_now_ms() - seat->started_ms);
	if (stored > 0)
		append(text, ", %" PRIu64 " octets of content stored", stored);
	log_info("child %ld of %s: %s", (long)seat->pid, seat->client, text);
}

void
report_status(const struct parent *p)
{
	const size_t *count = p->count;
	char text[TEXT_SIZE] = "";
	size_t i;

	append(text, "%zu children of at most %u", count[SEAT_CLIENT],
	    p->options->max_children);
	if (p->options->spare != 0 || p->options->per_process > 1)
		append(text, ", %zu spare",
		    count[SEAT_SPARE] + count[SEAT_DISMISSED]);
	if (count[SEAT_GONE] != 0)
		append(text, ", clients gone of %zu", count[SEAT_GONE]);
	log_info("%s%s", text, p->stopping ? ", stopping" : "");
	for (i = 0; seat_next(p, &i, SEAT_TAKEN & ~SEAT_IS(SEAT_TRIAL)); i++)
		log_child(&p->seat[i], &p->board.slot[i]);
}
