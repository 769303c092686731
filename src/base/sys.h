/* SPDX-License-Identifier: MIT */
/*
 * Small things of the operating system that POSIX leaves awkward.
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

/* close(2); errno stays as it is. */
void sys_close(int fd);

/* 0, or -1 with errno. */
int sys_set_cloexec(int fd);
int sys_set_nonblock(int fd);

/*
 * Moves a descriptor of ours to a number from `least` on, close-on-exec: the
 * new one, or -1 with errno.
 */
int sys_move(int fd, int least);

/*
 * Closes all descriptors from 3 on, but those n, which are `most` at most;
 * where the system has no call for it, those beyond that stay open.
 */
void sys_close_others(const int *keep, size_t n, int most);

/* A pipe, both ends close-on-exec (and non-blocking, if asked): 0 or -1. */
int sys_pipe(int fds[2], bool nonblock);

/*
 * The same of what takes messages of up to len octets whole or not at all, from
 * fds[1] to fds[0]: both ends do not block.
 */
int sys_message_pipe(int fds[2], size_t len);

/* A pair of connected sockets of that type, close-on-exec: 0 or -1. */
int sys_socketpair(int fds[2], int type);

/*
 * A listening socket queues no new connections from now on, but keeps those
 * that it has: 0, or -1 where the system cannot do that.
 */
int sys_queue_no_more(int fd);

/*
 * Zeroed memory that parent and children share, until munmap(2): NULL with
 * errno.  Pages cost nothing until they are written.
 */
void *sys_shared_memory(size_t size);

/* A new file without a name in TMPDIR or /tmp, close-on-exec: -1, errno. */
int sys_temp_file(void);

/* Longest numeric host: an IPv6 address and its scope's name. */
#define SYS_HOST_SIZE 64
/* "[host]:port" */
#define SYS_ADDR_SIZE (SYS_HOST_SIZE + 8)

/* write(), again after a signal. */
ssize_t sys_write(int fd, const void *src, size_t len);

/*
 * Octets written to the socket that its peer has not yet acknowledged; -1 where
 * the system does not tell.
 */
long sys_unsent(int fd);

/*
 * Whether this side has ended a TCP connection, in one direction or both; false
 * also where the system does not tell.
 */
bool sys_is_shut(int fd);

/* Writes "127.0.0.1:80" or "[::1]:80" and returns dst. */
const char *sys_format_addr(const struct sockaddr *sa, char *dst, size_t size);

/* The two halves of it: "::1", and 80. */
const char *sys_addr_host(const struct sockaddr *sa, char *dst, size_t size);
unsigned sys_addr_port(const struct sockaddr *sa);

/* The port of our end of a socket; 0: not known. */
unsigned sys_local_port(int fd);

/* A numeric IPv4 or IPv6 address: 0, or -1 when host is neither. */
int sys_parse_addr(const char *host, unsigned port,
    struct sockaddr_storage *ss, socklen_t *len);

/* poll(2); mask is the process's in the meantime.  A signal ends it: EINTR. */
int sys_poll(struct pollfd *fds, size_t n, long ms, const sigset_t *mask);

/*
 * A thread with a stack of so many octets, which somebody joins or detaches: 0,
 * or -1 with errno.
 */
int sys_start_thread(void *(*fn)(void *), void *arg, size_t stack);

/* sigaction with an empty mask; flags are its. */
void sys_set_handler(int sig, void (*handler)(int), int flags);

/*
 * "SIGABRT" for SIGABRT; "signal N", until the next call, for what has no
 * name here.
 */
const char *sys_signal_name(int sig);

/* The absolute path of the running program, allocated; NULL: errno. */
char *sys_program_path(const char *argv0);

#endif
