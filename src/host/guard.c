/* SPDX-License-Identifier: MIT */
/*
 * The guard: a process that ends children whose parent was killed.  Children
 * learn of that by themselves and finish; but a script that spins, sleeps, has
 * stopped its process or made it another program does not, and what scripts
 * have started learns nothing.  With the parent alive all of that is the
 * parent's to kill (seat.c); without it, it is the guard's, which trusts the
 * children no more.
 *
 * It is nobody's child, holds no descriptor but a pipe whose only writer is the
 * parent, and knows the children by memory that it shares with the parent: they
 * enter themselves and have that memory no more when a script runs.
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

#define LOOK_MS 100	/* far less than a number takes to be given again */
#define CLOSE_MAX 65536		/* descriptors, at most, that it closes */

static struct {
	atomic_int *pid;	/* of each place; 0: none */
	size_t n;
	int fd;			/* the parent's end of the pipe */
} guard = { .fd = -1 };

/* ---- in its process ---- */

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
 * Kills a process's group if its time is over or it has ended itself, as the
 * parent does with what a dead child has left.  False: it may go on.
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

/* True: nobody is left. */
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
	setsid();		/* no terminal's */
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

/* ---- in others ---- */

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
		/* It becomes init's: the server's children serve clients. */
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
