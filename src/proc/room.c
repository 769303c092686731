/* SPDX-License-Identifier: MIT */
/*
 * Room for clients: who makes room when all places (--max-children) are taken,
 * and how many processes may go on when their clients have left.  accept.c and
 * the loop in parent.c call it.
 *
 * How a child is stands in its slot, which a script may have overwritten.  So
 * it decides nothing that would harm a client: who is asked to make room and
 * has something to do refuses (child.c), and the processes that count as no
 * client's are bounded too.
 */
#include <inttypes.h>

#include "base/log.h"
#include "base/sys.h"
#include "parent_impl.h"

/*
 * What a client gets to open a stream, milliseconds: twice what the slowest of
 * the last ones took from accept to its first request, within bounds; and all
 * of it while others leave by themselves.  So a burst of clients on a slow
 * machine, or from far away, loses none of them.
 */
#define IDLE_MIN_MS 1000
#define IDLE_MAX_MS 5000
#define FLOW_MS 250		/* nobody has left for so long */

#define STUCK_MS 10000		/* ... to go on with a stream that is open */
#define ASK_MS 100		/* until another one is asked too */
#define KILL_MS 3000		/* ... and one that did not leave is killed */

#define GONE_MIN 16		/* as many may go on in any case */

/* When the server stops so many at a time are told, beyond all places. */
#define LATE_MAX 16

/*
 * Who is asked, in this order, and after which time without work.  A client
 * with a stream whose function runs is not.
 */
static const struct {
	enum child_state state;
	uint64_t ms;		/* ... beyond what clients get anyway */
	const char *text;
} order[] = {
	{ CHILD_HANDSHAKE, 0, "in its handshake" },
	{ CHILD_IDLE, 0, "without a stream" },
	{ CHILD_WAITING, STUCK_MS, "without progress on a stream" },
	{ CHILD_FINISHING, 0, "without a stream" }
};

#define N_ORDER (sizeof(order) / sizeof(order[0]))

static size_t
max_gone(const struct options *o)
{
	return o->max_children > GONE_MIN ? o->max_children : GONE_MIN;
}

size_t
room_slots(const struct options *o)
{
	return o->max_children + max_gone(o) + o->spare + LATE_MAX;
}

bool
room_is_free(const struct parent *p)
{
	size_t most = p->options->max_children + (p->stopping ? LATE_MAX : 0);

	return p->alive - p->gone < most &&
	    p->alive + p->spares < p->board.n;
}

static void
learn(struct parent *p, size_t i)
{
	uint64_t first = atomic_load(&p->board.slot[i].first_ms);
	struct seat *seat = &p->board.seat[i];
	uint64_t ms = first > seat->started_ms ? first - seat->started_ms : 0;

	if (first == 0 || seat->learned)
		return;
	seat->learned = true;
	p->slow_ms -= p->slow_ms / 16;
	if (ms > IDLE_MAX_MS / 2)
		ms = IDLE_MAX_MS / 2;
	if (ms > p->slow_ms)
		p->slow_ms = ms;
}

/* A place is free; whether its client has left by itself. */
static void
note_left(struct parent *p, struct seat *seat, uint64_t now)
{
	seat->gone_ms = now;
	spawn_cut(seat);
	if (seat->asked_ms == 0)
		p->left_ms = now;
}

static uint64_t
patience(const struct parent *p, uint64_t now)
{
	if (p->left_ms != 0 && now - p->left_ms < FLOW_MS)
		return IDLE_MAX_MS;
	return p->slow_ms < IDLE_MIN_MS / 2 ? IDLE_MIN_MS : 2 * p->slow_ms;
}

/*
 * For how long the child in slot i has been in the state of that row: ms, or 0
 * if it is in another.
 */
static uint64_t
time_in(const struct parent *p, size_t i, size_t row, uint64_t now)
{
	const struct slot *slot = &p->board.slot[i];
	const struct seat *seat = &p->board.seat[i];
	uint64_t since;

	if (seat->pid == 0 || seat->spare || seat->gone_ms != 0 ||
	    atomic_load(&slot->state) != (int)order[row].state)
		return 0;
	since = atomic_load(&slot->moved_ms);
	if (since < seat->started_ms)
		since = seat->started_ms;
	return since < now ? now - since : 0;
}

