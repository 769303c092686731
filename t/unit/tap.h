/* SPDX-License-Identifier: MIT */
/*
 * Runs the suite of a unit test, each test in a process of its own, and writes
 * TAP to standard output.
 */
#ifndef T_UNIT_TAP_H
#define T_UNIT_TAP_H

#include <check.h>

/* Runs the suite and frees it.  Returns the exit status. */
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
