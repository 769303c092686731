/* SPDX-License-Identifier: MIT */
/*
 * USR1: what each child does, for the log, from its slot, whose texts a script
 * may have overwritten.  The loop in parent.c calls it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/sys.h"
#include "ends.h"
#include "parent_impl.h"

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
	size_t i = (size_t)state;	/* of an untrusted slot */

	return i < sizeof(text) / sizeof(text[0]) ? text[i] : "?";
}

void
status_log(const struct parent *p)
{
	char text[4096];
	struct ran run;
	char others[64] = "", n[32], stored[64];
	size_t i, k;

	snprintf(n, sizeof(n), "%zu spare", p->spares);
	if (p->options->spare != 0)
		ends_append(others, sizeof(others), ", ", n);
	snprintf(n, sizeof(n), "%zu", p->gone);
	if (p->gone != 0)
		ends_append(others, sizeof(others), ", clients gone of ", n);
	log_info("%zu children of at most %u%s%s", p->alive - p->gone,
	    p->options->max_children, others, p->stopping ? ", stopping" : "");
	for (i = 0; i < p->board.n; i++) {
		const struct seat *seat = &p->board.seat[i];
		const struct slot *slot = &p->board.slot[i];
		uint64_t ms = sys_now_ms() - seat->started_ms;
		uint64_t octets = atomic_load(&slot->stored);

		if (seat->pid == 0)
			continue;
		snprintf(text, sizeof(text), "%s",
		    state_text(atomic_load(&slot->state)));
		for (k = 0; k < SCOREBOARD_RUNNING; k++)
			if (slot_running(slot, k, &run))
				ends_append(text, sizeof(text), ", running ",
				    run.text);
		snprintf(stored, sizeof(stored), ", %" PRIu64
		    " octets of content stored", octets);
		log_info("child %ld of %s: %s; %" PRIu64 ".%03u s, "
		    "%u streams, %" PRIuFAST64 " octets in, %" PRIuFAST64
		    " out%s", (long)seat->pid, seat->client, text, ms / 1000,
		    (unsigned)(ms % 1000), atomic_load(&slot->streams),
		    atomic_load(&slot->octets_in),
		    atomic_load(&slot->octets_out),
		    octets > 0 ? stored : "");
	}
}
