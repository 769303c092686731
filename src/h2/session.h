/* SPDX-License-Identifier: MIT */
/*
 * The server side of an HTTP/2 connection (RFC 9113): octets from the peer
 * in, events out by callback, octets for the peer collected in an output
 * buffer.  No I/O, no locks, no clock: the caller passes the time.
 *
 * What the session sends by itself (settings, acknowledgements, window
 * updates, resets of streams that broke a rule, GOAWAY) goes to the output
 * as it comes up; what the application sends goes through send.h.
 */
#ifndef H2RIG_SESSION_H
#define H2RIG_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "contract.h"

/* The defaults of h2rig(8). */
void session_limits_default(struct session_limits *l);

struct session;

/*
 * The limits are copied; cb and user are borrowed for the session's life.
 * Queues our SETTINGS.  NULL: out of memory.
 */
struct session *session_new(const struct session_limits *limits,
    const struct session_callbacks *cb, void *user);
void session_free(struct session *s);

/*
 * Takes len octets from the peer; now_ms is a monotonic clock.  0, or -1 when
 * the connection has failed: GOAWAY stands in the output, session_error says
 * why, and further octets are ignored.
 */
int session_recv(struct session *s, const uint8_t *p, size_t len,
    uint64_t now_ms);

/*
 * The peer has had the transport do n things that bring no octets: they count
 * as frames that do no work.  0, or -1 as from session_recv; what: their name
 * in the reason.
 */
int session_note_idle(struct session *s, unsigned n, const char *what);

/*
 * Why the connection failed: code, and a text such as "HEADERS on stream 6:
 * client streams are odd-numbered (RFC 9113 5.1.1)".  NULL: it has not.
 */
const char *session_error(const struct session *s, uint32_t *code);

/* Preface received and the peer's first SETTINGS too. */
bool session_established(const struct session *s);

/* The peer has acknowledged our SETTINGS (RFC 9113 §6.5.3). */
bool session_settings_acked(const struct session *s);

/*
 * After session_recv has failed in the preface: whether what came instead
 * looks like an HTTP/1 request (a method token and a space).  A caller that
 * wants to answer in HTTP/1 drops the output, and has written none of it (our
 * SETTINGS) before the peer's first octets came.
 */
bool session_is_http1(const struct session *s);

/*
 * Output for the peer.  The caller writes what it can of buf_data(out) and
 * reports it with session_wrote.
 */
struct buf *session_output(struct session *s);
void session_wrote(struct session *s, size_t n);

/*
 * The application has consumed flow_len octets of stream st: its receive
 * credit is returned, by WINDOW_UPDATE when a quarter of the window has
 * gathered.  (The connection's credit is returned on receipt.)  Without effect
 * once the peer has ended or reset the stream, or we have reset it.
 */
void session_consume(struct session *s, struct stream *st, size_t flow_len);

/*
 * The application is done with the stream: once it is closed too, it goes.
 * The pointer must not be used afterwards.
 */
void session_release(struct session *s, struct stream *st);

/* NULL: never opened, or gone. */
struct stream *session_stream(const struct session *s, uint32_t id);

/* Streams that are open or half-closed. */
size_t session_open_count(const struct session *s);

/* Values of the peer's SETTINGS as they stand. */
const struct peer_settings *session_peer_settings(const struct session *s);

/*
 * Graceful end (RFC 9113 §6.8): GOAWAY with NO_ERROR and the last stream
 * taken; new streams are ignored from now on.  session_done: nothing is left
 * to do.
 */
void session_shutdown(struct session *s);
bool session_done(const struct session *s);

#endif
