/* SPDX-License-Identifier: MIT */
/*
 * Being started by another program: inetd, systemd, s6, runit, a UCSPI server.
 * This file takes and checks what they give (descriptors, variables) before any
 * other file uses it, and tells them what they want to know; main and the
 * parent call it.  libsystemd is not needed: the protocol of sd_notify(3) and
 * sd_listen_fds(3) is a datagram and two variables.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "supervise.h"

#define FIRST_FD 3		/* first descriptor of LISTEN_FDS */
#define SIGNALS_END 128		/* above all signals that a system has */

/* ---- signals ---- */

/*
 * Timers, limits and ignored or blocked signals are inherited.  This function
 * gives each signal the action of a new process, but ignores SIGPIPE and
 * SIGXFSZ, as Python does, so that a write fails instead.  It blocks all
 * signals that could end this process although nobody asked for that.  parent.c
 * has handlers for the signals that it waits for; children block none.
 */
static void
shield_from_signals(void)
{
	static const int open[] = {
		SIGABRT, SIGBUS, SIGCONT, SIGFPE, SIGILL, SIGINT, SIGQUIT,
		SIGSEGV, SIGSYS, SIGTERM, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU
	};
	sigset_t blocked;
	size_t i;
	int sig;

	sigfillset(&blocked);
	for (i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		sigdelset(&blocked, open[i]);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	for (sig = 1; sig < SIGNALS_END; sig++)
		sys_set_handler(sig, sig == SIGPIPE || sig == SIGXFSZ ?
		    SIG_IGN : SIG_DFL, 0);
}

/* ---- standard descriptors ---- */

/*
 * Whether argv, which options.c has not parsed yet, has the option name, or an
 * abbreviation of it with at least `shortest` octets.
 */
static bool
given(int argc, char **argv, const char *name, size_t shortest)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		size_t len = strlen(argv[i]);

		if (len >= shortest && strncmp(argv[i], name, len) == 0)
			return true;
	}
	return false;
}

/* Returns a copy of standard input, which is above 2, since 0 to 2 are open. */
static int
keep_input(void)
{
	int fd = dup(STDIN_FILENO);

	if (fd == -1 || sys_set_cloexec(fd) == -1)
		fatal(EXIT_SYSTEM, "standard input");
	return fd;
}

static bool
same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void
supervise_begin(struct supervise *s, int argc, char **argv)
{
	int fd;

	shield_from_signals();
	umask(umask(0) & (S_IRWXG | S_IRWXO));	/* we may read our own files */
	memset(s, 0, sizeof(*s));
	s->input = s->leash = s->conn = s->notify_fd = -1;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1)
		fatal(EXIT_SYSTEM, "/dev/null");
	if (given(argc, argv, "--stop-on-eof", sizeof("--sto") - 1))
		s->leash = keep_input();
	if (given(argc, argv, "--inetd-wait", sizeof("--inetd") - 1)) {
		s->input = keep_input();
		s->mute = same_file(s->input, STDERR_FILENO);
		if (s->mute)
			dup2(fd, STDERR_FILENO);
		if (s->mute && log_set_syslog() == -1)
			_exit(EXIT_SYSTEM);	/* there is nobody to tell */
		if (same_file(s->input, STDOUT_FILENO))
			dup2(fd, STDOUT_FILENO);
	}
	if (dup2(fd, STDIN_FILENO) == -1)
		fatal(EXIT_SYSTEM, "/dev/null");
	close(fd);
}

/*
 * Under inetd makes descriptor 1, and 2 if it was the client's, lead to the
 * log.
 */
void
supervise_log_reopened(const struct supervise *s)
{
	int fd = log_get_fd();

	/* With the system's log there is no descriptor: 1 stays as it is. */
	if (s->input == -1 || fd == -1)
		return;
	dup2(fd, STDOUT_FILENO);
	if (s->mute)
		dup2(fd, STDERR_FILENO);
}

/* ---- inherited sockets ---- */

enum socket_kind { NO_SOCKET, LISTENING, CONNECTION };

/*
 * Returns the kind of a TCP socket, made close-on-exec and non-blocking, or
 * NO_SOCKET.
 */
static enum socket_kind
socket_kind(int fd)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(int);
	int type = 0, listening = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == -1 ||
	    type != SOCK_STREAM || sys_local_addr(fd, &ss) == -1)
		return NO_SOCKET;
	n = sizeof(listening);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == -1 ||
	    sys_set_cloexec(fd) == -1 || sys_set_nonblock(fd) == -1)
		return NO_SOCKET;
	return listening ? LISTENING : CONNECTION;
}

/* Returns the number in a variable, or -1 if it is not set or no number. */
static long
number_of(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long v;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	v = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' ? v : -1;
}

/*
 * Finds the client's address.  A UCSPI server tells it by variables, which
 * count more than the kernel's answer, since the kernel's peer may be a relay.
 */
static void
find_client(struct supervise *s)
{
	const char *host = getenv("TCPREMOTEIP");
	long port = number_of("TCPREMOTEPORT");
	socklen_t len = sizeof(s->client);

	if (host != NULL && port >= 0 && port <= 65535 &&
	    sys_parse_addr(host, (unsigned)port, &s->client, &len) == 0)
		return;
	len = sizeof(s->client);
	/* The address of a client that has already left is not known: "?". */
	if (getpeername(s->conn, (struct sockaddr *)&s->client, &len) == -1)
		memset(&s->client, 0, sizeof(s->client));
}

