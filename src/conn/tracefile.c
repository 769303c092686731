/* SPDX-License-Identifier: MIT */
/*
 * The file of a trace.  Only this file writes to it: lines are put together in
 * memory and written in one go.  If a full disk takes only part of a line, that
 * part is removed, so that a reader finds whole lines however the trace ends.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/logline.h"
#include "base/sys.h"
#include "trace_impl.h"

/* Octets kept free for the line that tells of the limit. */
#define RESERVE 128

/* Octets of lines that may wait for the end of a read or write. */
#define WAITING_MAX (64 * 1024)

void
tracefile_raw(struct tracefile *f, const char *json)
{
	buf_add(&f->lines, json, strlen(json));
}

void
tracefile_name(struct tracefile *f, const char *name)
{
	tracefile_raw(f, ",\"");
	tracefile_raw(f, name);
	tracefile_raw(f, "\":");
}

void
tracefile_word(struct tracefile *f, const char *name, const char *word)
{
	tracefile_name(f, name);
	tracefile_raw(f, "\"");
	tracefile_raw(f, word);
	tracefile_raw(f, "\"");
}

void
tracefile_number(struct tracefile *f, const char *name, uint64_t number)
{
	char digits[24];

	tracefile_name(f, name);
	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	tracefile_raw(f, digits);
}

void
tracefile_true(struct tracefile *f, const char *name)
{
	tracefile_name(f, name);
	tracefile_raw(f, "true");
}

void
tracefile_begin(struct tracefile *f, const char *dir, const char *type)
{
	uint64_t us = sys_now_us() - f->since_us;
	char text[40];

	snprintf(text, sizeof(text), "{\"t\":%" PRIu64 ".%06u",
	    us / 1000000, (unsigned)(us % 1000000));
	tracefile_raw(f, text);
	if (dir != NULL)
		tracefile_word(f, "dir", dir);
	tracefile_word(f, "type", type);
}

/* ---- octets ---- */

/* Returns what follows the backslash in a JSON escape of c; 0: no escape. */
static char
escape_of(uint8_t c)
{
	static const char from[] = "\n\r\t\"\\", to[] = "nrt\"\\";
	const char *at = memchr(from, c, sizeof(from) - 1);

	return at != NULL ? to[at - from] : 0;
}

static bool
is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Returns how many octets, from the first on, are text. */
static size_t
text_len(const uint8_t *p, size_t n)
{
	size_t at = 0, len = 1;

	while (at < n && len > 0) {
		if (is_plain(p[at]) || escape_of(p[at]) != 0)
			len = 1;
		else
			len = p[at] < 0x80 ? 0 :
			    logline_utf8_len(p + at, n - at);
		at += len;
	}
	return at;
}

/* Returns the octets of whole characters: text that is cut may end in part. */
static size_t
whole_len(const uint8_t *p, size_t n)
{
	size_t at = n;

	while (at > 0 && n - at < 3 && (p[at - 1] & 0xc0) == 0x80)
		at--;
	if (at == 0 || p[at - 1] < 0xc0 ||
	    logline_utf8_len(p + at - 1, n - at + 1) == n - at + 1)
		return n;
	return at - 1;
}

static void
add_text(struct buf *b, const uint8_t *p, size_t n)
{
	size_t i, plain = 0;
	char escape[2] = "\\";

	for (i = 0; i < n; i++) {
		if (is_plain(p[i]) || p[i] >= 0x80)
			continue;
		buf_add(b, p + plain, i - plain);
		escape[1] = escape_of(p[i]);
		buf_add(b, escape, 2);
		plain = i + 1;
	}
	buf_add(b, p + plain, n - plain);
}

static void
add_hex(struct buf *b, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *to = buf_reserve(b, 2 * n);
	size_t i;

	if (to == NULL)
		return;
	for (i = 0; i < n; i++) {
		to[2 * i] = (uint8_t)digits[p[i] >> 4];
		to[2 * i + 1] = (uint8_t)digits[p[i] & 15];
	}
	buf_commit(b, 2 * n);
}

void
tracefile_value(struct tracefile *f, const void *octets, size_t n, bool cut)
{
	const uint8_t *p = octets;
	size_t text = text_len(p, n);

	if (text == n || (cut && text == whole_len(p, n))) {
		tracefile_raw(f, "\"");
		add_text(&f->lines, p, text);
		tracefile_raw(f, "\"");
	} else {
		tracefile_raw(f, "{\"hex\":\"");
		add_hex(&f->lines, p, n);
		tracefile_raw(f, "\"}");
	}
}

void
tracefile_octets(struct tracefile *f, const char *name, const void *p,
    size_t n, bool cut)
{
	tracefile_name(f, name);
	tracefile_value(f, p, n, cut);
}

void
tracefile_text(struct tracefile *f, const char *name, const char *text)
{
	tracefile_octets(f, name, text, strlen(text), false);
}

/* ---- lines ---- */

void
tracefile_close(struct tracefile *f)
{
	int fd = atomic_exchange(&f->fd, -1);

	if (fd != -1)
		close(fd);
	buf_free(&f->lines);
	f->whole = 0;
}

static void
fail(struct tracefile *f, int err)
{
	atomic_store(f->error, err);
	tracefile_close(f);
}

/* A write failed: removes what the file has of a line that is not whole. */
static void
fail_inside(struct tracefile *f, const uint8_t *p, size_t n)
{
	int err = errno;

	while (n > 0 && p[n - 1] != '\n')
		n--;
	if (f->fd != -1 && ftruncate(f->fd, (off_t)(f->size + n)) == -1)
		err = errno;
	fail(f, err);
}

void
tracefile_flush(struct tracefile *f)
{
	const uint8_t *p = buf_data(&f->lines);
	size_t done = 0;
	ssize_t n;

	while (f->fd != -1 && done < f->whole) {
		n = sys_write(f->fd, p + done, f->whole - done);
		if (n == -1) {
			fail_inside(f, p, done);
			return;
		}
		done += (size_t)n;
	}
	f->size += done;
	buf_clear(&f->lines);
	f->whole = 0;
}

/* Replaces a line for which there is no room by one that tells of the limit. */
static void
end_at_limit(struct tracefile *f)
{
	f->lines.end = f->lines.off + f->whole;
	tracefile_begin(f, NULL, "limit");
	tracefile_number(f, "octets", f->max);
	tracefile_raw(f, "}\n");
	f->whole = buf_len(&f->lines);
	tracefile_flush(f);
	tracefile_close(f);
}

void
tracefile_end(struct tracefile *f)
{
	tracefile_raw(f, "}\n");
	if (f->lines.failed) {
		fail(f, ENOMEM);
	} else if (f->fd == -1) {
		tracefile_close(f);
	} else if (f->size + buf_len(&f->lines) + RESERVE > f->max) {
		/* A trace begins with its connection's line, or is none. */
		if (f->size + f->whole == 0)
			fail(f, EFBIG);
		else
			end_at_limit(f);
	} else {
		f->whole = buf_len(&f->lines);
		if (f->whole > WAITING_MAX)
			tracefile_flush(f);
	}
}
