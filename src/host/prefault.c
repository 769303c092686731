/* SPDX-License-Identifier: MIT */
/*
 * Pages that each first request writes to: CPython's counts of references, its
 * caches, malloc's lists.  There are some 400, in 270 pieces.  Copied one by
 * one, each costs a page fault, which takes 20 us on some virtual machines;
 * with MADV_POPULATE_WRITE the kernel copies them without faults.  Where faults
 * are cheap, the copies are most of the cost, and none of this is done.  A
 * connection without a request copies none of these pages.
 *
 * The parent learns which pages these are from a process of its own, which does
 * what a first request does and is told by the kernel which pages it alone has.
 * It writes them to memory that both share.  No script runs there, nor can one
 * change what was learned, since the parent copies it to memory of its own.
 * Nothing depends on the result: a page that is copied in vain, or not copied
 * in advance, only costs time.
 */
#include "config.h"
#if defined(HAVE_LINUX) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE		/* madvise */
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "prefault.h"

#if defined(HAVE_LINUX) && !defined(H2RIG_SANITIZERS)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23	/* since Linux 5.14; before, it is refused */
#endif

#define LEARN_MS 5000		/* time that the process may take */
#define LOOK_MS 1		/* time between looks whether it has ended */
#define RANGES 1024
#define WORDS 512		/* entries that are read at once */
#define TRY_PAGES 64		/* to measure what faults cost */
#define TRIES 4
#define LARGEST ((uint64_t)1 << 30)	/* larger mappings are only reserved */

/* Bits of a page's entry in /proc/PID/pagemap. */
#define PRESENT (UINT64_C(1) << 63)
#define OF_FILE (UINT64_C(1) << 61)
#define NOT_SHARED (UINT64_C(1) << 56)

struct ranges {
	size_t n;
	struct range {
		uint64_t at, size;	/* whole pages */
	} r[RANGES];
};

static struct ranges inherited;		/* writable private mappings */
static struct ranges written;		/* pages that first requests write to */

static void
add(struct ranges *all, uint64_t at, uint64_t size)
{
	struct range *last = all->n > 0 ? &all->r[all->n - 1] : NULL;

	if (last != NULL && last->at + last->size == at)
		last->size += size;
	else if (all->n < RANGES)
		all->r[all->n++] = (struct range){ at, size };
}

/* Finds the private mappings of this process that it can write to. */
static void
find_memory(struct ranges *all)
{
	char line[PATH_MAX + 128], rights[5];
	FILE *f = fopen("/proc/self/maps", "r");
	uint64_t from, to;

	all->n = 0;
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to,
		    rights) == 3 && strcmp(rights, "rw-p") == 0 &&
		    to - from <= LARGEST)
			add(all, from, to - from);
	fclose(f);
}

/* ---- in the process that rehearses ---- */

/* Adds the pages of a mapping that this process alone has. */
static void
add_pages(struct ranges *own, int pagemap, struct range m)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), end = m.at + m.size;
	uint64_t entry[WORDS];
	ssize_t n, i;

	while (m.at < end) {
		n = pread(pagemap, entry, sizeof(entry),
		    (off_t)(m.at / page * sizeof(entry[0])));
		if (n < (ssize_t)sizeof(entry[0]))
			return;
		n /= (ssize_t)sizeof(entry[0]);
		for (i = 0; i < n && m.at < end; i++, m.at += page)
			if ((entry[i] & (PRESENT | OF_FILE | NOT_SHARED)) ==
			    (PRESENT | NOT_SHARED))
				add(own, m.at, page);
	}
}

static void
find_written(struct ranges *own)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	size_t i;

	for (i = 0; pagemap != -1 && i < inherited.n; i++)
		add_pages(own, pagemap, inherited.r[i]);
}

/* ---- in the parent ---- */

/* Waits for the end of the process, and ends it when its time is over. */
static void
await_end(pid_t pid)
{
	uint64_t due = sys_now_ms() + LEARN_MS;
	pid_t ended;

	while ((ended = waitpid(pid, NULL, WNOHANG)) == 0 &&
	    sys_now_ms() < due)
		poll(NULL, 0, LOOK_MS);
	if (ended != 0)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
}

/* Makes pages of new memory ours, one by one.  Returns the time it took, us. */
static uint64_t
time_pages(char *memory, size_t page, bool by_call)
{
	uint64_t begin = sys_now_us();
	size_t i;

	for (i = 0; i < TRY_PAGES; i++)
		if (!by_call)
			((volatile char *)memory)[i * page] = 1;
		else if (madvise(memory + i * page, page,
		    MADV_POPULATE_WRITE) == -1)
			return UINT64_MAX;
	return sys_now_us() - begin;
}

bool
prefault_pays(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = TRY_PAGES * page;
	uint64_t least[2] = { UINT64_MAX, UINT64_MAX }, us;
	char *memory;
	int i;

	/* The least of several times counts: this process is not alone. */
	for (i = 0; i < 2 * TRIES; i++) {
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			return false;
		madvise(memory, size, MADV_NOHUGEPAGE);
		us = time_pages(memory, page, i % 2);
		if (us < least[i % 2])
			least[i % 2] = us;
		munmap(memory, size);
	}
	log_debug("%d pages take %" PRIu64 " us by faults, %" PRIu64
	    " us by calls", TRY_PAGES, least[0], least[1]);
	return least[1] < least[0] && least[1] * 3 / 2 < least[0];
}

static uint64_t
sum(const struct ranges *all)
{
	uint64_t octets = 0;
	size_t i;

	for (i = 0; i < all->n; i++)
		octets += all->r[i].size;
	return octets;
}

void
prefault_learn(pid_t (*forks)(void), void (*rehearse)(const void *arg),
    const void *arg)
{
	struct ranges *found = sys_shared_memory(sizeof(*found));
	pid_t pid;

	written.n = 0;		/* so that prefault_run copies nothing there */
	if (found == NULL)
		return;
	find_memory(&inherited);
	if ((pid = forks()) == 0) {
		rehearse(arg);
		find_written(found);
		_exit(0);
	}
	if (pid != -1)
		await_end(pid);
	written = *found;
	munmap(found, sizeof(*found));
	log_debug("first requests write to %" PRIu64 " KiB in %zu pieces",
	    sum(&written) >> 10, written.n);
}

void
prefault_run(void)
{
	size_t i;

	/* If a call fails, the piece is copied when it is written to. */
	for (i = 0; i < written.n; i++)
		madvise((void *)(uintptr_t)written.r[i].at,
		    (size_t)written.r[i].size, MADV_POPULATE_WRITE);
}

#else

bool
prefault_pays(void)
{
	return false;
}

void
prefault_learn(pid_t (*forks)(void), void (*rehearse)(const void *arg),
    const void *arg)
{
	(void)forks;
	(void)rehearse;
	(void)arg;
}

void
prefault_run(void)
{
}

#endif
