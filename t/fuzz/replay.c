/* SPDX-License-Identifier: MIT */
/*
 * Runs a harness over its corpus as a TAP test, for machines without libFuzzer,
 * and so that inputs which fuzzing has found are always tested.  replay_NAME
 * reads the files in its arguments or, without arguments, those in
 * t/fuzz/corpus/NAME below $top_srcdir.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static int n_run;

/* If the harness crashes, TAP's plan is missing, and so the test fails. */
static void
run_file(const char *path)
{
	static uint8_t octets[1 << 20];
	FILE *f;
	size_t n;

	if ((f = fopen(path, "rb")) == NULL) {
		printf("not ok %d - cannot open %s\n", ++n_run, path);
		return;
	}
	n = fread(octets, 1, sizeof octets, f);
	fclose(f);
	LLVMFuzzerTestOneInput(octets, n);
	printf("ok %d - %s\n", ++n_run, strrchr(path, '/') != NULL ?
	    strrchr(path, '/') + 1 : path);
	fflush(stdout);
}

static int
run_corpus(const char *name)
{
	const char *top = getenv("top_srcdir");
	char dir[2048], path[4096];
	struct dirent *entry;
	DIR *d;

	snprintf(dir, sizeof dir, "%s/t/fuzz/corpus/%s",
	    top != NULL ? top : ".", name);
	if ((d = opendir(dir)) == NULL) {
		fprintf(stderr, "no corpus in %s\n", dir);
		return -1;
	}
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		run_file(path);
	}
	closedir(d);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "replay_");
	int i;

	for (i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc == 1 && (name == NULL ||
	    run_corpus(name + strlen("replay_")) < 0))
		return 1;
	printf("1..%d\n", n_run);
	return n_run == 0;
}
