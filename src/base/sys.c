/* SPDX-License-Identifier: MIT */
/*
 * What POSIX leaves awkward: pairs of descriptors that are close-on-exec,
 * addresses as text and back, signal names, and what only some systems have,
 * behind configure's checks.  Everything here is a plain function without
 * state; everyone may call it.
 */
#include "config.h"
#if defined(HAVE_EXTENSIONS) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE		/* MAP_ANONYMOUS, ppoll, close_range */
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_LINUX_FILTER_H
#include <linux/filter.h>
#endif
#ifdef HAVE_LINUX_SOCKIOS_H
#include <linux/sockios.h>
#include <sys/ioctl.h>
#endif
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sys.h"

#if defined(HAVE_EXTENSIONS) && !defined(MAP_ANONYMOUS)
#define MAP_ANONYMOUS MAP_ANON
#endif

#define SIGNAL_MS 50		/* longest wait where there is no ppoll, ms */

uint64_t
sys_now_us(void)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
sys_now_ms(void)
{
	return sys_now_us() / 1000;
}

void
sys_close(int fd)
{
	int err = errno;

	close(fd);
	errno = err;
}

void
sys_close_end(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

int
sys_set_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags == -1)
		return -1;
	return fcntl(fd, F_SETFD, flags | FD_CLOEXEC) == -1 ? -1 : 0;
}

int
sys_set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return -1;
	return fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ? -1 : 0;
}

int
sys_move(int fd, int least)
{
	int to;

	if (fd >= least)
		return fd;
	to = fcntl(fd, F_DUPFD_CLOEXEC, least);
	if (to != -1)
		close(fd);
	return to;
}

static void
close_run(int first, int last)
{
#ifdef HAVE_CLOSE_RANGE
	if (first > last ||
	    close_range((unsigned)first, (unsigned)last, 0) == 0)
		return;
#endif
	for (; first <= last; first++)
		close(first);
}

void
sys_close_others(const int *keep, size_t n, int most)
{
	int first, next;
	size_t i;

	for (first = STDERR_FILENO + 1; first <= most; first = next + 1) {
		next = most + 1;
		for (i = 0; i < n; i++)
			if (keep[i] >= first && keep[i] < next)
				next = keep[i];
		close_run(first, next - 1);
	}
#ifdef HAVE_CLOSE_RANGE
	close_range((unsigned)most + 1, UINT_MAX, 0);
#endif
}

/*
 * Makes both descriptors close-on-exec, and non-blocking if asked.  Returns 0,
 * or -1 with errno set and both closed.
 */
static int
set_up_pair(int fds[2], bool nonblock)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (sys_set_cloexec(fds[i]) == 0 &&
		    (!nonblock || sys_set_nonblock(fds[i]) == 0))
			continue;
		sys_close(fds[0]);
		sys_close(fds[1]);
		return -1;
	}
	return 0;
}

int
sys_pipe(int fds[2], bool nonblock)
{
	return pipe(fds) == -1 ? -1 : set_up_pair(fds, nonblock);
}

int
sys_socketpair(int fds[2], int type)
{
	return socketpair(AF_UNIX, type, 0, fds) == -1 ? -1 :
	    set_up_pair(fds, false);
}

int
sys_message_pipe(int fds[2], size_t len)
{
#ifdef PIPE_BUF
	if (len <= PIPE_BUF)	/* POSIX: such a write is atomic */
		return sys_pipe(fds, true);
#endif
	return sys_socketpair(fds, SOCK_SEQPACKET) == -1 &&
	    sys_socketpair(fds, SOCK_DGRAM) == -1 ? -1 :
	    set_up_pair(fds, true);
}

int
sys_poll(struct pollfd *fds, size_t n, long ms, const sigset_t *mask)
{
#ifdef HAVE_PPOLL
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	return ppoll(fds, (nfds_t)n, ms == -1 ? NULL : &ts, mask);
#else
	/* A signal that comes just before poll is noticed when poll ends. */
	long most = ms == -1 || ms > SIGNAL_MS ? SIGNAL_MS : ms;
	sigset_t before;
	int rc;

	sigprocmask(SIG_SETMASK, mask, &before);
	rc = poll(fds, (nfds_t)n, (int)most);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (rc == 0 && most != ms) {
		errno = EINTR;
		rc = -1;
	}
	return rc;
#endif
}

void
sys_set_handler(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { 0 };

	sa.sa_handler = handler;
	sa.sa_flags = flags;
	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

ssize_t
sys_write(int fd, const void *src, size_t len)
{
	ssize_t n;

	do
		n = write(fd, src, len);
	while (n == -1 && errno == EINTR);
	return n;
}

long
sys_unsent(int fd)
{
#ifdef SIOCOUTQ
	int n;

	return ioctl(fd, SIOCOUTQ, &n) == 0 ? n : 0;
#else
	(void)fd;
	return -1;
#endif
}

int
sys_queue_no_more(int fd)
{
#if defined(HAVE_LINUX_FILTER_H) && defined(SO_ATTACH_FILTER)
	/*
	 * Drops each segment with SYN, which is flag 2 in octet 13 of the TCP
	 * header.
	 */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
	    sizeof(program));
#else
	(void)fd;
	return -1;
#endif
}

