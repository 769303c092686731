/* SPDX-License-Identifier: MIT */
/*
 * One side of a comparison of HPACK implementations, for hpack.py:
 *
 *	hpack_bench ours|nghttp2 encode|decode FILE [MILLISECONDS]
 *
 * encodes or decodes the field lists of FILE by our HPACK or libnghttp2's, once
 * or, if a time is given, repeatedly until that time is spent.  Each story has
 * an encoder or decoder of its own.  The program prints the octets of output
 * and the nanoseconds spent.  Only the bench_ functions are timed; hpack.py
 * counts the instructions of the same functions.  Both implementations decode
 * the blocks that our encoder makes (theirs makes the same).
 *
 * All numbers in FILE have 32 bits, big-endian.  FILE is a sequence of stories.
 * A story is the number of its lists, then the lists; a list is the number of
 * its fields, then the fields; a field is the length of its name, the length of
 * its value, then their octets.
 */
#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "h2/hpack.h"

/* A field list in both forms, and its header block. */
struct list {
	struct field *fields;
	nghttp2_nv *nvs;
	size_t n;
	struct buf block;
};

struct story {
	struct list *lists;
	size_t n;
};

/* Octets of output, from the encoders or from the decoders. */
static size_t total;

static void
die(const char *why)
{
	fprintf(stderr, "hpack_bench: %s\n", why);
	exit(EXIT_FAILURE);
}

static void *
allocate(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		die("out of memory");
	return p;
}

static void
read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "rb");
	uint8_t part[65536];
	size_t n;

	if (f == NULL)
		die("cannot open the file");
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(b, part, n);
	if (ferror(f) || b->failed)
		die("cannot read the file");
	fclose(f);
}

/* Returns the next n octets of the file, which stay where they are. */
static uint8_t *
take(struct buf *file, size_t n)
{
	uint8_t *p = buf_data(file);

	if (n > buf_len(file))
		die("the file ends too early");
	buf_consume(file, n);
	return p;
}

/*
 * Returns the next number, which counts things that follow in the file.  Each
 * of them has at least an octet.
 */
static size_t
take_count(struct buf *file)
{
	size_t n = get_u32(take(file, 4));

	if (n > buf_len(file))
		die("the file ends too early");
	return n;
}

static void
read_list(struct buf *file, struct list *l)
{
	size_t i, name_len, value_len;
	uint8_t *name, *value;

	l->n = take_count(file);
	l->fields = allocate(l->n, sizeof(*l->fields));
	l->nvs = allocate(l->n, sizeof(*l->nvs));
	for (i = 0; i < l->n; i++) {
		name_len = get_u32(take(file, 4));
		value_len = get_u32(take(file, 4));
		name = take(file, name_len);
		value = take(file, value_len);
		l->fields[i] = (struct field){ name, value, name_len,
		    value_len, false };
		l->nvs[i] = (nghttp2_nv){ name, value, name_len, value_len,
		    NGHTTP2_NV_FLAG_NONE };
	}
}

static void
read_story(struct buf *file, struct story *s)
{
	size_t i;

	s->n = take_count(file);
	s->lists = allocate(s->n, sizeof(*s->lists));
	for (i = 0; i < s->n; i++)
		read_list(file, &s->lists[i]);
}

static void
bench_encode_ours(struct story *s)
{
	struct hpack_encoder *e = hpack_encoder_new(HPACK_DEFAULT_TABLE_SIZE);
	struct list *l;

	if (e == NULL)
		die("out of memory");
	for (l = s->lists; l < s->lists + s->n; l++) {
		buf_clear(&l->block);
		if (hpack_encode(e, &l->block, l->fields, l->n) != HPACK_OK)
			die("our encoder failed");
		total += buf_len(&l->block);
	}
	hpack_encoder_free(e);
}

static void
bench_encode_nghttp2(struct story *s)
{
	static uint8_t out[1 << 20];
	nghttp2_hd_deflater *e;
	struct list *l;
	ssize_t n;

	if (nghttp2_hd_deflate_new(&e, HPACK_DEFAULT_TABLE_SIZE) != 0)
		die("out of memory");
	for (l = s->lists; l < s->lists + s->n; l++) {
		n = nghttp2_hd_deflate_hd(e, out, sizeof(out), l->nvs, l->n);
		if (n < 0)
			die("their encoder failed");
		total += (size_t)n;
	}
	nghttp2_hd_deflate_del(e);
}

