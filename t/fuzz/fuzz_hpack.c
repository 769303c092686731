/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer harness for HPACK: the input is decoded as header blocks; the
 * resulting fields are encoded and decoded again and must stay the same.
 */
#include <stdlib.h>
#include <string.h>

#include "h2/fields.h"
#include "h2/hpack_impl.h"

static int
keep(void *user, const struct field *f)
{
	return fields_add(user, f);
}

static int
compare(void *user, const struct field *f)
{
	struct fields *l = user;
	struct field want;

	/* l->size serves as a cursor here, since no field is added any more. */
	if (l->size >= l->n)
		abort();
	fields_get(l, l->size++, &want);
	if (want.name_len != f->name_len || want.value_len != f->value_len ||
	    memcmp(want.name, f->name, f->name_len) != 0 ||
	    memcmp(want.value, f->value, f->value_len) != 0)
		abort();
	return 0;
}

static void
round_trip(struct fields *l)
{
	struct hpack_encoder *e = hpack_encoder_new(4096);
	struct hpack_decoder *d = hpack_decoder_new(4096);
	struct field *v = calloc(l->n + 1, sizeof(*v));
	struct buf block = { 0 };
	size_t i;
	int twice;

	for (i = 0; i < l->n; i++)
		fields_get(l, i, &v[i]);
	/* The second block can refer to the dynamic table. */
	for (twice = 0; twice < 2; twice++) {
		buf_clear(&block);
		l->size = 0;
		if (hpack_encode(e, &block, v, l->n) != HPACK_OK ||
		    hpack_decode(d, buf_data(&block), buf_len(&block), compare,
		    l) != HPACK_OK || l->size != l->n)
			abort();
	}
	buf_free(&block);
	free(v);
	hpack_encoder_free(e);
	hpack_decoder_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct hpack_decoder *d = hpack_decoder_new(4096);
	struct fields l = { 0 };
	size_t block;

	/* Header blocks of a connection; an octet before each is its length. */
	while (len > 1) {
		block = p[0] < len - 1 ? p[0] : len - 1;
		if (hpack_decode(d, p + 1, block, keep, &l) != HPACK_OK)
			break;
		if (d->table.size > 4096)
			abort();
		p += 1 + block;
		len -= 1 + block;
	}
	round_trip(&l);
	fields_free(&l);
	hpack_decoder_free(d);
	return 0;
}
