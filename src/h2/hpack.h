/* SPDX-License-Identifier: MIT */
/*
 * HPACK (RFC 7541): header compression of one direction of a connection.
 *
 * Compatible with libnghttp2: for the same field lists in the same order the
 * encoder makes the octets that nghttp2_hd_deflate_hd2 makes, and the decoder
 * takes and refuses what nghttp2_hd_inflate_hd2 takes and refuses, but for
 * strings of more than 65,536 octets: the caller bounds the whole block.
 */
#ifndef H2RIG_HPACK_H
#define H2RIG_HPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The dynamic table's octets until settings say otherwise (RFC 7541 §4.2). */
#define HPACK_DEFAULT_TABLE_SIZE 4096

/* Octets that a field counts for beyond name and value (RFC 7541 §4.1). */
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
	HPACK_ERR_STOPPED = -3	/* the callback said so */
};

struct hpack_encoder;
struct hpack_decoder;

/*
 * Builds the tables that all encoders and decoders share, some 20 kB, on the
 * first call.  The first encoder or decoder does so too; call it in a process
 * that forks, and before there are two threads that make them.
 */
void hpack_init(void);

/*
 * max_table: octets of the largest dynamic table that this encoder will use,
 * whatever the peer allows.  NULL: out of memory.
 */
struct hpack_encoder *hpack_encoder_new(size_t max_table);
void hpack_encoder_free(struct hpack_encoder *e);

/*
 * The peer's SETTINGS_HEADER_TABLE_SIZE, in force from the next header block
 * on, which begins with the size updates that this calls for (RFC 7541 §4.2:
 * the smallest size in between, then the last).
 */
void hpack_encoder_resize(struct hpack_encoder *e, size_t size);

/*
 * Appends the header block of n fields to out; _more: fields that go on with a
 * block.  HPACK_OK, or HPACK_ERR_MEMORY and out->failed: the encoder is out of
 * step with the peer and of no further use.
 */
int hpack_encode(struct hpack_encoder *e, struct buf *out,
    const struct field *fields, size_t n);
int hpack_encode_more(struct hpack_encoder *e, struct buf *out,
    const struct field *fields, size_t n);

/*
 * The same without the table: literals without indexing, or never indexed.
 * The table stays as it is, unless hpack_follow_octets is told of them.
 */
int hpack_encode_literals(struct hpack_encoder *e, struct buf *out,
    const struct field *fields, size_t n);

/* Where octets stand in a block: neither, either or both. */
enum hpack_place { HPACK_BEGINS = 1, HPACK_ENDS = 2 };

/*
 * Called for each field of a block in order.  The field's octets are valid
 * during the call only.  A return other than 0 stops the decoder.
 */
typedef int hpack_emit(void *user, const struct field *f);

/*
 * Applies octets of a block that others made to the encoder's table, as the
 * peer's decoder does; blocks of both origins may be mixed.  HPACK_ERR_DATA:
 * the block does not decode, or has a field of more than 1 MiB in parts, and
 * hpack_follow_lose has been called.
 */
int hpack_follow_octets(struct hpack_encoder *e, const uint8_t *p, size_t len,
    unsigned place, hpack_emit *emit, void *user);

/* Whether the octets that were followed last end inside of a field. */
bool hpack_follow_in_field(const struct hpack_encoder *e);

/* The peer's table is not known any more: only literals from now on. */
void hpack_follow_lose(struct hpack_encoder *e);

/*
 * max_table: our own SETTINGS_HEADER_TABLE_SIZE, octets.  A size update above
 * it is an error (RFC 7541 §6.3).  NULL: out of memory.
 */
struct hpack_decoder *hpack_decoder_new(size_t max_table);
void hpack_decoder_free(struct hpack_decoder *d);

/*
 * A new SETTINGS_HEADER_TABLE_SIZE of ours, called when the peer has
 * acknowledged it.  A reduction must be met by a size update at the start of
 * the next block, else that block is an error (RFC 7541 §4.2).
 */
void hpack_decoder_resize(struct hpack_decoder *d, size_t size);

/*
 * While SETTINGS of ours are on their way.  _allow: the largest size update
 * that the peer may send, above that of hpack_decoder_resize.  _has_update:
 * one to that size or less has come since _forget_updates.
 */
void hpack_decoder_allow(struct hpack_decoder *d, size_t size);
void hpack_decoder_forget_updates(struct hpack_decoder *d);
bool hpack_decoder_has_update(const struct hpack_decoder *d, size_t size);

/* Octets in the dynamic table, for comparisons (RFC 7541 §4.1). */
size_t hpack_decoder_table_size(const struct hpack_decoder *d);
size_t hpack_encoder_table_size(const struct hpack_encoder *e);

/*
 * Decodes one whole header block.  HPACK_OK or a negative hpack_status, after
 * which the decoder is of no further use.
 */
int hpack_decode(struct hpack_decoder *d, const uint8_t *in, size_t len,
    hpack_emit *emit, void *user);

#endif
