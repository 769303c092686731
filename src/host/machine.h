/* SPDX-License-Identifier: MIT */
/*
 * The machine: whether the kernel kills processes because its memory has run
 * out, and its processors.
 */
#ifndef H2RIG_MACHINE_H
#define H2RIG_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#define MACHINE_NEED ((uint64_t)64 << 20)	/* a child with less may fail */

/*
 * Whether the kernel has killed any process for want of memory in the last
 * seconds.  machine_oom must be called every second, since it compares with its
 * last call.
 */
enum machine_oom { MACHINE_OOM_NO, MACHINE_OOM_YES, MACHINE_OOM_UNKNOWN };

enum machine_oom machine_oom(uint64_t now_ms);

/*
 * How many processors the machine had at the first call; 1 if the system does
 * not tell.  Later calls are cheap: the system would read files again.
 */
size_t machine_processors(void);

#endif
