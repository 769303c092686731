/* SPDX-License-Identifier: MIT */
/*
 * Compares our HPACK with libnghttp2's: long sequences of header blocks for one
 * encoder and one decoder of each, with changes of the table size and with
 * sensitive fields.  The encoders must make the same octets.  The decoders must
 * accept and refuse the same blocks (valid, damaged and made-up ones), and give
 * the same fields.
 *
 *	diff_hpack [blocks [seed]]
 *
 * Prints TAP.  The same arguments make the same blocks.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdio.h>

#ifndef HAVE_LIBNGHTTP2

int
main(void)
{
	puts("1..0 # SKIP libnghttp2 is not installed");
	return 0;
}

#else

#include <inttypes.h>
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "h2/hpack_impl.h"
#include "octets.h"

#define MAX_FIELDS 40
#define BLOCKS_PER_PAIR 100

static uint64_t rng;

static uint32_t
rnd(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng >> 32) % n);
}

/*
 * Names and values of fields.  There are few values per name, so that fields
 * are repeated; a name without values here gets random ones.
 */
static const struct sample {
	const char *name;
	const char *values[4];
} samples[] = {
	{ ":authority", { "web-platform.test:8443", "a.test" } },
	{ ":method", { "GET", "POST", "PUT", "HEAD" } },
	{ ":path", { "/", "/index.html", "/a/b?c=d&e=%20f" } },
	{ ":protocol", { "websocket" } },
	{ ":scheme", { "http", "https" } },
	{ ":status", { "200", "404", "418", "103" } },
	{ "accept", { "*/*", "text/html,application/xhtml+xml;q=0.9" } },
	{ "accept-charset", { "" } },
	{ "accept-encoding", { "gzip, deflate", "gzip, deflate, br" } },
	{ "age", { "0", "10" } },
	{ "authorization", { "Basic dXNlcjpwYXNz", "Bearer abc" } },
	{ "cache-control", { "no-cache", "max-age=3600", "" } },
	{ "content-length", { "0", "1234" } },
	{ "content-type", { "text/html; charset=utf-8", "image/png" } },
	{ "cookie", { "a=1", "1234567890123456789", "12345678901234567890",
	    "session=0123456789abcdef0123456789abcdef" } },
	{ "connection", { "close" } },
	{ "date", { NULL } },
	{ "etag", { "\"abc\"", "W/\"1\"" } },
	{ "host", { "a.test" } },
	{ "if-modified-since", { "Mon, 21 Oct 2013 20:13:21 GMT" } },
	{ "if-none-match", { "\"abc\"" } },
	{ "keep-alive", { "timeout=5" } },
	{ "location", { "https://a.test/next" } },
	{ "priority", { "u=1, i", "u=3" } },
	{ "proxy-authorization", { "Basic eA==" } },
	{ "server", { "h2rig" } },
	{ "set-cookie", { "a=1; Path=/", "b=2; Secure; HttpOnly" } },
	{ "te", { "trailers" } },
	{ "transfer-encoding", { "chunked" } },
	{ "upgrade", { "h2c" } },
	{ "user-agent", { "Mozilla/5.0 (X11; Linux x86_64) Chrome/120" } },
	{ "www-authenticate", { "Basic realm=\"x\"" } },
	{ "x-request-id", { NULL } },
	{ "x-frame-options", { "DENY", "SAMEORIGIN" } },
	{ "X-Upper", { "Case", "case" } },
	{ "x", { NULL } },
	{ "", { "", "no name" } },
};

static const size_t table_sizes[] = {
	0, 31, 32, 33, 64, 100, 200, 512, 1365, 4095, 4096, 4096, 4096, 5000,
	16384, 65536, 0xffffffff
};

static size_t
rnd_table_size(void)
{
	return table_sizes[rnd(sizeof(table_sizes) / sizeof(*table_sizes))];
}

