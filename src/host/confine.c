/* SPDX-License-Identifier: MIT */
/*
 * What is kept from scripts: other users' rights, resources beyond the limits,
 * and, as far as the system can, the memory of processes that have the private
 * key.
 *
 * Each child applies all of it before user code runs.  A process may lower its
 * limits but not raise them.  What a process could undo by itself is the
 * parent's task: it looks at process groups and deadlines from outside.
 */
#include "config.h"
#if defined(HAVE_EXTENSIONS) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE		/* setgroups; RLIMIT_AS on some systems */
#endif
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_MALLOC_H
#include <malloc.h>
#endif
#ifdef HAVE_LINUX
#include <sys/prctl.h>
#endif

#include "base/channel.h"
#include "base/log.h"
#include "base/sys.h"
#include "confine.h"

/*
 * Most arenas of glibc's malloc.  Each reserves 64 MiB of addresses, and by
 * default there may be eight for each processor, which alone would use up a
 * --max-memory.
 */
#define ARENAS 4

/*
 * Numbers of descriptors.  A child's own descriptors, which are not for its
 * script, have numbers above all that the script may have.  So nothing that the
 * script opens, or copies by dup2, gets such a number, even if the script has
 * closed the descriptor there.
 */
#define OWN_FILES 16		/* numbers for a child's own descriptors */
#define FILES_MIN 8		/* fewest that a script may have */
#define FILES_MAX 65536		/* most; the kernel's tables grow with them */
#define PARENT_FILES 128		/* of the parent, with inherited ones */
#define HOSTS 2			/* addresses without --bind */
#define CHILD_FILES 5		/* of the parent, for each child */

/* Seconds until a script that ignores SIGXCPU is killed. */
#define CPU_GRACE_S 1

static uid_t the_uid = (uid_t)-1;	/* -1: as the parent has it */
static gid_t the_gid = (gid_t)-1;

/*
 * Leaves all groups but the_gid.  Returns 0, or -1 with errno set.  POSIX
 * itself can only tell which groups a process has, so it then fails if there
 * are others.
 */
static int
leave_groups(void)
{
#ifdef HAVE_SETGROUPS
	return setgroups(1, &the_gid);
#else
	gid_t group;
	int n = getgroups(1, &group);	/* -1: it has more */

	if (n == 0 || (n == 1 && group == the_gid))
		return 0;
	errno = ENOTSUP;
	return -1;
#endif
}

int
confine_set_owner(uid_t uid, gid_t gid)
{
	the_uid = uid;
	the_gid = gid;
#ifndef HAVE_SETGROUPS
	return gid != (gid_t)-1 ? leave_groups() : 0;
#else
	return 0;
#endif
}

/*
 * Keeps other processes of the same user from tracing this one and from reading
 * its memory.  Not in sanitizer builds, whose leak checker is such a process.
 */
static void
hide_memory(void)
{
#if defined(HAVE_LINUX) && !defined(H2RIG_SANITIZERS)
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		log_warn("cannot hide the private key's memory");
#endif
}

/* SIGXCPU of the soft limit is blocked; the hard limit sends SIGKILL. */
static void
warn_of_cpu_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_CPU, &r) == 0 && r.rlim_max != RLIM_INFINITY)
		log_warnx("the system will kill this server when it has used "
		    "%ju s of processor time (ulimit -t, LimitCPU)",
		    (uintmax_t)r.rlim_max);
}

/*
 * Makes the out-of-memory killer prefer this process and, since they inherit
 * it, the processes that scripts start.  While our memory is hidden
 * (hide_memory), the file belongs to root, so the memory is not hidden for this
 * moment.
 */
static void
offer_to_oom_killer(void)
{
#ifdef HAVE_LINUX
	static const char path[] = "/proc/self/oom_score_adj";
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd == -1 && errno == EACCES &&
	    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		hide_memory();
	}
	if (fd == -1)
		return;
	if (write(fd, "1000", 4) == -1)
		log_debug("the kernel's out-of-memory killer does not prefer "
		    "children: %s", strerror(errno));
	close(fd);
#endif
}

void
confine_parent(const struct options *o)
{
	warn_of_cpu_limit();
	if (geteuid() == 0 && (o->user == NULL || the_uid == 0))
		log_warnx("scripts will run as root, with all of root's "
		    "rights: consider --user");
#if defined(HAVE_MALLOPT) && defined(M_ARENA_MAX)
	mallopt(M_ARENA_MAX, ARENAS);
#endif
	hide_memory();
}

/*
 * Lowers a limit, unless it is lower already or soft is 0.  Returns 0, or -1
 * with errno set.
 */
static int
lower(int resource, uint64_t soft, uint64_t hard)
{
	struct rlimit r;

	if (soft == 0)
		return 0;
	if (getrlimit(resource, &r) == -1)
		return -1;
	if (r.rlim_max == RLIM_INFINITY || (uint64_t)r.rlim_max > hard)
		r.rlim_max = (rlim_t)hard;
	if (r.rlim_cur == RLIM_INFINITY || (uint64_t)r.rlim_cur > soft)
		r.rlim_cur = (rlim_t)soft;
	if (r.rlim_cur > r.rlim_max)
		r.rlim_cur = r.rlim_max;
	return setrlimit(resource, &r);
}

