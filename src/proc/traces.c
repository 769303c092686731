/* SPDX-License-Identifier: MIT */
/*
 * The directory of traces (--trace).  The parent makes each file, since a child
 * may have no right to, and removes the oldest when there are too many.
 * Children write their files (conn/trace.c).
 *
 * Passes over the directory find out what it has, a few entries at a time, so
 * that no client waits.  A pass keeps the names of the oldest traces; when
 * these are gone and there is too much again, another pass begins.  Names begin
 * with the time, so they sort by age.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "parent_impl.h"

#define LOOK_MS 1000		/* between two looks at what has been written */
#define NEWS_MS 60000		/* between two records of traces that failed */
#define PASS_STEP 64		/* directory entries in one go */
#define OLDEST 4096		/* names that a pass keeps */

/* Octets that each file counts for at least: a block of the file system. */
#define FILE_LEAST 4096

static const char suffix[] = ".jsonl";
static const char like[] = "00000000T000000.000000Z-";	/* 0: any digit */

/* ---- names ---- */

/* Makes "20260102T030405.678901Z-4711-127.0.0.1-50000.jsonl", in dst. */
static void
make_name(const struct parent *p, size_t i, char dst[TRACES_NAME])
{
	const struct seat *seat = &p->seat[i];
	const char *port = strrchr(seat->client, ':');
	struct timespec now;
	struct tm tm;
	size_t len = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm) != NULL)
		len = strftime(dst, TRACES_NAME, "%Y%m%dT%H%M%S", &tm);
	snprintf(dst + len, TRACES_NAME - len, ".%06ldZ-%ld-%s-%s%s",
	    now.tv_nsec / 1000, (long)seat->pid, seat->host,
	    port != NULL ? port + 1 : "0", suffix);
}

/* Whether this is the name of a trace, and not of somebody's own file. */
static bool
is_name(const char *name)
{
	size_t i, len = strlen(name);

	if (len >= TRACES_NAME || len < sizeof(like) + sizeof(suffix) ||
	    strcmp(name + len - strlen(suffix), suffix) != 0)
		return false;
	for (i = 0; like[i] != '\0'; i++)
		if (like[i] == '0' ? name[i] < '0' || name[i] > '9' :
		    name[i] != like[i])
			return false;
	return true;
}

/*
 * Whether the process whose number is in the name runs.  It may be another
 * server's: with --inetd each connection has a server.  If some other process
 * has that number by now, the trace only stays for longer.
 */
