/* SPDX-License-Identifier: MIT */
/*
 * Records on their way from a writer to the line that they become: log.c and
 * feed.c make them, log.c makes lines of them.
 *
 * No lock is held and nothing is allocated (see log.c).
 */
#include <ctype.h>
#include <string.h>

#include "logmsg.h"

#define NUMBER UINT32_MAX	/* the length of what is none */
#define NAME_MAX_LEN 31
#define LAST_SECOND 253402300799	/* of the year 9999 */

/* Before each field's name and text. */
struct piece {
	uint32_t name_len;
	uint32_t text_len;	/* NUMBER: there is no text */
	uint64_t number;
	uint64_t thousandths;	/* not 0: of these */
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
	struct piece piece = { .name_len = (uint32_t)strlen(f->name),
	    .text_len = f->text != NULL ? (uint32_t)f->len : NUMBER,
	    .number = f->number, .thousandths = f->thousandths };

	if (!put(m, &piece, sizeof(piece)) ||
	    !put(m, f->name, piece.name_len) ||
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

/* A name is a word: what is in JSON before the colon, in text before "=". */
static bool
take_name(char name[NAME_MAX_LEN + 1], const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && (isalpha((unsigned char)p[i]) || p[i] == '_');
	    i++)
		name[i] = p[i];
	name[i] = '\0';
	return i == n;
}

/* The field at octet *at, which is then that of the next; false: no more. */
static bool
next_field(const struct logmsg *m, uint32_t *at, char name[NAME_MAX_LEN + 1],
    struct log_field *f)
{
	const char *p = m->octets + *at;
	uint32_t left = m->head.len - *at;
	struct piece piece;

	if (left < sizeof(piece))
		return false;
	memcpy(&piece, p, sizeof(piece));
	p += sizeof(piece);
	left -= (uint32_t)sizeof(piece);
	if (piece.name_len > NAME_MAX_LEN || piece.name_len > left ||
	    !take_name(name, p, piece.name_len))
		return false;
	p += piece.name_len;
	left -= piece.name_len;
	*f = (struct log_field){ .name = name, .number = piece.number,
	    .thousandths = piece.thousandths != 0 };
	if (piece.text_len != NUMBER) {
		if (piece.text_len > left)
			return false;
		f->text = p;
		f->len = piece.text_len;
		p += f->len;
	}
	*at = (uint32_t)(p - m->octets);
	return true;
}

void
logmsg_line(const struct logmsg *m, long pid, enum log_format format,
    bool syslog, struct logline *l)
{
	char name[NAME_MAX_LEN + 1];
	uint32_t at = m->head.text_len;
	struct log_field f;

	logline_begin(l, format, &(struct logline_stamp){ .pid = pid,
	    .at = m->head.at, .level = (enum log_level)m->head.kind }, syslog);
	logline_add(l, m->octets, m->head.text_len);
	l->cut |= m->head.cut != 0;
	logline_text_end(l);
	while (next_field(m, &at, name, &f))
		logline_field(l, &f);
	logline_end(l);
}
