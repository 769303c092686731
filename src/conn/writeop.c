/* SPDX-License-Identifier: MIT */
/*
 * What the writer calls of scripts do to the session, in plain C.  Each
 * function is one attempt of a call; conn.c makes attempts, under the mutex,
 * until the call is done.  The table at the end has their names.  Nothing here
 * blocks or knows of Python; py/write.c fills in the struct.
 */
#include <string.h>

#include "base/sys.h"
#include "connscript.h"
#include "writeop.h"

/*
 * Sends what is queued, even if the client's preface has not come.  Returns
 * NULL, or why it cannot be sent.
 */
static const char *
speak(struct conn *c)
{
	if (conn_queued(c) == 0)
		return NULL;
	if (!c->reads && c->link.tls != NULL)
		return "what was written cannot be sent yet: there is no TLS";
	c->quiet = false;
	conn_push(c);
	return NULL;
}

static int
add_headers(struct conn *c, struct op *op, bool end_stream)
{
	const char *as_is;
	size_t i;
	int rc;

	op->field = NULL;
	rc = send_headers(c->session, op->frame_id, op->fields, op->n_fields,
	    end_stream, false, &op->why);
	for (i = 0; rc == SEND_OK && i < op->n_fields &&
	    op->flags & WRITE_AS_IT_STANDS; i++)
		op->broken |= fields_check_control(&op->fields[i]) != NULL;
	if (rc != SEND_ERR_PROTOCOL)
		return rc;
	op->field = send_refused(c->session);
	if ((op->flags & WRITE_AS_IT_STANDS) == 0)
		return rc;
	rc = send_headers(c->session, op->frame_id, op->fields, op->n_fields,
	    end_stream, true, &as_is);
	if (rc == SEND_OK) {
		/* A later failure has another reason than a field. */
		op->broken = true;
		op->field = NULL;
	}
	return rc;
}

static int
write_data(struct conn *c, struct op *op)
{
	size_t sent = 0;
	int rc;

	rc = send_data(c->session, op->frame_id, op->data + op->sent,
	    op->len - op->sent, op->flags & WRITE_END_STREAM,
	    conn_share(c, op), &sent, &op->why);
	op->sent += sent;
	if (sent > 0)
		op->since = 0;
	if (rc == SEND_OK && op->sent < op->len)
		return conn_queued(c) < CONN_QUEUE_MAX ? CONN_AGAIN_TURN :
		    CONN_AGAIN_SPACE;
	return rc;
}

/* Sends HEADERS and any DATA in one attempt, so that both are in one record. */
static int
write_headers(struct conn *c, struct op *op)
{
	bool last = op->len == 0 && op->flags & WRITE_END_STREAM;
	int rc;

	if (!op->headers_done) {
		rc = add_headers(c, op, last);
		if (rc != SEND_OK)
			return rc;
		op->headers_done = true;
	}
	if (op->len == 0)
		return SEND_OK;
	op->shares = true;
	return waiters_must_yield(&c->waiters, op) ? CONN_AGAIN_TURN :
	    write_data(c, op);
}

/*
 * The same for a whole response.  result: 0 if nothing was sent, because the
 * script has begun a response or has a raw header block open; else 1.
 */
static int
write_response(struct conn *c, struct op *op)
{
	const struct stream *s = op->x->stream;

	op->result = op->headers_done || ((s == NULL || !s->headers_sent) &&
	    send_held_by(c->session) != op->frame_id);
	return op->result ? write_headers(c, op) : SEND_OK;
}

static int
write_data_frame(struct conn *c, struct op *op)
{
	return send_data_frame(c->session, op->frame_id, op->data, op->len,
	    op->flags & WRITE_END_STREAM, &op->why);
}

/* value: the stream to promise, 0: the next one; result: the promised one. */
static int
write_push(struct conn *c, struct op *op)
{
	int rc;

	op->result = op->value;
	rc = send_push(c->session, op->frame_id, &op->result, op->fields,
	    op->n_fields, &op->why);
	if (rc == SEND_OK)
		exchange_note_push(&c->requests, c, op->result, op->fields,
		    op->n_fields);
	if (rc == SEND_ERR_PROTOCOL)
		op->field = send_refused(c->session);
	return rc;
}

