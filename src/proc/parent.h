/* SPDX-License-Identifier: MIT */
/*
 * The parent: accepts, forks, reaps, enforces limits, stops.  It never reads
 * an octet from a client and never runs a script.
 */
#ifndef H2RIG_PARENT_H
#define H2RIG_PARENT_H

#include "host/listen.h"
#include "host/options.h"
#include "host/supervise.h"
#include "host/tls.h"

/* How many processes the parent can have at a time. */
size_t parent_seats(const struct options *o);

/*
 * Tries the routes, then serves until a signal, --idle-exit or the end of the
 * only connection ends it; returns the exit status.  The ready lines go to
 * standard output before the first accept.  *tls is freed and replaced when a
 * reload has made another context; the caller owns the last one.
 */
int parent_run(const struct options *o, struct listeners *l,
    struct tls_ctx **tls, struct supervise *s);

#endif
