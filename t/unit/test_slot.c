/* SPDX-License-Identifier: MIT */
/*
 * Tests host/slot: the scoreboard's slots, what a child writes in them, and
 * that a script that overwrites them cannot harm the parent.
 */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/slot.h"
#include "tap.h"

static struct scoreboard b;

static void
set_up(void)
{
	ck_assert_int_eq(slot_board_init(&b, 3), 0);
}

static void
tear_down(void)
{
	slot_board_free(&b);
}

/* Copies only the text of a running function.  Returns false without one. */
static bool
running_text(const struct slot *s, size_t i, char *dst, size_t size)
{
	struct ran r;

	if (!slot_running(s, i, &r))
		return false;
	snprintf(dst, size, "%s", r.text);
	return true;
}

static void
why_text(const struct slot *s, char *dst, size_t size)
{
	slot_copy_text(dst, size, s->why, sizeof(s->why));
}

static bool
last_text(const struct slot *s, char *dst, size_t size)
{
	struct ran r;

	if (!slot_last(s, &r))
		return false;
	snprintf(dst, size, "%s", r.text);
	return true;
}

START_TEST(what_a_dead_child_wrote_is_there)
{
	char text[256];
	int status;
	pid_t pid;

	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		slot_running_begin(&b.slot[2], 5, "/a.py", "main", 1);
		slot_set_end(&b.slot[2], CHILD_END_LIMIT, "run time");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(running_text(&b.slot[2], 0, text, sizeof(text)));
	ck_assert_str_eq(text, "main in /a.py on stream 5");
	ck_assert(!running_text(&b.slot[2], 1, text, sizeof(text)));
	ck_assert_int_eq(atomic_load(&b.slot[2].end), CHILD_END_LIMIT);
	why_text(&b.slot[2], text, sizeof(text));
	ck_assert_str_eq(text, "run time");
}
END_TEST

START_TEST(entries_are_given_back)
{
	struct running *r[SCOREBOARD_RUNNING];
	size_t i;

	for (i = 0; i < SCOREBOARD_RUNNING; i++) {
		r[i] = slot_running_begin(&b.slot[0], 1, "/a", "f", 0);
		ck_assert_ptr_nonnull(r[i]);
	}
	ck_assert_ptr_null(slot_running_begin(&b.slot[0], 1, "/a", "f", 0));
	slot_running_end(NULL);
	slot_running_end(r[3]);
	ck_assert_ptr_eq(slot_running_begin(&b.slot[0], 9, "/b", "g", 0),
	    r[3]);
}
END_TEST

START_TEST(of_a_long_path_the_end_is_kept)
{
	char path[400], text[400];

	memset(path, 'd', sizeof(path));
	strcpy(path + 300, "/x.py");
	slot_running_begin(&b.slot[0], 1, path, "a_function_with_a_name_of_more_"
	    "than_39_octets", 0);
	ck_assert(running_text(&b.slot[0], 0, text, sizeof(text)));
	ck_assert_ptr_nonnull(strstr(text, "d/x.py on stream 1"));
	ck_assert_int_eq(strncmp(text, "a_function_with_a_name_of_more_than_39_"
	    " in ddd", 46), 0);
}
END_TEST

