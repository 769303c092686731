/* SPDX-License-Identifier: MIT */
/*
 * How the threads of a connection wake each other.
 */
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "wake.h"

int
wake_init(struct wake *w)
{
	*w = (struct wake){ .pipe = { -1, -1 }, .io_thread = pthread_self() };
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->cond, NULL);
	return sys_pipe(w->pipe, 1);
}

void
wake_close(struct wake *w)
{
	close(w->pipe[0]);
	close(w->pipe[1]);
}

void
wake_io(struct wake *w)
{
	if (w->sent || pthread_equal(pthread_self(), w->io_thread))
		return;
	w->sent = true;
	if (write(w->pipe[1], "", 1) == -1)
		/* A full pipe wakes as well, and poll tells of a closed one. */
		return;
}

void
wake_take(struct wake *w)
{
	char octets[64];

	w->sent = false;
	while (read(w->pipe[0], octets, sizeof(octets)) > 0)
		;
}

bool
wake_handler(struct wake *w)
{
	if (w->n_entering > 0)
		return true;
	if (w->n_idle == 0)
		return false;
	w->n_idle--;
	w->n_entering++;
	w->to_ring++;
	return true;
}

void
wake_ring(struct wake *w, unsigned n)
{
	pthread_mutex_lock(&w->mutex);
	w->n_calls += n;
	pthread_mutex_unlock(&w->mutex);
	while (n-- > 0)
		pthread_cond_signal(&w->cond);
}

void
wake_end(struct wake *w)
{
	pthread_mutex_lock(&w->mutex);
	w->over = true;
	pthread_mutex_unlock(&w->mutex);
	pthread_cond_broadcast(&w->cond);
}
