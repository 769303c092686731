/* SPDX-License-Identifier: MIT */
/*
 * Decides that a connection ends: the first decision counts.  closing.c carries
 * it out on the wire.
 */
#include <stdio.h>
#include <string.h>

#include "child_impl.h"

const char ending_damaged[] = "it has closed descriptors of the server's";

static bool
blames_client(enum child_end end)
{
	return end == CHILD_END_CLIENT || end == CHILD_END_TIMEOUT ||
	    end == CHILD_END_VIOLATION || end == CHILD_END_TRANSPORT;
}

void
ending_set(struct child *ch, enum child_end end, enum conn_close how,
    const char *why)
{
	if (ch->end != CHILD_END_NONE)
		return;
	if (blames_client(end) && !link_is_open(&ch->c.link)) {
		end = CHILD_END_DAMAGED;
		how = CLOSE_FIN;
		why = ending_damaged;
	} else if (blames_client(end) && conn_no_memory(&ch->c)) {
		end = CHILD_END_MEMORY;
	}
	ch->end = end;
	ch->how = how;
	snprintf(ch->why, sizeof(ch->why), "%s", why);
}

void
ending_goaway(struct child *ch, enum child_end end, uint32_t code,
    const char *why)
{
	const char *unused;

	if (ch->end != CHILD_END_NONE)
		return;
	ending_set(ch, end, CLOSE_TLS, why);
	if (ch->end == end &&
	    session_automatic(ch->c.session) & SESSION_GOAWAY)
		send_goaway(ch->c.session, UINT32_MAX, code, why, strlen(why),
		    &unused);
}
