/* SPDX-License-Identifier: MIT */
/*
 * Room for clients: which child makes room when all places (--max-children) are
 * taken, and how many processes may go on after their clients have left.
 *
 * A child's state is in its slot, which a script may have overwritten.  So the
 * state decides nothing that would harm a client: a child that is asked to make
 * room and has something to do refuses (child.c), and the number of processes
 * that have no client is bounded too.
 */
#include <inttypes.h>

#include "base/log.h"
#include "base/sys.h"
#include "parent_impl.h"

/*
 * Milliseconds that a client gets to open a stream: twice what the slowest of
 * the last clients took from accept to the first request, within these bounds;
 * and IDLE_MAX_MS while clients leave by themselves.  So a burst of clients on
 * a slow machine, or from far away, loses none of them.
 */
#define IDLE_MIN_MS 1000
#define IDLE_MAX_MS 5000
#define FLOW_MS 250		/* since the last one that left, at most */

#define STUCK_MS 10000		/* more, to go on with an open stream */
#define ASK_MS 100		/* until another child is asked too */
#define KILL_MS 3000		/* until a child that did not leave is killed */

#define GONE_MIN 16		/* processes without clients always allowed */

/* Clients that are told at a time, beyond all places, when the server stops. */
#define LATE_MAX 16

#define TRIALS 1		/* seats kept for processes that try routes */

/*
 * In which states a child is asked, in this order, and after which time without
 * work.  A child with a stream whose function runs is not asked.
 */
