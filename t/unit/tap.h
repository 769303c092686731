/* SPDX-License-Identifier: MIT */
/*
 * How each unit test ends: its suite runs, each test in a process of its own,
 * and says so in TAP on standard output.
 */
#ifndef T_UNIT_TAP_H
#define T_UNIT_TAP_H

#include <check.h>

/* Runs the suite and frees it; the exit status. */
static inline int
tap_run(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}

#endif
