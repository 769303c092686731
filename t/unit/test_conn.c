/* SPDX-License-Identifier: MIT */
/*
 * Tests src/conn: when the client sees output that was written, and when a
 * connection that waits is stalled.  One thread plays the I/O thread, a handler
 * thread and the client.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#include "base/sys.h"
#include "conn/conn.h"
#include "conn/quickfile.h"
#include "conn/stall.h"
#include "tap.h"

static const struct field ok_fields[] = {
	{ .name = (const uint8_t *)":status", .name_len = 7,
	    .value = (const uint8_t *)"200", .value_len = 3 }
};

static struct options options;
static struct slot slot;
static struct conn c;
static int client = -1;

static void
connect_pair(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, on = 1;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&a, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&a, len), 0);
	fd = accept(listener, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	close(listener);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	ck_assert_int_eq(sys_set_nonblock(fd), 0);
	session_limits_default(&options.limits);
	ck_assert_int_eq(conn_init(&c, fd, NULL, &slot, &options), 0);
	c.client_host = "127.0.0.1";
	c.client_log.client = "127.0.0.1:0";
}

static void
disconnect(void)
{
	conn_free(&c);
	close(client);
}

/* Returns how many octets the client has received since the last call. */
static long
client_reads(void)
{
	static char octets[4096];
	long n, all = 0;

	while ((n = recv(client, octets, sizeof(octets), MSG_DONTWAIT)) > 0)
		all += n;
	return all;
}

/* The client sends its preface and n requests, which are then ready. */
static void
request(int n)
{
	static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	    "\0\0\0\4\0\0\0\0\0";
	/* GET https://a/ on stream 0: entries 2, 7, 4, 1 (RFC 7541 App. A). */
	char get[] = "\0\0\6\1\5\0\0\0\0\x82\x87\x84\x41\1a";
	int i;

	ck_assert_int_eq(send(client, hello, sizeof(hello) - 1, 0),
	    sizeof(hello) - 1);
	for (i = 0; i < n; i++) {
		get[8] = (char)(2 * i + 1);
		ck_assert_int_eq(send(client, get, sizeof(get) - 1, 0),
		    sizeof(get) - 1);
	}
	ck_assert_int_eq(conn_read(&c), 0);
	conn_push(&c);
	ck_assert_int_gt(client_reads(), 0);
	ck_assert_uint_eq(c.requests.n_ready, (unsigned)n);
}

/* ---- writer calls of this test's own */

struct own_op {
	struct op op;
	bool end_stream;	/* put_headers sends END_STREAM */
	size_t sent;		/* octets of `content` sent so far */
};

static const uint8_t content[16384];

static int
put_headers(struct conn *conn, struct op *op)
{
	return send_headers(conn->session, op->id, ok_fields, 1,
	    ((struct own_op *)op)->end_stream, false, &op->why);
}

static int
put_data(struct conn *conn, struct op *op)
{
	struct own_op *o = (struct own_op *)op;
	size_t sent = 0;
	int rc = send_data(conn->session, op->id, content + o->sent,
	    sizeof(content) - o->sent, false, conn_share(conn, op), &sent,
	    &op->why);

	o->sent += sent;
	if (sent > 0)
		op->since = 0;
	return rc;
}

static int
put_raw_frame(struct conn *conn, struct op *op)
{
	return send_raw_frame(conn->session, op->id, FRAME_DATA, 0, op->id,
	    content, sizeof(content));
}

/* Sends HEADERS without END_HEADERS. */
static int
put_raw_block(struct conn *conn, struct op *op)
{
	return send_raw_block(conn->session, op->id, FRAME_HEADERS, 0, op->id,
	    NULL, 0, NULL, 0);
}

static struct own_op
answer_to(struct exchange *x)
{
	return (struct own_op){ .end_stream = true, .op = { .x = x,
	    .id = x->id, .fn = put_headers, .writes = true } };
}

