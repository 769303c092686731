/* SPDX-License-Identifier: MIT */
/*
 * HPACK: how an encoder decides about each field and writes it, and what a
 * decoder accepts.  Both follow libnghttp2 wherever RFC 7541 leaves a choice;
 * t/unit/diff_hpack.c compares them with the installed library.  The tables are
 * in hpack_table.c, the Huffman code in huff.c.
 *
 * Neither side allocates memory for each field: the encoder reserves room in
 * the output for the worst case, and the decoder puts a literal where the
 * dynamic table would have its next entry.  No I/O, no locks, no logging.  Each
 * session has an encoder and a decoder, and calls them.
 */
#include <stdlib.h>
#include <string.h>

#include "hpack_impl.h"

/* The most octets of an integer: a prefix, and 64 bits in groups of seven. */
#define INT_MAX_LEN 11

/* libnghttp2 holds that a cookie of fewer octets can be guessed (CRIME). */
#define COOKIE_SAFE 20

/* Representations (RFC 7541 §6): bits above the prefix, bits of the prefix. */
static const struct rep {
	uint8_t bits;
	uint8_t prefix;
} indexed = { 0x80, 7 }, size_update = { 0x20, 5 }, literal[] = {
	[HPACK_INDEX] = { 0x40, 6 },
	[HPACK_NO_INDEX] = { 0x00, 4 },
	[HPACK_NEVER] = { 0x10, 4 }
};

static bool
same(const uint8_t *a, const void *b, size_t len)
{
	return len == 0 || memcmp(a, b, len) == 0;
}

void
hpack_init(void)
{
	huff_init();
	hpack_table_static_init();
}

static size_t
clamp_table(size_t size)
{
	return size < UINT32_MAX ? size : UINT32_MAX;
}

/* Encoder. */

struct hpack_encoder *
hpack_encoder_new(size_t max_table)
{
	struct hpack_encoder *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	hpack_init();
	hpack_table_init(&e->table, HPACK_DEFAULT_TABLE_SIZE);
	e->max_table = clamp_table(max_table);
	e->limit = HPACK_DEFAULT_TABLE_SIZE;
	if (e->max_table < HPACK_DEFAULT_TABLE_SIZE)
		hpack_encoder_resize(e, e->max_table);
	return e;
}

void
hpack_encoder_free(struct hpack_encoder *e)
{
	if (e == NULL)
		return;
	hpack_table_free(&e->table);
	buf_free(&e->part);
	free(e);
}

void
hpack_encoder_resize(struct hpack_encoder *e, size_t size)
{
	e->limit = size;
	if (size > e->max_table)
		size = e->max_table;
	if (!e->update || size < e->min_update)
		e->min_update = size;
	e->max_update = size;
	e->update = true;
}

