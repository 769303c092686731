/* SPDX-License-Identifier: MIT */
/*
 * Log records.  A writer builds a record piece by piece on its own stack, in
 * any process and thread: no lock is taken and nothing is allocated (see
 * log.c).  The parent makes a line of the record, escapes it as text or as
 * JSON, and cuts it if it is too long.  The parent takes nothing in a record
 * for granted, since a child has sent it.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "logline.h"

#define NO_TEXT UINT32_MAX	/* text_len of a field that is a number */
#define NAME_SIZE 32
#define LAST_SECOND 253402300799	/* the last one of the year 9999 */

/*
 * Octets at the end that are kept free for what closes a cut line: `..."}` and
 * newline.
 */
#define RESERVE 8

#define FACILITY (3 * 8)	/* "daemon" of RFC 5424 §6.2.1, times 8 */

const char *const logline_levels[] = {
	"error", "warn", "info", "debug", NULL
};

const char *const logline_formats[] = { "text", "json", NULL };

int
logline_level_from_name(const char *name)
{
	int i;

	for (i = 0; logline_levels[i] != NULL; i++)
		if (strcmp(name, logline_levels[i]) == 0)
			return i;
	return -1;
}

/* ---- a record in pieces ---- */

/* What a record has before each field's text. */
struct piece {
	char name[NAME_SIZE];
	uint64_t number;
	uint32_t text_len;	/* NO_TEXT: it is a number */
	uint32_t thousandths;	/* not 0: the number is in thousandths */
};

void
logline_begin(struct logline *l, unsigned kind)
{
	l->kind = kind;
	l->cut = l->text_len = l->len = 0;
	clock_gettime(CLOCK_REALTIME, &l->at);
}

/* Adds n octets, or adds nothing and returns false if they do not fit. */
static bool
append(struct logline *l, const void *p, size_t n)
{
	if (n > sizeof(l->octets) - l->len)
		return false;
	memcpy(l->octets + l->len, p, n);
	l->len += (uint32_t)n;
	return true;
}

void
logline_add(struct logline *l, const char *p, size_t n)
{
	size_t room = sizeof(l->octets) - l->len;

	l->cut |= n > room;
	append(l, p, n < room ? n : room);
	l->text_len = l->len;
}

void
logline_add_field(struct logline *l, const struct log_field *f)
{
	uint32_t before = l->len;
	struct piece piece = { .number = f->number,
	    .text_len = f->text != NULL ? (uint32_t)f->len : NO_TEXT,
	    .thousandths = f->thousandths };

	strncpy(piece.name, f->name, sizeof(piece.name) - 1);
	if (!append(l, &piece, sizeof(piece)) ||
	    (f->text != NULL && !append(l, f->text, f->len)))
		l->len = before;
}

size_t
logline_size(const struct logline *l)
{
	return offsetof(struct logline, octets) + l->len;
}

int
logline_take(struct logline *l, const void *p, size_t n)
{
	if (n < offsetof(struct logline, octets))
		return 0;
	memcpy(l, p, offsetof(struct logline, octets));
	if (l->len > sizeof(l->octets) || l->text_len > l->len)
		return -1;
	if (n < logline_size(l))
		return 0;
	memcpy(l, p, logline_size(l));
	if (l->at.tv_sec < 0 || l->at.tv_sec > LAST_SECOND ||
	    l->at.tv_nsec < 0 || l->at.tv_nsec >= 1000000000)
		clock_gettime(CLOCK_REALTIME, &l->at);
	return (int)logline_size(l);
}

/*
 * Whether it can be a name, which JSON has before a colon and text before "=".
 */
static bool
is_word(const char *name)
{
	while (islower((unsigned char)*name) || *name == '_')
		name++;
	return *name == '\0';
}

/*
 * Stores the field at octet *at in *f, with its name in *piece, and advances
 * *at to the next one.  Returns false if there are no more.
 */
static bool
next_field(const struct logline *l, uint32_t *at, struct piece *piece,
    struct log_field *f)
{
	uint32_t left = l->len - *at;

	if (left < sizeof(*piece))
		return false;
	memcpy(piece, l->octets + *at, sizeof(*piece));
	*at += (uint32_t)sizeof(*piece);
	left -= (uint32_t)sizeof(*piece);
	piece->name[NAME_SIZE - 1] = '\0';
	if (!is_word(piece->name))
		return false;
	*f = (struct log_field){ .name = piece->name, .number = piece->number,
	    .thousandths = piece->thousandths != 0 };
	if (piece->text_len == NO_TEXT)
		return true;
	if (piece->text_len > left)
		return false;
	f->text = l->octets + *at;
	f->len = piece->text_len;
	*at += piece->text_len;
	return true;
}

/* ---- the line ---- */

struct line {
	char *text;
	size_t len;
	bool cut;		/* something did not fit: adds no more */
	bool json;
};

/* Adds n octets, or nothing if they do not fit. */
static void
put(struct line *d, const char *p, size_t n)
{
	d->cut |= d->len + n > LOGLINE_TEXT - RESERVE;
	if (d->cut)
		return;
	memcpy(d->text + d->len, p, n);
	d->len += n;
}

static void
put_word(struct line *d, const char *s)
{
	put(d, s, strlen(s));
}

static void
put_number(struct line *d, uint64_t v)
{
	char digits[20], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	put(d, p, (size_t)(digits + sizeof(digits) - p));
}

