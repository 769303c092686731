/* SPDX-License-Identifier: MIT */
/*
 * Slots.  Entries of running functions are claimed by compare-and-swap, since
 * the handler threads of a child begin and end them concurrently; a claimed
 * entry shows its stream only once it is filled.  Texts are copied out with a
 * bound before use: a script may have overwritten any octet, the final NUL too.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/sys.h"
#include "slot.h"

/*
 * `stream` of an entry that is claimed and not yet filled; no stream has this
 * number.
 */
#define FILLING UINT_MAX

/* Milliseconds between two signs of life, at most. */
#define BEAT_MS 1000

static const char *const end_texts[] = {
	[CHILD_END_NONE] = "did not say",
	[CHILD_END_LOADED] = "routes loaded",
	[CHILD_END_CLIENT] = "closed by client",
	[CHILD_END_DRAINED] = "drained",
	[CHILD_END_TIMEOUT] = "timeout",
	[CHILD_END_VIOLATION] = "protocol violation by the client",
	[CHILD_END_TRANSPORT] = "transport error",
	[CHILD_END_SCRIPT] = "closed by a script",
	[CHILD_END_LIMIT] = "limit hit",
	[CHILD_END_DAMAGED] = "damaged by a script",
	[CHILD_END_MEMORY] = "out of memory (see --max-memory)",
	[CHILD_END_INTERNAL] = "internal error"
};

const char *
slot_end_text(int end)
{
	size_t n = sizeof(end_texts) / sizeof(end_texts[0]);

	/* As a size_t a negative number is a large one. */
	return (size_t)end < n ? end_texts[end] : "?";
}

/* Copies src to dst with a NUL; of a text that does not fit, only the end. */
static void
copy_tail(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	if (len >= size)
		src += len - (size - 1);
	snprintf(dst, size, "%s", src);
}

static void
fill(struct running *r, const char *script, const char *function,
    uint64_t now_ms)
{
	r->since_ms = now_ms;
	atomic_store(&r->after, 0);
	snprintf(r->function, sizeof(r->function), "%s", function);
	copy_tail(r->script, sizeof(r->script), script);
}

/*
 * Returns a free entry, or NULL.  It is one that shows no function or, if there
 * is none, the oldest: work that runs no function (files are served) does not
 * take the place of the last function.
 */
static struct running *
find_free(struct slot *s)
{
	struct running *r, *best = NULL;

	for (r = s->running; r < s->running + SCOREBOARD_RUNNING; r++) {
		if (atomic_load(&r->stream) != 0)
			continue;
		if (r->last_stream == 0)
			return r;
		if (best == NULL || r->since_ms < best->since_ms)
			best = r;
	}
	return best;
}

struct running *
slot_running_begin(struct slot *s, uint32_t stream, const char *script,
    const char *function, uint64_t now_ms)
{
	struct running *r;
	unsigned none;

	do {
		if ((r = find_free(s)) == NULL)
			return NULL;
		none = 0;
	} while (!atomic_compare_exchange_strong(&r->stream, &none, FILLING));
	r->last_stream = 0;
	fill(r, script, function, now_ms);
	atomic_store(&r->stream, stream);
	return r;
}

void
slot_running_change(struct running *r, const char *script,
    const char *function, uint64_t now_ms)
{
	unsigned stream;

	if (r == NULL)
		return;
	stream = atomic_exchange(&r->stream, FILLING);
	fill(r, script, function, now_ms);
	r->last_stream = stream;
	atomic_store(&r->stream, stream);
}

void
slot_running_end(struct running *r)
{
	if (r == NULL)
		return;
	atomic_store(&r->after, 0);
	atomic_store(&r->stream, 0);
}

int
slot_beat(struct slot *s, unsigned limit_ms, unsigned more_ms)
{
	if (limit_ms == 0)
		return -1;
	atomic_store(&s->kill_at_ms, sys_now_ms() + limit_ms + more_ms);
	return limit_ms > 4 * BEAT_MS ? BEAT_MS : (int)(limit_ms / 4 + 1);
}

void
slot_set_end(struct slot *s, enum child_end end, const char *why)
{
	if (atomic_load(&s->end) != CHILD_END_NONE)
		return;
	snprintf(s->why, sizeof(s->why), "%s", why != NULL ? why : "");
	atomic_store(&s->end, (int)end);
}

/* src may lack its NUL. */
void
slot_copy_text(char *dst, size_t size, const char *src, size_t src_size)
{
	size_t n = src_size < size ? src_size : size - 1;

	memcpy(dst, src, n);
	dst[n] = '\0';
}

static void
get_ran(const struct running *from, unsigned stream, struct ran *r)
{
	slot_copy_text(r->function, sizeof(r->function), from->function,
	    sizeof(from->function));
	slot_copy_text(r->script, sizeof(r->script), from->script,
	    sizeof(from->script));
	r->stream = stream;
	snprintf(r->text, sizeof(r->text), stream == SLOT_CONNECTION ?
	    "%s%s in connection script %s" : "%s%s in %s on stream %u",
	    atomic_load(&from->after) ? "end of " : "", r->function,
	    r->script, stream);
}

bool
slot_running(const struct slot *s, size_t i, struct ran *r)
{
	unsigned stream = atomic_load(&s->running[i].stream);

	if (stream == 0 || stream == FILLING)
		return false;
	get_ran(&s->running[i], stream, r);
	return true;
}

bool
slot_is_running(const struct slot *s)
{
	size_t i;

	for (i = 0; i < SCOREBOARD_RUNNING; i++)
		if (atomic_load(&s->running[i].stream) != 0)
			return true;
	return false;
}

bool
slot_last(const struct slot *s, struct ran *r)
{
	const struct running *last = NULL;
	size_t i;

	for (i = 0; i < SCOREBOARD_RUNNING; i++) {
		const struct running *one = &s->running[i];

		if (one->last_stream != 0 &&
		    (last == NULL || one->since_ms >= last->since_ms))
			last = one;
	}
	if (last != NULL)
		get_ran(last, last->last_stream, r);
	return last != NULL;
}

/* ---- the scoreboard ---- */

int
slot_board_init(struct scoreboard *b, size_t n)
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
slot_board_free(struct scoreboard *b)
{
	if (b->slot != NULL)
		munmap(b->slot, b->n * sizeof(*b->slot));
	b->slot = NULL;
}

uint64_t
slot_board_stored(const struct scoreboard *b, char *most, size_t size)
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