/* The fields of one header block, whose octets are in one buffer. */
struct list {
	struct buf octets;
	size_t n;
	struct {
		size_t name, name_len, value, value_len;
		bool never_index;
	} at[MAX_FIELDS];
	struct field fields[MAX_FIELDS];
	nghttp2_nv nva[MAX_FIELDS];
};

static size_t
rnd_len(void)
{
	switch (rnd(100)) {
	case 0:
		return rnd(5000);
	case 1:
		return 120 + rnd(20);
	case 2:
		return 0;
	default:
		return rnd(60);
	}
}

static void
add_random(struct buf *b, size_t len)
{
	/* A few octets that are no text are mixed in: their codes are long. */
	uint32_t one_in = rnd(2) ? 1000 : 1 + rnd(60);

	while (len-- > 0)
		add_u8(b, rnd(one_in) == 0 ? rnd(256) : 0x20 + rnd(0x5f));
}

static void
add_field(struct list *l)
{
	const struct sample *s;
	const char *value;
	size_t i = l->n++, len;

	s = &samples[rnd(sizeof(samples) / sizeof(*samples))];
	l->at[i].name = buf_len(&l->octets);
	if (rnd(20) == 0)
		add_random(&l->octets, rnd_len());
	else
		buf_add(&l->octets, s->name, strlen(s->name));
	len = buf_len(&l->octets);
	l->at[i].name_len = len - l->at[i].name;
	l->at[i].value = len;
	value = s->values[rnd(4)];
	if (value == NULL || rnd(20) == 0)
		add_random(&l->octets, rnd_len());
	else
		buf_add(&l->octets, value, strlen(value));
	l->at[i].value_len = buf_len(&l->octets) - l->at[i].value;
	l->at[i].never_index = rnd(25) == 0;
}

static void
make_list(struct list *l)
{
	uint8_t *base;
	size_t i;

	buf_clear(&l->octets);
	l->n = 0;
	for (i = rnd(10) == 0 ? rnd(MAX_FIELDS) : rnd(12); i > 0; i--)
		add_field(l);
	add_u8(&l->octets, 0);	/* so that buf_data is not NULL */
	base = buf_data(&l->octets);
	for (i = 0; i < l->n; i++) {
		l->fields[i] = (struct field){
			.name = base + l->at[i].name,
			.name_len = l->at[i].name_len,
			.value = base + l->at[i].value,
			.value_len = l->at[i].value_len,
			.never_index = l->at[i].never_index
		};
		l->nva[i] = (nghttp2_nv){
			.name = base + l->at[i].name,
			.namelen = l->at[i].name_len,
			.value = base + l->at[i].value,
			.valuelen = l->at[i].value_len,
			.flags = l->at[i].never_index ?
			    NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
		};
	}
}

/* The encoders and decoders of both implementations. */
struct pair {
	struct hpack_encoder *enc;
	struct hpack_decoder *dec;
	nghttp2_hd_deflater *deflater;
	nghttp2_hd_inflater *inflater;
};

static void
pair_free(struct pair *p)
{
	if (p->enc == NULL)
		return;
	hpack_encoder_free(p->enc);
	hpack_decoder_free(p->dec);
	nghttp2_hd_deflate_del(p->deflater);
	nghttp2_hd_inflate_del(p->inflater);
}

static void
pair_new(struct pair *p)
{
	size_t max = rnd(2) ? HPACK_DEFAULT_TABLE_SIZE : rnd_table_size();
	size_t ours = max < HPACK_DEFAULT_TABLE_SIZE ? max :
	    HPACK_DEFAULT_TABLE_SIZE + rnd(2) * 1000;

	p->enc = hpack_encoder_new(max);
	p->dec = hpack_decoder_new(ours);
	if (p->enc == NULL || p->dec == NULL ||
	    nghttp2_hd_deflate_new(&p->deflater, max) != 0 ||
	    nghttp2_hd_inflate_new(&p->inflater) != 0 ||
	    nghttp2_hd_inflate_change_table_size(p->inflater, ours) != 0)
		abort();
}