static int
set_limits(const struct options *o)
{
#if !defined(H2RIG_SANITIZERS) && defined(RLIMIT_AS)
	/* A sanitizer's shadow memory is many times as large. */
	if (lower(RLIMIT_AS, o->max_memory, o->max_memory) == -1)
		return -1;
#endif
	/* The kernel takes whole seconds, and at least one. */
	uint64_t cpu_s = ((uint64_t)o->max_cpu_ms + 999) / 1000;

	if (lower(RLIMIT_CPU, cpu_s, cpu_s + CPU_GRACE_S) == -1)
		return -1;
	return lower(RLIMIT_FSIZE, o->max_file_size, o->max_file_size);
}

int
confine_child(const struct options *o, const char **what)
{
	umask(S_IWGRP | S_IWOTH);
	offer_to_oom_killer();
	/* For programs that open /dev/stderr; only they fail without it. */
	if (the_uid != (uid_t)-1 &&
	    (fchown(STDOUT_FILENO, the_uid, (gid_t)-1) == -1 ||
	    fchown(STDERR_FILENO, the_uid, (gid_t)-1) == -1))
		log_debug("scripts cannot open /dev/stderr: %s",
		    strerror(errno));
	*what = "resource limits";
	if (set_limits(o) == -1)
		return -1;
	*what = "--group";
	if (the_gid != (gid_t)-1 && (leave_groups() == -1 ||
	    setgid(the_gid) == -1))
		return -1;
	*what = "--user";
	if (the_uid != (uid_t)-1 && setuid(the_uid) == -1)
		return -1;
	/* The directory may be root's home, which this user may not enter. */
	*what = "working directory";
	if (the_uid != (uid_t)-1 && access(".", X_OK) == -1 &&
	    chdir("/") == -1)
		return -1;
	hide_memory();
	return 0;
}

/* ---- descriptors ---- */

int
confine_own_files(const struct options *o)
{
	rlim_t most = o->max_files != 0 ? o->max_files : FILES_MAX;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_max != RLIM_INFINITY &&
	    r.rlim_max < most + OWN_FILES)
		most = r.rlim_max > OWN_FILES ? r.rlim_max - OWN_FILES : 0;
	return most > FILES_MIN ? (int)most : FILES_MIN;
}

/* Returns the number below which all of the parent's descriptors are. */
static int
parent_files(const struct options *o)
{
	int own = confine_own_files(o) + OWN_FILES;
	int need = PARENT_FILES + (int)(o->n_port * (o->n_bind + HOSTS)) +
	    CHILD_FILES * (int)(o->max_children + o->spare);

	return need > own ? need : own;
}

void
confine_raise_files(const struct options *o)
{
	rlim_t need = (rlim_t)parent_files(o);
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur >= need)
		return;
	r.rlim_cur = need < r.rlim_max ? need : r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

int
confine_files(const struct options *o)
{
	uint64_t most = (uint64_t)confine_own_files(o);

	return lower(RLIMIT_NOFILE, most,
	    o->per_process > 1 ? most + OWN_FILES : most);
}

int
confine_files_end(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		return -1;
	r.rlim_cur = r.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &r);
}

int
confine_descriptors(const struct options *o, struct feed *f,
    atomic_uint *lost, const int kept[CONFINE_KEPT], int *const *own, size_t n)
{
	int keep[OWN_FILES], least = confine_own_files(o);
	int records = feed_enter(f);
	size_t i, k = 0;

	confine_raise_files(o);	/* a supervisor may have lowered the limit */
	if (records == -1 || dup2(STDERR_FILENO, kept[0]) == -1 ||
	    sys_set_cloexec(kept[0]) == -1 ||
	    (records = sys_move(records, least)) == -1)
		return -1;
	keep[k++] = records;
	for (i = 0; i < CONFINE_KEPT; i++)
		keep[k++] = kept[i];
	for (i = 0; i < n; i++) {
		if (*own[i] == -1)
			continue;
		if ((*own[i] = sys_move(*own[i], least)) == -1)
			return -1;
		keep[k++] = *own[i];
	}
	sys_close_others(keep, k, parent_files(o));
	channel_open(records, lost);
	return 0;
}

/* ---- processes ---- */

#ifdef HAVE_LINUX
/* Returns the group of a process, from /proc/PID/stat, or -1 if it is gone. */
static long
group_of(const char *pid)
{
	char path[64], text[512];
	const char *p;
	long group;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	/* "pid (name) state ppid pgrp": only the name may have brackets. */
	if ((p = strrchr(text, ')')) == NULL ||
	    sscanf(p + 1, " %*c %*d %ld", &group) != 1)
		return -1;
	return group;
}

int
confine_count(void (*f)(void *arg, pid_t group), void *arg)
{
	const struct dirent *e;
	long group;
	DIR *dir;

	if (access("/proc/self/stat", R_OK) == -1)
		return -1;
	/* What is short now may be free the next time. */
	if ((dir = opendir("/proc")) == NULL)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ?
		    0 : -1;
	while ((e = readdir(dir)) != NULL) {
		if (isdigit((unsigned char)e->d_name[0]) &&
		    (group = group_of(e->d_name)) > 0)
			f(arg, (pid_t)group);
	}
	closedir(dir);
	return 0;
}
#else
int
confine_count(void (*f)(void *arg, pid_t group), void *arg)
{
	(void)f, (void)arg;
	return -1;
}
#endif
