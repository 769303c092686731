/* SPDX-License-Identifier: MIT */
/*
 * A child's end of the pipe that takes its log records to the parent.
 *
 * Only a thread in a hurry (channel_hurry) takes the lock or allocates memory
 * here.  In a process that a script has forked, no thread is in a hurry, so
 * that none waits for a lock whose holder does not exist there (see log.c).
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "channel.h"
#include "sys.h"

#define PENDING_MAX (256 * 1024)	/* most octets in `pending` */
#define AGAIN_MS 10		/* ms between tries if poll is no help */

static int channel = -1;
static atomic_uint *lost;
static atomic_bool is_closed;
static _Thread_local bool in_a_hurry;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct buf pending;	/* messages, each preceded by its length */

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
	return buf_len(&pending) > 0;
}

bool
channel_is_crowded(void)
{
	return buf_len(&pending) > PENDING_MAX / 4;
}

/*
 * Writes a message.  Returns false if there is no room for it now.  Any other
 * error is permanent: the message counts as lost, and true is returned.
 */
static bool
try(const void *message, size_t len)
{
	if (sys_write(channel, message, len) != -1)
		return true;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
		return false;
	if (errno == EBADF)
		atomic_store(&is_closed, true);
	atomic_fetch_add(lost, 1);
	return true;
}

/*
 * Waits for room, at most ms milliseconds, after `try` has failed.  After
 * ENOBUFS it only sleeps, since some systems then report that there is room
 * although there is none.
 */
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
	if (buf_len(&pending) + len > PENDING_MAX ||
	    buf_reserve(&pending, sizeof(len) + len) == NULL) {
		pending.failed = false;
		atomic_fetch_add(lost, 1);
		return;
	}
	buf_add(&pending, &len, sizeof(len));
	buf_add(&pending, message, len);
}

/* Returns the first pending message, of *len octets, or NULL. */
static const uint8_t *
first(size_t *len)
{
	if (!channel_pends())
		return NULL;
	memcpy(len, buf_data(&pending), sizeof(*len));
	return buf_data(&pending) + sizeof(*len);
}

/* Sends the pending messages.  Returns true if some are still pending. */
static bool
flush(void)
{
	const uint8_t *message;
	size_t len;

	while ((message = first(&len)) != NULL) {
		if (!try(message, len))
			return true;
		buf_consume(&pending, sizeof(len) + len);
	}
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
	size_t len;

	while (channel_flush() && (now = sys_now_ms()) < due)
		wait_for_room((int)(due - now));
	pthread_mutex_lock(&mutex);
	for (; first(&len) != NULL; buf_consume(&pending, sizeof(len) + len))
		atomic_fetch_add(lost, 1);
	pthread_mutex_unlock(&mutex);
}
