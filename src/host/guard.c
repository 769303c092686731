/* SPDX-License-Identifier: MIT */
/*
 * The guard: a process that ends children whose parent was killed.  Most
 * children notice that by themselves and finish.  A child whose script spins,
 * sleeps, has stopped the process or has replaced its program does not, and
 * processes that scripts have started never notice.  While the parent lives it
 * kills all of these (seat.c); afterwards the guard does, which trusts children
 * as little.
 *
 * The guard is nobody's child.  Its only descriptor is a pipe whose only writer
 * is the parent.  It knows the children by memory that it shares with the
 * parent: they enter themselves, and no longer have that memory when a script
 * runs.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "guard.h"

#define LOOK_MS 100	/* far less than it takes to reuse a pid */
#define CLOSE_MAX 65536		/* highest descriptor that it closes */

static struct {
	atomic_int *pid;	/* child of each place; 0: none */
	size_t n;
	int fd;			/* the parent's end of the pipe */
} guard = { .fd = -1 };

/* ---- in the guard's process ---- */

/* Closes all but the pipe's end, which becomes descriptor 0. */
static void
keep_only(int fd)
{
	long n = sysconf(_SC_OPEN_MAX);

	dup2(fd, STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	sys_close_others(NULL, 0, n > 0 && n < CLOSE_MAX ? (int)n : CLOSE_MAX);
}

/*
 * Kills a child's process group if the child's time is over or the child has
 * ended, as the parent does with what a dead child has left.  Returns false if
 * it may go on.
 */
static bool
end_group(pid_t pid, bool over)
{
	if (!over && (kill(pid, 0) == 0 || errno != ESRCH))
		return false;
	kill(-pid, SIGKILL);
	if (over)		/* it may have left its group */
		kill(pid, SIGKILL);
	return true;
}

/* Returns true if no child is left. */
static bool
end_children(bool over)
{
	bool none = true;
	size_t i;
	int pid;

	for (i = 0; i < guard.n; i++) {
		if ((pid = atomic_load(&guard.pid[i])) == 0)
			continue;
		if (end_group(pid, over))
			atomic_store(&guard.pid[i], 0);
		else
			none = false;
	}
	return none;
}

static void
be_guard(int fd, unsigned grace_ms)
{
	sigset_t all;
	uint64_t due;
	char octet;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();		/* no controlling terminal */
	keep_only(fd);
	if (chdir("/") == -1)
		_exit(1);
	while (read(0, &octet, 1) == -1 && errno == EINTR)
		;
	due = sys_now_ms() + grace_ms;
	while (!end_children(sys_now_ms() >= due))
		poll(NULL, 0, LOOK_MS);
	_exit(0);
}

/* ---- in other processes ---- */

int
guard_start(size_t n, unsigned grace_ms)
{
	int fds[2], status;
	pid_t pid;

	guard.n = n;
	guard.pid = sys_shared_memory(guard.n * sizeof(*guard.pid));
	if (guard.pid == NULL || sys_pipe(fds, 0) == -1)
		return -1;
	if ((pid = fork()) == -1)
		return -1;
	if (pid == 0) {
		/*
		 * A second fork makes it init's child, since the server's own
		 * children serve clients.
		 */
		if ((pid = fork()) == 0)
			be_guard(fds[0], grace_ms);
		_exit(pid == -1 ? errno : 0);
	}
	close(fds[0]);
	guard.fd = fds[1];
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EAGAIN;
	return errno == 0 ? 0 : -1;
}

void
guard_enter(size_t place)
{
	atomic_store(&guard.pid[place], (int)getpid());
	munmap(guard.pid, guard.n * sizeof(*guard.pid));
	close(guard.fd);
}

void
guard_forget(size_t place)
{
	atomic_store(&guard.pid[place], 0);
}
