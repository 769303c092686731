/* SPDX-License-Identifier: MIT */
/*
 * The frames that a connection has received, each packed into octets of its
 * own, so that it can be handed on to Python after the mutex was released.
 */
#include <string.h>

#include "framelog.h"

void
framelog_pack(struct buf *dst, uint64_t seq, const struct frame *f,
    const uint8_t *payload, size_t len, const struct fields *l)
{
	struct framelog_entry e = { .seq = seq, .frame = *f, .payload = len,
	    .n_fields = l != NULL ? l->n : 0, .has_fields = l != NULL };
	struct framelog_field at;
	struct field field;
	size_t i;

	e.frame.data = NULL;
	buf_add(dst, &e, sizeof(e));
	buf_add(dst, payload, len);
	for (i = 0; i < e.n_fields; i++) {
		fields_get(l, i, &field);
		at = (struct framelog_field){ field.name_len,
		    field.value_len };
		buf_add(dst, &at, sizeof(at));
		buf_add(dst, field.name, field.name_len);
		buf_add(dst, field.value, field.value_len);
	}
}

static struct buf *
place(struct framelog *l, uint64_t seq)
{
	return &l->kept[seq % FRAMELOG_MAX];
}

static void
drop_oldest(struct framelog *l)
{
	struct buf *b = place(l, l->first++);

	l->octets -= buf_len(b);
	buf_free(b);
}

/* A frame for which there is no memory counts as dropped. */
void
framelog_add(struct framelog *l, const struct frame *f,
    const uint8_t *payload, size_t len, const struct fields *fields)
{
	struct buf *b;

	if (l->next - l->first == FRAMELOG_MAX)
		drop_oldest(l);
	b = place(l, l->next);
	framelog_pack(b, l->next++, f, payload, len, fields);
	l->octets += buf_len(b);
	while (l->first + 1 < l->next && l->octets > FRAMELOG_OCTETS)
		drop_oldest(l);
}

const struct buf *
framelog_find(const struct framelog *l, uint64_t since, uint32_t type,
    uint32_t stream)
{
	uint64_t seq = since > l->first ? since : l->first;
	struct framelog_entry e;
	const struct buf *b;

	for (; seq < l->next; seq++) {
		b = &l->kept[seq % FRAMELOG_MAX];
		if (b->failed)
			continue;
		memcpy(&e, buf_data(b), sizeof(e));
		if ((type == FRAMELOG_ANY || type == e.frame.type) &&
		    (stream == FRAMELOG_ANY || stream == e.frame.stream_id))
			return b;
	}
	return NULL;
}

void
framelog_free(struct framelog *l)
{
	while (l->first < l->next)
		drop_oldest(l);
}
