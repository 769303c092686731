/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer harness for the HPACK encoder: the input is field lists and table
 * sizes.  The decoder must get the same fields back from the encoder's blocks.
 *
 * The input is a sequence of commands, each of which begins with an octet.
 * 0xfe: the next two octets are the peer's table size.  Others: the low 3 bits
 * are the number of fields in a block; each field is a name length (bit 7:
 * never indexed), a value length, and the octets of both.
 */
#include <stdlib.h>
#include <string.h>

#include "h2/hpack_impl.h"

#define TABLE 4096

struct input {
	const uint8_t *p;
	size_t len;
};

struct expected {
	const struct field *v;
	size_t n;
	size_t at;
};

static size_t
take_number(struct input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->p++;
}

static const uint8_t *
take_octets(struct input *in, size_t *n)
{
	const uint8_t *p = in->p;

	if (*n > in->len)
		*n = in->len;
	in->p += *n;
	in->len -= *n;
	return p;
}

static void
take_field(struct input *in, struct field *f)
{
	size_t name = take_number(in), value = take_number(in);

	f->never_index = name & 0x80;
	f->name_len = name & 0x7f;
	f->value_len = value;
	f->name = take_octets(in, &f->name_len);
	f->value = take_octets(in, &f->value_len);
}

static int
compare(void *user, const struct field *f)
{
	struct expected *e = user;
	const struct field *want = &e->v[e->at++];

	if (e->at > e->n || want->name_len != f->name_len ||
	    want->value_len != f->value_len ||
	    memcmp(want->name, f->name, f->name_len) != 0 ||
	    memcmp(want->value, f->value, f->value_len) != 0 ||
	    (want->never_index && !f->never_index))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct hpack_encoder *enc = hpack_encoder_new(TABLE);
	struct hpack_decoder *dec = hpack_decoder_new(TABLE);
	struct input in = { p, len };
	struct buf block = { 0 };
	struct field v[7];
	struct expected e = { .v = v };
	size_t command, i;

	while (in.len > 0) {
		command = take_number(&in);
		if (command == 0xfe) {
			size_t size = take_number(&in) << 8;

			hpack_encoder_resize(enc, size | take_number(&in));
			continue;
		}
		e.n = command & 7;
		e.at = 0;
		for (i = 0; i < e.n; i++)
			take_field(&in, &v[i]);
		buf_clear(&block);
		if (hpack_encode(enc, &block, v, e.n) != HPACK_OK ||
		    hpack_decode(dec, buf_data(&block), buf_len(&block),
		    compare, &e) != HPACK_OK || e.at != e.n ||
		    enc->table.size > TABLE)
			abort();
	}
	buf_free(&block);
	hpack_encoder_free(enc);
	hpack_decoder_free(dec);
	return 0;
}
