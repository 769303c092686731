/* SPDX-License-Identifier: MIT */
/*
 * One connection, from an accepted descriptor to an exit code.
 */
#ifndef H2RIG_CHILD_H
#define H2RIG_CHILD_H

#include <stdbool.h>

#include "base/sys.h"
#include "host/options.h"
#include "host/scoreboard.h"
#include "host/tls.h"

/* Exit codes of a child. */
enum child_exit {
	CHILD_EXIT_OK = 0,	/* closed by client, drained, script's wish */
	CHILD_EXIT_CLIENT = 1,	/* client: violation, TLS error, timeout */
	CHILD_EXIT_SCRIPT = 2,	/* a script passed a limit, or did damage */
	CHILD_EXIT_INTERNAL = 70
};

/*
 * Ends the child for a fault that is neither a client's nor a script's: marks
 * the slot with why and errno's text, so that the parent says so.
 */
void child_fail(struct slot *slot, const char *why);

struct child_args {
	int fd;			/* the connection; owned */
	int drain_fd;		/* end of file here: the server is stopping */
	int line_fd;		/* wakes it when the parent has asked something of
				 * it in the slot; -1: it looks now and then */
	int trace_fd;		/* a new file for its trace, owned; -1: none */
	struct tls_ctx *tls;	/* NULL: cleartext */
	const struct options *options;
	struct slot *slot;
	const struct scoreboard *board;	/* which the slot is of */
	bool last;		/* the process ends with it */
	char client_host[64];	/* numeric */
	unsigned client_port, server_port;
	char client[SYS_ADDR_SIZE];	/* both */
};

/*
 * Runs the connection in the forked process and leaves by _exit with an enum
 * child_exit, or returns when the process may serve another one: the parent has
 * been told so, and nothing of the connection is left.  The caller has forked by
 * interp_fork, restored signals and, if this one is not the last, called
 * mark_set with what is then left of it.
 */
void child_run(const struct child_args *a);

#endif