static int
count(void *user, const struct field *f)
{
	(void)user;
	total += f->name_len + f->value_len;
	return 0;
}

static void
bench_decode_ours(struct story *s)
{
	struct hpack_decoder *d = hpack_decoder_new(HPACK_DEFAULT_TABLE_SIZE);
	struct list *l;

	if (d == NULL)
		die("out of memory");
	for (l = s->lists; l < s->lists + s->n; l++)
		if (hpack_decode(d, buf_data(&l->block), buf_len(&l->block),
		    count, NULL) != HPACK_OK)
			die("our decoder failed");
	hpack_decoder_free(d);
}

static void
inflate(nghttp2_hd_inflater *d, const uint8_t *p, size_t len)
{
	int flags = 0;
	nghttp2_nv nv;
	ssize_t n;

	while ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) {
		n = nghttp2_hd_inflate_hd2(d, &nv, &flags, p, len, 1);
		if (n < 0)
			die("their decoder failed");
		p += n;
		len -= (size_t)n;
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			total += nv.namelen + nv.valuelen;
	}
	nghttp2_hd_inflate_end_headers(d);
}

static void
bench_decode_nghttp2(struct story *s)
{
	nghttp2_hd_inflater *d;
	struct list *l;

	if (nghttp2_hd_inflate_new(&d) != 0)
		die("out of memory");
	for (l = s->lists; l < s->lists + s->n; l++)
		inflate(d, buf_data(&l->block), buf_len(&l->block));
	nghttp2_hd_inflate_del(d);
}

/*
 * The bench_ functions are called only through these pointers, so none of them
 * is inlined, and callgrind can count each.
 */
static const struct bench {
	const char *whose;
	const char *what;
	void (*run)(struct story *s);
} benches[] = {
	{ "ours", "encode", bench_encode_ours },
	{ "nghttp2", "encode", bench_encode_nghttp2 },
	{ "ours", "decode", bench_decode_ours },
	{ "nghttp2", "decode", bench_decode_nghttp2 }
};

static const struct bench *
find(const char *whose, const char *what)
{
	size_t i;

	for (i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
		if (strcmp(benches[i].whose, whose) == 0 &&
		    strcmp(benches[i].what, what) == 0)
			return &benches[i];
	return NULL;
}

/*
 * Makes the header blocks to decode.  This also builds the tables that all
 * encoders and decoders share (hpack_init), so that they are not counted.
 */
static void
encode_blocks(struct story *s)
{
	struct hpack_encoder *e = hpack_encoder_new(HPACK_DEFAULT_TABLE_SIZE);
	struct list *l;

	if (e == NULL)
		die("out of memory");
	for (l = s->lists; l < s->lists + s->n; l++)
		if (hpack_encode(e, &l->block, l->fields, l->n) != HPACK_OK)
			die("our encoder failed");
	hpack_encoder_free(e);
}

static void
free_story(struct story *s)
{
	struct list *l;

	for (l = s->lists; l < s->lists + s->n; l++) {
		free(l->fields);
		free(l->nvs);
		buf_free(&l->block);
	}
	free(s->lists);
}

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Runs b once for all stories.  Returns the nanoseconds that b has taken. */
static long long
run_stories(const struct bench *b, struct buf file)
{
	long long start, spent = 0;
	struct story s;

	while (buf_len(&file) > 0) {
		read_story(&file, &s);
		encode_blocks(&s);
		start = now_ns();
		b->run(&s);
		spent += now_ns() - start;
		free_story(&s);
	}
	return spent;
}

int
main(int argc, char **argv)
{
	const struct bench *b = argc == 4 || argc == 5 ?
	    find(argv[1], argv[2]) : NULL;
	long long ns, spent = 0;
	struct buf file = { 0 };

	if (b == NULL) {
		fprintf(stderr, "usage: hpack_bench ours|nghttp2 "
		    "encode|decode FILE [MILLISECONDS]\n");
		return 64;
	}
	ns = argc == 5 ? atoll(argv[4]) * 1000000LL : 0;
	read_file(argv[3], &file);
	do
		spent += run_stories(b, file);
	while (spent < ns);
	buf_free(&file);
	printf("%zu %lld\n", total, spent);
	return EXIT_SUCCESS;
}