static const struct {
	enum child_state state;
	uint64_t ms;		/* beyond what clients get anyway */
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
room_seats(const struct options *o)
{
	return o->max_children + max_gone(o) + o->spare + LATE_MAX + TRIALS;
}

static bool
is_free(const struct parent *p)
{
	size_t most = p->options->max_children + (p->stopping ? LATE_MAX : 0);

	return p->count[SEAT_CLIENT] < most &&
	    p->count[SEAT_FREE] + p->count[SEAT_TRIAL] > TRIALS;
}

static void
learn(struct parent *p, size_t i)
{
	struct seat *seat = &p->seat[i];
	uint64_t first = atomic_load(&p->board.slot[i].first_ms);
	uint64_t ms = first > seat->started_ms ? first - seat->started_ms : 0;

	if (first == 0 || seat->room.learned)
		return;
	seat->room.learned = true;
	p->room.slow_ms -= p->room.slow_ms / 16;
	if (ms > IDLE_MAX_MS / 2)
		ms = IDLE_MAX_MS / 2;
	if (ms > p->room.slow_ms)
		p->room.slow_ms = ms;
}

/* A place is free.  Remembers whether the client has left by itself. */
static void
note_left(struct parent *p, struct seat *seat, uint64_t now)
{
	seat->room.gone_ms = now;
	if (seat->room.asked_ms == 0)
		p->room.left_ms = now;
}

static uint64_t
patience(const struct parent *p, uint64_t now)
{
	if (p->room.left_ms != 0 && now - p->room.left_ms < FLOW_MS)
		return IDLE_MAX_MS;
	return p->room.slow_ms < IDLE_MIN_MS / 2 ? IDLE_MIN_MS :
	    2 * p->room.slow_ms;
}

/*
 * Returns how many milliseconds the child in slot i has been in the state of
 * that row, or 0 if it is in another state.
 */
static uint64_t
time_in(const struct parent *p, size_t i, size_t row, uint64_t now)
{
	const struct slot *slot = &p->board.slot[i];
	const struct seat *seat = &p->seat[i];
	uint64_t since;

	if (seat->role != SEAT_CLIENT ||
	    atomic_load(&slot->state) != (int)order[row].state)
		return 0;
	since = atomic_load(&slot->moved_ms);
	if (since < seat->started_ms)
		since = seat->started_ms;
	return since < now ? now - since : 0;
}

/* Returns the child to be asked, with its row and time; -1: none at present. */
static long
choose(const struct parent *p, uint64_t now, size_t *row, uint64_t *ms)
{
	uint64_t longest, k;
	long found = -1;
	size_t i;

	for (*row = 0; *row < N_ORDER; ++*row) {
		longest = patience(p, now) + order[*row].ms;
		for (i = 0; seat_next(p, &i, SEAT_IS(SEAT_CLIENT)); i++) {
			k = time_in(p, i, *row, now);
			if (k < longest || (found != -1 && k == longest) ||
			    p->seat[i].room.asked_ms != 0)
				continue;
			*ms = longest = k;
			found = (long)i;
		}
		if (found != -1)
			return found;
	}
	return -1;
}

/* Asks a child to leave.  False: none has been without work for long enough. */
static bool
ask(struct parent *p, const struct sockaddr *client, uint64_t now)
{
	char text[SYS_ADDR_SIZE];
	struct seat *seat;
	uint64_t ms = 0;
	size_t row;
	long i;

	if (p->room.asked_ms != 0 && now - p->room.asked_ms < ASK_MS)
		return true;
	if ((i = choose(p, now, &row, &ms)) == -1)
		return false;
	seat = &p->seat[i];
	log_info("child %ld of %s, %" PRIu64 " ms %s, makes room for %s "
	    "(--max-children)", (long)seat->pid, seat->client, ms,
	    order[row].text, sys_format_addr(client, text, sizeof(text)));
	seat->room.asked_ms = p->room.asked_ms = now;
	atomic_store(&p->board.slot[i].asked_ms, now);
	seat_cut_line(seat);
	return true;
}

enum room_found
room_find(struct parent *p, const struct sockaddr *client, uint64_t now)
{
	if (is_free(p)) {
		p->room.asked_ms = 0;
		return ROOM_FREE;
	}
	return p->stopping || ask(p, client, now) ? ROOM_SOON : ROOM_NONE;
}

/* Whether a child that was asked has neither left nor found work since. */
static bool
stays(const struct parent *p, size_t i, uint64_t now)
{
	const struct seat *seat = &p->seat[i];
	size_t row;

	if (seat->room.asked_ms == 0 || now - seat->room.asked_ms < KILL_MS)
		return false;
	for (row = 0; row < N_ORDER; row++)
		if (time_in(p, i, row, now) >=
		    patience(p, now) + order[row].ms + KILL_MS)
			return true;
	return false;
}

/*
 * Kills one of the processes without clients.  Prefers those in which no
 * function runs, and among them the one whose client has left first.
 */
static void
end_one(struct parent *p)
{
	bool runs, found_runs = true;
	struct seat *seat, *found = NULL;
	size_t i;

	for (i = 0; seat_next(p, &i, SEAT_IS(SEAT_GONE)); i++) {
		seat = &p->seat[i];
		if (seat->killed != NULL)
			continue;
		runs = slot_is_running(&p->board.slot[i]);
		if (found != NULL && (runs != found_runs ? runs :
		    seat->room.gone_ms >= found->room.gone_ms))
			continue;
		found = seat;
		found_runs = runs;
	}
	if (found != NULL)
		seat_kill(found, "limit hit: too many processes whose "
		    "clients have left (--max-children)");
}

/* Looks at a child that has or had a client.  True: it goes on without one. */
static bool
look_at(struct parent *p, size_t i, uint64_t now)
{
	struct seat *seat = &p->seat[i];
	int state = atomic_load(&p->board.slot[i].state);

	learn(p, i);
	if (seat->role == SEAT_CLIENT &&
	    (state == CHILD_GONE || state == CHILD_LEAVING)) {
		note_left(p, seat, now);
		if (p->options->per_process == 1)
			seat_cut_line(seat);	/* else it may serve again */
		seat_set_role(p, i, SEAT_GONE);
	} else if (seat->role == SEAT_CLIENT && stays(p, i, now)) {
		seat_kill(seat, "did not make room (--max-children)");
	}
	return seat->role == SEAT_GONE && seat->killed == NULL;
}

void
room_look(struct parent *p, uint64_t now)
{
	size_t i, left = 0;

	for (i = 0; seat_next(p, &i, SEAT_SERVES); i++)
		left += look_at(p, i, now);
	for (; !p->stopping && left > max_gone(p->options); left--)
		end_one(p);
}

void
room_died(struct parent *p, const struct death *d, uint64_t now)
{
	learn(p, d->i);
	if (d->role == SEAT_CLIENT)
		note_left(p, &p->seat[d->i], now);
}
