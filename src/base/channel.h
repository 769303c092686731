/* SPDX-License-Identifier: MIT */
/*
 * How a child's records get to the parent, which alone writes to the log: one
 * message each, of a pipe that no other child has.
 *
 * A thread in a hurry waits for nothing: a record that the parent has no room
 * for pends, up to a bound, until the I/O thread has it sent, and is lost beyond
 * the bound.  Such are the I/O thread and a thread that has the connection's
 * mutex; others wait.  The parent reads on however long nobody reads the log
 * (parent.c), so that this is not for ever.
 */
#ifndef H2RIG_CHANNEL_H
#define H2RIG_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * From now on this process's records go to fd, which is not owned and does not
 * block; those that are lost are counted in *lost.
 */
void channel_open(int fd, atomic_uint *lost);

/* The descriptor; -1: this process writes to the log itself. */
int channel_fd(void);

/* A script has closed it. */
bool channel_is_closed(void);

/* One message, or it is counted as lost. */
void channel_send(const void *message, size_t len);

/* Whether this thread is in a hurry from now on; what held before. */
bool channel_hurry(bool on);

/*
 * I/O thread: sends what pends.  True: some still does, until poll says that
 * the pipe can be written to.
 */
bool channel_flush(void);

/*
 * With the connection's mutex: whether something pends, and whether so much that
 * records had better be made by a thread that waits.
 */
bool channel_pends(void);
bool channel_is_crowded(void);

/* I/O thread, at the end: waits for at most ms; what pends then is lost. */
void channel_finish(unsigned ms);

#endif
