/* SPDX-License-Identifier: MIT */
/*
 * What the log says of a client's doings on its connection: the rules that it
 * broke, what it reset, how it took its leave.
 */
#ifndef H2RIG_CLIENTLOG_H
#define H2RIG_CLIENTLOG_H

#include <stddef.h>
#include <stdint.h>

#include "h2/session.h"

struct conn;

/* How the client's side has ended. */
enum client_end {
	CLIENT_END_NONE,
	CLIENT_END_NOTIFY,	/* close_notify */
	CLIENT_END_FIN,		/* without one */
	CLIENT_END_RESET	/* of TCP */
};

/* What the record of the connection's end is made of; zeroed at first. */
struct clientlog {
	enum client_end end;	/* the first of several, but for close_notify */
	unsigned n_goaways;	/* 0: none of the rest */
	uint32_t code;		/* of the last GOAWAY */
	char debug[128];	/* its debug data, escaped and cut */
	unsigned n_late;	/* streams opened after our GOAWAY was read */
};

/* Callbacks of the session, whose user is a struct conn. */
void clientlog_rst_stream(void *user, uint32_t id, uint32_t code);
void clientlog_goaway(void *user, uint32_t last, uint32_t code,
    const uint8_t *debug, size_t len);
void clientlog_late(void *user, uint32_t id);
void clientlog_stream_error(void *user, uint32_t id,
    const struct h2_error *e);
void clientlog_refused(void *user, uint32_t id, const struct fields *l,
    enum session_refusal how, const char *reason);

/*
 * 'client sent GOAWAY PROTOCOL_ERROR "text", then closed', in dst; "": nothing
 * that the end of the connection does not say by itself.
 */
void clientlog_text(const struct clientlog *l, char *dst, size_t size);

#endif
