/* SPDX-License-Identifier: MIT */
/*
 * The trace of a connection (--trace, doc/trace.md): an observer of the octets
 * between link and session, both ways, with a frame parser and an HPACK decoder
 * of its own for each.  It changes nothing of what it sees; a connection
 * without a trace has NULL in its place.
 *
 * Any thread may call it, with or without the connection's mutex: it has a
 * mutex of its own, and a thread that holds this waits for no other one.
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
 * Makes a trace in fd, an empty file, which is owned from now on.  The trace
 * reads client and start time from the slot, and writes there its length and
 * the errno that ended it.  tls is borrowed, and filled in once the handshake
 * is over; NULL: cleartext.  Returns NULL if out of memory; fd is closed then.
 */
struct trace *trace_new(int fd, const struct options *o,
    const struct tls_info *tls, struct slot *slot);
void trace_free(struct trace *t);

/* Adds octets that were received, or that the kernel has taken. */
void trace_octets(struct trace *t, enum trace_dir dir, const uint8_t *p,
    size_t n);

/* ---- in all that follows t may be NULL ---- */

/*
 * The TLS handshake is over: writes a line about it if the first line, which
 * has the same members, was written before the handshake ended.
 */
void trace_tls(struct trace *t);

/*
 * A function begins (type "begin") or has ended ("end"); raised: the class of
 * an exception, or NULL.
 */
void trace_function(struct trace *t, const char *type, uint32_t stream,
    const char *script, const char *function, const char *raised);

/*
 * The client has broken a rule.  stream 0: this ends the connection, and only
 * the first one is written.  code: the error code of the RST_STREAM or GOAWAY
 * for it, TRACE_NO_CODE if there is none.
 */
#define TRACE_NO_CODE UINT32_MAX
void trace_violation(struct trace *t, uint32_t stream, uint32_t code,
    const char *text);

/*
 * Writes a line of that type for a script.  members: n octets of a JSON object,
 * without line breaks.
 */
void trace_note(struct trace *t, const char *type, uint32_t stream,
    const uint8_t *members, size_t n);

/* Writes the last line: how the connection ended, and why ("": unknown). */
void trace_close(struct trace *t, const char *end, const char *why);

/* In a process that a script forked: closes fd, as the trace is not its own. */
void trace_forked(struct trace *t);

#endif