/* Writes an integer (RFC 7541 §5.1) and returns the place after it. */
static uint8_t *
put_int(uint8_t *p, struct rep rep, size_t v)
{
	size_t k = ((size_t)1 << rep.prefix) - 1;

	if (v < k) {
		*p++ = (uint8_t)(rep.bits | v);
		return p;
	}
	*p++ = (uint8_t)(rep.bits | k);
	for (v -= k; v >= 128; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

/*
 * Writes a string (RFC 7541 §5.2) and returns the place after it.  The Huffman
 * code is written after room for the plain length, and moved if its own length
 * takes fewer octets.
 */
static uint8_t *
put_string(uint8_t *p, const uint8_t *s, size_t len)
{
	static const struct rep plain = { 0x00, 7 }, huffman = { 0x80, 7 };
	uint8_t *body = put_int(p, plain, len);
	uint8_t *start;
	size_t n;

	if (len == 0)
		return body;
	n = huff_encode(body, len, s, len);
	if (n == 0) {
		memcpy(body, s, len);
		return body + len;
	}
	start = put_int(p, huffman, n);
	if (start != body)
		memmove(start, body, n);
	return start + n;
}

/* Writes the smallest size, if it was lower, and the last (RFC 7541 §4.2). */
static void
put_size_updates(struct hpack_encoder *e, struct buf *out)
{
	uint8_t *start, *p;

	start = p = buf_reserve(out, 2 * INT_MAX_LEN);
	if (p == NULL)
		return;
	hpack_table_resize(&e->table, e->min_update);
	if (e->min_update < e->max_update)
		p = put_int(p, size_update, e->min_update);
	hpack_table_resize(&e->table, e->max_update);
	p = put_int(p, size_update, e->max_update);
	buf_commit(out, (size_t)(p - start));
	e->update = false;
}

/*
 * Decides whether a field goes into the table.  A field that takes more than
 * three quarters of the table does not: it would push out too much.
 */
static enum hpack_indexing
decide(const struct hpack_encoder *e, const struct field *f, unsigned token)
{
	enum hpack_indexing rule = hpack_table_static[token].indexing;

	if (rule == HPACK_NEVER_SHORT)
		rule = f->value_len < COOKIE_SAFE ? HPACK_NEVER : HPACK_INDEX;
	if (f->never_index || rule == HPACK_NEVER)
		return HPACK_NEVER;
	if (f->name_len + f->value_len + HPACK_FIELD_OVERHEAD >
	    (uint64_t)e->table.max * 3 / 4)
		return HPACK_NO_INDEX;
	return rule;
}

/*
 * Returns the index of f's name and value in the static table, or 0.  token:
 * the first static index of the name, not 0.
 */
static size_t
find_static(const struct field *f, unsigned token)
{
	const struct hpack_static *s = &hpack_table_static[token];

	for (;; s++) {
		if (s->value_len == f->value_len &&
		    same(f->value, s->value, f->value_len))
			return (size_t)(s - hpack_table_static);
		if (!s->same_name)
			return 0;
	}
}

/* What the encoder knows of a field that it writes. */
struct lookup {
	uint32_t hash;		/* of the name */
	unsigned token;		/* static index of the name, or 0 */
	size_t index;		/* index on the wire, or 0 */
	bool exact;		/* index is of name and value */
};

/*
 * Searches the dynamic table, newest entry first, for the whole field, or for
 * its name if name_only.  Takes the name if the whole field is not found and
 * there is no other index.
 */
static void
find_dynamic(const struct hpack_encoder *e, const struct field *f,
    struct lookup *l, bool name_only)
{
	const struct hpack_table *t = &e->table;
	const struct hpack_entry *ent;
	uint64_t n = e->bucket[hpack_bucket(l->hash)];
	const uint8_t *name;

	for (; n >= t->first; n = ent->older) {
		ent = hpack_table_entry(t, n);
		name = hpack_table_octets(t, ent);
		if (ent->hash != l->hash || ent->name_len != f->name_len ||
		    !same(f->name, name, f->name_len))
			continue;
		l->exact = !name_only && ent->value_len == f->value_len &&
		    same(f->value, name + ent->name_len, f->value_len);
		if (l->exact || l->index == 0)
			l->index = HPACK_STATIC_COUNT + (size_t)(t->next - n);
		if (l->exact || name_only)
			return;
	}
}

/*
 * Finds an index for the field or for its name.  A secret is searched by name
 * only: its length on the wire must not tell that it was sent before.  If the
 * static table has the name, that index is taken for it.
 */
static void
look_up(const struct hpack_encoder *e, const struct field *f,
    enum hpack_indexing how, struct lookup *l)
{
	bool name_only = how == HPACK_NEVER;
	size_t whole = 0;

	if (l->token != 0 && !name_only)
		whole = find_static(f, l->token);
	l->exact = whole != 0;
	l->index = l->exact ? whole : l->token;
	if (!l->exact && (l->token == 0 || !name_only))
		find_dynamic(e, f, l, name_only);
}

void
hpack_link(struct hpack_encoder *e, uint64_t number)
{
	struct hpack_entry *ent = hpack_table_entry(&e->table, number);
	uint64_t *newest = &e->bucket[hpack_bucket(ent->hash)];

	ent->older = *newest;
	*newest = number;
}

/* Puts the field into the table; decide() has found that it fits. */
static int
store(struct hpack_encoder *e, const struct field *f)
{
	uint8_t *p;

	p = hpack_table_room(&e->table, f->name_len + f->value_len);
	if (p == NULL)
		return HPACK_ERR_MEMORY;
	if (f->name_len > 0)
		memcpy(p, f->name, f->name_len);
	if (f->value_len > 0)
		memcpy(p + f->name_len, f->value, f->value_len);
	if (hpack_table_push(&e->table, f->name_len, f->value_len) == -1)
		return HPACK_ERR_MEMORY;
	hpack_link(e, e->table.next - 1);
	return HPACK_OK;
}

/* The index refers to the table as it is before the field is stored. */
static int
encode_field(struct hpack_encoder *e, struct buf *out, const struct field *f,
    bool literals)
{
	struct lookup l = { .hash = hpack_name_hash(f->name, f->name_len) };
	enum hpack_indexing how;
	uint8_t *start, *p;

	l.token = hpack_table_static_find(f->name, f->name_len, l.hash);
	how = decide(e, f, l.token);
	if (literals) {
		l.index = l.token;
		how = how == HPACK_NEVER ? how : HPACK_NO_INDEX;
	} else {
		look_up(e, f, how, &l);
	}
	start = p = buf_reserve(out, f->name_len + f->value_len +
	    3 * INT_MAX_LEN + 2 * HUFF_ENCODE_SLACK);
	if (p == NULL)
		return HPACK_ERR_MEMORY;
	if (l.exact) {
		p = put_int(p, indexed, l.index);
		buf_commit(out, (size_t)(p - start));
		return HPACK_OK;
	}
	p = put_int(p, literal[how], l.index);
	if (l.index == 0)
		p = put_string(p, f->name, f->name_len);
	p = put_string(p, f->value, f->value_len);
	buf_commit(out, (size_t)(p - start));
	return how == HPACK_INDEX ? store(e, f) : HPACK_OK;
}

int
hpack_encode(struct hpack_encoder *e, struct buf *out,
    const struct field *fields, size_t n)
{
	e->fresh = true;
	return hpack_encode_more(e, out, fields, n, false);
}

int
hpack_encode_more(struct hpack_encoder *e, struct buf *out,
    const struct field *fields, size_t n, bool literals)
{
	size_t i;

	if (!literals && e->fresh && e->update)
		put_size_updates(e, out);
	if (!literals && n > 0)
		e->fresh = false;
	for (i = 0; i < n; i++) {
		if (encode_field(e, out, &fields[i], literals || e->lost) !=
		    HPACK_OK) {
			out->failed = true;
			break;
		}
	}
	return out->failed ? HPACK_ERR_MEMORY : HPACK_OK;
}

/* Decoder. */

struct hpack_decoder *
hpack_decoder_new(size_t max_table)
{
	struct hpack_decoder *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	hpack_init();
	hpack_table_init(&d->table, HPACK_DEFAULT_TABLE_SIZE);
	hpack_decoder_forget_updates(d);
	hpack_decoder_resize(d, max_table);
	return d;
}

void
hpack_decoder_free(struct hpack_decoder *d)
{
	if (d == NULL)
		return;
	hpack_table_free(&d->table);
	free(d);
}

/*
 * If the limit is below the size that the peer's encoder uses now, the peer
 * must answer with a size update to that limit or less; later, higher limits
 * do not change that.
 */
void
hpack_decoder_resize(struct hpack_decoder *d, size_t size)
{
	d->max_table = clamp_table(size);
	if (d->table.max <= d->max_table)
		return;
	d->expect_update = true;
	d->must_update = d->max_table;
	hpack_table_resize(&d->table, d->max_table);
}

void
hpack_decoder_allow(struct hpack_decoder *d, size_t size)
{
	d->max_table = clamp_table(size);
}

void
hpack_decoder_forget_updates(struct hpack_decoder *d)
{
	d->least_update = SIZE_MAX;
}

bool
hpack_decoder_has_update(const struct hpack_decoder *d, size_t size)
{
	return d->least_update <= size;
}

/*
 * Reads an integer (RFC 7541 §5.1) of at most 32 bits, in a prefix and at most
 * five octets.  Returns HPACK_OK or HPACK_ERR_DATA.
 */
static int
get_int(struct hpack_input *in, unsigned prefix, uint32_t *v)
{
	uint32_t k = (1U << prefix) - 1;
	uint64_t n = k;
	unsigned shift = 0;

	if (in->p == in->end)
		return HPACK_ERR_DATA;
	*v = *in->p++ & k;
	if (*v < k)
		return HPACK_OK;
	for (;; shift += 7) {
		if (in->p == in->end || shift > 28)
			return HPACK_ERR_DATA;
		n += (uint64_t)(*in->p & 0x7f) << shift;
		if ((*in->p++ & 0x80) == 0)
			break;
	}
	*v = (uint32_t)n;
	return n <= UINT32_MAX ? HPACK_OK : HPACK_ERR_DATA;
}

/* A received string; p points into the header block. */
struct string {
	const uint8_t *p;
	size_t len;
	bool huffman;
};

static int
get_string(struct hpack_input *in, struct string *s)
{
	uint32_t len;

	s->huffman = in->p < in->end && (*in->p & 0x80) != 0;
	if (get_int(in, 7, &len) != HPACK_OK ||
	    len > (size_t)(in->end - in->p))
		return HPACK_ERR_DATA;
	s->p = in->p;
	s->len = len;
	in->p += len;
	return HPACK_OK;
}

/* Returns the most octets that decode_string makes of the string. */
static size_t
decoded_max(const struct string *s)
{
	return s->huffman ? huff_decoded_max(s->len) : s->len;
}

/* Writes the string to dst; returns its octets, or HPACK_ERR_DATA. */
static long
decode_string(uint8_t *dst, const struct string *s)
{
	long n;

	if (s->huffman) {
		n = huff_decode(dst, s->p, s->len);
		return n < 0 ? HPACK_ERR_DATA : n;
	}
	if (s->len > 0)
		memcpy(dst, s->p, s->len);
	return (long)s->len;
}

/*
 * Reads the size updates before all fields (RFC 7541 §4.2, RFC 7541 §6.3).
 * This and read_fields leave octets that do not decode in the input.
 */
static int
read_size_updates(struct hpack_decoder *d, struct hpack_input *in)
{
	const uint8_t *start;
	size_t limit;
	uint32_t size;

	while (in->p < in->end && (*in->p & 0xe0) == size_update.bits) {
		start = in->p;
		limit = d->max_table;
		if (d->expect_update && d->must_update < limit)
			limit = d->must_update;
		if (get_int(in, size_update.prefix, &size) != HPACK_OK ||
		    size > limit) {
			in->p = start;
			return HPACK_ERR_DATA;
		}
		d->expect_update = false;
		if (size < d->least_update)
			d->least_update = size;
		hpack_table_resize(&d->table, size);
	}
	return d->expect_update ? HPACK_ERR_DATA : HPACK_OK;
}

static int
get_index(struct hpack_decoder *d, struct hpack_input *in, unsigned prefix,
    uint32_t *index)
{
	if (get_int(in, prefix, index) != HPACK_OK ||
	    *index > HPACK_STATIC_COUNT + hpack_table_count(&d->table))
		return HPACK_ERR_DATA;
	return HPACK_OK;
}

/* Reads an indexed field; index 0 is an error (RFC 7541 §6.1). */
static int
read_indexed(struct hpack_decoder *d, struct hpack_input *in, struct field *f)
{
	uint32_t index;

	if (get_index(d, in, indexed.prefix, &index) != HPACK_OK || index == 0)
		return HPACK_ERR_DATA;
	hpack_table_get(&d->table, index, f);
	f->never_index = false;
	return HPACK_OK;
}

/*
 * Writes name and value to where the table's next entry goes, so that storing
 * them copies nothing.  Making room may move the table, so an indexed name is
 * looked up twice: before it for the length, and after it for the octets.
 */
static int
place_literal(struct hpack_decoder *d, uint32_t index,
    const struct string *name, const struct string *value, struct field *f)
{
	uint8_t *p;
	long n;

	if (index != 0)
		hpack_table_get(&d->table, index, f);
	else
		f->name_len = decoded_max(name);
	p = hpack_table_room(&d->table, f->name_len + decoded_max(value));
	if (p == NULL)
		return HPACK_ERR_MEMORY;
	if (index != 0) {
		hpack_table_get(&d->table, index, f);
		memcpy(p, f->name, f->name_len);
	} else {
		n = decode_string(p, name);
		if (n < 0)
			return HPACK_ERR_DATA;
		f->name_len = (size_t)n;
	}
	f->name = p;
	f->value = p + f->name_len;
	n = decode_string(p + f->name_len, value);
	if (n < 0)
		return HPACK_ERR_DATA;
	f->value_len = (size_t)n;
	return HPACK_OK;
}

/* Reads a literal of one of the three kinds (RFC 7541 §6.2). */
static int
read_literal(struct hpack_decoder *d, struct hpack_input *in, struct field *f)
{
	bool store = (*in->p & literal[HPACK_INDEX].bits) != 0;
	const struct rep *rep = &literal[store ? HPACK_INDEX : HPACK_NO_INDEX];
	struct string name = { 0 }, value;
	uint32_t index;
	int rv;

	f->never_index = !store && (*in->p & literal[HPACK_NEVER].bits) != 0;
	if (get_index(d, in, rep->prefix, &index) != HPACK_OK ||
	    (index == 0 && get_string(in, &name) != HPACK_OK) ||
	    get_string(in, &value) != HPACK_OK)
		return HPACK_ERR_DATA;
	rv = place_literal(d, index, &name, &value, f);
	if (rv != HPACK_OK || !store)
		return rv;
	if (hpack_table_push(&d->table, f->name_len, f->value_len) == -1)
		return HPACK_ERR_MEMORY;
	return HPACK_OK;
}

static int
read_fields(struct hpack_decoder *d, struct hpack_input *in, hpack_emit *emit,
    void *user)
{
	struct field f = { 0 };
	const uint8_t *start;
	int rv;

	while (in->p < in->end) {
		start = in->p;
		if ((*in->p & indexed.bits) != 0)
			rv = read_indexed(d, in, &f);
		else if ((*in->p & 0xe0) == size_update.bits)
			rv = HPACK_ERR_DATA;	/* not before all fields */
		else
			rv = read_literal(d, in, &f);
		if (rv != HPACK_OK) {
			in->p = start;
			return rv;
		}
		if (emit(user, &f) != 0)
			return HPACK_ERR_STOPPED;
	}
	return HPACK_OK;
}

int
hpack_read(struct hpack_decoder *d, struct hpack_input *in, bool *fresh,
    hpack_emit *emit, void *user)
{
	const uint8_t *fields;
	int rc = *fresh ? read_size_updates(d, in) : HPACK_OK;

	fields = in->p;
	if (rc == HPACK_OK)
		rc = read_fields(d, in, emit, user);
	if (in->p != fields)
		*fresh = false;
	return rc;
}

int
hpack_decode(struct hpack_decoder *d, const uint8_t *in, size_t len,
    hpack_emit *emit, void *user)
{
	struct hpack_input input = { in, len > 0 ? in + len : in };
	bool fresh = true;

	if (d->failed == HPACK_OK)
		d->failed = hpack_read(d, &input, &fresh, emit, user);
	return d->failed;
}