/* Resizes all tables, as if SETTINGS had changed and the peer obeyed. */
static void
pair_resize(struct pair *p)
{
	size_t size = rnd_table_size();

	hpack_encoder_resize(p->enc, size);
	hpack_decoder_resize(p->dec, size);
	nghttp2_hd_deflate_change_table_size(p->deflater, size);
	nghttp2_hd_inflate_change_table_size(p->inflater, size);
}

static void
dump(const char *what, const uint8_t *p, size_t len)
{
	size_t i;

	printf("# %s (%zu):", what, len);
	for (i = 0; i < len && i < 2000; i++)
		printf("%s%02x", i % 32 == 0 ? "\n#  " : "", p[i]);
	putchar('\n');
}

static bool
same_octets(const struct buf *a, const struct buf *b)
{
	return buf_len(a) == buf_len(b) && (buf_len(a) == 0 ||
	    memcmp(buf_data(a), buf_data(b), buf_len(a)) == 0);
}

/* Encodes with both, into out.  Returns whether they made the same. */
static bool
encode_both(struct pair *p, const struct list *l, struct buf *out)
{
	struct buf theirs = { 0 };
	size_t bound = nghttp2_hd_deflate_bound(p->deflater, l->nva, l->n);
	uint8_t *dst = buf_reserve(&theirs, bound);
	ssize_t n;
	bool ok;

	if (dst == NULL)
		abort();
	n = nghttp2_hd_deflate_hd(p->deflater, dst, bound, l->nva, l->n);
	if (n < 0)
		abort();
	buf_commit(&theirs, (size_t)n);
	buf_clear(out);
	ok = hpack_encode(p->enc, out, l->fields, l->n) == HPACK_OK &&
	    same_octets(out, &theirs) && p->enc->table.size ==
	    nghttp2_hd_deflate_get_dynamic_table_size(p->deflater);
	if (!ok) {
		dump("encoded", buf_data(out), buf_len(out));
		dump("libnghttp2", buf_data(&theirs), buf_len(&theirs));
	}
	buf_free(&theirs);
	return ok;
}

/* Appends a field to a log, with lengths, so that no two logs look alike. */
static void
add_to_log(struct buf *log, const uint8_t *name, size_t name_len,
    const uint8_t *value, size_t value_len, bool never_index)
{
	buf_add_u32(log, (uint32_t)name_len);
	buf_add(log, name, name_len);
	buf_add_u32(log, (uint32_t)value_len);
	buf_add(log, value, value_len);
	add_u8(log, never_index);
}

static int
log_field(void *user, const struct field *f)
{
	add_to_log(user, f->name, f->name_len, f->value, f->value_len,
	    f->never_index);
	return 0;
}

/* Decodes with libnghttp2, into log.  Returns whether it accepts the block. */
static bool
inflate(nghttp2_hd_inflater *inflater, const uint8_t *in, size_t len,
    struct buf *log)
{
	nghttp2_nv nv;
	ssize_t n;
	int flags;

	for (;;) {
		flags = 0;
		n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, in, len, 1);
		if (n < 0)
			return false;
		in += n;
		len -= (size_t)n;
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			add_to_log(log, nv.name, nv.namelen, nv.value,
			    nv.valuelen, nv.flags & NGHTTP2_NV_FLAG_NO_INDEX);
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			break;
	}
	nghttp2_hd_inflate_end_headers(inflater);
	return true;
}

static bool
is_name(const struct field *f, const char *name)
{
	return f->name_len == strlen(name) &&
	    memcmp(f->name, name, f->name_len) == 0;
}

/* Whether encoders send the field as never indexed. */
static bool
is_secret(const struct field *f)
{
	return f->never_index || is_name(f, "authorization") ||
	    (is_name(f, "cookie") && f->value_len < 20);
}

