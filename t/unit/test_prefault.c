/* SPDX-License-Identifier: MIT */
/*
 * Tests host/prefault: a new process gets its own copies of the pages that
 * another process has written to; nothing else changes.
 */
#include "config.h"
#ifdef HAVE_LINUX
#define _DEFAULT_SOURCE		/* madvise */
#endif
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/prefault.h"
#include "tap.h"

#define PAGES 16

static char *memory;		/* PAGES pages, all of them present */
static size_t page;

static void
set_up(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	if (posix_memalign((void **)&memory, page, PAGES * page) != 0)
		abort();
	memset(memory, 'a', PAGES * page);
}

static void
write_three(const void *arg)
{
	(void)arg;
	memory[3 * page] = memory[4 * page] = memory[9 * page] = 'b';
}

static void
write_none(const void *arg)
{
	(void)arg;
}

static void
write_and_die(const void *arg)
{
	write_three(arg);
	raise(SIGKILL);
}

/* Returns the pages that only this process has, as bits; -1: not known. */
static int
own_pages(void)
{
	uint64_t entry[PAGES];
	int fd = open("/proc/self/pagemap", O_RDONLY), i, own = 0;

	if (fd == -1 || pread(fd, entry, sizeof(entry), (off_t)((uintptr_t)
	    memory / page * sizeof(entry[0]))) != sizeof(entry))
		return -1;
	for (i = 0; i < PAGES; i++)
		own |= (int)(entry[i] >> 56 & 1) << i;
	return own;
}

enum { NONE = 1, THREE, OTHERS };

/* Returns what own_pages finds in a child after prefault_run. */
static int
own_pages_of_child(void)
{
	int status, i, own;
	pid_t pid = fork();

	if (pid == 0) {
		prefault_run();
		own = own_pages();
		for (i = 0; i < PAGES; i++)
			if (memory[(size_t)i * page] != 'a')
				abort();
		_exit(own == 0 ? NONE : own == (1 << 3 | 1 << 4 | 1 << 9) ?
		    THREE : OTHERS);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(what_one_process_has_written_to_is_another_ones_own)
{
	prefault_learn(fork, write_three, NULL);
	ck_assert_int_eq(own_pages_of_child(), THREE);
}
END_TEST

START_TEST(what_was_learned_before_is_forgotten)
{
	prefault_learn(fork, write_three, NULL);
	prefault_learn(fork, write_none, NULL);
	ck_assert_int_eq(own_pages_of_child(), NONE);
}
END_TEST

START_TEST(a_process_that_dies_teaches_nothing)
{
	prefault_learn(fork, write_and_die, NULL);
	ck_assert_int_eq(own_pages_of_child(), NONE);
}
END_TEST

START_TEST(memory_that_is_gone_is_no_error)
{
	prefault_learn(fork, write_three, NULL);
	munmap(memory, PAGES * page);
	prefault_run();
	ck_assert_int_eq(mprotect(memory, page, PROT_READ), -1);
}
END_TEST

/* Whether this system has what prefault_learn needs. */
static bool
system_can(void)
{
#if defined(MADV_POPULATE_WRITE) && !defined(H2RIG_SANITIZERS)
	return madvise(memory, page, MADV_POPULATE_WRITE) == 0 &&
	    own_pages() != -1;
#else
	return false;
#endif
}

int
main(void)
{
	Suite *s;
	TCase *tc;

	set_up();
	if (!system_can()) {
		puts("1..0 # SKIP pages cannot be populated here");
		return 0;
	}
	s = suite_create("prefault");
	tc = tcase_create("prefault");
	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, what_one_process_has_written_to_is_another_ones_own);
	tcase_add_test(tc, what_was_learned_before_is_forgotten);
	tcase_add_test(tc, a_process_that_dies_teaches_nothing);
	tcase_add_test(tc, memory_that_is_gone_is_no_error);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
