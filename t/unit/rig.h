/* SPDX-License-Identifier: MIT */
/*
 * A session under test, driven by a text and observed as a text.
 *
 * A script is a list of steps with "; " between them.  Frames from the peer:
 *
 *	TYPE FLAGS STREAM PAYLOAD	TYPE a name or a number; FLAGS in hex
 *	RAW PAYLOAD			octets as they are
 *
 * PAYLOAD is parts joined by +: hex digits, 'text', <name=value> (a literal
 * field that no table takes), N*HH (an octet N times).  No payload: nothing
 * or a dash.  The length is made from the payload.  Steps of the application:
 *
 *	!respond ID STATUS [end]	!data ID N [end]	!trailers ID
 *	!reset ID CODE			!release ID		!consume ID N
 *	!shutdown			!goaway LAST CODE	!push ID
 *	!wrote [N]			!time MS		!hold ID
 *	!unhold				!ping			!raw ID TYPE
 *	!lot			frames gather from here
 *	!feed			... and are received in one lot
 *	!stop TYPE|all|none	what the gate stops, once it is set (cb.gate)
 *	!queue TYPE|all|none	... what it has wait
 *	!resume			!take			!continue
 *	!without BIT|all	!with BIT|all		of enum session_automatic
 *	!update ID INCREMENT	WINDOW_UPDATE
 *
 * What happens is logged in order, "; " between: `headers ID [end] [padded]`,
 * `data ID CONTENT/FLOW [end]`, `trailers ID`, `frame TYPE on ID...`
 * (tell_frames), `closed ID [reset CODE [by peer]]`, `window ID`, `gate TYPE on
 * ID, LENGTH[, N fields][ again]` for what is stopped or waits, `error ID CODE:
 * reason`, `broken CODE: reason` (tell_broken: of the connection), `431 on ID:
 * reason`, `ignored ID`, `late ID`, `!call -> status: why` for
 * calls that did not return SEND_OK.  After " | " comes what the session has
 * put out since rig_start, frame by frame.
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
	enum session_gate detour;	/* each frame goes by it, unlogged */
	uint64_t stops, queues;	/* by type; 63: all above it too */
	bool gathers;
	struct buf lot;
	bool tell_broken;	/* log violations of the connection's too */
	bool auto_release;	/* release streams when they are closed */
	uint32_t peer_code;	/* of the last RST_STREAM or GOAWAY that came */
	char log[8192];
	size_t log_len;
	size_t out_at;		/* output already seen */
	struct hpack_decoder *dec;	/* for our own output */
};

/* Limits by default.  handshake: preface and SETTINGS both ways are done. */
void rig_start(struct rig *r, bool handshake);
void rig_start_limits(struct rig *r, bool handshake,
    const struct session_limits *l);
void rig_run(struct rig *r, const char *script);

/* A gate for r->cb. */
enum session_gate rig_gate(void *user, const struct frame *f,
    const uint8_t *payload, const struct fields *l, bool again);

/* The log with the output; ends what can be seen of it. */
const char *rig_log(struct rig *r);
void rig_end(struct rig *r);

/* Streams in a session's table. */
size_t rig_streams(const struct session *s);

/* Octets of a PAYLOAD of a script. */
void rig_payload(struct buf *b, const char *text, size_t len);

#endif
