/* SPDX-License-Identifier: MIT */
/*
 * Log records about what a client does on its connection: the rules that it
 * broke, the streams that it reset, and how it ended the connection.
 */
#ifndef H2RIG_CLIENTLOG_H
#define H2RIG_CLIENTLOG_H

#include <stddef.h>
#include <stdint.h>

#include "exchange.h"
#include "h2/session.h"
#include "host/slot.h"
#include "link.h"

/* What the client did, for the record of the connection's end. */
struct clientlog {
	const char *client;	/* "127.0.0.1:50000"; borrowed */
	struct slot *slot;
	const struct exchanges *requests;
	unsigned n_goaways;	/* received; 0: code and debug are unset */
	uint32_t code;		/* of the last GOAWAY */
	char debug[128];	/* its debug data, escaped and cut */
	unsigned n_late;	/* streams opened after reading our GOAWAY */
	unsigned n_passed;	/* broken rules that a script let pass */
	struct trace *trace;	/* borrowed; NULL: none */
};

/* Callbacks of the session; `user` begins with a struct clientlog. */
void clientlog_rst_stream(void *user, uint32_t id, uint32_t code);
void clientlog_goaway(void *user, uint32_t last, uint32_t code,
    const uint8_t *debug, size_t len);
void clientlog_late(void *user, uint32_t id);
void clientlog_violation(void *user, const struct frame *frame,
    enum h2_level level, uint32_t code, const char *text);
void clientlog_let_pass(void *user, const struct frame *frame,
    uint32_t code, const char *text);
void clientlog_refused(void *user, uint32_t id, const struct fields *l,
    enum session_refusal how, const char *reason);

/*
 * Writes to dst 'client sent GOAWAY PROTOCOL_ERROR "text", then closed', for
 * example; "" if there is nothing to add to how the connection ended.
 */
void clientlog_text(const struct clientlog *l, enum client_end end, char *dst,
    size_t size);

#endif
