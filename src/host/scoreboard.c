/* SPDX-License-Identifier: MIT */
/*
 * The scoreboard: slots in shared memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/sys.h"
#include "scoreboard.h"

int
scoreboard_init(struct scoreboard *b, size_t n)
{
	b->n = n;
	b->slot = NULL;
	if (n <= SIZE_MAX / sizeof(*b->slot))
		b->slot = sys_shared_memory(n * sizeof(*b->slot));
	if (b->slot != NULL)
		return 0;
	errno = ENOMEM;
	return -1;
}

void
scoreboard_free(struct scoreboard *b)
{
	if (b->slot != NULL)
		munmap(b->slot, b->n * sizeof(*b->slot));
	b->slot = NULL;
}

uint64_t
scoreboard_stored(const struct scoreboard *b, char *most, size_t size)
{
	char client[sizeof(b->slot->client) + 1];
	uint64_t all = 0, largest = 0, stored;
	size_t i, at = 0;

	for (i = 0; i < b->n; i++) {
		stored = atomic_load(&b->slot[i].stored);
		all += stored;
		if (stored > largest) {
			largest = stored;
			at = i;
		}
	}
	slot_copy_text(client, sizeof(client), b->slot[at].client,
	    sizeof(b->slot->client));
	snprintf(most, size, "child %d of %s with %" PRIu64 " octets",
	    atomic_load(&b->slot[at].pid), client, largest);
	return all;
}
