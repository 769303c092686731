/* SPDX-License-Identifier: MIT */
/*
 * The states of one stream and the table of a connection's streams.
 *
 * A stream's state changes by the four transitions of stream.h; their callers,
 * the other files of the session, tell the application.  The table is a hash
 * table with chains; client streams are numbered 1, 3, 5 and so on, so that
 * half the identifier spreads evenly.
 */
#include <stdlib.h>
#include <string.h>

#include "stream.h"

#define MIN_SLOTS 16

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
slot_of(const struct stream_table *t, uint32_t id)
{
	return (id >> 1) & (t->n_slots - 1);
}

struct stream *
stream_table_find(const struct stream_table *t, uint32_t id)
{
	struct stream *s;

	if (t->n_slots == 0)
		return NULL;
	for (s = t->slot[slot_of(t, id)]; s != NULL; s = s->next) {
		if (s->id == id)
			return s;
	}
	return NULL;
}

static void
link_stream(struct stream_table *t, struct stream *s)
{
	struct stream **head = &t->slot[slot_of(t, s->id)];

	s->next = *head;
	*head = s;
}

/* Doubles the slots, or makes the first; 0, or -1: the table is unchanged. */
static int
grow(struct stream_table *t)
{
	struct stream_table old = *t;
	struct stream *s, *next;

	t->n_slots = old.n_slots == 0 ? MIN_SLOTS : old.n_slots * 2;
	t->slot = calloc(t->n_slots, sizeof(struct stream *));
	if (t->slot == NULL) {
		*t = old;
		return -1;
	}
	for (s = stream_table_next(&old, NULL); s != NULL; s = next) {
		next = stream_table_next(&old, s);
		link_stream(t, s);
	}
	free(old.slot);
	return 0;
}

struct stream *
stream_table_add(struct stream_table *t, uint32_t id)
{
	struct stream *s;

	if (t->n >= t->n_slots && grow(t) == -1)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->id = id;
	s->urgency = STREAM_URGENCY_DEFAULT;
	link_stream(t, s);
	t->n++;
	return s;
}

void
stream_table_remove(struct stream_table *t, struct stream *s)
{
	struct stream **p = &t->slot[slot_of(t, s->id)];

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
	free(t->slot);
	*t = (struct stream_table){ 0 };
}

struct stream *
stream_table_next(const struct stream_table *t, const struct stream *s)
{
	size_t i = s != NULL ? slot_of(t, s->id) + 1 : 0;

	if (s != NULL && s->next != NULL)
		return s->next;
	for (; i < t->n_slots; i++) {
		if (t->slot[i] != NULL)
			return t->slot[i];
	}
	return NULL;
}
