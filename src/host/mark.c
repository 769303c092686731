/* SPDX-License-Identifier: MIT */
/*
 * The state that the system keeps for a process.  Each row of a table writes
 * one part of it as octets, which are equal if nothing has changed.
 */
#include "config.h"
#if defined(HAVE_LINUX) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE		/* sched_getaffinity */
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "mark.h"

#define LAST_SIGNAL 64

/* Octets of memory that code may take and not give back. */
#define MEMORY_MAX (32L << 20)

#define THREAD_TRIES 50		/* looks whether an ending thread has gone */
#define THREAD_MS 1

extern char **environ;

static void
add_number(struct buf *b, unsigned long long n)
{
	buf_add(b, &n, sizeof(n));
}

static void
add_file(struct buf *b, const struct stat *s)
{
	add_number(b, (unsigned long long)s->st_dev);
	add_number(b, (unsigned long long)s->st_ino);
}

static void
threads(struct buf *b)
{
	struct stat s;

	/* Each thread is a directory there. */
	if (stat("/proc/self/task", &s) == 0)
		add_number(b, (unsigned long long)s.st_nlink);
}

/* Whether there is no child, not even a dead one that was not waited for. */
static void
processes(struct buf *b)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	add_number(b, waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) ==
	    -1 && errno == ECHILD);
}

static void
descriptors(struct buf *b)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *e;
	struct stat s;
	int fd;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		fd = atoi(e->d_name);
		if (e->d_name[0] == '.' || fd == dirfd(dir) ||
		    fstat(fd, &s) == -1)
			continue;
		add_number(b, (unsigned long long)fd);
		add_file(b, &s);
		add_number(b, (unsigned long long)fcntl(fd, F_GETFD));
		add_number(b, (unsigned long long)fcntl(fd, F_GETFL));
	}
	if (dir != NULL)
		closedir(dir);
}

/* Adds the signals of a set; its other octets have no meaning. */
static void
add_mask(struct buf *b, const sigset_t *set)
{
	unsigned long long bits = 0;
	int sig;

	for (sig = 1; sig <= LAST_SIGNAL; sig++)
		bits |= (unsigned long long)(sigismember(set, sig) == 1) <<
		    (sig - 1);
	add_number(b, bits);
}

static void
actions(struct buf *b)
{
	struct sigaction a;
	int sig;

	for (sig = 1; sig <= LAST_SIGNAL; sig++) {
		if (sigaction(sig, NULL, &a) == -1)
			continue;	/* a signal of the C library's own */
		add_number(b, (uintptr_t)a.sa_handler);
		add_number(b, (unsigned long long)a.sa_flags);
		if (a.sa_handler != SIG_DFL && a.sa_handler != SIG_IGN)
			add_mask(b, &a.sa_mask);
	}
}

static void
mask(struct buf *b)
{
	sigset_t set;

	sigemptyset(&set);
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	add_mask(b, &set);
	sigemptyset(&set);
	sigpending(&set);
	add_mask(b, &set);
}

static void
timers(struct buf *b)
{
	static const int which[] = { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };
	struct itimerval t;
	size_t i;

	for (i = 0; i < sizeof(which) / sizeof(which[0]); i++)
		add_number(b, getitimer(which[i], &t) == 0 &&
		    (t.it_value.tv_sec != 0 || t.it_value.tv_usec != 0));
}

static void
limits(struct buf *b)
{
	struct rlimit r;
	int i;

	for (i = 0; getrlimit(i, &r) == 0; i++) {
		add_number(b, (unsigned long long)r.rlim_cur);
		add_number(b, (unsigned long long)r.rlim_max);
	}
}

static void
file_mode(struct buf *b)
{
	mode_t m = umask(0);

	umask(m);
	add_number(b, m);
}

static void
directories(struct buf *b)
{
	struct stat s;

	if (stat(".", &s) == 0)
		add_file(b, &s);
	if (stat("/", &s) == 0)
		add_file(b, &s);
}

static void
environment(struct buf *b)
{
	char **e;

	for (e = environ; e != NULL && *e != NULL; e++)
		buf_add(b, *e, strlen(*e) + 1);
}

static void
the_locale(struct buf *b)
{
	const char *name = setlocale(LC_ALL, NULL);

	if (name != NULL)
		buf_add(b, name, strlen(name));
}

static void
rights(struct buf *b)
{
	gid_t groups[64];
	int n = getgroups(64, groups);

	add_number(b, getuid());
	add_number(b, geteuid());
	add_number(b, getgid());
	add_number(b, getegid());
	if (n > 0)
		buf_add(b, groups, (size_t)n * sizeof(groups[0]));
}

static void
standing(struct buf *b)
{
	add_number(b, (unsigned long long)getpgrp());
	add_number(b, (unsigned long long)getsid(0));
	add_number(b, (unsigned long long)getpriority(PRIO_PROCESS, 0));
	add_number(b, (unsigned long long)sched_getscheduler(0));
#ifdef HAVE_LINUX
	{
		cpu_set_t cpus;

		CPU_ZERO(&cpus);
		sched_getaffinity(0, sizeof(cpus), &cpus);
		buf_add(b, &cpus, sizeof(cpus));
	}
#endif
}

static const struct {
	const char *what;
	void (*add)(struct buf *b);
} rows[] = {
	{ "a thread", threads },
	{ "a process", processes },
	{ "a descriptor", descriptors },
	{ "a signal's action", actions },
	{ "the signal mask, or a pending signal", mask },
	{ "a timer", timers },
	{ "a resource limit", limits },
	{ "the umask", file_mode },
	{ "the working directory", directories },
	{ "the environment", environment },
	{ "the locale", the_locale },
	{ "the user or group", rights },
	{ "the process group, priority or processors", standing }
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static struct buf as_it_was[N_ROWS];
static long memory;

/* Returns the octets of memory that are the process's own; -1: not known. */
static long
own_memory(void)
{
	char text[128];
	long in_memory, shared;
	ssize_t n;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%*d %ld %ld", &in_memory, &shared) != 2)
		return -1;
	return (in_memory - shared) * sysconf(_SC_PAGESIZE);
}

int
mark_set(void)
{
	size_t i;

	memory = own_memory();
	for (i = 0; i < N_ROWS; i++) {
		buf_clear(&as_it_was[i]);
		rows[i].add(&as_it_was[i]);
		if (as_it_was[i].failed)
			return -1;
	}
	return memory == -1 || buf_len(&as_it_was[0]) == 0 ||
	    buf_len(&as_it_was[2]) == 0 ? -1 : 0;
}

static bool
is_same(size_t i)
{
	static struct buf now;

	buf_clear(&now);
	rows[i].add(&now);
	return !now.failed && buf_len(&now) == buf_len(&as_it_was[i]) &&
	    (buf_len(&now) == 0 || memcmp(buf_data(&now),
	    buf_data(&as_it_was[i]), buf_len(&now)) == 0);
}

const char *
mark_changed(void)
{
	size_t i;
	int k;

	/* A thread that has been joined is still there for a moment. */
	for (k = 0; k < THREAD_TRIES && !is_same(0); k++)
		poll(NULL, 0, THREAD_MS);
	for (i = 0; i < N_ROWS; i++)
		if (!is_same(i))
			return rows[i].what;
	return own_memory() > memory + MEMORY_MAX ? "memory" : NULL;
}