/* For short and rare texts: slower than the others. */
static void
put_format(struct line *d, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(d, text, strlen(text));
}

size_t
logline_utf8_len(const unsigned char *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c = p[0] & 0x7fU >> len;

	if (p[0] < 0xc0 || p[0] > 0xf4 || n < len)
		return 0;
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ?
	    0 : len;
}

/*
 * Adds the octet, or in JSON the UTF-8 sequence, at p; returns its octets.
 * JSON cannot express an octet that is not UTF-8 (RFC 8259 §8.1): it becomes
 * the four characters \xHH.
 */
static size_t
put_escaped(struct line *d, const unsigned char *p, size_t n)
{
	const char *name = *p == '\n' ? "\\n" : *p == '\t' ? "\\t" :
	    *p == '\r' ? "\\r" : NULL;
	size_t len = *p >= 0x80 && d->json ? logline_utf8_len(p, n) : 1;

	if (len == 0)
		put_format(d, "\\\\x%02x", *p);
	else if (d->json && (*p == '"' || *p == '\\'))
		put_format(d, "\\%c", *p);
	else if (*p >= 0x20 && *p != 0x7f)
		put(d, (const char *)p, len);
	else if (d->json)
		put_format(d, "\\u%04x", *p);
	else if (name != NULL)
		put(d, name, 2);
	else
		put_format(d, "\\x%02x", *p);
	return len > 0 ? len : 1;
}

/* Whether neither format escapes the octet; true of most octets. */
static bool
is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

/*
 * Adds a string.  Without `blanks`, as in values of text, spaces are escaped,
 * since spaces separate fields.
 */
static void
put_string(struct line *d, const char *p, size_t n, bool blanks)
{
	const unsigned char *at = (const unsigned char *)p, *end = at + n;

	while (at < end && !d->cut) {
		if (is_plain(*at) && d->len < LOGLINE_TEXT - RESERVE) {
			d->text[d->len++] = (char)*at++;
		} else if (*at == ' ' && !blanks) {
			put(d, "\\x20", 4);
			at++;
		} else
			at += put_escaped(d, at, (size_t)(end - at));
	}
}

/* Closes a string, with "..." if it was cut, for which the reserve has room. */
static void
close_string(struct line *d)
{
	if (d->cut) {
		memcpy(d->text + d->len, "...", 3);
		d->len += 3;
	}
	if (d->json)
		d->text[d->len++] = '"';
}

static void
put_field(struct line *d, const struct log_field *f)
{
	size_t start = d->len;

	if (d->cut)
		return;
	put_word(d, d->json ? ",\"" : " ");
	put_word(d, f->name);
	put_word(d, d->json ? "\":" : "=");
	if (f->text != NULL)
		put_word(d, d->json ? "\"" : "");
	else if (f->thousandths)
		put_format(d, "%" PRIu64 ".%03u", f->number / 1000,
		    (unsigned)(f->number % 1000));
	else
		put_number(d, f->number);
	if (d->cut) {		/* not even the name fits: no field */
		d->len = start;
	} else if (f->text != NULL) {
		put_string(d, f->text, f->len, d->json);
		close_string(d);
	}
}

/*
 * Adds "2026-01-02T03:04:05.678Z".  The text up to the second is kept, since
 * most lines are of the same second as the line before.
 */
static void
put_time(struct line *d, const struct timespec *at)
{
	static char text[32];
	static time_t of = -1;
	struct tm tm;

	if (at->tv_sec != of && gmtime_r(&at->tv_sec, &tm) != NULL) {
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.", &tm);
		of = at->tv_sec;
	}
	put_word(d, text);
	put_format(d, "%03ldZ", at->tv_nsec / 1000000);
}

static void
put_head(struct line *d, const struct logline *l, long pid,
    enum logline_head head)
{
	static const unsigned severity[] = { 3, 4, 6, 7 };

	if (head == LOGLINE_STDERR) {
		put_word(d, "h2rig: ");
		return;
	}
	if (head == LOGLINE_SYSLOG) {	/* RFC 3164 §4.1, RFC 5424 §6.2.1 */
		put_format(d, "<%u>h2rig[%ld]: ", FACILITY + severity[l->kind],
		    pid);
	} else if (!d->json) {
		put_time(d, &l->at);
		put_format(d, " h2rig[%ld] ", pid);
	}
	if (d->json) {
		put_word(d, "{\"time\":\"");
		put_time(d, &l->at);
		put_format(d, "\",\"pid\":%ld,\"level\":\"", pid);
	}
	put_word(d, logline_levels[l->kind]);
	put_word(d, d->json ? "\",\"text\":\"" : ": ");
}

size_t
logline_print(const struct logline *l, long pid, enum log_format format,
    enum logline_head head, char dst[LOGLINE_TEXT])
{
	struct line d = { .text = dst, .json = format == LOG_FORMAT_JSON };
	uint32_t at = l->text_len;
	struct log_field f;
	struct piece piece;

	put_head(&d, l, pid, head);
	put_string(&d, l->octets, l->text_len, true);
	d.cut |= l->cut != 0;
	close_string(&d);
	while (next_field(l, &at, &piece, &f))
		put_field(&d, &f);
	if (d.json)
		dst[d.len++] = '}';
	dst[d.len++] = '\n';
	return d.len;
}
