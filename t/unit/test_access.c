/* SPDX-License-Identifier: MIT */
/*
 * Tests conn/access and base/logline: a request's record as text and as JSON,
 * its escaping and its bounds.  The log goes to a file and is read back.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "conn/access.h"
#include "tap.h"

static FILE *file;
static int stderr_fd;
static char got[65536];

static void
set_up(void)
{
	file = tmpfile();
	ck_assert_ptr_nonnull(file);
	stderr_fd = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	log_set_level(LOG_L_INFO);
}

static void
tear_down(void)
{
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	log_set_format(LOG_FORMAT_TEXT);
	fclose(file);
}

static const char *
logged(void)
{
	ssize_t n = pread(fileno(file), got, sizeof(got) - 1, 0);

	ck_assert_int_ge(n, 0);
	got[n] = '\0';
	return got;
}

static void
add(struct fields *l, const char *name, const char *value)
{
	struct field f = { 0 };

	f.name = (const uint8_t *)name;
	f.name_len = strlen(name);
	f.value = (const uint8_t *)value;
	f.value_len = strlen(value);
	ck_assert_int_eq(fields_add(l, &f), 0);
}

static struct access
sample(const char *method, const char *path)
{
	struct access a = { .status = 200, .octets = 5, .ms = 7, .stream = 3 };
	struct fields l = { 0 };

	add(&l, ":method", method);
	add(&l, ":authority", "example.com:443");
	if (path != NULL)
		add(&l, ":path", path);
	access_request(&a, &l);
	fields_free(&l);
	return a;
}

START_TEST(a_request_is_a_line_of_fields)
{
	struct access a = sample("GET", "/a b\n\xc3\xa4");

	access_log(&a, "[::1]:50000");
	ck_assert_ptr_nonnull(strstr(logged(), " info: request method=GET "
	    "path=/a\\x20b\\n\xc3\xa4 status=200 octets=5 ms=7 stream=3 "
	    "client=[::1]:50000\n"));
}
END_TEST

START_TEST(json_has_members)
{
	struct access a = sample("GET", "/\"\\ \x01\xc3\xa4\xff\xed\xa0\x80");

	log_set_format(LOG_FORMAT_JSON);
	access_log(&a, "127.0.0.1:1");
	ck_assert_ptr_nonnull(strstr(logged(), "\"level\":\"info\",\"text\":"
	    "\"request\",\"method\":\"GET\",\"path\":\"/\\\"\\\\ \\u0001"
	    "\xc3\xa4\\\\xff\\\\xed\\\\xa0\\\\x80\",\"status\":200,"
	    "\"octets\":5,\"ms\":7,\"stream\":3,"
	    "\"client\":\"127.0.0.1:1\"}\n"));
}
END_TEST

START_TEST(connect_shows_its_authority)
{
	struct access a = sample("CONNECT", NULL);

	access_log(&a, "127.0.0.1:1");
	ck_assert_ptr_nonnull(strstr(logged(),
	    "method=CONNECT path=example.com:443 "));
}
END_TEST

START_TEST(without_a_response)
{
	struct access a = sample("GET", "/");

	a.status = 0;
	access_log(&a, "127.0.0.1:1");
	a.fate = "reset";
	access_log(&a, "127.0.0.1:1");
	ck_assert_ptr_nonnull(strstr(logged(), " status=none "));
	ck_assert_ptr_nonnull(strstr(got, " status=reset "));
}
END_TEST

START_TEST(a_long_path_is_bounded)
{
	struct access a;
	char path[40000];

	memset(path, '\x01', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	a = sample("GET", path);
	log_set_format(LOG_FORMAT_JSON);
	access_log(&a, "127.0.0.1:1");
	/* Each octet takes six characters: more than a record holds. */
	logged();
	ck_assert_uint_le(strlen(got), 8192);
	ck_assert_str_eq(got + strlen(got) - 6, "...\"}\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("access");
	TCase *tc = tcase_create("access");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_request_is_a_line_of_fields);
	tcase_add_test(tc, json_has_members);
	tcase_add_test(tc, connect_shows_its_authority);
	tcase_add_test(tc, without_a_response);
	tcase_add_test(tc, a_long_path_is_bounded);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
