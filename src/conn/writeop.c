/* SPDX-License-Identifier: MIT */
/*
 * What the writer calls of scripts do to the session, in plain C: each function
 * here is one attempt of a call, made under the mutex by conn.c as often as it
 * takes.  Nothing here blocks or knows of Python; py/writer.c fills in the
 * struct.
 */
#include "base/sys.h"
#include "writeop.h"

static int
add_headers(struct conn *c, struct writeop *o, bool end_stream)
{
	return (o->as_is ? send_headers_as_is : send_headers)(c->session,
	    o->id, o->fields, o->n_fields, end_stream, &o->op.why);
}

int
writeop_headers(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	return add_headers(c, o, o->end_stream);
}

int
writeop_data(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;
	size_t sent = 0;
	int rc;

	rc = send_data(c->session, o->id, o->data + o->sent, o->len - o->sent,
	    o->end_stream, conn_share(c, op), &sent, &op->why);
	o->sent += sent;
	if (sent > 0)
		op->since = 0;
	if (rc == SEND_OK && o->sent < o->len)
		return conn_queued(c) < CONN_QUEUE_MAX ? CONN_AGAIN_TURN :
		    CONN_AGAIN_SPACE;
	return rc;
}

int
writeop_data_frame(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	return send_data_frame(c->session, o->id, o->data, o->len,
	    o->end_stream, &op->why);
}

int
writeop_respond(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;
	bool bare = o->len == 0 && o->end_stream;
	int rc;

	if (!o->headers_done) {
		rc = add_headers(c, o, bare);
		if (rc != SEND_OK)
			return rc;
		o->headers_done = true;
	}
	if (o->len == 0)
		return SEND_OK;
	op->shares = true;
	return waiters_must_yield(&c->waiters, op) ? CONN_AGAIN_TURN : writeop_data(c, op);
}

int
writeop_answer(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;
	const struct stream *s = op->x->stream;

	o->refused = !o->headers_done && ((s != NULL && s->headers_sent) ||
	    send_held_by(c->session) == o->id);
	return o->refused ? SEND_OK : writeop_respond(c, op);
}

int
writeop_push(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	int rc;

	rc = send_push(c->session, o->id, &o->last, o->fields, o->n_fields,
	    &op->why);
	if (rc == SEND_OK)
		exchange_note_push(&c->requests, c, o->last, o->fields, o->n_fields);
	return rc;
}

int
writeop_max_payload(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	o->result = send_max_payload(c->session, o->id);
	return SEND_OK;
}

int
writeop_reset(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	/* A reset is what ends a block that its script leaves open. */
	if (send_held_by(c->session) == op->x->id)
		conn_release_hold(c);
	return send_rst_stream(c->session, o->id, o->code, &op->why);
}

int
writeop_goaway(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	return send_goaway(c->session, o->last, o->code, o->data, o->len,
	    &op->why);
}

int
writeop_ping(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	return send_ping(c->session, o->data, &op->why);
}

int
writeop_flush(struct conn *c, struct op *op)
{
	(void)op;
	if (conn_queued(c) == 0)
		return SEND_OK;
	return c->gone ? SEND_ERR_GONE : CONN_AGAIN_FLUSH;
}

/*
 * The I/O thread closes.  What was written before is flushed first, except
 * that GOAWAY needs no wait: the streams finish after it.
 */
int
writeop_close(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	if (o->how != CLOSE_GOAWAY && conn_queued(c) > 0)
		return CONN_AGAIN_FLUSH;
	if (o->how == CLOSE_GOAWAY)
		session_shutdown(c->session);
	if (c->close < o->how)
		c->close = o->how;
	wake_io(&c->wake);
	return SEND_OK;
}

int
writeop_raw_block(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	size_t at = o->flags & FLAG_PADDED ? 1 : 0;
	int rc;

	rc = send_raw_block(c->session, op->x->id, o->type, o->flags, o->id,
	    o->data, o->len, o->fields, o->n_fields);
	if (rc == SEND_OK && o->type == FRAME_PUSH_PROMISE &&
	    o->len >= at + 4)
		exchange_note_push(&c->requests, c, get_u32(o->data + at) &
		    FRAME_STREAM_ID_MASK, o->fields, o->n_fields);
	return rc;
}

int
writeop_raw_frame(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	return send_raw_frame(c->session, op->x->id, o->type, o->flags, o->id,
	    o->data, o->len);
}

int
writeop_raw(struct conn *c, struct op *op)
{
	struct writeop *o = (struct writeop *)op;

	return send_raw_octets(c->session, op->x->id, o->data, o->len);
}
