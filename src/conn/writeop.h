/* SPDX-License-Identifier: MIT */
/*
 * What the writer calls of scripts do to the session: an op function for each
 * (see conn_try, which runs them under the mutex as often as it takes).
 */
#ifndef H2RIG_WRITEOP_H
#define H2RIG_WRITEOP_H

#include "conn.h"

/*
 * One call; each op uses the members that it needs.  What data and fields point
 * to is the caller's and does not change until conn_do has returned.
 */
struct writeop {
	struct op op;
	uint32_t id;		/* stream identifier in the frame */
	unsigned type;
	unsigned flags;
	uint32_t code;
	uint32_t last;		/* push: promised stream; goaway: last one */
	bool end_stream;
	bool as_is;		/* headers, respond: as send_headers_as_is */
	bool headers_done;	/* respond: they have been queued */
	bool refused;		/* answer: there has been one */
	const uint8_t *data;
	size_t len;
	size_t sent;		/* of data; as far as earlier attempts got */
	const struct field *fields;
	size_t n_fields;
	size_t result;		/* max_payload, octets */
	enum conn_close how;
};

/* Checked: against the stream's state, as send.h says. */
int writeop_headers(struct conn *c, struct op *op);
int writeop_data(struct conn *c, struct op *op);
int writeop_data_frame(struct conn *c, struct op *op);

/* HEADERS and DATA in one go, so that both are in one record. */
int writeop_respond(struct conn *c, struct op *op);

/* The same, unless something has gone out, or a raw block is open. */
int writeop_answer(struct conn *c, struct op *op);

int writeop_push(struct conn *c, struct op *op);
int writeop_max_payload(struct conn *c, struct op *op);
int writeop_reset(struct conn *c, struct op *op);
int writeop_goaway(struct conn *c, struct op *op);
int writeop_ping(struct conn *c, struct op *op);

/* Waits until all that is queued is with the kernel. */
int writeop_flush(struct conn *c, struct op *op);

/* Tells the I/O thread to close as `how` says, all but GOAWAY after a flush. */
int writeop_close(struct conn *c, struct op *op);

/* Raw: unchecked; they pass their own script's open header block. */
int writeop_raw_block(struct conn *c, struct op *op);
int writeop_raw_frame(struct conn *c, struct op *op);
int writeop_raw(struct conn *c, struct op *op);

#endif