START_TEST(the_first_end_counts)
{
	char text[256];

	slot_set_end(&b.slot[0], CHILD_END_TIMEOUT, NULL);
	slot_set_end(&b.slot[0], CHILD_END_LIMIT, "later");
	ck_assert_int_eq(atomic_load(&b.slot[0].end), CHILD_END_TIMEOUT);
	why_text(&b.slot[0], text, sizeof(text));
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(scribbled_text_is_bounded)
{
	struct slot *s = &b.slot[0];
	char text[1024], small[] = "BBBBBBBBBBB";

	memset(s, 'A', sizeof(*s));
	ck_assert(running_text(s, 0, text, sizeof(text)));
	ck_assert_uint_lt(strlen(text), SCOREBOARD_RUN_TEXT);
	why_text(s, text, sizeof(text));
	ck_assert_uint_eq(strlen(text), sizeof(s->why));
	why_text(s, small, 8);
	ck_assert_str_eq(small, "AAAAAAA");
	ck_assert_str_eq(slot_end_text(atomic_load(&s->end)), "?");
	ck_assert_str_eq(slot_end_text(-1), "?");
	ck_assert_str_eq(slot_end_text(CHILD_END_CLIENT),
	    "closed by client");
}
END_TEST

/* Begins entries as a request does that loads the script and runs main. */
static struct running *
run(struct slot *s, unsigned stream, const char *script, uint64_t now_ms)
{
	struct running *r = slot_running_begin(s, stream, script, "(load)",
	    now_ms);

	slot_running_change(r, script, "main", now_ms);
	return r;
}

START_TEST(the_latest_function_is_known_when_it_is_over)
{
	struct running *r, *other;
	char text[256];
	int i;

	ck_assert(!last_text(&b.slot[0], text, sizeof(text)));
	other = run(&b.slot[0], 1, "/a.py", 10);
	r = run(&b.slot[0], 3, "/b.py", 11);
	slot_running_end(other);
	slot_running_end(r);
	ck_assert(!running_text(&b.slot[0], 1, text, sizeof(text)));
	ck_assert(last_text(&b.slot[0], text, sizeof(text)));
	ck_assert_str_eq(text, "main in /b.py on stream 3");
	run(&b.slot[0], 5, "/c.py", 12);
	ck_assert(last_text(&b.slot[0], text, sizeof(text)));
	ck_assert_str_eq(text, "main in /c.py on stream 5");
	for (i = 0; i < 3 * SCOREBOARD_RUNNING; i++)
		slot_running_end(run(&b.slot[0], 7, "/d.py", 13));
	for (i = 0; i < 3 * SCOREBOARD_RUNNING; i++)
		slot_running_end(slot_running_begin(&b.slot[0], 9, "/file",
		    "(load)", 14));
	ck_assert(last_text(&b.slot[0], text, sizeof(text)));
	ck_assert_str_eq(text, "main in /d.py on stream 7");
}
END_TEST

START_TEST(what_comes_after_a_function_is_named_so)
{
	struct running *r = run(&b.slot[0], 1, "/a.py", 10);
	char text[256];

	atomic_store(&r->after, 1);
	ck_assert(running_text(&b.slot[0], 0, text, sizeof(text)));
	ck_assert_str_eq(text, "end of main in /a.py on stream 1");
	slot_running_change(r, "/a.py", "content of main", 11);
	ck_assert(running_text(&b.slot[0], 0, text, sizeof(text)));
	ck_assert_str_eq(text, "content of main in /a.py on stream 1");
}
END_TEST

START_TEST(what_is_stored_adds_up)
{
	char most[64];

	ck_assert_uint_eq(slot_board_stored(&b, most, sizeof(most)), 0);
	atomic_store(&b.slot[0].stored, 5);
	atomic_store(&b.slot[2].stored, 6);
	atomic_store(&b.slot[2].pid, 7);
	strcpy(b.slot[2].client, "127.0.0.1:8");
	ck_assert_uint_eq(slot_board_stored(&b, most, sizeof(most)), 11);
	ck_assert_str_eq(most, "child 7 of 127.0.0.1:8 with 6 octets");
	memset(b.slot[2].client, 'x', sizeof(b.slot[2].client));
	slot_board_stored(&b, most, 12);
	ck_assert_str_eq(most, "child 7 of ");
}
END_TEST

START_TEST(an_entry_being_filled_is_not_shown)
{
	char text[256];

	atomic_store(&b.slot[0].running[0].stream, UINT_MAX);
	ck_assert(!running_text(&b.slot[0], 0, text, sizeof(text)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("scoreboard");
	TCase *tc = tcase_create("scoreboard");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, what_a_dead_child_wrote_is_there);
	tcase_add_test(tc, entries_are_given_back);
	tcase_add_test(tc, of_a_long_path_the_end_is_kept);
	tcase_add_test(tc, the_first_end_counts);
	tcase_add_test(tc, scribbled_text_is_bounded);
	tcase_add_test(tc, an_entry_being_filled_is_not_shown);
	tcase_add_test(tc, the_latest_function_is_known_when_it_is_over);
	tcase_add_test(tc, what_comes_after_a_function_is_named_so);
	tcase_add_test(tc, what_is_stored_adds_up);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