/* result: octets that one DATA frame may have now. */
static int
write_max_payload(struct conn *c, struct op *op)
{
	op->result = (uint32_t)send_max_payload(c->session, op->frame_id);
	return SEND_OK;
}

/* value: the error code. */
static int
write_reset(struct conn *c, struct op *op)
{
	/* A reset ends a header block that its script has left open. */
	if (send_held_by(c->session) == op->x->id)
		conn_release_hold(c);
	return send_rst_stream(c->session, op->frame_id, op->value, &op->why);
}

/* frame_id: the last stream that was taken; value: the error code. */
static int
write_goaway(struct conn *c, struct op *op)
{
	return send_goaway(c->session, op->frame_id, op->value, op->data,
	    op->len, &op->why);
}

static int
write_ping(struct conn *c, struct op *op)
{
	if (op->len != 8) {
		op->why = "PING data is 8 octets (RFC 9113 6.7)";
		return SEND_ERR_PROTOCOL;
	}
	return send_ping(c->session, op->data, &op->why);
}

static int
write_settings(struct conn *c, struct op *op)
{
	return send_settings(c->session, op->x->id, op->data, op->len,
	    &op->why);
}

/* Waits until all that is queued is with the kernel. */
static int
write_flush(struct conn *c, struct op *op)
{
	if ((op->why = speak(c)) != NULL)
		return SEND_ERR_PROTOCOL;
	if (conn_queued(c) == 0)
		return SEND_OK;
	return c->gone ? SEND_ERR_GONE : CONN_AGAIN_FLUSH;
}

/* Sends close_notify alone: the client may send on, and is read. */
static int
notify_close(struct conn *c, struct op *op)
{
	if (c->link.tls == NULL || c->link.info.version == NULL) {
		op->why = "there is no TLS that close_notify could end";
		return SEND_ERR_PROTOCOL;
	}
	if (tls_shutdown(c->link.tls) == TLS_AGAIN_WRITE) {
		c->link.below = true;
		wake_io(&c->wake);
		return CONN_AGAIN_BELOW;
	}
	c->muted = true;
	return SEND_OK;
}

/*
 * value: enum conn_close.  The I/O thread closes the connection.  What was
 * written before is flushed first; only GOAWAY needs no wait, since the streams
 * finish after it.
 */
static int
write_close(struct conn *c, struct op *op)
{
	if (op->value != CLOSE_GOAWAY && speak(c) == NULL &&
	    conn_queued(c) > 0)
		return CONN_AGAIN_FLUSH;
	if (op->value == CLOSE_NOTIFY)
		return notify_close(c, op);
	if (op->value == CLOSE_GOAWAY)
		session_shutdown(c->session);
	if (c->close < op->value)
		c->close = op->value;
	wake_io(&c->wake);
	return SEND_OK;
}

/* value: the type.  Raw calls go on while their own script holds the output. */
static int
write_raw_block(struct conn *c, struct op *op)
{
	size_t at = op->flags & FLAG_PADDED ? 1 : 0;
	int rc;

	rc = send_raw_block(c->session, op->x->id, op->value, op->flags,
	    op->frame_id, op->data, op->len, op->fields, op->n_fields);
	if (rc == SEND_OK && op->value == FRAME_PUSH_PROMISE &&
	    op->len >= at + 4)
		exchange_note_push(&c->requests, c, get_u32(op->data + at) &
		    FRAME_STREAM_ID_MASK, op->fields, op->n_fields);
	return rc;
}

static int
write_raw_frame(struct conn *c, struct op *op)
{
	return send_raw_frame(c->session, op->x->id, op->value, op->flags,
	    op->frame_id, op->data, op->len);
}

