/* SPDX-License-Identifier: MIT */
/*
 * The tables of HPACK: the static one with an index by name, and the dynamic
 * one with its entries, their octets, and eviction.  The callers, hpack.c and
 * hpack_follow.c, decide what goes into a table and where to look for a field.
 *
 * A dynamic table is a queue.  Entries are numbered from 1 as they are added;
 * the wire counts them from the newest (RFC 7541 §2.3.3):
 *
 *	number      first                        next - 1      next
 *	              |                              |           |
 *	entries      [A]          [B]               [C]        (free)
 *	wire     61 + 3        61 + 2            61 + 1
 *	              |            |                 |
 *	              v            v                 v
 *	octets  ..... host|a.test  x-id|8451         date|Mon, 20     ~~~~~~
 *	              |                                         |
 *	            front (gone before it)              room for the next
 *
 * An entry has the position of its octets among all octets that the table has
 * ever stored; `front` is the position at which the buffer now begins.  So
 * neither eviction nor a buffer that moves changes any entry.  The octets of an
 * entry are adjacent, and the next ones are written straight to the end: a
 * field that is only decoded, not stored, uses that room and gives it back.
 *
 * The encoder links entries in chains, each to an older one.  Eviction takes
 * the oldest first: a link to a number below `first` is the end of a chain,
 * and no link is ever removed.
 */
#include <stdbool.h>
#include <string.h>

#include "hpack_impl.h"

#define ROW(name, value, indexing) \
	{ name, value, sizeof(name) - 1, sizeof(value) - 1, indexing, 0, 0 }
#define YES(name) ROW(name, "", HPACK_INDEX)
#define VALUE(name, value) ROW(name, value, HPACK_INDEX)
#define NO(name) ROW(name, "", HPACK_NO_INDEX)

/*
 * RFC 7541 appendix A, and what libnghttp2 does with each name.  Index 0 is
 * not used.
 */
static struct hpack_static rows[HPACK_STATIC_COUNT + 1] = {
	YES(""),
	YES(":authority"),
	VALUE(":method", "GET"),
	VALUE(":method", "POST"),
	ROW(":path", "/", HPACK_NO_INDEX),
	ROW(":path", "/index.html", HPACK_NO_INDEX),
	VALUE(":scheme", "http"),
	VALUE(":scheme", "https"),
	VALUE(":status", "200"),
	VALUE(":status", "204"),
	VALUE(":status", "206"),
	VALUE(":status", "304"),
	VALUE(":status", "400"),
	VALUE(":status", "404"),
	VALUE(":status", "500"),
	YES("accept-charset"),
	VALUE("accept-encoding", "gzip, deflate"),
	YES("accept-language"),
	YES("accept-ranges"),
	YES("accept"),
	YES("access-control-allow-origin"),
	NO("age"),
	YES("allow"),
	ROW("authorization", "", HPACK_NEVER),
	YES("cache-control"),
	YES("content-disposition"),
	YES("content-encoding"),
	YES("content-language"),
	NO("content-length"),
	YES("content-location"),
	YES("content-range"),
	YES("content-type"),
	ROW("cookie", "", HPACK_NEVER_SHORT),
	YES("date"),
	NO("etag"),
	YES("expect"),
	YES("expires"),
	YES("from"),
	YES("host"),
	YES("if-match"),
	NO("if-modified-since"),
	NO("if-none-match"),
	YES("if-range"),
	YES("if-unmodified-since"),
	YES("last-modified"),
	YES("link"),
	NO("location"),
	YES("max-forwards"),
	YES("proxy-authenticate"),
	YES("proxy-authorization"),
	YES("range"),
	YES("referer"),
	YES("refresh"),
	YES("retry-after"),
	YES("server"),
	NO("set-cookie"),
	YES("strict-transport-security"),
	YES("transfer-encoding"),
	YES("user-agent"),
	YES("vary"),
	YES("via"),
	YES("www-authenticate")
};

