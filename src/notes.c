/* SPDX-License-Identifier: MIT */
/*
 * Records that wait to be logged: in a buffer, each as a head, its text, and its
 * fields with theirs.  A connection's session tells of things under the mutex
 * (conn.c), and its I/O thread logs them (child.c).
 */
#include <poll.h>
#include <string.h>

#include "notes.h"

#define FIELDS_MAX 12		/* of a record */

typedef void log_fn(enum log_level level, const char *text,
    const struct log_field *f, size_t n);

struct head {
	log_fn *log;
	size_t text_len;
	size_t n_fields;
};

static void
add(struct notes *n, log_fn *log, const char *text, const struct log_field *f,
    size_t n_fields)
{
	struct head head = { log, strlen(text) + 1, n_fields };
	size_t i;

	if (log_get_level() < LOG_L_INFO)
		return;
	if (n_fields > FIELDS_MAX || buf_len(&n->records) > NOTES_MAX) {
		n->lost++;
		return;
	}
	buf_add(&n->records, &head, sizeof(head));
	buf_add(&n->records, text, head.text_len);
	for (i = 0; i < n_fields; i++) {
		buf_add(&n->records, &f[i], sizeof(f[i]));
		if (f[i].text != NULL)
			buf_add(&n->records, f[i].text, f[i].len);
	}
}

void
notes_fields(struct notes *n, const char *text, const struct log_field *f,
    size_t n_fields)
{
	add(n, log_fields, text, f, n_fields);
}

void
notes_members(struct notes *n, const char *text, const struct log_field *f,
    size_t n_fields)
{
	add(n, log_members, text, f, n_fields);
}

void
notes_move(struct notes *dst, struct notes *src)
{
	struct notes empty = *dst;

	if (notes_empty(src))
		return;
	if (notes_empty(dst)) {
		*dst = *src;
		*src = empty;
		return;
	}
	buf_add(&dst->records, buf_data(&src->records),
	    buf_len(&src->records));
	dst->records.failed |= src->records.failed;
	dst->lost += src->lost;
	buf_clear(&src->records);
	src->lost = 0;
}

/* Copies len octets from *p, which moves on; they need not be aligned. */
static void
take(const uint8_t **p, void *dst, size_t len)
{
	memcpy(dst, *p, len);
	*p += len;
}

/* The oldest one. */
static void
log_one(struct notes *n)
{
	const uint8_t *start = buf_data(&n->records), *p = start;
	struct log_field f[FIELDS_MAX];
	const char *text;
	struct head head;
	size_t i;

	take(&p, &head, sizeof(head));
	text = (const char *)p;
	p += head.text_len;
	for (i = 0; i < head.n_fields; i++) {
		take(&p, &f[i], sizeof(f[i]));
		if (f[i].text != NULL) {
			f[i].text = (const char *)p;
			p += f[i].len;
		}
	}
	head.log(LOG_L_INFO, text, f, head.n_fields);
	buf_consume(&n->records, (size_t)(p - start));
}

static bool
log_takes_more(void)
{
	struct pollfd p = { .fd = log_get_fd(), .events = POLLOUT };

	return p.fd == -1 || poll(&p, 1, 0) != 0;
}

void
notes_log(struct notes *n, bool all)
{
	/* An addition was lost half way: what there is cannot be read. */
	if (n->records.failed) {
		n->lost++;
		buf_clear(&n->records);
	}
	while (buf_len(&n->records) > 0 && (all || log_takes_more()))
		log_one(n);
	if (buf_len(&n->records) == 0 && n->lost > 0) {
		log_info("%lu records of this connection were lost: the log "
		    "was too slow", n->lost);
		n->lost = 0;
	}
}

void
notes_free(struct notes *n)
{
	buf_free(&n->records);
	*n = (struct notes){ .records = { 0 } };
}
