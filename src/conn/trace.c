/* SPDX-License-Identifier: MIT */
/*
 * The trace of a connection (doc/trace.md): its first and last line, and lines
 * about scripts and violations.  traceframe.c writes the lines of frames.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "base/sys.h"
#include "trace.h"
#include "trace_impl.h"

#define TRACE_VERSION 1		/* of the format */

struct trace {
	pthread_mutex_t mutex;
	struct tracefile file;
	struct slot *slot;
	const struct tls_info *tls;
	bool begun;		/* the first line has been written */
	bool failed;		/* a violation has ended the connection */
	struct traceframe dir[2];
};

/* ---- the first line ---- */

/* Adds the time when `t` was 0, as "2026-01-02T03:04:05.678901Z". */
static void
put_time(struct tracefile *f)
{
	uint64_t age = sys_now_us() - f->since_us, us;
	struct timespec now;
	char text[64];
	struct tm tm;
	size_t len;
	time_t s;

	clock_gettime(CLOCK_REALTIME, &now);
	us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 -
	    age;
	s = (time_t)(us / 1000000);
	if (gmtime_r(&s, &tm) == NULL)
		return;
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%06uZ",
	    (unsigned)(us % 1000000));
	tracefile_word(f, "time", text);
}

static void
put_tls(struct tracefile *f, const struct tls_info *tls)
{
	tracefile_text(f, "tls", tls->version);
	tracefile_text(f, "cipher", tls->cipher);
	if (tls->resumed)
		tracefile_true(f, "resumed");
	if (tls->sni != NULL)
		tracefile_text(f, "sni", tls->sni);
	if (tls->alpn != NULL)
		tracefile_text(f, "alpn", tls->alpn);
}

/*
 * Writes the first line, before any other: as a rule when the handshake is over
 * or has failed.
 */
static void
put_first(struct trace *t)
{
	const struct tls_info *tls = t->tls;
	struct tracefile *f = &t->file;

	t->begun = true;
	tracefile_begin(f, NULL, "connection");
	tracefile_number(f, "version", TRACE_VERSION);
	put_time(f);
	tracefile_word(f, "server", "h2rig " PACKAGE_VERSION);
	tracefile_number(f, "pid", (uint64_t)getpid());
	tracefile_text(f, "client", t->slot->client);
	if (tls == NULL)
		tracefile_true(f, "cleartext");
	if (tls != NULL && tls->version != NULL)
		put_tls(f, tls);
	tracefile_end(f);
}

/*
 * Takes the mutex, and writes the first line if there is none.  False: the
 * trace has ended, and the mutex is not held.
 */
static bool
enter(struct trace *t)
{
	if (t == NULL || atomic_load(&t->file.fd) == -1)
		return false;
	pthread_mutex_lock(&t->mutex);
	if (!t->begun)
		put_first(t);
	return true;
}

static void
leave(struct trace *t)
{
	tracefile_flush(&t->file);
	atomic_store_explicit(&t->slot->traced, t->file.size,
	    memory_order_relaxed);
	pthread_mutex_unlock(&t->mutex);
}

void
trace_tls(struct trace *t)
{
	if (t == NULL || t->tls == NULL || !t->begun || !enter(t))
		return;
	tracefile_begin(&t->file, NULL, "handshake");
	put_tls(&t->file, t->tls);
	tracefile_end(&t->file);
	leave(t);
}

void
trace_octets(struct trace *t, enum trace_dir dir, const uint8_t *p, size_t n)
{
	if (!enter(t))
		return;
	traceframe_take(&t->dir[dir], p, n);
	leave(t);
}

void
trace_function(struct trace *t, const char *type, uint32_t stream,
    const char *script, const char *function, const char *raised)
{
	if (!enter(t))
		return;
	tracefile_begin(&t->file, NULL, type);
	tracefile_number(&t->file, "stream", stream);
	tracefile_text(&t->file, "script", script);
	tracefile_text(&t->file, "function", function);
	if (raised != NULL)
		tracefile_text(&t->file, "raised", raised);
	tracefile_end(&t->file);
	leave(t);
}

void
trace_violation(struct trace *t, uint32_t stream, uint32_t code,
    const char *text)
{
	char number[FRAME_CODE_TEXT];

	if (t == NULL || (stream == 0 && t->failed) || !enter(t))
		return;
	t->failed |= stream == 0;
	tracefile_begin(&t->file, NULL, "violation");
	tracefile_word(&t->file, "level", stream == 0 ? "connection" :
	    "stream");
	if (stream != 0)
		tracefile_number(&t->file, "stream", stream);
	if (code != TRACE_NO_CODE)
		tracefile_word(&t->file, "code", frame_code_text(code, number));
	tracefile_text(&t->file, "text", text);
	tracefile_end(&t->file);
	leave(t);
}

void
trace_note(struct trace *t, const char *type, uint32_t stream,
    const uint8_t *members, size_t n)
{
	if (!enter(t))
		return;
	tracefile_begin(&t->file, NULL, type);
	tracefile_number(&t->file, "stream", stream);
	tracefile_raw(&t->file, ",");
	buf_add(&t->file.lines, members, n);
	tracefile_end(&t->file);
	leave(t);
}

void
trace_close(struct trace *t, const char *end, const char *why)
{
	if (!enter(t))
		return;
	traceframe_finish(&t->dir[TRACE_IN]);
	traceframe_finish(&t->dir[TRACE_OUT]);
	tracefile_begin(&t->file, NULL, "close");
	tracefile_text(&t->file, "end", end);
	if (why[0] != '\0')
		tracefile_text(&t->file, "why", why);
	tracefile_end(&t->file);
	tracefile_flush(&t->file);
	tracefile_close(&t->file);
	leave(t);
}

void
trace_forked(struct trace *t)
{
	int fd = t != NULL ? atomic_exchange(&t->file.fd, -1) : -1;

	if (fd != -1)
		close(fd);
}

struct trace *
trace_new(int fd, const struct options *o, const struct tls_info *tls,
    struct slot *slot)
{
	struct trace *t = calloc(1, sizeof(*t));
	int i;

	if (t == NULL) {
		close(fd);
		return NULL;
	}
	pthread_mutex_init(&t->mutex, NULL);
	t->file.max = o->max_trace;
	/* A file of this process cannot be longer. */
	if (o->max_file_size != 0 && o->max_file_size < t->file.max)
		t->file.max = o->max_file_size;
	t->file.since_us = slot->started_ms * 1000;
	t->file.error = &slot->trace_error;
	atomic_init(&t->file.fd, fd);
	t->slot = slot;
	t->tls = tls;
	for (i = 0; i < 2; i++)
		traceframe_init(&t->dir[i], &t->dir[1 - i], &t->file,
		    i == TRACE_IN, (uint32_t)o->trace_data);
	return t;
}

void
trace_free(struct trace *t)
{
	int i;

	if (t == NULL)
		return;
	tracefile_close(&t->file);
	for (i = 0; i < 2; i++)
		traceframe_free(&t->dir[i]);
	free(t);
}
