/* SPDX-License-Identifier: MIT */
/*
 * Linux counts the processes that its out-of-memory killer kills; POSIX has no
 * name for the number of processors, but most systems have
 * _SC_NPROCESSORS_ONLN.
 */
#include "config.h"
#if defined(HAVE_EXTENSIONS) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE		/* _SC_NPROCESSORS_ONLN */
#endif
#include <stdio.h>
#include <unistd.h>

#include "machine.h"

/*
 * Milliseconds for which a kill counts as recent: a killed process takes a
 * while to give its memory back.
 */
#define OOM_MS 10000

#ifdef HAVE_LINUX
/*
 * Returns the kills since the machine was started, or UINT64_MAX if not known.
 */
static uint64_t
count_oom_kills(void)
{
	FILE *f = fopen("/proc/vmstat", "r");
	unsigned long long n = UINT64_MAX;
	char line[128];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "oom_kill %llu", &n) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return (uint64_t)n;
}

#else
static uint64_t
count_oom_kills(void)
{
	return UINT64_MAX;
}
#endif

enum machine_oom
machine_oom(uint64_t now_ms)
{
	static uint64_t seen, seen_ms, until_ms;
	uint64_t n = count_oom_kills();

	if (n == UINT64_MAX)
		return MACHINE_OOM_UNKNOWN;
	if (n > seen && now_ms - seen_ms <= OOM_MS)
		until_ms = now_ms + OOM_MS;
	seen = n;
	seen_ms = now_ms;
	return now_ms < until_ms ? MACHINE_OOM_YES : MACHINE_OOM_NO;
}

size_t
machine_processors(void)
{
	static long n;		/* 0: not asked yet */

#ifdef _SC_NPROCESSORS_ONLN
	if (n == 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
#endif
	return n > 0 ? (size_t)n : 1;
}