static int
write_raw(struct conn *c, struct op *op)
{
	/* After engine_off() the session follows no frames. */
	if (c->take_octets == NULL)
		return send_raw_octets(c->session, op->x->id, op->data,
		    op->len);
	buf_add(session_output(c->session), op->data, op->len);
	return SEND_OK;
}

/* value: the increment. */
static int
write_window_update(struct conn *c, struct op *op)
{
	return send_window_update(c->session, op->frame_id, op->value,
	    &op->why);
}

/* Writes to the socket, below TLS, after all that was written before. */
static int
write_transport(struct conn *c, struct op *op)
{
	if ((op->why = speak(c)) != NULL)
		return SEND_ERR_PROTOCOL;
	return connscript_transport(c, op);
}

/* value: a mask of enum session_automatic; result: the mask before. */
static int
write_automatic(struct conn *c, struct op *op)
{
	op->result = session_automatic(c->session);
	session_set_automatic(c->session, op->value);
	wake_io(&c->wake);
	return SEND_OK;
}

/* value: 1 if a fence has come back; data: members of the trace's line. */
static int
write_note(struct conn *c, struct op *op)
{
	trace_note(c->link.trace, op->value == 1 ? "fence" : "note",
	    op->x->id & FRAME_STREAM_ID_MASK, op->data, op->len);
	return SEND_OK;
}

struct kind {
	const char *name;
	int (*fn)(struct conn *c, struct op *op);
	bool any_id;		/* frame_id may be any, even 0 */
	/* As in struct op: */
	bool raw, writes, batched;
	bool shares;		/* ... but only if there is data */
};

/* Calls that are made most often come first. */
static const struct kind kinds[] = {
	{ .name = "data", .fn = write_data, .writes = true, .shares = true },
	{ .name = "response", .fn = write_response, .writes = true,
	    .batched = true },
	{ .name = "headers", .fn = write_headers, .writes = true },
	{ .name = "data_frame", .fn = write_data_frame, .writes = true },
	{ .name = "push", .fn = write_push, .writes = true },
	{ .name = "max_payload", .fn = write_max_payload },
	{ .name = "reset", .fn = write_reset, .writes = true },
	{ .name = "goaway", .fn = write_goaway, .writes = true,
	    .any_id = true },
	{ .name = "ping", .fn = write_ping, .writes = true },
	{ .name = "settings", .fn = write_settings, .writes = true },
	{ .name = "flush", .fn = write_flush },
	{ .name = "close", .fn = write_close, .writes = true, .raw = true },
	{ .name = "raw_block", .fn = write_raw_block, .writes = true,
	    .any_id = true },
	{ .name = "raw_frame", .fn = write_raw_frame, .writes = true,
	    .any_id = true },
	{ .name = "raw", .fn = write_raw, .writes = true, .any_id = true,
	    .raw = true },
	{ .name = "window_update", .fn = write_window_update, .writes = true,
	    .any_id = true },
	{ .name = "transport", .fn = write_transport, .any_id = true },
	{ .name = "automatic", .fn = write_automatic },
	{ .name = "proceed", .fn = connscript_proceed },
	{ .name = "release", .fn = connscript_release },
	{ .name = "preface", .fn = connscript_preface },
	{ .name = "pause", .fn = connscript_pause },
	{ .name = "engine_off", .fn = connscript_engine_off },
	{ .name = "watch", .fn = connscript_watch },
	{ .name = "note", .fn = write_note },
};

bool
writeop_init(struct op *op, const char *name, struct exchange *x, uint32_t id)
{
	const struct kind *kind = kinds;

	while (strcmp(kind->name, name) != 0)
		if (++kind == kinds + sizeof(kinds) / sizeof(kinds[0]))
			return false;
	if (id == 0 && !kind->any_id)
		id = x->id;
	*op = (struct op){ .x = x, .id = kind->any_id ? x->id : id,
	    .frame_id = id, .fn = kind->fn, .writes = kind->writes,
	    .shares = kind->shares, .batched = kind->batched,
	    .raw = kind->raw };
	return true;
}
