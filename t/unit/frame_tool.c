/* SPDX-License-Identifier: MIT */
/*
 * Frames as a filter, for t/frame_vectors.t: it reads a frame in hexadecimal
 * per line, and writes a reply per line.  The reply to a correct frame:
 *
 *	ok LENGTH TYPE FLAGS STREAM [NAME=VALUE ...]
 *
 * Numbers are decimal, octets hexadecimal; the names are those of members of
 * struct frame, and there is setting=ID:VALUE for each entry of SETTINGS.  The
 * reply to another frame:
 *
 *	error LEVEL CODE REASON
 *
 * LEVEL is "stream" or "connection".  The payload may be shorter than the
 * frame's length if the header is already wrong.  A line that is no frame at
 * all ends the program with status 2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "h2/frame.h"
#include "octets.h"

static _Noreturn void
die(const char *why, const char *line)
{
	fprintf(stderr, "frame_tool: %s: %s\n", why, line);
	exit(2);
}

static void
read_hex(struct buf *b, const char *line)
{
	char two[3] = "";
	char *end;
	size_t i;

	buf_clear(b);
	for (i = 0; line[i] != '\0'; i += 2) {
		memcpy(two, line + i, 2);
		add_u8(b, (unsigned)strtoul(two, &end, 16));
		if (end != two + 2)
			die("not hexadecimal", line);
	}
}

static void
print_octets(const char *name, const uint8_t *p, size_t len)
{
	size_t i;

	printf(" %s=", name);
	for (i = 0; i < len; i++)
		printf("%02x", p[i]);
}

static void
print_settings(const struct frame *f)
{
	uint32_t value;
	uint16_t id;
	size_t i;

	for (i = 0; i < f->len / 6; i++) {
		frame_setting_decode(f->data, i, &id, &value);
		printf(" setting=%u:%lu", id, (unsigned long)value);
	}
}

static void
print_frame(const struct frame *f)
{
	printf("ok %lu %u %u %lu", (unsigned long)f->length, f->type, f->flags,
	    (unsigned long)f->stream_id);
	if (f->has_priority)
		printf(" dependency=%lu weight=%u exclusive=%d",
		    (unsigned long)f->priority.dependency, f->priority.weight,
		    f->priority.exclusive);
	if (f->type == FRAME_SETTINGS)
		print_settings(f);
	else if (f->type == FRAME_WINDOW_UPDATE)
		printf(" increment=%lu", (unsigned long)f->increment);
	else if (f->type != FRAME_PRIORITY && f->type != FRAME_RST_STREAM)
		print_octets("data", f->data, f->len);
	if (f->type == FRAME_RST_STREAM || f->type == FRAME_GOAWAY)
		printf(" code=%lu", (unsigned long)f->code);
	if (f->type == FRAME_GOAWAY || f->type == FRAME_PUSH_PROMISE ||
	    f->type == FRAME_PRIORITY_UPDATE)
		printf(" stream_id=%lu", (unsigned long)f->other_id);
	printf("\n");
}

static void
do_frame(const struct buf *b, const char *line)
{
	struct frame f;
	struct h2_error err;

	if (buf_len(b) < FRAME_HEADER_LEN)
		die("no frame header", line);
	frame_header_decode(buf_data(b), &f);
	if (frame_check(&f, FRAME_DEFAULT_MAX_SIZE, &err) == 0) {
		if (buf_len(b) != FRAME_HEADER_LEN + f.length)
			die("not of the length it says", line);
		if (frame_decode(&f, buf_data(b) + FRAME_HEADER_LEN, &err) ==
		    0) {
			print_frame(&f);
			return;
		}
	}
	printf("error %s %d %s\n", err.level == H2_LEVEL_STREAM ? "stream" :
	    "connection", (int)err.code, err.reason);
}

int
main(void)
{
	static char line[4096];
	struct buf b = { 0 };

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		read_hex(&b, line);
		do_frame(&b, line);
	}
	buf_free(&b);
	return 0;
}