/* Takes inetd's descriptor 0.  Returns 0, or an exit status with err. */
static int
take_input(struct supervise *s, const struct options *o, struct listeners *l,
    char *err, size_t size)
{
	enum socket_kind kind = socket_kind(s->input);

	if (kind != (o->inetd ? CONNECTION : LISTENING)) {
		snprintf(err, size, "--%s: expected %s on standard input",
		    o->inetd ? "inetd" : "inetd-wait", o->inetd ?
		    "a TCP connection" : "a listening TCP socket");
		return EXIT_CONFIG;
	}
	if (o->inetd) {
		s->conn = s->input;
		find_client(s);
	} else
		l->fd[l->n++] = s->input;
	return 0;
}

/* Takes systemd's n sockets.  Returns 0, or an exit status with err. */
static int
take_listen_fds(struct supervise *s, struct listeners *l, long n, char *err,
    size_t size)
{
	long i;

	/* Each may have a port of its own. */
	if (n > OPTIONS_MAX_PORT) {
		snprintf(err, size, "LISTEN_FDS: %ld: expected at most %d", n,
		    OPTIONS_MAX_PORT);
		return EXIT_CONFIG;
	}
	for (i = 0; i < n; i++) {
		int fd = FIRST_FD + (int)i;
		enum socket_kind kind = socket_kind(fd);

		if (kind == CONNECTION && n == 1) {
			s->conn = fd;
			find_client(s);
		} else if (kind == LISTENING) {
			l->fd[l->n++] = fd;
		} else {
			snprintf(err, size, "LISTEN_FDS: descriptor %d: "
			    "expected a %sTCP socket", fd,
			    kind == CONNECTION ? "listening " : "");
			return EXIT_CONFIG;
		}
	}
	return 0;
}

static int
take_notify(struct supervise *s, const struct options *o, char *err,
    size_t size)
{
	const char *path = getenv("NOTIFY_SOCKET");

	/* '@' stands for the NUL of an abstract name (unix(7)). */
	if (path != NULL && (path[0] == '/' || path[0] == '@') &&
	    strlen(path) < sizeof(s->notify_socket))
		strcpy(s->notify_socket, path);
	if (o->notify_fd == 0)
		return 0;
	s->notify_fd = (int)o->notify_fd;
	errno = EBADF;		/* a number that was free may be the leash's */
	if (s->notify_fd != s->leash && sys_set_cloexec(s->notify_fd) == 0)
		return 0;
	snprintf(err, size, "--notify-fd: \"%u\": expected an open "
	    "descriptor: %s", o->notify_fd, strerror(errno));
	return EXIT_CONFIG;
}

int
supervise_take(struct supervise *s, const struct options *o,
    struct listeners *l, char *err, size_t err_size)
{
	bool inetd = o->inetd || o->inetd_wait;
	long n = number_of("LISTEN_FDS");
	int status = 0;

	l->n = 0;
	if (!o->stop_on_eof)	/* given() saw another option's value */
		s->leash = -1;
	if (number_of("LISTEN_PID") != (long)getpid())
		n = 0;
	if (inetd)
		status = take_input(s, o, l, err, err_size);
	else if (n > 0)
		status = take_listen_fds(s, l, n, err, err_size);
	l->inherited = l->n > 0;
	if (status == 0)
		status = take_notify(s, o, err, err_size);
	if (status == 0)
		supervise_log_reopened(s);
	return status;
}

/* ---- telling the supervisor ---- */

/*
 * Sends lines as one datagram (sd_notify(3)) and does not wait: 0, or -1 with
 * errno.
 */
static int
send_notice(const struct supervise *s, const char *text)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(s->notify_socket);
	ssize_t rc = -1;
	int fd;

	memcpy(to.sun_path, s->notify_socket, len);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd != -1 && sys_set_nonblock(fd) == 0)
		rc = sendto(fd, text, strlen(text), MSG_NOSIGNAL,
		    (const struct sockaddr *)&to, (socklen_t)(offsetof(
		    struct sockaddr_un, sun_path) + len));
	if (fd != -1)
		sys_close(fd);
	return rc == -1 ? -1 : 0;
}

bool
supervise_retry(struct supervise *s)
{
	while (s->n_notices > 0) {
		if (send_notice(s, s->notices[0]) == -1) {
			if (errno == EAGAIN || errno == ENOBUFS)
				return true;
			log_warn("NOTIFY_SOCKET");
		}
		memmove(s->notices[0], s->notices[1],
		    sizeof(s->notices) - sizeof(s->notices[0]));
		s->n_notices--;
	}
	return false;
}

/* all: supersedes the notices that are not yet delivered. */
static void
notify(struct supervise *s, const char *text, bool all)
{
	if (s->notify_socket[0] == '\0')
		return;
	if (all)
		s->n_notices = 0;
	if (s->n_notices < SUPERVISE_NOTICES)
		snprintf(s->notices[s->n_notices++], SUPERVISE_TEXT, "%s",
		    text);
	supervise_retry(s);
}

void
supervise_ready(struct supervise *s)
{
	if (s->notify_fd != -1) {
		if (write(s->notify_fd, "\n", 1) == -1)
			log_warn("--notify-fd");
		close(s->notify_fd);
		s->notify_fd = -1;
	}
	notify(s, "READY=1", true);
}

void
supervise_reloading(struct supervise *s)
{
	char text[SUPERVISE_TEXT];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	    sys_now_us());
	notify(s, text, true);
}

void
supervise_reloaded(struct supervise *s)
{
	notify(s, "READY=1", false);
}

void
supervise_stopping(struct supervise *s)
{
	notify(s, "STOPPING=1", true);
}
