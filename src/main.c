/* SPDX-License-Identifier: MIT */
/*
 * The program, assembled: options, certificate, sockets, Python, parent.
 *
 * Before Python starts, main checks the command line and the files named on it.
 * Each such error is one line on standard error and has its own exit status
 * (see h2rig(8)).
 */
#include <stdio.h>
#include <stdlib.h>

#include "config.h"

#include "base/log.h"
#include "base/sys.h"
#include "h2/hpack.h"
#include "host/confine.h"
#include "host/guard.h"
#include "host/listen.h"
#include "host/memory.h"
#include "host/options.h"
#include "host/supervise.h"
#include "host/tls.h"
#include "proc/parent.h"
#include "py/interp.h"

/* Prints what --version shows: the versions of h2rig and of what it uses. */
static void
print_about(void)
{
	printf("h2rig %s\nPython %s\n%s\nextensions of POSIX: %s\n",
	    PACKAGE_VERSION, interp_version(), tls_library_version(),
#ifdef HAVE_EXTENSIONS
	    "yes"
#else
	    "no"
#endif
	    );
}

/* Sets up the log as the options say.  The previous log reports errors. */
static void
open_log(const struct options *o)
{
	log_set_level(o->log_level);
	log_set_format(o->log_format);
	if (o->log_file != NULL && log_set_file(o->log_file) == -1)
		fatal(EXIT_CONFIG, "--log-file: \"%s\": expected a file to "
		    "append to", o->log_file);
	if (o->syslog && log_set_syslog() == -1)
		fatal(EXIT_SYSTEM, "--syslog");
}

/* Opens sockets and certificate, or ends the program.  NULL: cleartext. */
static struct tls_ctx *
open_outside(struct options *o, struct supervise *s, struct listeners *l)
{
	struct tls_ctx *tls = NULL;
	char err[1024], name[SYS_ADDR_SIZE];
	int status;

	status = supervise_take(s, o, l, err, sizeof(err));
	if (status != 0)
		fatalx(status, "%s", err);
	if (!o->cleartext) {
		tls = tls_ctx_new(o, err, sizeof(err));
		if (tls == NULL)
			fatalx(EXIT_CONFIG, "%s", err);
	}
	if (l->n == 0 && s->conn == -1 &&
	    listen_open(l, o, err, sizeof(err)) == -1)
		fatalx(EXIT_SYSTEM, "%s", err);
	if (o->console && !listen_is_loopback(l, s->conn, name, sizeof(name)))
		fatalx(EXIT_CONFIG, "--console: expected loopback addresses "
		    "only, not %s", name);
	/* Scripts learn the ports that are bound, also of inherited sockets. */
	listen_ports(l, s->conn, o);
	return tls;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct supervise supervise;
	struct listeners listeners = { 0 };
	struct tls_ctx *tls;
	char err[1024];
	int status;

	memory_begin();
	supervise_begin(&supervise, argc, argv);
	options_parse(&o, argc, argv, print_about);
	open_log(&o);
	if (guard_start(parent_seats(&o), o.grace_ms) == -1)
		fatal(EXIT_SYSTEM, "start");
	confine_raise_files(&o);
	hpack_init();		/* children share the tables */
	tls = open_outside(&o, &supervise, &listeners);
	status = interp_start(&o, argv[0], err, sizeof(err));
	if (status != 0)
		fatalx(status, "%s", err);
	status = parent_run(&o, &listeners, &tls, &supervise);
	interp_stop();
	listen_close(&listeners);
	tls_ctx_free(tls);
	free((char *)o.doc_root);
	free((char *)o.ws_doc_root);
	free((char *)o.trace);
	return status;
}