/* Answers the next ready exchange.  Returns the octets that the client sees. */
static long
answer(bool batched)
{
	struct exchange *x = conn_take_ready(&c, NULL);
	struct own_op o = answer_to(x);

	o.op.batched = batched;
	ck_assert_int_eq(conn_try(&c, &o.op), SEND_OK);
	return client_reads();
}

/*
 * When a writer call returns, the client has its output, also while other
 * exchanges are ready and the I/O thread looks again soon.
 */
START_TEST(test_sent_at_once)
{
	connect_pair();
	request(3);
	c.io_soon = _i == 1;
	ck_assert_int_gt(answer(false), 0);
	ck_assert_int_gt(answer(false), 0);
	disconnect();
}
END_TEST

/* ... except for an answer that may be sent together with the next one. */
START_TEST(test_batch_ends_with_the_queue)
{
	connect_pair();
	request(2);
	c.io_soon = true;
	ck_assert_int_eq(answer(true), 0);
	ck_assert_int_gt(answer(true), 0);
	disconnect();
}
END_TEST

/* Without io_soon nothing is batched: the I/O thread would look too late. */
START_TEST(test_no_batch_if_nobody_looks)
{
	connect_pair();
	request(2);
	ck_assert_int_gt(answer(true), 0);
	ck_assert_int_gt(answer(true), 0);
	disconnect();
}
END_TEST

/* ---- stalls, by the test's own clock, which starts when output last moved */

#define LIMIT_MS 1000

enum reason { WINDOW, BACKLOG, N_REASONS };

static struct own_op data;
static struct waiter waiter;

/* Queues another 16 KiB of the answer. */
static int
write_data(void)
{
	data.sent = 0;
	return conn_try(&c, &data.op);
}

/*
 * Sets up a script that has written until it has to wait: for the client's
 * window of 64 KiB, or for the kernel, which takes no more.  The connection is
 * a pair of sockets, since TCP acknowledges at times that a test cannot know.
 */
static void
wait_because(enum reason why)
{
	static const char wide[] = "\0\0\6\4\0\0\0\0\0\0\4\x7f\xff\xff\xff"
	    "\0\0\4\x8\0\0\0\0\0\x7f\xff\0\0";
	int fds[2], octets = why == WINDOW ? 1 << 20 : 1 << 15;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	client = fds[1];
	ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &octets,
	    sizeof(octets)), 0);
	ck_assert_int_eq(sys_set_nonblock(fds[0]), 0);
	session_limits_default(&options.limits);
	options.stall_timeout_ms = LIMIT_MS;
	ck_assert_int_eq(conn_init(&c, fds[0], NULL, &slot, &options), 0);
	c.client_host = "127.0.0.1";
	c.client_log.client = "127.0.0.1:0";
	request(1);
	if (why == BACKLOG) {
		ck_assert_int_eq(send(client, wide, sizeof(wide) - 1, 0),
		    sizeof(wide) - 1);
		ck_assert_int_eq(conn_read(&c), 0);
		conn_push(&c);
		client_reads();
	}
	data = answer_to(conn_take_ready(&c, NULL));
	data.end_stream = false;
	ck_assert_int_eq(conn_try(&c, &data.op), SEND_OK);
	data.op.fn = put_data;
	while ((waiter.what = write_data()) == SEND_OK && !c.link.backlog)
		;
	ck_assert_int_eq(waiter.what, why == WINDOW ? SEND_AGAIN_WINDOW :
	    SEND_OK);
	waiter.op = &data.op;
	c.waiters.first = why == WINDOW ? &waiter : NULL;
}

static void
stop_waiting(void)
{
	c.waiters.first = NULL;
	disconnect();
}

static bool
is_stalled(uint64_t now)
{
	return stall_at(&c, now) <= now;
}

