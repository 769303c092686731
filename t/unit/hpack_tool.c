/* SPDX-License-Identifier: MIT */
/*
 * HPACK as a filter, for t/hpack_vectors.t.  It has one encoder and one
 * decoder, reads one command per line, and writes one reply per command.
 *
 *	resize SIZE		sets the table size of both
 *		ok
 *	encode NAME=VALUE ...	a list of fields
 *		ok BLOCK HOW
 *	decode BLOCK		a header block
 *		ok NAME=VALUE ...
 *
 * All octets are hexadecimal.  HOW compares BLOCK with libnghttp2's encoding of
 * the same fields: "same", "differs", or "alone" if this program was built
 * without it.  The reply to a block that is refused is "error".  A line that is
 * no command ends the program with status 2.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBNGHTTP2
#include <nghttp2/nghttp2.h>
#endif

#include "base/buf.h"
#include "h2/hpack.h"

#define MAX_FIELDS 1000

static struct hpack_encoder *encoder;
static struct hpack_decoder *decoder;
#ifdef HAVE_LIBNGHTTP2
static nghttp2_hd_deflater *deflater;
#endif

static _Noreturn void
die(const char *why, const char *what)
{
	fprintf(stderr, "hpack_tool: %s: %s\n", why, what);
	exit(2);
}

static int
digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	if (c == '\0' || at == NULL)
		die("not hexadecimal", (char[]){ c, '\0' });
	return (int)(at - digits);
}

/* Replaces hexadecimal digits by octets in place.  Returns their number. */
static size_t
unhex(char *s)
{
	size_t n = 0;

	for (; s[2 * n] != '\0'; n++)
		s[n] = (char)(digit(s[2 * n]) << 4 | digit(s[2 * n + 1]));
	return n;
}

static void
print_hex(const uint8_t *p, size_t len)
{
	while (len-- > 0)
		printf("%02x", *p++);
}

static void
resize(char *args)
{
	size_t size = strtoul(args, NULL, 10);

	hpack_encoder_resize(encoder, size);
	hpack_decoder_resize(decoder, size);
#ifdef HAVE_LIBNGHTTP2
	nghttp2_hd_deflate_change_table_size(deflater, size);
#endif
	puts("ok");
}

/* Compares libnghttp2's encoding of the fields with ours.  Returns HOW. */
static const char *
compare(const struct field *fields, size_t n, const struct buf *ours)
{
#ifdef HAVE_LIBNGHTTP2
	static nghttp2_nv nva[MAX_FIELDS];
	struct buf theirs = { 0 };
	size_t i, bound;
	ssize_t len;
	uint8_t *p;
	int same;

	for (i = 0; i < n; i++)
		nva[i] = (nghttp2_nv){
			.name = (uint8_t *)fields[i].name,
			.namelen = fields[i].name_len,
			.value = (uint8_t *)fields[i].value,
			.valuelen = fields[i].value_len
		};
	bound = nghttp2_hd_deflate_bound(deflater, nva, n);
	p = buf_reserve(&theirs, bound);
	if (p == NULL)
		die("encode", "out of memory");
	len = nghttp2_hd_deflate_hd(deflater, p, bound, nva, n);
	same = len >= 0 && (size_t)len == buf_len(ours) &&
	    memcmp(p, buf_data(ours), buf_len(ours)) == 0;
	buf_free(&theirs);
	return same ? "same" : "differs";
#else
	(void)fields;
	(void)n;
	(void)ours;
	return "alone";
#endif
}

static void
encode(char *args)
{
	static struct field fields[MAX_FIELDS];
	struct buf out = { 0 };
	size_t n = 0;
	char *name, *value;

	for (name = strtok(args, " "); name != NULL; name = strtok(NULL, " ")) {
		value = strchr(name, '=');
		if (value == NULL || n == MAX_FIELDS)
			die("not a field, or too many", name);
		*value++ = '\0';
		fields[n].name_len = unhex(name);
		fields[n].name = (const uint8_t *)name;
		fields[n].value_len = unhex(value);
		fields[n++].value = (const uint8_t *)value;
	}
	if (hpack_encode(encoder, &out, fields, n) != HPACK_OK)
		die("encode", "out of memory");
	fputs("ok ", stdout);
	print_hex(buf_data(&out), buf_len(&out));
	printf(" %s\n", compare(fields, n, &out));
	buf_free(&out);
}

static int
add_field(void *user, const struct field *f)
{
	struct buf *fields = user;

	buf_add_u32(fields, (uint32_t)f->name_len);
	buf_add(fields, f->name, f->name_len);
	buf_add_u32(fields, (uint32_t)f->value_len);
	buf_add(fields, f->value, f->value_len);
	return 0;
}

static void
print_string(struct buf *fields)
{
	uint32_t len = get_u32(buf_data(fields));

	buf_consume(fields, 4);
	print_hex(buf_data(fields), len);
	buf_consume(fields, len);
}

static void
decode(char *args)
{
	struct buf fields = { 0 };
	size_t len = unhex(args);

	if (hpack_decode(decoder, (const uint8_t *)args, len, add_field,
	    &fields) != HPACK_OK) {
		puts("error");
		buf_free(&fields);
		return;
	}
	fputs("ok", stdout);
	while (buf_len(&fields) > 0) {
		putchar(' ');
		print_string(&fields);
		putchar('=');
		print_string(&fields);
	}
	putchar('\n');
	buf_free(&fields);
}

static const struct {
	const char *name;
	void (*run)(char *args);
} commands[] = {
	{ "resize ", resize },
	{ "encode ", encode },
	{ "decode ", decode }
};

static void
run(char *line)
{
	size_t i, len;

	line[strcspn(line, "\n")] = '\0';
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		len = strlen(commands[i].name);
		if (strncmp(line, commands[i].name, len) == 0) {
			commands[i].run(line + len);
			return;
		}
	}
	die("no such command", line);
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;

	encoder = hpack_encoder_new(HPACK_DEFAULT_TABLE_SIZE);
	decoder = hpack_decoder_new(HPACK_DEFAULT_TABLE_SIZE);
	if (encoder == NULL || decoder == NULL)
		die("start", "out of memory");
#ifdef HAVE_LIBNGHTTP2
	if (nghttp2_hd_deflate_new(&deflater, HPACK_DEFAULT_TABLE_SIZE) != 0)
		die("start", "out of memory");
#endif
	while (getline(&line, &size, stdin) != -1)
		run(line);
	free(line);
	hpack_encoder_free(encoder);
	hpack_decoder_free(decoder);
#ifdef HAVE_LIBNGHTTP2
	nghttp2_hd_deflate_del(deflater);
#endif
	return ferror(stdout) || fflush(stdout) == EOF;
}
