/* SPDX-License-Identifier: MIT */
/*
 * What the I/O thread reads: the TLS handshake, then frames, with the steps of
 * the connection's own script in between.  Also what the end of reading means.
 */
#include <stdio.h>

#include "base/sys.h"
#include "child_impl.h"

static void
answer_http1(struct child *ch)
{
	static const char reply[] =
	    "HTTP/1.1 505 HTTP Version Not Supported\r\n"
	    "Content-Type: text/plain\r\n"
	    "Content-Length: 57\r\n"
	    "Connection: close\r\n"
	    "\r\n"
	    "This server speaks HTTP/2 only (ALPN h2, RFC 9113 3.2).\r\n";
	struct conn *c = &ch->c;
	struct buf *out = session_output(c->session);

	/* The connection is quiet: nothing of HTTP/2 has been sent. */
	buf_clear(out);
	buf_add(out, reply, sizeof(reply) - 1);
	closing_set(ch, CHILD_END_VIOLATION, CLOSE_TLS,
	    "HTTP/1 request on a connection for HTTP/2");
}

/* Begins a step of the connection's script.  True: wait for its function. */
static bool
take_step(struct child *ch, enum connscript_step step)
{
	if (ch->c.script == NULL || ch->step >= step)
		return false;
	ch->step = step;
	return connscript_step(&ch->c, step);
}

static void
shake_hands(struct child *ch)
{
	struct link *l = &ch->c.link;
	char why[128];
	int rc = link_handshake(l);

	ch->more = rc == 0;	/* frames may have come with it */
	l->read_blocked = rc == TLS_AGAIN_WRITE;
	if (rc == TLS_HELLO) {
		ch->more = !take_step(ch, STEP_CLIENT_HELLO);
		return;
	}
	if (rc == TLS_DELAY) {
		ch->delayed_until = tls_due_ms(l->tls);
		ch->preface_due += ch->delayed_until - sys_now_ms();
		return;
	}
	if (rc == 0) {
		ch->c.reads = true;
		if (l->tls != NULL)
			tls_get_info(l->tls, &l->info);
		trace_tls(l->trace);
		/* Without ALPN it may be HTTP/1, so we stay quiet. */
		ch->c.quiet = l->info.alpn == NULL;
		conn_note_work(&ch->c);
	} else if (rc == TLS_EOF) {
		closing_set(ch, CHILD_END_CLIENT, CLOSE_FIN,
		    "closed during the TLS handshake");
	} else if (rc == TLS_ERROR) {
		snprintf(why, sizeof(why), "TLS handshake: %s",
		    link_error(l));
		closing_set(ch, tls_ended_by_script(l->tls) ?
		    CHILD_END_SCRIPT : CHILD_END_TRANSPORT, CLOSE_FIN, why);
	}
}

void
input_end(struct child *ch)
{
	struct conn *c = &ch->c;
	const char *error;
	uint32_t code;

	ch->failing = connscript_keeps_end(c);
	if (ch->failing)
		return;
	if (session_is_http1(c->session) && c->link.info.alpn == NULL)
		answer_http1(ch);
	else if ((error = session_error(c->session, &code)) != NULL)
		closing_set(ch, CHILD_END_VIOLATION, CLOSE_TLS, error);
	else if (!c->gone)
		closing_set(ch, CHILD_END_CLIENT, CLOSE_TLS, "");
}

bool
input_is_allowed(const struct child *ch)
{
	return !ch->failing && ch->delayed_until == 0 &&
	    !connscript_blocks(&ch->c);
}

void
input_read(struct child *ch)
{
	struct conn *c = &ch->c;
	int rc;

	if (!input_is_allowed(ch))
		return;
	if (!c->reads) {
		shake_hands(ch);
	} else if (!c->started && !connscript_awaits(c)) {
		if (take_step(ch, STEP_CONNECT))
			return;
		/* Octets of its function go, even before our preface. */
		c->quiet = c->quiet && conn_queued(c) == 0;
		connscript_start(c);
	} else {
		rc = conn_read(c);
		ch->more = rc > 0;
		if (rc < 0)
			input_end(ch);
	}
}

void
input_follow_script(struct child *ch)
{
	if (!connscript_is_due(&ch->c))
		return;
	ch->more = true;
	if (connscript_resume(&ch->c) == -1 && !ch->failing)
		input_end(ch);
}
