/* SPDX-License-Identifier: MIT */
/*
 * A child's side of the pipe that its records go to the parent by.
 *
 * Nothing is allocated, and only threads in a hurry take a lock (see log.c): a
 * process that a script has forked has none.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "sys.h"

#define PENDING_MAX (256 * 1024)	/* octets that pend */
#define AGAIN_MS 10		/* where poll does not tell of room */

static int channel = -1;
static atomic_uint *lost;
static atomic_bool is_closed;
static _Thread_local bool in_a_hurry;

/* Messages, each after its length. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char pending[PENDING_MAX];
static size_t pending_from, pending_to;
static unsigned n_pending;

void
channel_open(int fd, atomic_uint *count)
{
	channel = fd;
	lost = count;
}

int
channel_fd(void)
{
	return channel;
}

bool
channel_is_closed(void)
{
	return atomic_load_explicit(&is_closed, memory_order_relaxed);
}

bool
channel_hurry(bool on)
{
	bool before = in_a_hurry;

	in_a_hurry = on;
	return before;
}

bool
channel_pends(void)
{
	return pending_from < pending_to;
}

bool
channel_is_crowded(void)
{
	return pending_to - pending_from > PENDING_MAX / 4;
}

/* False: there is no room.  Whatever else is wrong, it will not be better. */
static bool
try(const void *message, size_t len)
{
	ssize_t n;

	do
		n = write(channel, message, len);
	while (n == -1 && errno == EINTR);
	if (n >= 0)
		return true;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
		return false;
	if (errno == EBADF)
		atomic_store(&is_closed, true);
	atomic_fetch_add(lost, 1);
	return true;
}

/* Some systems say ENOBUFS, and that there is room all the same. */
static void
wait_for_room(int ms)
{
	struct pollfd p = { .fd = channel, .events = POLLOUT };

	if (errno == ENOBUFS)
		poll(NULL, 0, ms < AGAIN_MS ? ms : AGAIN_MS);
	else
		poll(&p, 1, ms);
}

static void
pend(const void *message, size_t len)
{
	size_t need = sizeof(len) + len;

	if (need > sizeof(pending) - pending_to) {
		pending_to -= pending_from;
		memmove(pending, pending + pending_from, pending_to);
		pending_from = 0;
	}
	if (need > sizeof(pending) - pending_to) {
		atomic_fetch_add(lost, 1);
		return;
	}
	memcpy(pending + pending_to, &len, sizeof(len));
	memcpy(pending + pending_to + sizeof(len), message, len);
	pending_to += need;
	n_pending++;
}

/* Sends what pends; true: some still does. */
static bool
flush(void)
{
	size_t len;

	while (channel_pends()) {
		memcpy(&len, pending + pending_from, sizeof(len));
		if (!try(pending + pending_from + sizeof(len), len))
			return true;
		pending_from += sizeof(len) + len;
		n_pending--;
	}
	pending_from = pending_to = 0;
	return false;
}

bool
channel_flush(void)
{
	bool pends;

	pthread_mutex_lock(&mutex);
	pends = flush();
	pthread_mutex_unlock(&mutex);
	return pends;
}

void
channel_send(const void *message, size_t len)
{
	if (in_a_hurry) {
		pthread_mutex_lock(&mutex);
		if (flush() || !try(message, len))
			pend(message, len);
		pthread_mutex_unlock(&mutex);
		return;
	}
	while (!try(message, len))
		wait_for_room(1000);
}

void
channel_finish(unsigned ms)
{
	uint64_t now, due = sys_now_ms() + ms;

	while (channel_flush() && (now = sys_now_ms()) < due)
		wait_for_room((int)(due - now));
	atomic_fetch_add(lost, n_pending);
}
