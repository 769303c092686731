/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer harness for single frames: header, rules, payload.  The data of a
 * valid frame lies within its payload, and encoding the frame again gives the
 * same octets.
 */
#include <stdlib.h>
#include <string.h>

#include "h2/frame.h"

static void
check_inside(const struct frame *f, const uint8_t *payload, size_t len)
{
	if (f->len == 0)
		return;
	if (f->data < payload || f->len > len ||
	    f->data + f->len > payload + len)
		abort();
}

/* Encodes PING and RST_STREAM again from what was decoded, and compares. */
static void
check_again(const struct frame *f, const uint8_t *octets)
{
	struct buf out = { 0 };
	uint8_t v[4];

	if (f->type == FRAME_PING) {
		frame_encode(&out, f->type, f->flags, 0, f->data, f->len);
	} else if (f->type == FRAME_RST_STREAM) {
		put_u32(v, f->code);
		frame_encode(&out, f->type, f->flags, f->stream_id, v, 4);
	} else {
		return;
	}
	/* The stream id is not compared: its reserved bit is lost. */
	if (buf_len(&out) != FRAME_HEADER_LEN + f->length ||
	    memcmp(buf_data(&out), octets, 5) != 0 ||
	    memcmp(buf_data(&out) + FRAME_HEADER_LEN,
	    octets + FRAME_HEADER_LEN, f->length) != 0)
		abort();
	buf_free(&out);
}

static void
one_frame(struct frame *f, const uint8_t *octets)
{
	const uint8_t *payload = octets + FRAME_HEADER_LEN;
	struct h2_error err = { 0 };
	uint16_t id;
	uint32_t value;
	size_t i;

	if (frame_check(f, FRAME_DEFAULT_MAX_SIZE, &err) == -1 ||
	    frame_decode(f, payload, &err) == -1) {
		if (err.level == H2_LEVEL_NONE || err.reason == NULL)
			abort();
		return;
	}
	check_inside(f, payload, f->length);
	check_again(f, octets);
	for (i = 0; f->type == FRAME_SETTINGS && i < f->length / 6; i++)
		frame_setting_decode(payload, i, &id, &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct frame f;

	while (len >= FRAME_HEADER_LEN) {
		frame_header_decode(p, &f);
		if (f.length > len - FRAME_HEADER_LEN)
			f.length = (uint32_t)(len - FRAME_HEADER_LEN);
		/* check_again needs a frame that is complete. */
		if (get_u24(p) != f.length)
			return 0;
		one_frame(&f, p);
		p += FRAME_HEADER_LEN + f.length;
		len -= FRAME_HEADER_LEN + f.length;
	}
	return 0;
}
