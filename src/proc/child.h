/* SPDX-License-Identifier: MIT */
/*
 * A child: the process that serves a connection, from an accepted descriptor to
 * an exit code.  children.c calls it.
 */
#ifndef H2RIG_CHILD_H
#define H2RIG_CHILD_H

#include <stdbool.h>

#include "base/sys.h"
#include "host/options.h"
#include "host/slot.h"
#include "host/tls.h"

/* Exit codes of a child. */
enum child_exit {
	CHILD_EXIT_OK = 0,	/* client closed, drained, a script closed */
	CHILD_EXIT_CLIENT = 1,	/* client: violation, TLS error, timeout */
	CHILD_EXIT_SCRIPT = 2,	/* a script passed a limit, or did damage */
	CHILD_EXIT_INTERNAL = 70
};

/*
 * Ends the child for a fault that is neither the client's nor a script's.
 * Writes why and errno's text to the slot, so that the parent logs them.  Does
 * not return.
 */
void child_fail(struct slot *slot, const char *why);

struct child_args {
	int fd;			/* the connection; owned */
	int drain_fd;		/* end of file here: the server is stopping */
	int line_fd;		/* its end wakes the child when the parent asks
				 * for something in the slot */
	int trace_fd;		/* a new file for its trace, owned; -1: none */
	struct tls_ctx *tls;	/* NULL: cleartext */
	const struct options *options;
	struct slot *slot;
	const struct scoreboard *board;	/* contains slot */
	bool last;		/* the process ends after this connection */
	char client_host[64];	/* numeric */
	unsigned client_port, server_port;
	char client[SYS_ADDR_SIZE];	/* host and port */
};

/*
 * Serves the connection in the forked process.  Leaves by _exit with an enum
 * child_exit, or returns when the process may serve another connection; then
 * the parent has been told so, and nothing of the connection is left.  The
 * caller has forked by interp_fork, restored signals and, if this connection is
 * not the last, called mark_set in the state that the process must be in after
 * it.
 */
void child_run(const struct child_args *a);

#endif