bool
sys_is_shut(int fd)
{
#ifdef HAVE_LINUX
	struct tcp_info info;
	socklen_t len = sizeof(info);
	char octet;
	ssize_t n;

	/*
	 * recv comes before the look at the state, since the client's FIN may
	 * change the state in between.
	 */
	n = recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return false;
	if (info.tcpi_state == TCP_ESTABLISHED)	/* 0: not by a FIN */
		return n == 0;
	return info.tcpi_state == TCP_FIN_WAIT1 ||
	    info.tcpi_state == TCP_FIN_WAIT2;
#else
	(void)fd;
	return false;
#endif
}

void *
sys_shared_memory(size_t size)
{
	void *p = MAP_FAILED;

#ifdef MAP_ANONYMOUS
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
#else
	int fd = sys_temp_file();

	if (fd != -1 && ftruncate(fd, (off_t)size) == 0)
		p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd != -1)
		sys_close(fd);
#endif
	return p == MAP_FAILED ? NULL : p;
}

int
sys_temp_file(void)
{
	char path[PATH_MAX];
	const char *dir = getenv("TMPDIR");
	int fd, n;

	if (dir == NULL || dir[0] != '/')
		dir = "/tmp";
	n = snprintf(path, sizeof(path), "%s/h2rig.XXXXXX", dir);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkstemp(path);
	if (fd == -1)
		return -1;
	unlink(path);
	if (sys_set_cloexec(fd) == -1) {
		sys_close(fd);
		return -1;
	}
	return fd;
}

static socklen_t
addr_len(const struct sockaddr *sa)
{
	return sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	    : sizeof(struct sockaddr_in);
}

const char *
sys_addr_host(const struct sockaddr *sa, char *dst, size_t size)
{
	if ((sa->sa_family != AF_INET && sa->sa_family != AF_INET6) ||
	    getnameinfo(sa, addr_len(sa), dst, (socklen_t)size, NULL, 0,
	    NI_NUMERICHOST) != 0)
		snprintf(dst, size, "?");
	return dst;
}

unsigned
sys_addr_port(const struct sockaddr *sa)
{
	char port[8] = "0";

	if (sa->sa_family == AF_INET || sa->sa_family == AF_INET6)
		getnameinfo(sa, addr_len(sa), NULL, 0, port, sizeof(port),
		    NI_NUMERICSERV);
	return (unsigned)strtoul(port, NULL, 10);
}

int
sys_local_addr(int fd, struct sockaddr_storage *ss)
{
	socklen_t len = sizeof(*ss);

	memset(ss, 0, sizeof(*ss));
	if (getsockname(fd, (struct sockaddr *)ss, &len) == -1)
		return -1;
	if (ss->ss_family == AF_INET || ss->ss_family == AF_INET6)
		return 0;
	errno = EAFNOSUPPORT;
	return -1;
}

unsigned
sys_local_port(int fd)
{
	struct sockaddr_storage ss;

	return sys_local_addr(fd, &ss) == 0 ?
	    sys_addr_port((const struct sockaddr *)&ss) : 0;
}

const char *
sys_format_addr(const struct sockaddr *sa, char *dst, size_t size)
{
	const char *fmt = sa->sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u";
	char host[SYS_HOST_SIZE];

	snprintf(dst, size, fmt, sys_addr_host(sa, host, sizeof(host)),
	    sys_addr_port(sa));
	return dst;
}

int
sys_parse_addr(const char *host, unsigned port, struct sockaddr_storage *ss,
    socklen_t *len)
{
	struct addrinfo hints = { 0 }, *ai = NULL;
	char service[16];

	/* With numbers only, getaddrinfo asks no resolver. */
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	hints.ai_socktype = SOCK_STREAM;
	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &ai) != 0)
		return -1;
	memset(ss, 0, sizeof(*ss));
	memcpy(ss, ai->ai_addr, ai->ai_addrlen);
	*len = ai->ai_addrlen;
	freeaddrinfo(ai);
	return 0;
}

int
sys_start_thread(void *(*fn)(void *), void *arg, size_t stack)
{
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack);
	rc = pthread_create(&thread, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	if (rc != 0)
		errno = rc;
	return rc == 0 ? 0 : -1;
}

static const struct {
	int sig;
	const char *name;
} signals[] = {
	{ SIGABRT, "SIGABRT" }, { SIGALRM, "SIGALRM" }, { SIGBUS, "SIGBUS" },
	{ SIGCHLD, "SIGCHLD" }, { SIGCONT, "SIGCONT" }, { SIGFPE, "SIGFPE" },
	{ SIGHUP, "SIGHUP" }, { SIGILL, "SIGILL" }, { SIGINT, "SIGINT" },
	{ SIGKILL, "SIGKILL" }, { SIGPIPE, "SIGPIPE" },
	{ SIGPROF, "SIGPROF" }, { SIGQUIT, "SIGQUIT" },
	{ SIGSEGV, "SIGSEGV" }, { SIGSTOP, "SIGSTOP" }, { SIGSYS, "SIGSYS" },
	{ SIGTERM, "SIGTERM" }, { SIGTRAP, "SIGTRAP" },
	{ SIGTSTP, "SIGTSTP" }, { SIGTTIN, "SIGTTIN" },
	{ SIGTTOU, "SIGTTOU" }, { SIGURG, "SIGURG" }, { SIGUSR1, "SIGUSR1" },
	{ SIGUSR2, "SIGUSR2" }, { SIGVTALRM, "SIGVTALRM" },
	{ SIGXCPU, "SIGXCPU" }, { SIGXFSZ, "SIGXFSZ" }
};

const char *
sys_signal_name(int sig)
{
	static char other[32];
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i].sig == sig)
			return signals[i].name;
	snprintf(other, sizeof(other), "signal %d", sig);
	return other;
}