static bool
is_written(const char *name)
{
	long pid = strtol(name + strlen(like), NULL, 10);

	return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* Octets that the trace counts for; 0: it is not there, or is no file. */
static uint64_t
size_of(const struct parent *p, const char *name)
{
	struct stat st;

	if (fstatat(p->traces.dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		return 0;
	return st.st_size > FILE_LEAST ? (uint64_t)st.st_size : FILE_LEAST;
}

/* ---- files come ---- */

static int
make_file(int dir, const char *name)
{
	return openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND |
	    O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
}

int
traces_open(struct parent *p, const char *path, char *err, size_t size)
{
	char name[64];
	int fd;

	p->traces.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(name, sizeof(name), ".h2rig-%ld", (long)getpid());
	if (p->traces.dir != -1 &&
	    (fd = make_file(p->traces.dir, name)) != -1) {
		close(fd);
		unlinkat(p->traces.dir, name, 0);
		p->traces.oldest = malloc(2 * OLDEST *
		    sizeof(*p->traces.oldest));
		if (p->traces.oldest != NULL)
			return 0;
	}
	snprintf(err, size, "--trace: \"%s\": %s: expected a directory in "
	    "which the server can make files", path, strerror(errno));
	return -1;
}

void
traces_close(struct parent *p)
{
	if (p->options->trace == NULL)
		return;
	if (p->traces.pass != NULL)
		closedir(p->traces.pass);
	close(p->traces.dir);
	free(p->traces.oldest);
}

/* Logs a failure, at most one in NEWS_MS: a disk may be full. */
static void
note_failure(struct parent *p, const char *client, const char *name,
    int error)
{
	uint64_t now = sys_now_ms();

	if (p->traces.news_ms != 0 && now - p->traces.news_ms < NEWS_MS) {
		p->traces.unsaid++;
		return;
	}
	log_warnx("the trace of %s, %s in \"%s\", ends early: %s; its "
	    "connection goes on (%u others since the last such record)",
	    client, name, p->options->trace, strerror(error),
	    p->traces.unsaid);
	p->traces.news_ms = now;
	p->traces.unsaid = 0;
}

int
traces_make(struct parent *p, size_t i)
{
	struct seat *seat = &p->seat[i];
	int fd;

	make_name(p, i, seat->trace);
	fd = make_file(p->traces.dir, seat->trace);
	if (fd == -1) {
		note_failure(p, seat->client, seat->trace, errno);
		seat->trace[0] = '\0';
	}
	return fd;
}

void
traces_ended(struct parent *p, size_t i)
{
	struct seat *seat = &p->seat[i];
	int error = atomic_exchange(&p->board.slot[i].trace_error, 0);
	uint64_t size;

	if (seat->trace[0] == '\0')
		return;
	if (error != 0)
		note_failure(p, seat->client, seat->trace, error);
	size = size_of(p, seat->trace);
	p->traces.octets += size;
	p->traces.seen += size;
	p->traces.look_ms = 0;
	seat->trace[0] = '\0';
}

/* ---- files go ---- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Sorts the names, and keeps the oldest of them. */
static void
sort_oldest(struct traces *t)
{
	qsort(t->oldest, t->n, sizeof(*t->oldest), by_name);
	if (t->n > OLDEST)
		t->n = OLDEST;
}

static void
begin_pass(struct parent *p)
{
	struct traces *t = &p->traces;
	int fd = fcntl(t->dir, F_DUPFD_CLOEXEC, 0);

	t->passed = true;
	t->n = t->next = 0;
	t->seen = 0;
	if (fd != -1 && (t->pass = fdopendir(fd)) != NULL)
		rewinddir(t->pass);
	else
		sys_close(fd);
}

static void
end_pass(struct traces *t)
{
	closedir(t->pass);
	t->pass = NULL;
	t->octets = t->seen;
	sort_oldest(t);
	if (t->n > 0)
		t->look_ms = 0;
}

static void
go_on_with_pass(struct parent *p)
{
	struct traces *t = &p->traces;
	const struct dirent *e;
	uint64_t size;
	int i;

	for (i = 0; i < PASS_STEP; i++) {
		if ((e = readdir(t->pass)) == NULL) {
			end_pass(t);
			return;
		}
		if (!is_name(e->d_name) || is_written(e->d_name) ||
		    (size = size_of(p, e->d_name)) == 0)
			continue;
		t->seen += size;
		if (t->n == 2 * OLDEST)
			sort_oldest(t);
		memcpy(t->oldest[t->n++], e->d_name, strlen(e->d_name) + 1);
	}
}

/* The octets of all traces, including those that are being written. */
static uint64_t
total(struct parent *p)
{
	uint64_t sum = p->traces.octets;
	size_t i;

	for (i = 0; seat_next(p, &i, SEAT_TAKEN); i++)
		if (p->seat[i].trace[0] != '\0')
			sum += atomic_load(&p->board.slot[i].traced);
	return sum;
}

static void
remove_oldest(struct parent *p)
{
	struct traces *t = &p->traces;
	const char *name = t->oldest[t->next++];
	uint64_t size = size_of(p, name);

	if (unlinkat(t->dir, name, 0) == 0 || errno == ENOENT) {
		t->octets -= size < t->octets ? size : t->octets;
		t->look_ms = 0;
		return;
	}
	if (!t->stuck)
		log_warn("cannot remove the trace \"%s/%s\" (--max-traces)",
		    p->options->trace, name);
	t->stuck = true;
}

static void
look_at_errors(struct parent *p)
{
	size_t i;
	int error;

	for (i = 0; seat_next(p, &i, SEAT_TAKEN); i++) {
		if (p->seat[i].trace[0] == '\0')
			continue;
		error = atomic_exchange(&p->board.slot[i].trace_error, 0);
		if (error != 0)
			note_failure(p, p->seat[i].client, p->seat[i].trace,
			    error);
	}
}

uint64_t
traces_due(const struct parent *p)
{
	const struct traces *t = &p->traces;

	if (p->options->trace == NULL ||
	    (t->look_ms != 0 && t->pass == NULL && seat_taken(p) == 0))
		return UINT64_MAX;
	return t->pass != NULL ? 0 : t->look_ms;
}

void
traces_look(struct parent *p)
{
	struct traces *t = &p->traces;

	t->look_ms = sys_now_ms() + LOOK_MS;
	if (t->pass != NULL)
		go_on_with_pass(p);
	else if (!t->passed)
		begin_pass(p);
	else if (total(p) > p->options->max_traces && t->next < t->n)
		remove_oldest(p);
	else if (total(p) > p->options->max_traces)
		begin_pass(p);
	look_at_errors(p);
}
