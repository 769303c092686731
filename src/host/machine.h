/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory: how much there is for us, and whether the kernel kills
 * processes because it has run out.  Its processors.
 */
#ifndef H2RIG_MACHINE_H
#define H2RIG_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Octets of memory that a child may have by default: a twelfth of the machine's
 * memory, or, if that is less, of what this process's cgroup or one above it is
 * limited to.  So ten children that take all they get leave some of it.  At
 * least MACHINE_SHARE_MIN, which CPython needs with a hundred threads, at most
 * MACHINE_SHARE_MAX.
 */
#define MACHINE_SHARE 12
#define MACHINE_NEED ((uint64_t)64 << 20)	/* a child with less may fail */
#define MACHINE_SHARE_MIN ((uint64_t)512 << 20)
#define MACHINE_SHARE_MAX ((uint64_t)4 << 30)

uint64_t machine_child_memory(void);

/*
 * Whether the kernel has killed any process for want of memory in the last
 * seconds.  machine_oom must be called every second, since it compares with its
 * last call.
 */
enum machine_oom { MACHINE_OOM_NO, MACHINE_OOM_YES, MACHINE_OOM_UNKNOWN };

enum machine_oom machine_oom(uint64_t now_ms);

/* How many processors the machine has; 1 if the system does not tell. */
size_t machine_processors(void);

#endif
