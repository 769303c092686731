/* SPDX-License-Identifier: MIT */
/*
 * The states of one stream and the table of a connection's streams.
 *
 * A stream's state changes by the transitions of stream.h; their callers,
 * the other files of the session, tell the application.  The table is a hash
 * table with chains; client streams are numbered 1, 3, 5 and so on, so that
 * half the identifier spreads evenly.
 */
#include <stdlib.h>
#include <string.h>

#include "stream.h"

void
stream_set_reset(struct stream *s, uint32_t code, bool by_peer)
{
	s->state = STREAM_CLOSED;
	s->reset = true;
	s->reset_by_peer = by_peer;
	s->reset_code = code;
}

/* Takes a member of the dictionary (RFC 8941 §3.2), without parameters. */
static void
take_priority_member(struct stream *s, const char *p, size_t len)
{
	if (len == 3 && p[0] == 'u' && p[1] == '=' && p[2] >= '0' &&
	    p[2] <= '7')
		s->urgency = (uint8_t)(p[2] - '0');
	else if ((len == 1 && p[0] == 'i') ||
	    (len == 4 && memcmp(p, "i=?1", 4) == 0))
		s->incremental = true;
	else if (len == 4 && memcmp(p, "i=?0", 4) == 0)
		s->incremental = false;
}

static void
parse_priority(struct stream *s)
{
	const char *p = s->priority;

	s->urgency = STREAM_URGENCY_DEFAULT;
	s->incremental = false;
	while (*(p += strspn(p, " \t,")) != '\0') {
		take_priority_member(s, p, strcspn(p, ";, \t"));
		p += strcspn(p, ",");
	}
}

void
stream_set_priority(struct stream *s, const uint8_t *value, size_t len)
{
	size_t i;

	if (len >= sizeof(s->priority))
		return;
	for (i = 0; i < len; i++) {
		if (value[i] < 0x20 || value[i] > 0x7e)
			return;
	}
	if (len > 0)
		memcpy(s->priority, value, len);
	s->priority[len] = '\0';
	parse_priority(s);
}

static size_t
slot_of(uint32_t id)
{
	return (id >> 1) % STREAM_SLOTS;
}

struct stream *
stream_table_find(const struct stream_table *t, uint32_t id)
{
	struct stream *s;

	for (s = t->slot[slot_of(id)]; s != NULL; s = s->next) {
		if (s->id == id)
			return s;
	}
	return NULL;
}

struct stream *
stream_table_add(struct stream_table *t, uint32_t id)
{
	struct stream **head = &t->slot[slot_of(id)];
	struct stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->id = id;
	s->urgency = STREAM_URGENCY_DEFAULT;
	s->next = *head;
	*head = s;
	t->n++;
	return s;
}

void
stream_table_remove(struct stream_table *t, struct stream *s)
{
	struct stream **p = &t->slot[slot_of(s->id)];

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	t->n--;
	free(s);
}

void
stream_table_free(struct stream_table *t)
{
	struct stream *s, *next;

	for (s = stream_table_next(t, NULL); s != NULL; s = next) {
		next = stream_table_next(t, s);
		free(s);
	}
	*t = (struct stream_table){ 0 };
}

struct stream *
stream_table_next(const struct stream_table *t, const struct stream *s)
{
	size_t i = s != NULL ? slot_of(s->id) + 1 : 0;

	if (s != NULL && s->next != NULL)
		return s->next;
	for (; i < STREAM_SLOTS; i++) {
		if (t->slot[i] != NULL)
			return t->slot[i];
	}
	return NULL;
}
