/* SPDX-License-Identifier: MIT */
/*
 * Tests base/log: form of a record, escaping, cutting, levels.  The log goes to
 * a pipe and is read back.
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/feed.h"
#include "base/log.h"
#include "base/logline.h"
#include "base/sys.h"
#include "tap.h"

static int pipe_fd[2], stderr_fd;
static char got[65536];

static void
set_up(void)
{
	ck_assert_int_eq(pipe(pipe_fd), 0);
	stderr_fd = dup(STDERR_FILENO);
	dup2(pipe_fd[1], STDERR_FILENO);
	close(pipe_fd[1]);
	log_set_level(LOG_L_INFO);
}

static void
tear_down(void)
{
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	close(pipe_fd[0]);
}

/* Returns what was logged as a string; closes the writing end. */
static const char *
logged(void)
{
	size_t len = 0;
	ssize_t n;

	dup2(stderr_fd, STDERR_FILENO);
	while ((n = read(pipe_fd[0], got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	return got;
}

/* Returns the text of the first record, without time, pid and newline. */
static const char *
logged_text(void)
{
	const char *text = logged();

	ck_assert_ptr_nonnull(strstr(text, ": "));
	got[strcspn(got, "\n")] = '\0';
	return strstr(text, ": ") + 2;
}

static void
stamp(char *dst, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	ck_assert_ptr_nonnull(gmtime_r(&now, &tm));
	strftime(dst, size, "%Y-%m-%dT%H:%M:%S.", &tm);
}

START_TEST(a_record_is_time_program_pid_level_text)
{
	char before[64], after[64], want[64];
	const char *text;

	stamp(before, sizeof(before));
	log_info("port %d", 7);
	stamp(after, sizeof(after));
	text = logged();
	/* The seconds may have changed in between. */
	ck_assert(strncmp(text, before, 20) >= 0 &&
	    strncmp(text, after, 20) <= 0);
	ck_assert_uint_eq(strspn(text + 20, "0123456789"), 3);
	snprintf(want, sizeof(want), "Z h2rig[%ld] info: port 7\n",
	    (long)getpid());
	ck_assert_str_eq(text + 23, want);
}
END_TEST

START_TEST(control_characters_are_escaped)
{
	log_info("%s", "a\nb\tc\rd\x1b[0m\x7f\x01 \xc3\xa9\\");
	ck_assert_str_eq(logged_text(),
	    "a\\nb\\tc\\rd\\x1b[0m\\x7f\\x01 \xc3\xa9\\");
}
END_TEST

START_TEST(a_long_record_is_cut_and_marked)
{
	static char text[20000];
	size_t len;

	memset(text, 'x', sizeof(text) - 1);
	log_info("%s", text);
	len = strlen(logged());
	ck_assert_uint_le(len, 8192);
	ck_assert_uint_ge(len, 4000);
	ck_assert_str_eq(got + len - 4, "...\n");
}
END_TEST

START_TEST(a_record_that_escapes_make_long_is_cut_too)
{
	static char text[6000];
	size_t len;

	memset(text, '\x01', sizeof(text) - 1);
	log_info("%s", text);
	len = strlen(logged());
	ck_assert_uint_le(len, 8192);
	ck_assert_str_eq(got + len - 8, "\\x01...\n");
}
END_TEST

/* Tests lengths of a value around those that fill the line to its bound. */
START_TEST(a_json_record_ends_well_however_long_a_value_is)
{
	static char value[3000], line[LOGLINE_TEXT + 1];
	const struct log_field after = { .name = "after", .number = 7 };
	struct log_field f = { .name = "value", .text = value };
	struct logline l;
	size_t n, len;

	/* The first octets take six octets each in JSON, the others one. */
	memset(value, 'a', sizeof(value));
	memset(value, '\x01', LOGLINE_TEXT / 6 - 50);
	for (n = LOGLINE_TEXT / 6; n < LOGLINE_TEXT / 6 + 400; n++) {
		f.len = n;
		logline_begin(&l, LOG_L_INFO);
		logline_add(&l, "text", 4);
		logline_add_field(&l, &f);
		logline_add_field(&l, &after);
		line[LOGLINE_TEXT] = 'z';
		len = logline_print(&l, 1, LOG_FORMAT_JSON, LOGLINE_FILE,
		    line);
		ck_assert_uint_le(len, LOGLINE_TEXT);
		ck_assert_int_eq(line[LOGLINE_TEXT], 'z');
		ck_assert_mem_eq(line + len - 2, "}\n", 2);
		ck_assert(line[len - 3] == '"' || line[len - 3] == '7');
	}
	ck_assert_mem_eq(line + len - 6, "...\"}\n", 6);
}
END_TEST

START_TEST(warn_tells_errno_and_leaves_it)
{
	errno = ENOENT;
	log_warn("file %s", "x");
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(logged_text(), "file x: No such file or directory");
}
END_TEST

START_TEST(a_log_that_cannot_be_written_leaves_errno)
{
	close(STDERR_FILENO);
	errno = ENOENT;
	log_info("lost");
	ck_assert_int_eq(errno, ENOENT);
	log_lines(LOG_L_INFO, "lost", "too", 3);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(warnx_does_not)
{
	errno = ENOENT;
	log_warnx("file %s", "x");
	ck_assert_str_eq(logged_text(), "file x");
}
END_TEST

START_TEST(records_below_the_level_are_not_written)
{
	log_set_level(LOG_L_WARN);
	log_info("one");
	log_debug("two");
	log_lines(LOG_L_INFO, "p", "three", 5);
	log_warnx("four");
	ck_assert_str_eq(logged_text(), "four");
}
END_TEST

START_TEST(lines_become_records_with_a_prefix)
{
	char want[3][80];
	const char *p;
	int i;

	log_lines(LOG_L_WARN, "child 5", "one\n\ttwo\n\nlast", 14);
	snprintf(want[0], 80, "] warn: child 5: one\n");
	snprintf(want[1], 80, "] warn: child 5: \\ttwo\n");
	snprintf(want[2], 80, "] warn: child 5: \n");
	p = logged();
	for (i = 0; i < 3; i++) {
		p = strstr(p, want[i]);
		ck_assert_ptr_nonnull(p);
		p += strlen(want[i]);
	}
	ck_assert_ptr_nonnull(strstr(p, "] warn: child 5: last\n"));
	ck_assert_str_eq(got + strlen(got) - 6, " last\n");
}
END_TEST

/* Reads the log's pipe until no record is held.  Returns the lines read. */
static size_t
read_lines(void)
{
	size_t lines = 0;
	ssize_t n, i;
	bool held;

	do {
		held = log_retry();
		while ((n = read(pipe_fd[0], got, sizeof(got))) > 0)
			for (i = 0; i < n; i++)
				lines += got[i] == '\n';
		poll(NULL, 0, held);
	} while (held);
	return lines;
}

/*
 * Fills the log's pipe, and logs records until n are held or the log takes no
 * more.  Returns how many are held.
 */
static size_t
hold(const struct logline *l, size_t n)
{
	size_t i;

	while (write(STDERR_FILENO, "x", 1) == 1)
		;
	for (i = 0; i < n && log_takes_more(); i++)
		log_of_child(5, l, false);
	return i;
}

/* A parent that was late reads more at once than the log has room for. */
START_TEST(what_was_read_from_a_child_is_kept)
{
	struct pollfd set[FEED_FDS];
	const struct pollfd *p = set;
	struct logline l;
	struct feed f;
	size_t i, n;

	sys_set_nonblock(pipe_fd[0]);
	sys_set_nonblock(STDERR_FILENO);
	logline_begin(&l, LOG_L_INFO);
	for (i = 0; i < 500; i++)
		logline_add(&l, "x", 1);
	n = hold(&l, SIZE_MAX);
	ck_assert_uint_eq(read_lines(), n);
	ck_assert_int_eq(feed_open(&f), 0);
	for (i = 0; i < 20; i++)
		ck_assert_int_gt(write(f.theirs[0], &l, logline_size(&l)), 0);
	ck_assert_uint_eq(hold(&l, n - 3), n - 3);
	ck_assert_int_gt(poll(set, feed_watch(&f, set), 0), 0);
	ck_assert(feed_is_ready(&f, &p));
	feed_read(&f, 5, false);
	ck_assert(!log_takes_more());
	feed_close(&f);
	ck_assert_uint_eq(read_lines(), n - 3 + 20);
}
END_TEST

START_TEST(level_names_are_known_both_ways)
{
	ck_assert_int_eq(logline_level_from_name("error"), LOG_L_ERROR);
	ck_assert_int_eq(logline_level_from_name("debug"), LOG_L_DEBUG);
	ck_assert_int_eq(logline_level_from_name("Debug"), -1);
	ck_assert_int_eq(logline_level_from_name(""), -1);
	ck_assert_str_eq(logline_levels[LOG_L_WARN], "warn");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_record_is_time_program_pid_level_text);
	tcase_add_test(tc, control_characters_are_escaped);
	tcase_add_test(tc, a_long_record_is_cut_and_marked);
	tcase_add_test(tc, a_record_that_escapes_make_long_is_cut_too);
	tcase_add_test(tc, a_json_record_ends_well_however_long_a_value_is);
	tcase_add_test(tc, warn_tells_errno_and_leaves_it);
	tcase_add_test(tc, a_log_that_cannot_be_written_leaves_errno);
	tcase_add_test(tc, warnx_does_not);
	tcase_add_test(tc, records_below_the_level_are_not_written);
	tcase_add_test(tc, lines_become_records_with_a_prefix);
	tcase_add_test(tc, what_was_read_from_a_child_is_kept);
	tcase_add_test(tc, level_names_are_known_both_ways);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
