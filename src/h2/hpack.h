/* SPDX-License-Identifier: MIT */
/*
 * HPACK (RFC 7541): header compression of one direction of a connection.
 *
 * Compatible with libnghttp2: for the same field lists in the same order the
 * encoder makes the octets that nghttp2_hd_deflate_hd2 makes, and the decoder
 * accepts and refuses the same blocks as nghttp2_hd_inflate_hd2, except that
 * it accepts strings of more than 65,536 octets: the caller bounds the block.
 */
#ifndef H2RIG_HPACK_H
#define H2RIG_HPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The dynamic table's octets until SETTINGS change them (RFC 7541 §4.2). */
#define HPACK_DEFAULT_TABLE_SIZE 4096

/* Octets in a field's size beyond name and value (RFC 7541 §4.1). */
#define HPACK_FIELD_OVERHEAD 32

/* One field line.  Names and values are octets, not C strings. */
struct field {
	const uint8_t *name;	/* borrowed */
	const uint8_t *value;	/* borrowed */
	size_t name_len;
	size_t value_len;
	bool never_index;	/* literal never indexed (RFC 7541 §6.2.3) */
};

enum hpack_status {
	HPACK_OK = 0,
	HPACK_ERR_DATA = -1,	/* COMPRESSION_ERROR: not HPACK */
	HPACK_ERR_MEMORY = -2,
	HPACK_ERR_STOPPED = -3	/* hpack_emit returned other than 0 */
};

struct hpack_encoder;
struct hpack_decoder;

/*
 * Builds the tables that all encoders and decoders share, some 7 kB, on the
 * first call.  Making an encoder or decoder calls it too.  Call it before a
 * fork, so that children share the tables, and before two threads can make
 * encoders or decoders.
 */
void hpack_init(void);

/*
 * Returns an encoder, or NULL if out of memory.  max_table: octets of the
 * largest dynamic table that it will use, whatever the peer allows.
 */
struct hpack_encoder *hpack_encoder_new(size_t max_table);
void hpack_encoder_free(struct hpack_encoder *e);

/*
 * Sets the peer's SETTINGS_HEADER_TABLE_SIZE, in force from the next header
 * block on.  That block begins with the size updates that are due (RFC 7541
 * §4.2: the smallest size in between, then the last).
 */
void hpack_encoder_resize(struct hpack_encoder *e, size_t size);

/*
 * Appends the header block of n fields to out; hpack_encode_more appends more
 * fields to the same block.  literals: it writes only literals without indexing
 * or never indexed, and the table stays as it is, unless the octets are given
 * to hpack_follow_octets.  Returns HPACK_OK, or HPACK_ERR_MEMORY and sets
 * out->failed: the encoder is then out of step with the peer and must not be
 * used again.
 */
int hpack_encode(struct hpack_encoder *e, struct buf *out,
    const struct field *fields, size_t n);
int hpack_encode_more(struct hpack_encoder *e, struct buf *out,
    const struct field *fields, size_t n, bool literals);

/* Whether octets begin a block, end it, neither or both. */
enum hpack_place { HPACK_BEGINS = 1, HPACK_ENDS = 2 };

/*
 * Called for each field of a block in order.  The field's octets are valid
 * during the call only.  A return other than 0 stops the decoder.
 */
typedef int hpack_emit(void *user, const struct field *f);

/*
 * Applies octets of a block that the encoder has not made to its table, as the
 * peer's decoder does; octets of both origins may be mixed.  place: of enum
 * hpack_place.  Returns an hpack_status.  HPACK_ERR_DATA: the block does not
 * decode, or has a field that comes in parts and is larger than 1 MiB;
 * hpack_follow_lose has then been called.
 */
int hpack_follow_octets(struct hpack_encoder *e, const uint8_t *p, size_t len,
    unsigned place, hpack_emit *emit, void *user);

/* Whether the last octets that were followed end inside of a field. */
bool hpack_follow_in_field(const struct hpack_encoder *e);

/* The peer's table is unknown from now on: the encoder only makes literals. */
void hpack_follow_lose(struct hpack_encoder *e);

/*
 * Returns a decoder, or NULL if out of memory.  max_table: our own
 * SETTINGS_HEADER_TABLE_SIZE, octets.  A larger size update is an error (RFC
 * 7541 §6.3).
 */
struct hpack_decoder *hpack_decoder_new(size_t max_table);
void hpack_decoder_free(struct hpack_decoder *d);

/*
 * Sets our new SETTINGS_HEADER_TABLE_SIZE; to be called when the peer has
 * acknowledged it.  After a reduction, the next block must begin with a size
 * update, else it is an error (RFC 7541 §4.2).
 */
void hpack_decoder_resize(struct hpack_decoder *d, size_t size);

/*
 * For the time until our SETTINGS are acknowledged.  hpack_decoder_allow sets
 * the largest size update that the peer may send.  hpack_decoder_has_update
 * says whether an update to that size or less has come since
 * hpack_decoder_forget_updates.
 */
void hpack_decoder_allow(struct hpack_decoder *d, size_t size);
void hpack_decoder_forget_updates(struct hpack_decoder *d);
bool hpack_decoder_has_update(const struct hpack_decoder *d, size_t size);

/*
 * Decodes one whole header block.  Returns HPACK_OK, or a negative
 * hpack_status; then the decoder must not be used again.
 */
int hpack_decode(struct hpack_decoder *d, const uint8_t *in, size_t len,
    hpack_emit *emit, void *user);

#endif
