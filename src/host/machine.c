/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory, as far as the system tells.  POSIX has no name for it,
 * but most systems have _SC_PHYS_PAGES.  Linux has limits of control groups, of
 * version 1 or 2, and counts the processes that its out-of-memory killer kills.
 * What cannot be read is no limit, and no error.
 */
#include "config.h"
#if defined(HAVE_EXTENSIONS) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE		/* _SC_PHYS_PAGES, _SC_NPROCESSORS_ONLN */
#endif
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

/*
 * Milliseconds for which a kill counts as recent: a killed process takes a
 * while to give its memory back.
 */
#define OOM_MS 10000

#ifdef HAVE_LINUX
/* Returns the number in a file, or UINT64_MAX for "max" or no such file. */
static uint64_t
read_limit(const char *dir, const char *name)
{
	char path[PATH_MAX + 32];
	unsigned long long n;
	FILE *f;
	int got;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "r")) == NULL)
		return UINT64_MAX;
	got = fscanf(f, "%llu", &n);
	fclose(f);
	return got == 1 ? (uint64_t)n : UINT64_MAX;
}

/*
 * Returns the least limit of the control group at path `group` below mount, and
 * of all groups above it.
 */
static uint64_t
group_limit(const char *mount, const char *group)
{
	static const char *const names[] = {
		"memory.max", "memory.high", "memory.limit_in_bytes"
	};
	uint64_t least = UINT64_MAX, n;
	char dir[PATH_MAX];
	size_t i, top = strlen(mount);

	snprintf(dir, sizeof(dir), "%s%s", mount, group);
	for (;;) {
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if ((n = read_limit(dir, names[i])) < least)
				least = n;
		if (strlen(dir) <= top)
			return least;
		*strrchr(dir, '/') = '\0';
	}
}

/*
 * Returns the least limit of this process's control groups.  Lines of
 * /proc/self/cgroup are "4:memory:/path" (version 1) and "0::/path" (version
 * 2).
 */
static uint64_t
groups_limit(void)
{
	char line[PATH_MAX], *controllers, *group;
	uint64_t least = UINT64_MAX, n;
	FILE *f = fopen("/proc/self/cgroup", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if ((controllers = strchr(line, ':')) == NULL ||
		    (group = strchr(++controllers, ':')) == NULL)
			continue;
		*group++ = '\0';
		if (*controllers == '\0')
			n = group_limit("/sys/fs/cgroup", group);
		else if (strcmp(controllers, "memory") == 0)
			n = group_limit("/sys/fs/cgroup/memory", group);
		else
			continue;
		least = n < least ? n : least;
	}
	if (f != NULL)
		fclose(f);
	return least;
}

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
groups_limit(void)
{
	return UINT64_MAX;
}

static uint64_t
count_oom_kills(void)
{
	return UINT64_MAX;
}
#endif

uint64_t
machine_child_memory(void)
{
	uint64_t all = groups_limit();
	long page = sysconf(_SC_PAGESIZE), pages = -1;

#if defined(HAVE_EXTENSIONS) && defined(_SC_PHYS_PAGES)
	pages = sysconf(_SC_PHYS_PAGES);
#endif
	if (pages > 0 && page > 0 && (uint64_t)pages < all / (uint64_t)page)
		all = (uint64_t)pages * (uint64_t)page;
	all /= MACHINE_SHARE;
	return all < MACHINE_SHARE_MIN ? MACHINE_SHARE_MIN :
	    all > MACHINE_SHARE_MAX ? MACHINE_SHARE_MAX : all;
}

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
	long n = -1;

#ifdef _SC_NPROCESSORS_ONLN
	n = sysconf(_SC_NPROCESSORS_ONLN);
#endif
	return n > 0 ? (size_t)n : 1;
}
