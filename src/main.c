/* SPDX-License-Identifier: MIT */
/*
 * The program, assembled: options, certificate, sockets, Python, parent.
 *
 * What can be wrong with the command line or the files on it is looked at
 * before Python starts, and each such error is one line on standard error
 * and an exit status of its own (see h2rig(8)).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "h2/hpack.h"
#include "listen.h"
#include "log.h"
#include "options.h"
#include "parent.h"
#include "py/interp.h"
#include "tls.h"

/*
 * Descriptors 0 to 2 are open from here on: a socket must not get one of
 * their numbers and be printed to.  Standard input is always empty, also for
 * scripts: reading a terminal would stop a child, whose group is not the
 * terminal's.
 */
static void
open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1 || dup2(fd, STDIN_FILENO) == -1)
		fatal(EXIT_SYSTEM, "/dev/null");
	close(fd);
}

int
main(int argc, char **argv)
{
	struct options o;
	struct listeners listeners = { 0 };
	struct tls_ctx *tls = NULL;
	char err[1024];
	int status;

	open_standard_descriptors();
	options_parse(&o, argc, argv);
	log_set_level(o.log_level);
	hpack_init();		/* here, so that children share the tables */
	if (!o.cleartext) {
		tls = tls_ctx_new(o.cert, o.key, err, sizeof(err));
		if (tls == NULL)
			fatalx(EXIT_CONFIG, "%s", err);
	}
	if (listen_open(&listeners, &o, err, sizeof(err)) == -1)
		fatalx(EXIT_SYSTEM, "%s", err);
	o.port = listen_port(&listeners);
	status = interp_start(&o, argv[0], err, sizeof(err));
	if (status != 0)
		fatalx(status, "%s", err);
	status = interp_probe(&o, err, sizeof(err));
	if (status != 0) {
		interp_stop();
		fatalx(status, "%s", err);
	}
	log_info("h2rig %s, Python %s, %s, serving %s", PACKAGE_VERSION,
	    interp_version(), tls_library_version(), o.doc_root);
	status = parent_run(&o, &listeners, tls);
	interp_stop();
	listen_close(&listeners);
	tls_ctx_free(tls);
	free((char *)o.doc_root);
	return status;
}
