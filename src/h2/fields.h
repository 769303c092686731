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

/* A list of field lines; a zeroed struct is an empty list. */
struct fields {
	struct buf octets;	/* names and values, one after the other */
	struct buf index;	/* an array of struct field_at */
	size_t n;
	size_t size;		/* octets, and 32 a field (RFC 9113 §6.5.2) */
};

void fields_free(struct fields *l);
void fields_clear(struct fields *l);

/* Appends a copy of the field.  Returns 0, or -1 if out of memory. */
int fields_add(struct fields *l, const struct field *f);

/* Copies src to dst, an empty list.  Returns 0, or -1 if out of memory. */
int fields_copy(struct fields *dst, const struct fields *src);

/* Sets *f to field i < l->n; its octets are valid until the list changes. */
void fields_get(const struct fields *l, size_t i, struct field *f);

/* Sets *f to the first field called name; returns false if there is none. */
bool fields_find(const struct fields *l, const char *name, struct field *f);

/* What a request's field section says about its message. */
struct message_info {
	int64_t content_length;	/* octets; -1: not given */
	bool connect;		/* :method is CONNECT */
	bool extended;		/* it has :protocol (RFC 8441) */
	bool head;		/* :method is HEAD */
};

/*
 * The kinds of field section.  A server receives requests and trailers; it
 * sends responses, trailers and promised requests.
 */
enum fields_kind {
	FIELDS_REQUEST,
	FIELDS_TRAILERS,
	FIELDS_RESPONSE,
	FIELDS_PROMISE
};

/*
 * Checks a field section by the rules of its kind.  extended_connect: whether
 * :protocol may be used (we sent ENABLE_CONNECT_PROTOCOL).  Returns NULL, or
 * why the section is malformed (RFC 9113 §8.1.1).  Sets *info, unless info is
 * NULL, from the fields up to the first malformed one.
 */
const char *fields_check(const struct fields *l, enum fields_kind kind,
    bool extended_connect, struct message_info *info);

/*
 * Checks an array of fields that a script is to send, and returns like
 * fields_check.  Sets *bad to the malformed field, or to NULL if no single
 * field is malformed.
 */
const char *fields_check_sent(const struct field *v, size_t n,
    enum fields_kind kind, const struct field **bad);

/*
 * Returns the reason if the value has a control character, which RFC 9110 §5.5
 * forbids but RFC 9113 lets pass; else NULL.
 */
const char *fields_check_control(const struct field *f);

/* Returns v's first :status, 100 to 999; 0: it is no such number; -1: none. */
int fields_status(const struct field *v, size_t n);

#endif
