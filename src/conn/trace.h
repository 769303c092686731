/* SPDX-License-Identifier: MIT */
/*
 * The trace of a connection (--trace, doc/trace.md): an observer of the octets
 * between link and session, both ways, with a frame parser and an HPACK decoder
 * of its own for each.  It changes nothing of what it sees; a connection
 * without a trace has NULL in its place.
 *
 * Any thread may call it, with or without the connection's mutex: it has a
 * mutex of its own, under which nothing else is waited for.
 */
#ifndef H2RIG_TRACE_H
#define H2RIG_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/options.h"
#include "host/slot.h"
#include "host/tls.h"

struct trace;

enum trace_dir { TRACE_IN, TRACE_OUT };

/*
 * fd: an empty file, owned from now on.  Of the slot it takes client and start,
 * and leaves there how long the trace is and what ended it.  tls is borrowed,
 * and filled in once the handshake is over; NULL: cleartext.  NULL: no memory.
 */
struct trace *trace_new(int fd, const struct options *o,
    const struct tls_info *tls, struct slot *slot);
void trace_free(struct trace *t);

/* Octets that have come, or that the kernel has taken. */
void trace_octets(struct trace *t, enum trace_dir dir, const uint8_t *p,
    size_t n);

/* ---- t may be NULL ---- */

/*
 * The TLS handshake is over: a line of it, if the first, which would have told
 * that, had to be written before.
 */
void trace_tls(struct trace *t);

/* A function begins, and has ended; raised: by that exception, or NULL. */
void trace_begin(struct trace *t, uint32_t stream, const char *script,
    const char *function);
void trace_end(struct trace *t, uint32_t stream, const char *script,
    const char *function, const char *raised);

/*
 * The client has broken a rule; stream 0: that ends the connection, once.
 * code: of the RST_STREAM or GOAWAY for it, TRACE_NO_CODE if there is none.
 */
#define TRACE_NO_CODE UINT32_MAX
void trace_violation(struct trace *t, uint32_t stream, uint32_t code,
    const char *text);

/* What a script says: members of an object of JSON, n octets, on one line. */
void trace_note(struct trace *t, uint32_t stream, const uint8_t *members,
    size_t n);

/* A script's fence has come back after so many microseconds. */
void trace_fence(struct trace *t, uint32_t stream, uint64_t us);

/* The last line: how the connection has ended, and why ("": nobody knows). */
void trace_close(struct trace *t, const char *end, const char *why);

/* In a process that a script has forked: the trace is not its own. */
void trace_forked(struct trace *t);

#endif