/*
 * Decodes with both.  Returns whether they agree; *taken says whether the block
 * was accepted.  expected: the block's fields, or NULL if they are not known.
 */
static bool
decode_both(struct pair *p, const struct buf *block,
    const struct list *expected, bool *taken)
{
	struct buf ours = { 0 }, theirs = { 0 }, want = { 0 };
	static const uint8_t nothing;
	const uint8_t *in = buf_len(block) > 0 ? buf_data(block) : &nothing;
	size_t i, len = buf_len(block);
	bool ok, accepted;

	*taken = inflate(p->inflater, in, len, &theirs);
	accepted = hpack_decode(p->dec, in, len, log_field, &ours) == HPACK_OK;
	ok = accepted == *taken && same_octets(&ours, &theirs);
	if (accepted && p->dec->table.size !=
	    nghttp2_hd_inflate_get_dynamic_table_size(p->inflater))
		ok = false;
	if (expected != NULL) {
		for (i = 0; i < expected->n; i++)
			add_to_log(&want, expected->fields[i].name,
			    expected->fields[i].name_len,
			    expected->fields[i].value,
			    expected->fields[i].value_len,
			    is_secret(&expected->fields[i]));
		ok = ok && accepted && same_octets(&ours, &want);
	}
	if (!ok) {
		printf("# we %s, libnghttp2 %s\n", accepted ? "take" : "refuse",
		    *taken ? "takes" : "refuses");
		dump("block", in, len);
		dump("fields", buf_data(&ours), buf_len(&ours));
		dump("libnghttp2", buf_data(&theirs), buf_len(&theirs));
	}
	buf_free(&ours);
	buf_free(&theirs);
	buf_free(&want);
	return ok;
}

/* Damages a block in one to three places. */
static void
damage(struct buf *b)
{
	struct buf copy = { 0 };
	size_t at, len;
	int times = 1 + (int)rnd(3);

	while (times-- > 0 && (len = buf_len(b)) > 0) {
		at = rnd((uint32_t)len);
		switch (rnd(5)) {
		case 0:
			buf_data(b)[at] ^= (uint8_t)(1 << rnd(8));
			break;
		case 1:
			buf_data(b)[at] = (uint8_t)rnd(256);
			break;
		case 2:
			b->end = b->off + at;
			break;
		case 3:
			buf_consume(b, at < 4 ? at : 1);
			break;
		default:
			buf_add(&copy, buf_data(b), at);
			add_u8(&copy, rnd(2) ? rnd(256) : 0xff);
			buf_add(&copy, buf_data(b) + at, len - at);
			buf_clear(b);
			buf_add(b, buf_data(&copy), buf_len(&copy));
			buf_clear(&copy);
		}
	}
	buf_free(&copy);
}

/* Adds an integer, which may be longer than its shortest form. */
static void
add_int(struct buf *b, unsigned bits, unsigned prefix, uint64_t v)
{
	unsigned k = (1U << prefix) - 1;
	int zeros = rnd(8) == 0 ? (int)rnd(6) : 0;

	if (v < k) {
		add_u8(b, bits | (unsigned)v);
		return;
	}
	add_u8(b, bits | k);
	for (v -= k; v >= 128; v >>= 7)
		add_u8(b, 0x80 | (unsigned)(v & 0x7f));
	for (; zeros > 0; zeros--) {
		add_u8(b, 0x80 | (unsigned)v);
		v = 0;
	}
	add_u8(b, (unsigned)v);
}

static uint64_t
rnd_int(void)
{
	static const uint64_t edges[] = {
		126, 127, 128, 254, 255, 4096, 4097, 16383, 65535, 65536,
		65537, 0x7fffffff, 0xffffffff, 0x100000000, 0x100000010,
		0x7fffffffff
	};

	switch (rnd(10)) {
	case 0:
		return edges[rnd(sizeof(edges) / sizeof(*edges))];
	case 1:
		return rnd(300);
	default:
		return rnd(72);
	}
}

