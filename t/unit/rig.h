/* SPDX-License-Identifier: MIT */
/*
 * A session under test.  A text drives it, and it logs its events as a text.
 *
 * A script is a list of steps with "; " between them.  Frames from the peer:
 *
 *	TYPE FLAGS STREAM PAYLOAD	TYPE: name or number; FLAGS: in hex
 *	RAW PAYLOAD			octets as they are
 *
 * PAYLOAD is parts joined by +: hex digits, 'text', <name=value> (a literal
 * field without indexing), N*HH (an octet N times).  An empty payload is a dash
 * or nothing.  The frame's length is that of the payload.  Steps of the
 * application:
 *
 *	!respond ID STATUS [end]	!data ID N [end]	!trailers ID
 *	!reset ID CODE			!release ID		!consume ID N
 *	!shutdown			!goaway LAST CODE	!push ID
 *	!wrote [N]			!time MS		!hold ID
 *	!unhold				!ping			!raw ID TYPE
 *	!lot			collects the frames that follow
 *	!feed			... and has the session receive them at once
 *	!stop TYPE|all|none	which frames rig_gate stops (see cb.gate)
 *	!queue TYPE|all|none	... and which it queues
 *	!resume			!take			!continue
 *	!without BIT|all	!with BIT|all		of enum session_automatic
 *	!update ID INCREMENT	WINDOW_UPDATE
 *
 * The log has the events in order, with "; " between them: `headers ID [end]
 * [padded]`, `data ID CONTENT/FLOW [end]`, `trailers ID`, `frame TYPE on ID...`
 * (if tell_frames is set), `closed ID [reset CODE [by peer]]`, `window ID`,
 * `gate TYPE on ID, LENGTH[, N fields][ again]` for a frame that is stopped or
 * queued, `error ID CODE: reason` (a stream error), `broken CODE: reason` (a
 * connection error, if tell_broken is set), `431 on ID: reason`, `ignored ID`,
 * `late ID`, `!call -> status: why` for a call that did not return SEND_OK.
 * After " | " comes the session's output since rig_start, frame by frame.
 */
#ifndef T_UNIT_RIG_H
#define T_UNIT_RIG_H

#include "h2/send.h"
#include "h2/session.h"

struct rig {
	struct session *s;
	struct session_limits limits;
	struct session_callbacks cb;
	uint64_t now_ms;
	bool split;		/* feed the session octet by octet */
	bool tell_frames;	/* log frames, and refuse those of type 0xee */
	enum session_gate detour;	/* the gate stops or queues each frame
				 * so, unlogged, before it passes */
	uint64_t stops, queues;	/* bits by type; 63: for all types above too */
	bool gathers;		/* after !lot: frames go to `lot` */
	struct buf lot;
	bool tell_broken;	/* log violations that fail the connection */
	bool auto_release;	/* release streams when they are closed */
	uint32_t peer_code;	/* of the last RST_STREAM or GOAWAY received */
	char log[8192];
	size_t log_len;
};

/*
 * Begins a session; rig_start uses the default limits.  handshake: with preface
 * and SETTINGS in both directions done.
 */
void rig_start(struct rig *r, bool handshake);
void rig_start_limits(struct rig *r, bool handshake,
    const struct session_limits *l);
void rig_run(struct rig *r, const char *script);

/* The gate for r->cb.gate. */
enum session_gate rig_gate(void *user, const struct frame *f,
    const uint8_t *payload, const struct fields *l, bool again);

/* Returns the log and, after it, the output.  To be called last. */
const char *rig_log(struct rig *r);
void rig_end(struct rig *r);

/* Returns the number of streams in a session's table. */
size_t rig_streams(const struct session *s);

/* Appends the octets of a script's PAYLOAD to b. */
void rig_payload(struct buf *b, const char *text, size_t len);

#endif
