/* SPDX-License-Identifier: MIT */
/*
 * The user's routes file is read in the parent, as text, and tried in a process
 * forked for that, which has the rights and limits of a connection's.  The
 * process answers with one write to a pipe and leaves: YES, or NO and what is
 * wrong.  Without an answer (it crashed, hung, left) the answer is no.
 *
 * main tries it once and waits; on HUP the parent goes on serving meanwhile.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "host/confine.h"
#include "host/guard.h"
#include "interp.h"
#include "probe.h"

#define PROBE_MS 10000		/* a routes file has so long to load */
#define PROBE_TEXT 1024		/* octets of its answer; a pipe takes them */

enum { YES = 'y', NO = 'n' };

/* ---- in its process ---- */

/* As at a program's start; the parent's handlers are not for it. */
static void
reset_signals(void)
{
	static const int sigs[] = {
		SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1
	};
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		sys_set_handler(sigs[i], SIG_DFL, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Loads the user's code and says what was wrong. */
static void
become_probe(const struct options *o, struct feed *feed, int fd)
{
	static atomic_uint lost;
	char answer[PROBE_TEXT] = { NO };
	const char *what = "descriptors";
	int *own[] = { &fd }, status = 0;

	setpgid(0, 0);
	guard_enter(GUARD_PROBE);
	reset_signals();
	/* Should the parent go before it could end us. */
	alarm(PROBE_MS / 1000 + 2);
	if (confine_descriptors(o, feed, &lost, interp_descriptors(), own,
	    1) == -1 || confine_child(o, &what) == -1 ||
	    confine_files(o) == -1) {
		snprintf(answer + 1, sizeof(answer) - 1, "%s: %s", what,
		    strerror(errno));
		status = EXIT_SYSTEM;
	} else {
		status = interp_call("probe", answer + 1, sizeof(answer) - 1);
	}
	if (status == 0)
		answer[0] = YES;
	if (write(fd, answer, strlen(answer)) == -1)
		status = EXIT_SYSTEM;
	_exit(status);
}

/* ---- in the parent ---- */

static int
cannot_look(char *err, size_t size)
{
	snprintf(err, size, "cannot try --routes or --user: %s",
	    strerror(errno));
	return EXIT_SYSTEM;
}

int
probe_begin(struct probe *pr, const struct options *o, char *err,
    size_t err_size)
{
	int fds[2], status;

	*pr = (struct probe){ .fd = -1 };
	if (o->routes == NULL && o->user == NULL)
		return 0;
	if ((status = interp_call("read_routes", err, err_size)) != 0)
		return status;
	/* Something that it leaves behind may keep the other end open. */
	if (feed_open(&pr->feed) == -1)
		return cannot_look(err, err_size);
	if (sys_pipe(fds, 1) == -1) {
		status = cannot_look(err, err_size);
		feed_close(&pr->feed);
		return status;
	}
	if ((pr->pid = interp_fork()) == 0)
		become_probe(o, &pr->feed, fds[1]);
	feed_forked(&pr->feed);
	if (pr->pid == -1) {
		status = cannot_look(err, err_size);
		close(fds[0]);
		close(fds[1]);
		feed_close(&pr->feed);
		pr->pid = 0;
		return status;
	}
	/* Here too: whoever comes first, its group exists from now on. */
	setpgid(pr->pid, pr->pid);
	close(fds[1]);
	pr->fd = fds[0];
	pr->due_ms = sys_now_ms() + PROBE_MS;
	return 0;
}

void
probe_kill(const struct probe *pr)
{
	kill(-pr->pid, SIGKILL);
	/* It may have left its group; not yet reaped, the number is its own. */
	kill(pr->pid, SIGKILL);
}

void
probe_forget(struct probe *pr)
{
	if (pr->fd != -1)
		close(pr->fd);
	feed_close(&pr->feed);
	*pr = (struct probe){ .fd = -1 };
}

int
probe_end(struct probe *pr, const struct options *o, char *err,
    size_t err_size)
{
	char answer[PROBE_TEXT];
	int status = 0;
	ssize_t n;

	/* What it left behind. */
	probe_kill(pr);
	while (waitpid(pr->pid, &status, 0) == -1 && errno == EINTR)
		;
	guard_forget(GUARD_PROBE);
	feed_finish(&pr->feed, pr->pid);
	n = read(pr->fd, answer, sizeof(answer) - 1);
	probe_forget(pr);
	if (n > 0 && answer[0] == YES)
		return interp_call("take_routes", err, err_size);
	if (n > 0) {
		answer[n] = '\0';
		snprintf(err, err_size, "%s", answer + 1);
		return EXIT_CONFIG;
	}
	snprintf(err, err_size, "--%s: \"%s\": expected %s within %d s, and its "
	    "process %s", o->routes != NULL ? "routes" : "user",
	    o->routes != NULL ? o->routes : o->user, o->routes != NULL ?
	    "a file that loads" : "an answer", PROBE_MS / 1000,
	    WIFSIGNALED(status) ? sys_signal_name(WTERMSIG(status)) :
	    "left");
	return EXIT_CONFIG;
}

/* Until it has answered, or can no more, or the time is over. */
static void
await_answer(struct probe *pr)
{
	struct pollfd p[1 + FEED_FDS];
	uint64_t now;
	nfds_t n;

	while ((now = sys_now_ms()) < pr->due_ms) {
		p[0] = (struct pollfd){ .fd = pr->fd, .events = POLLIN };
		n = 1 + (nfds_t)feed_watch(&pr->feed, p + 1);
		if (poll(p, n, (int)(pr->due_ms - now)) <= 0)
			continue;
		feed_read(&pr->feed, pr->pid, true);
		if (p[0].revents != 0)
			return;
	}
}

int
probe_run(const struct options *o, char *err, size_t err_size)
{
	struct probe pr;
	int status;

	status = probe_begin(&pr, o, err, err_size);
	if (status != 0 || pr.pid == 0)
		return status;
	await_answer(&pr);
	return probe_end(&pr, o, err, err_size);
}
