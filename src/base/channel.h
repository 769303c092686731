/* SPDX-License-Identifier: MIT */
/*
 * How a child sends its log records to the parent, which alone writes to the
 * log.  Each record is one message in a pipe that belongs to this child alone.
 *
 * A thread in a hurry never waits.  If the pipe has no room for its record, the
 * record is pending until the I/O thread sends it; records beyond a bound of
 * pending octets are lost.  The I/O thread is in a hurry, and so is a thread
 * that holds the connection's mutex; other threads wait for room.  They do not
 * wait for ever: the parent goes on reading, however long nobody reads the log
 * (parent.c).
 */
#ifndef H2RIG_CHANNEL_H
#define H2RIG_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Sends this process's records to fd from now on, and counts lost records in
 * *lost.  fd must not block; the caller still owns it.
 */
void channel_open(int fd, atomic_uint *lost);

/* Returns the descriptor, or -1 if this process writes to the log itself. */
int channel_fd(void);

/* Returns whether a script has closed the descriptor, as a write found out. */
bool channel_is_closed(void);

/* Sends one message; if that is impossible, counts it as lost. */
void channel_send(const void *message, size_t len);

/* Sets whether this thread is in a hurry.  Returns the former value. */
bool channel_hurry(bool on);

/*
 * In the I/O thread: sends the pending messages.  Returns true if some are
 * left, to be sent when poll says that the pipe can be written to.
 */
bool channel_flush(void);

/*
 * With the connection's mutex: channel_pends returns whether messages are
 * pending, channel_is_crowded whether there are so many that a thread that may
 * wait should make further records.
 */
bool channel_pends(void);
bool channel_is_crowded(void);

/*
 * In the I/O thread, at the end: sends the pending messages, for at most ms
 * milliseconds, and counts those that are left as lost.
 */
void channel_finish(unsigned ms);

#endif
