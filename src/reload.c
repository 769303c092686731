/* SPDX-License-Identifier: MIT */
/*
 * HUP: certificate, key, routes and the log file anew, while children that run
 * keep what they have.  The loop in parent.c calls it.
 */
#include "log.h"
#include "parent_impl.h"
#include "py/interp.h"

void
reload_run(struct parent *p)
{
	const struct options *o = p->options;
	struct tls_ctx *tls = NULL;
	char err[1024];

	supervise_reloading(p->supervise);
	if (log_reopen() == -1)
		log_warn("--log-file: \"%s\": not opened again, going on "
		    "with the old one", o->log_file);
	/* Without --cert the one in memory stays: clients may trust it. */
	if ((o->cert != NULL &&
	    (tls = tls_ctx_new(o->cert, o->key, err, sizeof(err))) == NULL) ||
	    interp_probe(o, err, sizeof(err)) != 0) {
		log_errorx("not reloaded, going on as before: %s", err);
		tls_ctx_free(tls);
	} else {
		if (tls != NULL) {
			tls_ctx_free(*p->tls);
			*p->tls = tls;
		}
		log_info("reloaded");
	}
	supervise_reloaded(p->supervise);
}
