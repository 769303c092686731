/* SPDX-License-Identifier: MIT */
/*
 * Log records about what the client does.  They tell the author of a script
 * that breaks a rule how the client reacted, and the author of a client why a
 * stream was reset.  The session calls these functions under the mutex, in the
 * I/O thread, which never waits for the log (channel.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "clientlog.h"

/*
 * At most this many GOAWAY frames of the client, and as many streams that it
 * opened after it had read ours, have a record each.
 */
#define GOAWAYS_MAX 16
#define PASSED_MAX 100		/* records of rules that a script lets pass */

#define FIELDS_MAX 3		/* of a record, besides the client */

/* Logs "client 127.0.0.1:50000", followed by the text that fmt makes. */
LOG_PRINTF(4, 5)
static void
note(const struct clientlog *l, const struct log_field *f, size_t n,
    const char *fmt, ...)
{
	struct log_field all[FIELDS_MAX + 1];
	char text[1024];
	va_list ap;
	int len;

	all[0] = log_field_text("client", l->client);
	memcpy(all + 1, f, n * sizeof(*f));
	len = snprintf(text, sizeof(text), "client %s", l->client);
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, ap);
	va_end(ap);
	log_members(LOG_L_INFO, text, all, n + 1);
}

/*
 * Copies octets as text, with control characters as \xHH.  Text that is cut
 * ends in "...".
 */
static void
escape(const uint8_t *p, size_t len, char *dst, size_t size)
{
	size_t at = 0, i;

	for (i = 0; i < len && at + 8 < size; i++) {
		if (p[i] >= 0x20 && p[i] != 0x7f)
			dst[at++] = (char)p[i];
		else
			at += (size_t)snprintf(dst + at, 5, "\\x%02x", p[i]);
	}
	snprintf(dst + at, size - at, "%s", i < len ? "..." : "");
}

void
clientlog_rst_stream(void *user, uint32_t id, uint32_t code)
{
	struct clientlog *l = user;
	char number[FRAME_CODE_TEXT], path[256];
	struct log_field f[] = {
		log_field_number("stream", id),
		log_field_text("code", frame_code_text(code, number)),
		{ .name = "path", .text = path }
	};

	exchange_path(l->requests, id, path, sizeof(path));
	f[2].len = strlen(path);
	note(l, f, 3, " sent RST_STREAM %s on stream %lu (%s)", f[1].text,
	    (unsigned long)id, path);
}

void
clientlog_goaway(void *user, uint32_t last, uint32_t code,
    const uint8_t *debug, size_t len)
{
	struct clientlog *l = user;
	char number[FRAME_CODE_TEXT];
	struct log_field f[] = {
		log_field_number("last_stream", last),
		log_field_text("code", frame_code_text(code, number)),
		{ .name = "debug", .text = l->debug }
	};

	l->code = code;
	escape(debug, len, l->debug, sizeof(l->debug));
	f[2].len = strlen(l->debug);
	if (++l->n_goaways <= GOAWAYS_MAX)
		note(l, f, 3, " sent GOAWAY %s, last stream %lu, \"%s\"",
		    f[1].text, (unsigned long)last, l->debug);
}

void
clientlog_late(void *user, uint32_t id)
{
	struct clientlog *l = user;
	const struct log_field f = log_field_number("stream", id);

	if (++l->n_late <= GOAWAYS_MAX)
		note(l, &f, 1, " opened stream %lu although it has "
		    "acknowledged what was sent behind GOAWAY (RFC 9113 6.8)",
		    (unsigned long)id);
	trace_violation(l->trace, id, TRACE_NO_CODE, "opened although what "
	    "was sent behind GOAWAY was acknowledged (RFC 9113 6.8)");
}

void
clientlog_violation(void *user, const struct frame *frame,
    enum h2_level level, uint32_t code, const char *text)
{
	const struct clientlog *l = user;
	uint32_t id = frame != NULL ? frame->stream_id : 0;
	char number[FRAME_CODE_TEXT];
	const struct log_field f[] = {
		log_field_number("stream", id),
		log_field_text("code", frame_code_text(code, number))
	};

	if (level != H2_LEVEL_STREAM)
		return;
	note(l, f, 2, ", stream %lu reset with %s: %s", (unsigned long)id,
	    f[1].text, text);
	trace_violation(l->trace, id, code, text);
}

/* The client broke a rule, but the connection's own script lets it pass. */
void
clientlog_let_pass(void *user, const struct frame *frame, uint32_t code,
    const char *text)
{
	struct clientlog *l = user;
	uint32_t id = frame != NULL ? frame->stream_id : 0;
	char number[FRAME_CODE_TEXT];
	const struct log_field f[] = {
		log_field_number("stream", id),
		log_field_text("code", frame_code_text(code, number))
	};

	if (++l->n_passed <= PASSED_MAX)
		note(l, f, 2, ", stream %lu, let pass: %s: %s",
		    (unsigned long)id, f[1].text, text);
	if (id != 0)
		trace_violation(l->trace, id, code, text);
}

void
clientlog_refused(void *user, uint32_t id, const struct fields *fields,
    enum session_refusal how, const char *reason)
{
	struct clientlog *l = user;
	struct access a = { .stream = id };
	const struct log_field f = log_field_number("stream", id);
	char text[128];

	access_request(&a, fields);
	if (how == REFUSAL_STATUS) {
		a.status = 431;
		snprintf(text, sizeof(text), "answered with 431: %s", reason);
		trace_violation(l->trace, id, TRACE_NO_CODE, text);
		note(l, &f, 1, ", stream %lu answered with 431: %s",
		    (unsigned long)id, reason);
		atomic_fetch_add_explicit(&l->slot->streams, 1,
		    memory_order_relaxed);
	} else {
		a.fate = how == REFUSAL_RESET ? "reset" : "ignored";
	}
	access_log(&a, l->client);
}

void
clientlog_text(const struct clientlog *l, enum client_end end, char *dst,
    size_t size)
{
	static const char *const ends[] = {
		[CLIENT_END_NONE] = "",
		[CLIENT_END_NOTIFY] = ", then close_notify",
		[CLIENT_END_FIN] = ", then closed",
		[CLIENT_END_RESET] = ", then reset the connection"
	};
	char number[FRAME_CODE_TEXT];
	bool quote = l->debug[0] != '\0';
	int len = 0;

	dst[0] = '\0';
	if (l->n_late > 0)
		len = snprintf(dst, size, "client opened %u streams after it "
		    "had read GOAWAY%s", l->n_late,
		    l->n_goaways > 0 ? "; " : "");
	if (l->n_goaways > 0)
		snprintf(dst + len, size - (size_t)len,
		    "client sent GOAWAY %s%s%s%s%s",
		    frame_code_text(l->code, number), quote ? " \"" : "",
		    l->debug, quote ? "\"" : "", ends[end]);
}
