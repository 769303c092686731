/* SPDX-License-Identifier: MIT */
/*
 * Records on their way from a writer to the line that they become: log.c and
 * feed.c make them, log.c makes lines of them.
 *
 * No lock is held and nothing is allocated (see log.c).
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "logmsg.h"

#define NUMBER UINT32_MAX	/* the length of what is none */
#define NAME_SIZE 32
#define LAST_SECOND 253402300799	/* of the year 9999 */

/* Before each field's text. */
struct piece {
	char name[NAME_SIZE];
	uint32_t text_len;	/* NUMBER: there is no text */
	uint32_t thousandths;	/* not 0: the number is of these */
	uint64_t number;
};

void
logmsg_begin(struct logmsg *m, unsigned kind)
{
	m->head.kind = kind;
	m->head.cut = 0;
	m->head.text_len = m->head.len = 0;
	clock_gettime(CLOCK_REALTIME, &m->head.at);
}

static bool
put(struct logmsg *m, const void *p, size_t n)
{
	if (n > sizeof(m->octets) - m->head.len)
		return false;
	memcpy(m->octets + m->head.len, p, n);
	m->head.len += (uint32_t)n;
	return true;
}

void
logmsg_add(struct logmsg *m, const char *p, size_t n)
{
	size_t room = sizeof(m->octets) - m->head.len;

	m->head.cut |= n > room;
	put(m, p, n < room ? n : room);
	m->head.text_len = m->head.len;
}

void
logmsg_field(struct logmsg *m, const struct log_field *f)
{
	uint32_t before = m->head.len;
	struct piece piece = { .number = f->number,
	    .text_len = f->text != NULL ? (uint32_t)f->len : NUMBER,
	    .thousandths = f->thousandths };

	snprintf(piece.name, sizeof(piece.name), "%s", f->name);
	if (!put(m, &piece, sizeof(piece)) ||
	    (f->text != NULL && !put(m, f->text, f->len)))
		m->head.len = before;
}

size_t
logmsg_size(const struct logmsg *m)
{
	return sizeof(m->head) + m->head.len;
}

int
logmsg_take(struct logmsg *m, const void *p, size_t n)
{
	if (n < sizeof(m->head))
		return 0;
	memcpy(&m->head, p, sizeof(m->head));
	if (m->head.len > sizeof(m->octets) || m->head.text_len > m->head.len)
		return -1;
	if (n < logmsg_size(m))
		return 0;
	memcpy(m->octets, (const char *)p + sizeof(m->head), m->head.len);
	if (m->head.at.tv_sec < 0 || m->head.at.tv_sec > LAST_SECOND ||
	    m->head.at.tv_nsec < 0 || m->head.at.tv_nsec >= 1000000000)
		clock_gettime(CLOCK_REALTIME, &m->head.at);
	return (int)logmsg_size(m);
}

/* As in JSON before the colon, in text before "=". */
static bool
is_word(const char *name)
{
	while (islower((unsigned char)*name) || *name == '_')
		name++;
	return *name == '\0';
}

/*
 * The field at octet *at, which is then that of the next, its name in *piece;
 * false: no more.
 */
static bool
next_field(const struct logmsg *m, uint32_t *at, struct piece *piece,
    struct log_field *f)
{
	uint32_t left = m->head.len - *at;

	if (left < sizeof(*piece))
		return false;
	memcpy(piece, m->octets + *at, sizeof(*piece));
	*at += (uint32_t)sizeof(*piece);
	left -= (uint32_t)sizeof(*piece);
	piece->name[NAME_SIZE - 1] = '\0';
	if (!is_word(piece->name))
		return false;
	*f = (struct log_field){ .name = piece->name, .number = piece->number,
	    .thousandths = piece->thousandths != 0 };
	if (piece->text_len == NUMBER)
		return true;
	if (piece->text_len > left)
		return false;
	f->text = m->octets + *at;
	f->len = piece->text_len;
	*at += piece->text_len;
	return true;
}

void
logmsg_line(const struct logmsg *m, long pid, enum log_format format,
    bool syslog, struct logline *l)
{
	uint32_t at = m->head.text_len;
	struct log_field f;
	struct piece piece;

	logline_begin(l, format, &(struct logline_stamp){ .pid = pid,
	    .at = m->head.at, .level = (enum log_level)m->head.kind }, syslog);
	logline_add(l, m->octets, m->head.text_len);
	l->cut |= m->head.cut != 0;
	logline_text_end(l);
	while (next_field(m, &at, &piece, &f))
		logline_field(l, &f);
	logline_end(l);
}