#ifdef HAVE_LINUX
/* Reads at least as much as one write of 16 KiB has given the kernel. */
static long
client_reads_one(void)
{
	static char octets[20000];

	return recv(client, octets, sizeof(octets), MSG_DONTWAIT);
}
#endif

/* A client that reads a part, which the kernel can tell, is not stalled. */
START_TEST(test_slow_client_is_not_stalled)
{
#ifdef HAVE_LINUX
	uint64_t zero;

	wait_because((enum reason)_i);
	zero = c.last_moved;
	ck_assert(!is_stalled(zero));
	ck_assert_int_gt(client_reads_one(), 0);
	ck_assert(!is_stalled(zero + LIMIT_MS));
	ck_assert(!is_stalled(zero + 2 * LIMIT_MS - 1));
	ck_assert(is_stalled(zero + 2 * LIMIT_MS));
	stop_waiting();
#endif
}
END_TEST

static void
client_pings(void)
{
	static const char ping[] = "\0\0\x8\6\0\0\0\0\0octets..";

	ck_assert_int_eq(send(client, ping, sizeof(ping) - 1, 0),
	    sizeof(ping) - 1);
	ck_assert_int_eq(conn_read(&c), 0);
	conn_push(&c);
}

/* Else a client could keep a connection for ever, by a PING now and then, */
START_TEST(test_replies_are_no_progress)
{
	uint64_t zero;

	wait_because(WINDOW);
	zero = c.last_moved;
	ck_assert(!is_stalled(zero));
	client_reads();
	client_pings();
	ck_assert(!is_stalled(zero));
	ck_assert_int_gt(client_reads(), 0);
	ck_assert(!is_stalled(zero));
	client_pings();
	ck_assert(!is_stalled(zero + LIMIT_MS - 1));
	ck_assert_int_gt(client_reads(), 0);
	ck_assert(is_stalled(zero + LIMIT_MS));
	stop_waiting();
}
END_TEST

static void
fill_with_replies(void)
{
	int i, least = 1;

	ck_assert_int_eq(setsockopt(c.link.fd, SOL_SOCKET, SO_SNDBUF, &least,
	    sizeof(least)), 0);
	for (i = 0; i < 1000 && !c.link.backlog; i++)
		client_pings();
	ck_assert(c.link.backlog);
}

/* ... or by so many PINGs at a time that the kernel refuses the replies. */
START_TEST(test_replies_in_a_backlog_are_no_progress)
{
	uint64_t zero;

	wait_because(WINDOW);
	client_reads();
	zero = --c.last_moved;
	ck_assert(!is_stalled(zero));
	fill_with_replies();
	ck_assert_int_eq(conn_try(&c, &data.op), SEND_AGAIN_WINDOW);
	while (c.link.backlog) {
		ck_assert_int_gt(client_reads(), 0);
		conn_push(&c);
	}
	ck_assert_uint_gt(c.link.last_written, zero);
	ck_assert(is_stalled(zero + LIMIT_MS));
	stop_waiting();
}
END_TEST

/* But while no answer waits, replies that the kernel takes are movement. */
START_TEST(test_replies_move_in_a_backlog)
{
	wait_because(WINDOW);
	c.last_moved--;
	ck_assert(!is_stalled(c.last_moved));
	c.waiters.first = NULL;
	fill_with_replies();
	ck_assert(!is_stalled(c.link.last_written + LIMIT_MS - 1));
	ck_assert(is_stalled(c.link.last_written + LIMIT_MS));
	stop_waiting();
}
END_TEST

/* An answer in a backlog has not moved before the kernel takes it. */
START_TEST(test_answers_move_when_the_kernel_takes_them)
{
	uint64_t zero;

	wait_because(BACKLOG);
	zero = --c.last_moved;
	ck_assert_int_eq(write_data(), SEND_OK);
	ck_assert_uint_eq(c.last_moved, zero);
	client_reads();
	conn_push(&c);
	ck_assert_uint_gt(c.last_moved, zero);
	stop_waiting();
}
END_TEST