static void
add_string(struct buf *b)
{
	static const char *const huffman[] = {
		"\xff", "\x1f", "\x07", "\xa8\xeb\x10\x64\x9c\xbf",
		"\xff\xff\xff\xff", "\xff\xff\xff\xfc",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x00\x00\x00",
		"\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f", "\xfe\x3f", "\xf1\xe3\xc2",
		"00\xff\xff\xff\xfd\x41\x41\x41\x41\x41\x41\x41\x41\x41\x41",
	};
	const char *s = huffman[rnd(sizeof(huffman) / sizeof(*huffman))];
	size_t len = rnd_len();

	switch (rnd(4)) {
	case 0:
		add_int(b, 0x80, 7, rnd(6) ? strlen(s) : rnd_int());
		buf_add(b, s, strlen(s));
		break;
	case 1:
		add_int(b, 0x80, 7, len);
		add_random(b, len);
		break;
	default:
		add_int(b, 0, 7, rnd(6) ? len : rnd_int());
		add_random(b, len);
	}
}

/* Makes a block of representations that our encoder may never make. */
static void
make_up(struct buf *b)
{
	static const struct {
		unsigned bits;
		unsigned prefix;
	} reps[] = {
		{ 0x80, 7 }, { 0x80, 7 }, { 0x40, 6 }, { 0x00, 4 }, { 0x10, 4 }
	};
	uint64_t index;
	unsigned n, r;

	buf_clear(b);
	for (n = rnd(3); n > 0; n--)
		add_int(b, 0x20, 5, rnd(2) ? rnd_table_size() : rnd_int());
	for (n = rnd(6); n > 0; n--) {
		r = rnd(sizeof(reps) / sizeof(*reps));
		index = r > 1 && rnd(3) == 0 ? 0 : rnd_int();
		add_int(b, reps[r].bits, reps[r].prefix, index);
		if (r > 1 && index == 0)
			add_string(b);
		if (r > 1)
			add_string(b);
	}
	if (rnd(10) == 0)
		add_int(b, 0x20, 5, rnd(100));
}

static int tests;
static int failures;

static void
report(bool ok, const char *what, unsigned long blocks, unsigned long refused)
{
	tests++;
	failures += !ok;
	printf("%sok %d - %s: %lu blocks", ok ? "" : "not ", tests, what,
	    blocks);
	if (refused > 0)
		printf(", %lu of them refused", refused);
	putchar('\n');
}

/* Encodes and decodes valid sequences, as connections do. */
static void
valid_blocks(unsigned long blocks)
{
	struct list list = { 0 };
	struct buf block = { 0 };
	struct pair p = { 0 };
	unsigned long i;
	bool enc = true, dec = true, taken;

	for (i = 0; i < blocks && enc && dec; i++) {
		if (i % BLOCKS_PER_PAIR == 0) {
			pair_free(&p);
			pair_new(&p);
		}
		while (rnd(12) == 0)
			pair_resize(&p);
		make_list(&list);
		enc = encode_both(&p, &list, &block);
		dec = decode_both(&p, &block, &list, &taken);
	}
	report(enc, "encoders make the same octets", i, 0);
	report(dec, "decoders give the fields back", i, 0);
	pair_free(&p);
	buf_free(&block);
	buf_free(&list.octets);
}

/*
 * Of every few blocks one is bad, so that the decoders' tables are filled when
 * it comes.  When a block is refused, because it is bad or because the tables
 * of encoders and decoders have come to differ, the pair is replaced.
 */