const struct hpack_static *const hpack_table_static = rows;

/* The first index of each bucket's chain of names, or 0. */
static uint8_t static_bucket[HPACK_BUCKETS];

void
hpack_table_static_init(void)
{
	static bool done;
	unsigned i, b;

	if (done)
		return;
	for (i = HPACK_STATIC_COUNT; i > 0; i--) {
		if (strcmp(rows[i].name, rows[i - 1].name) == 0) {
			rows[i - 1].same_name = 1;
			continue;
		}
		b = hpack_bucket(hpack_name_hash((const uint8_t *)rows[i].name,
		    rows[i].name_len));
		rows[i].chain = static_bucket[b];
		static_bucket[b] = (uint8_t)i;
	}
	done = true;
}

unsigned
hpack_table_static_find(const uint8_t *name, size_t len, uint32_t hash)
{
	unsigned i;

	if (len == 0)
		return 0;
	for (i = static_bucket[hpack_bucket(hash)]; i != 0; i = rows[i].chain) {
		if (rows[i].name_len == len &&
		    memcmp(rows[i].name, name, len) == 0)
			return i;
	}
	return 0;
}

void
hpack_table_init(struct hpack_table *t, size_t max)
{
	*t = (struct hpack_table){ .max = max, .first = 1, .next = 1 };
}

void
hpack_table_free(struct hpack_table *t)
{
	buf_free(&t->entries);
	buf_free(&t->octets);
}

/* Evicts entries until the table's size is at most max. */
static void
shrink(struct hpack_table *t, size_t max)
{
	const struct hpack_entry *e;
	size_t octets, n = 0, gone = 0;

	if (t->size <= max)
		return;
	for (; t->size > max; n++) {
		e = hpack_table_entry(t, t->first + n);
		octets = (size_t)e->name_len + e->value_len;
		gone += octets;
		t->size -= octets + HPACK_FIELD_OVERHEAD;
	}
	t->first += n;
	t->front += gone;
	buf_consume(&t->entries, n * sizeof(*e));
	buf_consume(&t->octets, gone);
}

void
hpack_table_resize(struct hpack_table *t, size_t max)
{
	t->max = max;
	shrink(t, max);
}

/*
 * The new octets are committed before older entries are evicted: the name may
 * come from an entry that this one evicts (RFC 7541 §4.4).
 */
int
hpack_table_push(struct hpack_table *t, size_t name_len, size_t value_len)
{
	size_t octets = name_len + value_len;
	size_t size = octets + HPACK_FIELD_OVERHEAD;
	const uint8_t *name;
	struct hpack_entry *e;

	if (size > t->max) {
		shrink(t, 0);
		return 0;
	}
	e = (void *)buf_reserve(&t->entries, sizeof(*e));
	if (e == NULL)
		return -1;
	name = buf_data(&t->octets) + buf_len(&t->octets);
	*e = (struct hpack_entry){
		.pos = t->front + buf_len(&t->octets),
		.name_len = (uint32_t)name_len,
		.value_len = (uint32_t)value_len,
		.hash = hpack_name_hash(name, name_len)
	};
	buf_commit(&t->entries, sizeof(*e));
	t->next++;
	buf_commit(&t->octets, octets);
	t->size += size;
	shrink(t, t->max);
	return 0;
}

void
hpack_table_get(const struct hpack_table *t, size_t index, struct field *f)
{
	const struct hpack_static *s;
	const struct hpack_entry *e;

	if (index <= HPACK_STATIC_COUNT) {
		s = &hpack_table_static[index];
		f->name = (const uint8_t *)s->name;
		f->name_len = s->name_len;
		f->value = (const uint8_t *)s->value;
		f->value_len = s->value_len;
		return;
	}
	e = hpack_table_entry(t, t->next - (index - HPACK_STATIC_COUNT));
	f->name = hpack_table_octets(t, e);
	f->name_len = e->name_len;
	f->value = f->name + e->name_len;
	f->value_len = e->value_len;
}
