/* SPDX-License-Identifier: MIT */
/*
 * What the log says of a child that has died.
 */
#ifndef H2RIG_ENDS_H
#define H2RIG_ENDS_H

#include <stddef.h>
#include <stdint.h>

#include "host/options.h"
#include "host/scoreboard.h"

/*
 * One record of how the child of that seat ended.  cpu_us: processor time that
 * it used, microseconds.
 */
void ends_log(const struct options *o, const struct seat *seat,
    const struct slot *slot, int status, uint64_t cpu_us);

/* Processor time of all children that were waited for, microseconds. */
uint64_t ends_cpu_us(void);

/* Appends to text of size octets; what does not fit is cut. */
void ends_append(char *text, size_t size, const char *before,
    const char *what);

#endif