static void
bad_blocks(unsigned long blocks, bool made_up, const char *what)
{
	struct list list = { 0 };
	struct buf block = { 0 };
	struct pair p = { 0 };
	unsigned long i, refused = 0;
	bool ok = true, taken = false;

	for (i = 0; i < blocks && ok; i++) {
		if (!taken) {
			pair_free(&p);
			pair_new(&p);
		}
		while (rnd(12) == 0)
			pair_resize(&p);
		make_list(&list);
		ok = encode_both(&p, &list, &block);
		if (made_up && rnd(3) > 0)
			make_up(&block);
		else if (!made_up && rnd(4) == 0)
			damage(&block);
		ok = decode_both(&p, &block, NULL, &taken) && ok;
		refused += !taken;
	}
	report(ok, what, i, refused);
	pair_free(&p);
	buf_free(&block);
	buf_free(&list.octets);
}

/* Makes only decoders, with the table size at the start of a connection. */
static void
decoders_new(struct pair *p)
{
	p->dec = hpack_decoder_new(HPACK_DEFAULT_TABLE_SIZE);
	if (p->dec == NULL || nghttp2_hd_inflate_new(&p->inflater) != 0)
		abort();
}

static void
decoders_free(struct pair *p)
{
	hpack_decoder_free(p->dec);
	nghttp2_hd_inflate_del(p->inflater);
}

/*
 * Tests each block of one or two octets, on new decoders, on decoders that hold
 * one field, and on decoders that wait for a size update.
 */
static void
short_blocks(void)
{
	static const uint8_t one[] = { 0x40, 1, 'a', 1, 'b' };
	struct buf first = { 0 }, block = { 0 };
	struct pair p = { 0 };
	unsigned long i, count = 0, refused = 0;
	unsigned octets, state;
	bool ok = true, taken;

	buf_add(&first, one, sizeof(one));
	for (i = 0; i < 3 * (0x100 + 0x10000) && ok; i++, count++) {
		octets = (unsigned)(i / 3);
		state = (unsigned)(i % 3);
		decoders_new(&p);
		if (state > 0)
			ok = decode_both(&p, &first, NULL, &taken);
		if (state > 1) {
			hpack_decoder_resize(p.dec, 40);
			nghttp2_hd_inflate_change_table_size(p.inflater, 40);
		}
		buf_clear(&block);
		if (octets < 0x100)
			add_u8(&block, octets);
		else
			buf_add_u16(&block, octets - 0x100);
		ok = ok && decode_both(&p, &block, NULL, &taken);
		refused += !taken;
		decoders_free(&p);
	}
	report(ok, "short blocks fare alike", count, refused);
	buf_free(&first);
	buf_free(&block);
}

/*
 * Makes a literal whose name or value is about as long as libnghttp2 allows.
 * Our decoder has no such bound: the session bounds the whole block instead.
 */
static void
make_long(struct buf *b, bool in_name, bool huffman, size_t len)
{
	buf_clear(b);
	add_u8(b, in_name ? 0x40 : 0x41);
	add_int(b, huffman ? 0x80 : 0, 7, len);
	for (; len > 0; len--)
		add_u8(b, huffman ? 0xf8 : '&');
	if (in_name)
		add_u8(b, 0);
}

static void
long_strings(void)
{
	struct buf block = { 0 };
	struct pair p = { 0 };
	unsigned long i, refused = 0;
	bool ok = true, taken;

	for (i = 0; i < 16 && ok; i++) {
		decoders_new(&p);
		make_long(&block, i & 1, i & 2, 65533 + i / 4);
		ok = decode_both(&p, &block, NULL, &taken);
		refused += !taken;
		decoders_free(&p);
	}
	report(ok, "long strings fare alike", i, refused);
	buf_free(&block);
}

int
main(int argc, char *argv[])
{
	unsigned long blocks = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 7541;

	printf("1..6\n# seed %" PRIu64 "\n", seed);
	rng = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	valid_blocks(blocks / 5 * 2);
	bad_blocks(blocks / 5 * 2, false, "damaged blocks fare alike");
	bad_blocks(blocks / 5, true, "made-up blocks fare alike");
	short_blocks();
	long_strings();
	return failures == 0 ? 0 : 1;
}

#endif
