/* SPDX-License-Identifier: MIT */
/*
 * Small things of the operating system that POSIX leaves awkward.  A function
 * with an int as its result returns 0, or -1 with errno set, if it does not say
 * more.
 */
#ifndef H2RIG_SYS_H
#define H2RIG_SYS_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Milli- and microseconds of CLOCK_MONOTONIC: for intervals, not for dates. */
uint64_t sys_now_ms(void);
uint64_t sys_now_us(void);

/* close(2) that leaves errno as it is. */
void sys_close(int fd);

/* Closes *fd, unless it is -1, and makes it -1. */
void sys_close_end(int *fd);

/* Set close-on-exec, or O_NONBLOCK. */
int sys_set_cloexec(int fd);
int sys_set_nonblock(int fd);

/*
 * Moves fd to a number of at least `least`, close-on-exec, unless its number is
 * that high already.  Returns the number, or -1 with errno set.
 */
int sys_move(int fd, int least);

/*
 * Closes all descriptors from 3 on, except the n in `keep`, which must not be
 * above `most`.  Without close_range(2), descriptors above `most` stay open.
 */
void sys_close_others(const int *keep, size_t n, int most);

/* Makes a pipe, both ends close-on-exec, and non-blocking if asked. */
int sys_pipe(int fds[2], bool nonblock);

/*
 * Makes a channel from fds[1] to fds[0] that takes messages of up to len octets
 * whole or not at all.  Both ends are close-on-exec and non-blocking.
 */
int sys_message_pipe(int fds[2], size_t len);

/* Makes a pair of connected sockets of that type, close-on-exec. */
int sys_socketpair(int fds[2], int type);

/*
 * Makes a listening socket drop new connections; those in its queue stay.
 * Returns 0, or -1 where the system cannot do that.
 */
int sys_queue_no_more(int fd);

/*
 * Returns zeroed memory that parent and children share, until munmap(2), or
 * NULL with errno set.  A page costs nothing until it is written to.
 */
void *sys_shared_memory(size_t size);

/* Returns a close-on-exec file without a name, in TMPDIR or /tmp, or -1. */
int sys_temp_file(void);

/* Octets of the longest numeric host: an IPv6 address and its scope's name. */
#define SYS_HOST_SIZE 64
/* Octets of "[host]:port". */
#define SYS_ADDR_SIZE (SYS_HOST_SIZE + 8)

/* write(2), repeated if a signal interrupts it. */
ssize_t sys_write(int fd, const void *src, size_t len);

/*
 * Returns the octets written to a socket that its peer has not yet
 * acknowledged, or -1 where the system does not tell.
 */
long sys_unsent(int fd);

/*
 * Returns whether this side has shut down a TCP connection, in one direction or
 * both; false also where the system does not tell.
 */
bool sys_is_shut(int fd);

/* Writes "127.0.0.1:80" or "[::1]:80" and returns dst. */
const char *sys_format_addr(const struct sockaddr *sa, char *dst, size_t size);

/* An address's host as text ("::1", or "?"), and its port (80, or 0). */
const char *sys_addr_host(const struct sockaddr *sa, char *dst, size_t size);
unsigned sys_addr_port(const struct sockaddr *sa);

/* Stores the local address of a socket, which must be IPv4 or IPv6. */
int sys_local_addr(int fd, struct sockaddr_storage *ss);

/* Returns the local port of a socket, or 0 if it is not known. */
unsigned sys_local_port(int fd);

/* Parses a numeric IPv4 or IPv6 address.  Returns -1 if host is neither. */
int sys_parse_addr(const char *host, unsigned port,
    struct sockaddr_storage *ss, socklen_t *len);

/* poll(2) with `mask` as the signal mask; a signal ends it with EINTR. */
int sys_poll(struct pollfd *fds, size_t n, long ms, const sigset_t *mask);

/*
 * Starts a thread, which must be joined or detached, with a stack of `stack`
 * octets.  Returns 0, or -1 with errno set.
 */
int sys_start_thread(void *(*fn)(void *), void *arg, size_t stack);

/* sigaction(2) with an empty mask; flags are those of sigaction. */
void sys_set_handler(int sig, void (*handler)(int), int flags);

/*
 * Returns "SIGABRT" for SIGABRT, or "signal N", valid until the next call, for
 * a signal that has no name here.
 */
const char *sys_signal_name(int sig);

#endif