/* Raw frames count as movement too, when they are sent and when read. */
START_TEST(test_raw_frames_are_an_answer)
{
	uint64_t zero;
	int i;

	wait_because(WINDOW);
	client_reads();
	ck_assert(!is_stalled(c.last_moved));
	zero = --c.last_moved;
	data.op.fn = put_raw_frame;
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(write_data(), SEND_OK);
	ck_assert_uint_gt(c.last_moved, zero);
#ifdef HAVE_LINUX
	zero = c.last_moved;
	ck_assert(!is_stalled(zero));
	ck_assert_int_gt(client_reads_one(), 0);
	ck_assert(!is_stalled(zero + LIMIT_MS));
#endif
	stop_waiting();
}
END_TEST

/* ... and so does a file that the I/O thread itself serves. */
START_TEST(test_quick_file_is_an_answer)
{
	/* WINDOW_UPDATE, as the connection's window is empty; a request. */
	static const char frames[] = "\0\0\4\x8\0\0\0\0\0\x7f\xff\0\0"
	    "\0\0\6\1\5\0\0\0\3\x82\x87\x84\x41\1a";
	static uint8_t file[1 << 16];
	struct quickfile_answer a = { .content = file, .fields = ok_fields,
	    .n_fields = 1 };
	const char *top = getenv("top_srcdir");
	char path[4096];
	struct quickfile *q;
	struct stat st;
	uint64_t zero;

	/* The file and its directory have not changed for some seconds. */
	snprintf(path, sizeof(path), "%s/doc/examples/hello.py", top != NULL ?
	    top : ".");
	ck_assert_int_eq(stat(path, &st), 0);
	a.path = path;
	a.dev = (uint64_t)st.st_dev;
	a.ino = (uint64_t)st.st_ino;
	a.len = (size_t)st.st_size;
	wait_because(WINDOW);
	if ((q = quickfile_new(&data.op.x->request, sys_now_ms(), &a)) == NULL)
		return;		/* not on a local file system */
	quickfile_keep(&c, q);
	zero = --c.last_moved;
	ck_assert_int_eq(send(client, frames, sizeof(frames) - 1, 0),
	    sizeof(frames) - 1);
	ck_assert_int_eq(conn_read(&c), 0);
	conn_push(&c);
	ck_assert_uint_eq(c.requests.n_ready, 0);	/* nothing for Python */
	ck_assert_uint_gt(c.last_moved, zero);
	stop_waiting();
}
END_TEST

START_TEST(test_wait_begins_later)
{
	wait_because(WINDOW);
	ck_assert(!is_stalled(c.last_moved));
	data.op.since = c.last_moved + 1;
	ck_assert(!is_stalled(c.last_moved + LIMIT_MS));
	ck_assert(is_stalled(c.last_moved + 1 + LIMIT_MS));
	stop_waiting();
}
END_TEST

/* Sets up a kernel that has taken all output so far, and has no more room. */
static void
fill_exactly(void)
{
	wait_because(BACKLOG);
	session_wrote(c.session, conn_queued(&c));
	c.link.backlog = false;
	c.answers = 0;
}

START_TEST(test_backlog_begins_when_it_is_refused)
{
	uint64_t zero;

	fill_exactly();
	zero = --c.link.last_written;
	ck_assert_int_eq(write_data(), SEND_OK);
	ck_assert(c.link.backlog);
	ck_assert_uint_gt(c.link.last_written, zero);
	stop_waiting();
}
END_TEST

