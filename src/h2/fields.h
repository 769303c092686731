/* SPDX-License-Identifier: MIT */
/*
 * Field sections: a list of field lines that owns its octets, and the rules
 * for what a message may carry (RFC 9113 §8.2, §8.3, §8.5, RFC 8441 §4).
 */
#ifndef H2RIG_FIELDS_H
#define H2RIG_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "hpack.h"

/* A list under construction; zeroed is empty. */
struct fields {
	struct buf octets;	/* names and values, one after the other */
	struct buf index;	/* an array of struct field_at */
	size_t n;
	size_t size;		/* octets by RFC 9113 §6.5.2: 32 a field more */
};

void fields_free(struct fields *l);
void fields_clear(struct fields *l);

/* Copies the field to the end: 0, or -1 (memory). */
int fields_add(struct fields *l, const struct field *f);

/* Makes dst, empty before, a copy of src: 0, or -1 (memory). */
int fields_copy(struct fields *dst, const struct fields *src);

/* Field i, i < l->n; its octets are valid until the list changes. */
void fields_get(const struct fields *l, size_t i, struct field *f);

/* The first field called name: true and *f set, or false. */
bool fields_find(const struct fields *l, const char *name, struct field *f);

/* What a request's field section says of its message. */
struct message_info {
	int64_t content_length;	/* octets, or -1: none given */
	bool connect;		/* :method is CONNECT */
	bool extended;		/* with :protocol (RFC 8441) */
	bool head;		/* :method is HEAD */
};

/*
 * What a received or checked field section is.  A server receives requests and
 * trailers and sends the others.
 */
enum fields_kind {
	FIELDS_REQUEST,
	FIELDS_TRAILERS,
	FIELDS_RESPONSE,
	FIELDS_PROMISE
};

/*
 * Checks a field section by the rules of its kind.  extended_connect: whether
 * :protocol may be used (we sent ENABLE_CONNECT_PROTOCOL).  NULL, and *info,
 * which may be NULL, is set; or why it is malformed (RFC 9113 §8.1.1).
 */
const char *fields_check(const struct fields *l, enum fields_kind kind,
    bool extended_connect, struct message_info *info);

/*
 * The same for an array that a script hands over.  *bad: the field that is
 * malformed; NULL: none by itself.
 */
const char *fields_check_sent(const struct field *v, size_t n,
    enum fields_kind kind, const struct field **bad);

/*
 * A control character in the value (RFC 9110 §5.5), which RFC 9113 lets pass:
 * the reason, or NULL.
 */
const char *fields_check_control(const struct field *f);

/* The first :status of v: 100 to 999; 0: something else; -1: there is none. */
int fields_status(const struct field *v, size_t n);

#endif
