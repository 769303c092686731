/* SPDX-License-Identifier: MIT */
/*
 * HUP: certificate, key, routes and the log file anew, while children that run
 * keep what they have, and spare ones, which have no client yet, make room for
 * others.  The loop in parent.c calls it.
 *
 * Routes are the user's code, which may take its time: it is tried in a process
 * of its own (py/probe.c) while the loop goes on.  Its death is the answer;
 * SIGCHLD brings that, so its pipe need not be watched.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "parent_impl.h"
#include "py/probe.h"

static void begin(struct parent *p);

static void
reopen_log(struct parent *p)
{
	if (log_reopen() == -1)
		log_warn("--log-file: \"%s\": not opened again, going on "
		    "with the old one", p->options->log_file);
	else
		supervise_log_reopened(p->supervise);
	spare_dismiss(p);
}

/* err is NULL if all went well. */
static void
finish(struct parent *p, const char *err)
{
	struct reload *r = &p->reload;

	r->running = false;
	if (err != NULL) {
		log_errorx("not reloaded, going on as before: %s", err);
		tls_ctx_free(r->tls);
	} else {
		if (r->tls != NULL) {
			tls_ctx_free(*p->tls);
			*p->tls = r->tls;
		}
		spare_dismiss(p);
		log_info("reloaded");
	}
	r->tls = NULL;
	supervise_reloaded(p->supervise);
	if (r->again)
		begin(p);
}

/*
 * Whoever opens a FIFO waits until somebody writes to it: a start may (--key
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

/* 0, or -1 with err. */
static int
begin_tls(struct reload *r, const struct options *o, char *err, size_t size)
{
	/* Without --cert the one in memory stays: clients may trust it. */
	if (o->cert == NULL)
		return 0;
	if (check_file("cert", o->cert, err, size) == -1 ||
	    check_file("key", o->key, err, size) == -1)
		return -1;
	r->tls = tls_ctx_new(o->cert, o->key, err, size);
	return r->tls != NULL ? 0 : -1;
}

static void
begin(struct parent *p)
{
	const struct options *o = p->options;
	struct reload *r = &p->reload;
	char err[1024];

	r->running = true;
	r->again = false;
	supervise_reloading(p->supervise);
	reopen_log(p);
	if (begin_tls(r, o, err, sizeof(err)) == -1 ||
	    probe_begin(&r->probe, o, err, sizeof(err)) != 0)
		finish(p, err);
	else if (r->probe.pid == 0)
		finish(p, NULL);
}

void
reload_ask(struct parent *p)
{
	p->refresh_ms = 0;
	if (!p->reload.running) {
		begin(p);
		return;
	}
	p->reload.again = true;
	/* Who has moved it away need not wait for the routes. */
	reopen_log(p);
}

void
reload_probe_died(struct parent *p)
{
	char err[1024];
	int status = probe_end(&p->reload.probe, p->options, err, sizeof(err));

	finish(p, status != 0 ? err : NULL);
}

void
reload_deadline(struct parent *p, uint64_t now)
{
	struct probe *pr = &p->reload.probe;

	if (!p->reload.running || now < pr->due_ms)
		return;
	probe_kill(pr);
	pr->due_ms = now + TICK_MS;
}

void
reload_cancel(struct parent *p)
{
	struct reload *r = &p->reload;

	if (!r->running)
		return;
	probe_kill(&r->probe);
	probe_forget(&r->probe);
	tls_ctx_free(r->tls);
	*r = (struct reload){ 0 };
}