/* ... also in conn_tick, which releases a hold: later than the tick's `now`. */
START_TEST(test_backlog_begins_in_a_tick)
{
	struct own_op block;

	fill_exactly();
	block = data;
	block.op.fn = put_raw_block;
	ck_assert_int_eq(conn_try(&c, &block.op), SEND_OK);
	ck_assert_uint_ne(c.held_since, 0);
	session_wrote(c.session, conn_queued(&c));
	c.link.backlog = false;
	client_pings();
	ck_assert(!c.link.backlog);
	c.held_since -= CONN_HOLD_MS + 1;
	conn_tick(&c, c.held_since + CONN_HOLD_MS);
	ck_assert(c.link.backlog);
	ck_assert(!is_stalled(c.link.last_written));
	stop_waiting();
}
END_TEST

/* ---- frames that wait until it is known which types are wanted */

static void
add_frame(struct exchange *x, unsigned type, const char *payload)
{
	const struct frame f = { .type = (uint8_t)type,
	    .length = (uint32_t)strlen(payload) };

	ck_assert_ptr_null(exchange_frame_came(&c, x->stream, &f,
	    (const uint8_t *)payload));
}

static void
add_content(struct exchange *x, const char *text)
{
	exchange_add_event(x, &(struct event){ .type = EVENT_DATA,
	    .len = (uint32_t)strlen(text) }, (const uint8_t *)text);
}

START_TEST(test_unwanted_frames_go)
{
	struct exchange *x;
	struct buf events = { 0 }, text = { 0 };

	connect_pair();
	request(1);
	x = conn_take_ready(&c, NULL);
	add_frame(x, FRAME_PRIORITY, "5 o..");
	add_content(x, "a");
	add_frame(x, 0xbb, "bc");
	add_frame(x, FRAME_WINDOW_UPDATE, "4 o.");
	add_content(x, "d");
	add_frame(x, FRAME_PRIORITY_UPDATE, "ef");
	ck_assert_uint_eq(x->n_frames, 4);
	ck_assert_uint_eq(x->frame_octets, 13);
	exchange_want(x, EXCHANGE_WANTS(EXCHANGE_UNKNOWN) |
	    EXCHANGE_WANTS(FRAME_PRIORITY_UPDATE));
	add_frame(x, FRAME_WINDOW_UPDATE, "4 o.");
	ck_assert_uint_eq(x->n_frames, 2);
	ck_assert_uint_eq(x->frame_octets, 4);
	exchange_move(x, &events, &text);
	ck_assert_uint_eq(buf_len(&events), 5 * sizeof(struct event));
	ck_assert_uint_eq(buf_len(&text), 6);
	ck_assert_mem_eq(buf_data(&text), "abcdef", 6);
	exchange_frame_begun(x, 2);
	exchange_frame_begun(x, 2);
	ck_assert_uint_eq(x->frame_octets, 0);
	buf_free(&events);
	buf_free(&text);
	disconnect();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conn");
	TCase *t = tcase_create("sent");

	tcase_add_loop_test(t, test_sent_at_once, 0, 2);
	tcase_add_test(t, test_batch_ends_with_the_queue);
	tcase_add_test(t, test_no_batch_if_nobody_looks);
	suite_add_tcase(s, t);
	t = tcase_create("stalled");
	tcase_add_loop_test(t, test_slow_client_is_not_stalled, 0, N_REASONS);
	tcase_add_test(t, test_replies_are_no_progress);
	tcase_add_test(t, test_replies_in_a_backlog_are_no_progress);
	tcase_add_test(t, test_replies_move_in_a_backlog);
	tcase_add_test(t, test_answers_move_when_the_kernel_takes_them);
	tcase_add_test(t, test_raw_frames_are_an_answer);
	tcase_add_test(t, test_quick_file_is_an_answer);
	tcase_add_test(t, test_wait_begins_later);
	tcase_add_test(t, test_backlog_begins_when_it_is_refused);
	tcase_add_test(t, test_backlog_begins_in_a_tick);
	suite_add_tcase(s, t);
	t = tcase_create("frames");
	tcase_add_test(t, test_unwanted_frames_go);
	suite_add_tcase(s, t);
	return tap_run(s);
}