/* The one to be asked; -1: nobody, as things are. */
static long
choose(const struct parent *p, uint64_t now, size_t *row, uint64_t *ms)
{
	uint64_t longest, k;
	long found = -1;
	size_t i;

	for (*row = 0; *row < N_ORDER; ++*row) {
		longest = patience(p, now) + order[*row].ms;
		for (i = 0; i < p->board.n; i++) {
			k = time_in(p, i, *row, now);
			if (k < longest || (found != -1 && k == longest) ||
			    p->board.seat[i].asked_ms != 0)
				continue;
			*ms = longest = k;
			found = (long)i;
		}
		if (found != -1)
			return found;
	}
	return -1;
}

bool
room_ask(struct parent *p, const char *client, uint64_t now)
{
	struct seat *seat;
	uint64_t ms = 0;
	size_t row;
	long i;

	if (p->asked_ms != 0 && now - p->asked_ms < ASK_MS)
		return true;
	if ((i = choose(p, now, &row, &ms)) == -1)
		return false;
	seat = &p->board.seat[i];
	log_info("child %ld of %s, %" PRIu64 " ms %s, makes room for %s "
	    "(--max-children)", (long)seat->pid, seat->client, ms,
	    order[row].text, client);
	seat->asked_ms = p->asked_ms = now;
	atomic_store(&p->board.slot[i].asked_ms, now);
	spawn_cut(seat);
	return true;
}

/* It has not left, nor found anything to do since it was asked. */
static bool
stays(const struct parent *p, size_t i, uint64_t now)
{
	size_t row;

	if (p->board.seat[i].asked_ms == 0 ||
	    now - p->board.seat[i].asked_ms < KILL_MS)
		return false;
	for (row = 0; row < N_ORDER; row++)
		if (time_in(p, i, row, now) >= patience(p, now) + order[row].ms +
		    KILL_MS)
			return true;
	return false;
}

/*
 * Ends one of the processes without clients: one in which no function runs, if
 * there is any, else the one whose client has left first.
 */
static void
end_one(struct parent *p)
{
	bool runs, found_runs = true;
	long found = -1;
	size_t i;

	for (i = 0; i < p->board.n; i++) {
		const struct seat *seat = &p->board.seat[i];

		if (seat->pid == 0 || seat->gone_ms == 0 ||
		    seat->killed != NULL)
			continue;
		runs = slot_is_running(&p->board.slot[i]);
		if (found != -1 && (runs != found_runs ? runs :
		    seat->gone_ms >= p->board.seat[found].gone_ms))
			continue;
		found = (long)i;
		found_runs = runs;
	}
	if (found != -1)
		reap_kill(&p->board.seat[found], "limit hit: too many "
		    "processes whose clients have left (--max-children)");
}

void
room_look(struct parent *p, uint64_t now)
{
	size_t i, left = 0;

	for (i = 0; i < p->board.n; i++) {
		struct seat *seat = &p->board.seat[i];
		int state;

		if (seat->pid == 0 || seat->spare)
			continue;
		state = atomic_load(&p->board.slot[i].state);
		learn(p, i);
		if (seat->gone_ms == 0 &&
		    (state == CHILD_GONE || state == CHILD_LEAVING)) {
			note_left(p, seat, now);
			p->gone++;
		}
		if (seat->gone_ms == 0 && stays(p, i, now))
			reap_kill(seat, "did not make room "
			    "(--max-children)");
		left += seat->gone_ms != 0 && seat->killed == NULL;
	}
	for (; !p->stopping && left > max_gone(p->options); left--)
		end_one(p);
}

void
room_died(struct parent *p, size_t i)
{
	struct seat *seat = &p->board.seat[i];

	learn(p, i);
	if (seat->gone_ms != 0)
		p->gone--;
	else
		note_left(p, seat, sys_now_ms());
}
