/* SPDX-License-Identifier: MIT */
/*
 * Routes, certificate, key and the log file: the routes at the start, all of
 * them on HUP.  Children that run keep what they have; children that have no
 * client yet are replaced.
 *
 * The parent reads the routes file as text.  A process of its own, which has
 * the rights and limits of a child, tries it, and also whether --user may use
 * the directories.  That process says in its slot whether all is well, or what
 * is wrong.  If it gives no answer (it crashed, hung, left) the answer is no.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "child.h"
#include "host/confine.h"
#include "parent_impl.h"
#include "py/interp.h"

#define TRIAL_MS 10000		/* for a routes file to load */

static void begin(struct parent *p);

/* ---- the trial ---- */

static void
be_trial(struct parent *p, size_t i)
{
	struct slot *slot = &p->board.slot[i];
	char why[SCOREBOARD_WHY];
	int status;

	if (confine_files(p->options) == -1)
		child_fail(slot, "descriptors");
	status = interp_call("probe", why, sizeof(why));
	slot_set_end(slot, status == 0 ? CHILD_END_LOADED :
	    CHILD_END_SCRIPT, why);
	_exit(status);
}

/* Begins a trial, if there is one: 0, or an exit status with err. */
static int
begin_trial(struct parent *p, char *err, size_t size)
{
	const struct options *o = p->options;
	int status;
	long i;

	if (o->routes == NULL && o->connection == NULL && o->user == NULL)
		return 0;
	if ((status = interp_call("read_routes", err, size)) != 0)
		return status;
	if ((i = seat_open(p)) == -1 ||
	    seat_fork(p, (size_t)i, SEAT_TRIAL, be_trial) == -1) {
		snprintf(err, size, "cannot try --routes, --connection or "
		    "--user: %s", strerror(errno));
		return EXIT_SYSTEM;
	}
	p->reload.i = (size_t)i;
	p->reload.due_ms = sys_now_ms() + TRIAL_MS;
	return 0;
}

/* Describes a trial that has given no answer. */
static void
describe_silence(const struct options *o, const struct death *d, char *err,
    size_t size)
{
	const struct { const char *name, *value, *what; } of[] = {
		{ "routes", o->routes, "a file that loads" },
		{ "connection", o->connection, "a file that loads" },
		{ "user", o->user, "an answer" }
	};
	const char *and = "";
	size_t i, len = 0;

	for (i = 0; i < sizeof(of) / sizeof(of[0]) && len < size; i++) {
		if (of[i].value == NULL)
			continue;
		len += (size_t)snprintf(err + len, size - len,
		    "%s--%s: \"%s\": expected %s", and, of[i].name,
		    of[i].value, of[i].what);
		and = ", or ";
	}
	if (len < size)
		snprintf(err + len, size - len, " within %d s, and its process "
		    "%s", TRIAL_MS / 1000, WIFSIGNALED(d->status) ?
		    sys_signal_name(WTERMSIG(d->status)) : "left");
}

/* Has future children use the routes: 0, or an exit status with err. */
static int
end_trial(const struct parent *p, const struct death *d, char *err,
    size_t size)
{
	const struct slot *slot = &p->board.slot[d->i];
	const struct options *o = p->options;
	int end = atomic_load(&slot->end);

	if (end == CHILD_END_LOADED)
		return interp_call("take_routes", err, size);
	if (end != CHILD_END_NONE)
		slot_copy_text(err, size, slot->why, sizeof(slot->why));
	else
		describe_silence(o, d, err, size);
	return EXIT_CONFIG;
}

/* ---- all of it ---- */

static void
reopen_log(struct parent *p)
{
	if (log_reopen() == -1)
		log_warnx("--log-file: \"%s\": not opened again, going on "
		    "with the old one", p->options->log_file);
	else
		supervise_log_reopened(p->supervise);
	children_dismiss(p);
}

/* Ends a load.  status is 0 if all went well; else err says what did not. */
static void
finish(struct parent *p, int status, const char *err)
{
	struct reload *r = &p->reload;

	r->due_ms = 0;
	if (!r->loaded) {
		r->loaded = true;
		if (status == 0)
			return;
		interp_stop();
		fatalx(status, "%s", err);
	}
	if (status != 0) {
		log_errorx("not reloaded, going on as before: %s", err);
		tls_ctx_free(r->tls);
	} else {
		if (r->tls != NULL) {
			tls_ctx_free(*p->tls);
			*p->tls = r->tls;
		}
		children_dismiss(p);
		interp_learn(p->options);
		log_info("reloaded");
	}
	r->tls = NULL;
	supervise_reloaded(p->supervise);
	if (r->again)
		begin(p);
}

/*
 * To open a FIFO waits until somebody writes to it: a start may do that (--key
 * <(command)), a server with clients may not.  0, or -1 with err.
 */
static int
check_file(const char *option, const char *path, char *err, size_t size)
{
	struct stat st;

	if (stat(path, &st) == -1 || !S_ISFIFO(st.st_mode))
		return 0;
	snprintf(err, size, "--%s: \"%s\": expected a regular file, not a FIFO",
	    option, path);
	return -1;
}

/* Makes a TLS context, if --cert is given: 0, or -1 with err. */
static int
begin_tls(struct parent *p, char *err, size_t size)
{
	const struct options *o = p->options;

	/* Without --cert, the one in memory stays: clients may trust it. */
	if (o->cert == NULL)
		return 0;
	if (check_file("cert", o->cert, err, size) == -1 ||
	    check_file("key", o->key, err, size) == -1)
		return -1;
	p->reload.tls = tls_ctx_new(o, err, size);
	return p->reload.tls != NULL ? 0 : -1;
}

static void
begin(struct parent *p)
{
	char err[1024] = "";
	int status = 0;

	p->reload.again = false;
	if (p->reload.loaded) {
		supervise_reloading(p->supervise);
		reopen_log(p);
		status = begin_tls(p, err, sizeof(err));
	}
	if (status == 0)
		status = begin_trial(p, err, sizeof(err));
	if (status != 0 || p->reload.due_ms == 0)
		finish(p, status, err);
}

void
reload_ask(struct parent *p)
{
	if (p->reload.due_ms == 0) {
		begin(p);
		return;
	}
	p->reload.again = true;
	/* A log file that was moved away need not wait for the routes. */
	reopen_log(p);
}

void
reload_tried(struct parent *p, const struct death *d)
{
	char err[1024];
	int status;

	if (p->reload.due_ms == 0)	/* cancelled */
		return;
	status = end_trial(p, d, err, sizeof(err));
	finish(p, status, err);
}

uint64_t
reload_due(const struct parent *p)
{
	return p->reload.due_ms != 0 ? p->reload.due_ms : UINT64_MAX;
}

void
reload_kill(struct parent *p)
{
	seat_kill(&p->seat[p->reload.i], "routes not loaded");
	p->reload.due_ms = sys_now_ms() + TICK_MS;
}

void
reload_cancel(struct parent *p)
{
	if (p->reload.due_ms == 0)
		return;
	seat_kill(&p->seat[p->reload.i], "routes not loaded");
	tls_ctx_free(p->reload.tls);
	p->reload.tls = NULL;
	p->reload.due_ms = 0;
}
