/* SPDX-License-Identifier: MIT */
/*
 * The parent's children: they are made, get clients and are killed when late.
 * A client gets a spare child (--spare), whose Python is ready, or a child that
 * is made for it.  Both get their client over their line, so that there is one
 * way in which children are made.
 *
 * A child without a client takes no client's place (room.c).
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "child.h"
#include "host/confine.h"
#include "host/machine.h"
#include "host/mark.h"
#include "parent_impl.h"
#include "py/interp.h"

/* Milliseconds between replacements of children that died without a client. */
#define DEATH_PAUSE_MS 1000

/*
 * A spare child is forked only after this many milliseconds without a new
 * client and without a child's end, so that forking does not take the processor
 * from children that serve new clients.
 */
#define QUIET_MS 20

/*
 * Children for each processor beyond which a client waits for one that becomes
 * free, as long as one has within these milliseconds: to make one more costs
 * several times as much as a connection in a child that there is.
 */
#define BUSY_CHILDREN 4
#define FREE_SOON_MS 10

/* Surplus spare children leave after so many milliseconds without a client. */
#define REST_MS 10000

#define COUNT_MAX_MS 4000	/* longest extra pause between process counts */

/* ---- a client, by the line ---- */

/*
 * The parent sends two messages: the client's address with the connection's
 * descriptor and, when the child's pid is known, an octet with the descriptor
 * of its trace, if there is one.
 */
struct message {
	struct iovec data;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr m;
};

static void
message_init(struct message *m, void *data, size_t len)
{
	memset(m, 0, sizeof(*m));
	m->data = (struct iovec){ .iov_base = data, .iov_len = len };
	m->m.msg_iov = &m->data;
	m->m.msg_iovlen = 1;
	m->m.msg_control = m->control;
	m->m.msg_controllen = sizeof(m->control);
}

/* Sends a message, with fd unless it is -1.  Returns 0, or -1 with errno. */
static int
send_message(const struct seat *seat, int fd, void *data, size_t len)
{
	struct message m;
	struct cmsghdr *c;

	message_init(&m, data, len);
	if (fd == -1) {
		m.m.msg_controllen = 0;
	} else {
		c = CMSG_FIRSTHDR(&m.m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(seat->line[0], &m.m, MSG_NOSIGNAL) == (ssize_t)len ? 0 :
	    -1;
}

/* Sends the client and its descriptor, before or after the child is forked. */
static int
send_client(const struct seat *seat, int fd,
    const struct sockaddr_storage *ss)
{
	struct sockaddr_storage copy = *ss;

	return send_message(seat, fd, &copy, sizeof(copy));
}

/* Sends the trace.  If the child has died, the message is lost: no harm. */
static void
send_trace(struct parent *p, size_t i)
{
	char octet = 0;
	int fd;

	if (p->options->trace == NULL)
		return;
	fd = traces_make(p, i);
	/* The child waits for the octet, even without a descriptor. */
	if (send_message(&p->seat[i], fd, &octet, sizeof(octet)) == -1 &&
	    fd != -1) {
		atomic_store(&p->board.slot[i].trace_error, errno);
		send_message(&p->seat[i], -1, &octet, sizeof(octet));
	}
	if (fd != -1)
		close(fd);
}

/* Receives len octets: a descriptor, or -1; *come: a message has come. */
static int
receive_message(int line, void *data, size_t len, bool *come)
{
	const struct cmsghdr *c;
	struct message m;
	ssize_t n;
	int fd;

	message_init(&m, data, len);
	do
		n = recvmsg(line, &m.m, 0);
	while (n == -1 && errno == EINTR);
	*come = n == (ssize_t)len;
	if (!*come || (c = CMSG_FIRSTHDR(&m.m)) == NULL ||
	    c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* Returns the connection's descriptor; -1: no client has been sent. */
static int
receive_client(struct parent *p, size_t i, struct sockaddr_storage *ss)
{
	struct pollfd line = { .fd = p->seat[i].line[1], .events = POLLIN };
	bool come;
	int fd;

	if (poll(&line, 1, 0) != 1)
		return -1;
	fd = receive_message(line.fd, ss, sizeof(*ss), &come);
	if (come && fd == -1)
		child_fail(&p->board.slot[i], "client socket");
	return fd;
}

/* Waits for the trace, which the parent sends once it runs; -1: none. */
static int
receive_trace(const struct parent *p, size_t i)
{
	bool come;
	char octet;
	int fd;

	if (p->options->trace == NULL)
		return -1;
	fd = receive_message(p->seat[i].line[1], &octet, sizeof(octet),
	    &come);
	return fd == -1 ? -1 : sys_move(fd, confine_own_files(p->options));
}

/* ---- in a child ---- */

static void
wait_for_client(struct parent *p, size_t i)
{
	struct pollfd fds[2] = {
		{ .fd = p->seat[i].line[1], .events = POLLIN },
		{ .fd = p->drain[0], .events = POLLIN }
	};

	while (poll(fds, 2, -1) == -1 && errno == EINTR)
		;
}

static void
serve(struct parent *p, size_t i, int fd,
    const struct sockaddr_storage *ss, bool last)
{
	const struct sockaddr *sa = (const struct sockaddr *)ss;
	struct slot *slot = &p->board.slot[i];
	struct child_args a = {
		.drain_fd = p->drain[0], .line_fd = p->seat[i].line[1],
		.tls = *p->tls, .options = p->options,
		.slot = slot, .board = &p->board, .last = last
	};
	int on = 1;

	/* Frames are small and each matters; failure only costs time. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (sys_set_nonblock(fd) == -1 || (a.fd = sys_move(fd,
	    confine_own_files(p->options))) == -1)
		child_fail(slot, "client socket");
	sys_addr_host(sa, a.client_host, sizeof(a.client_host));
	a.client_port = sys_addr_port(sa);
	a.server_port = sys_local_port(a.fd);
	sys_format_addr(sa, a.client, sizeof(a.client));
	a.trace_fd = receive_trace(p, i);
	child_run(&a);
}

/* How many connections this process may serve. */
static unsigned
how_many(const struct parent *p)
{
	const struct options *o = p->options;
	bool told;

	if (o->per_process == 1 || p->single || o->trace != NULL ||
	    o->connection != NULL || confine_files(o) == -1)
		return 1;
	told = mark_set() == 0;		/* in the state in which scripts run */
	return confine_files_end() == 0 && told ? o->per_process : 1;
}

/* Runs a child.  It has a client already or waits for one; more may follow. */
static void
be_child(struct parent *p, size_t i)
{
	unsigned n, most = how_many(p);
	struct sockaddr_storage ss;
	int fd = receive_client(p, i, &ss);

	if (fd == -1) {
		/* There is no client yet: Python is made ready meanwhile. */
		interp_child_warm(p->options);
		if (*p->tls != NULL)
			tls_ctx_warm(*p->tls);
		atomic_store(&p->board.slot[i].state, CHILD_SPARE);
	}
	for (n = 1; n <= most; n++) {
		if (fd == -1) {
			wait_for_client(p, i);
			fd = receive_client(p, i, &ss);
		}
		if (fd == -1)
			break;
		serve(p, i, fd, &ss, n == most);
		fd = -1;
	}
	_exit(CHILD_EXIT_OK);	/* no client has come */
}

/* ---- in the parent ---- */

/* Gives seat and slot to a client that has just been accepted. */
static void
seat_client(struct parent *p, size_t i, const struct sockaddr_storage *ss)
{
	const struct sockaddr *sa = (const struct sockaddr *)ss;
	struct seat *seat = &p->seat[i];
	struct slot *slot = &p->board.slot[i];
	unsigned limit_ms = p->options->silence_limit_ms;

	seat->started_ms = slot->started_ms = sys_now_ms();
	p->children.client_ms = seat->started_ms;
	seat->connections++;
	sys_format_addr(sa, seat->client, sizeof(seat->client));
	sys_addr_host(sa, seat->host, sizeof(seat->host));
	memcpy(slot->client, seat->client, sizeof(slot->client));
	atomic_store(&slot->state, CHILD_HANDSHAKE);
	/* Until the child gives its own first sign of life. */
	if (limit_ms != 0)
		atomic_store(&slot->kill_at_ms, seat->started_ms + limit_ms);
}

/* Tells a child without a client to leave; it is killed if it does not. */
static void
dismiss(struct parent *p, size_t i)
{
	unsigned limit_ms = p->options->silence_limit_ms;

	seat_set_role(p, i, SEAT_DISMISSED);
	if (limit_ms != 0)
		atomic_store(&p->board.slot[i].kill_at_ms,
		    sys_now_ms() + limit_ms);
	seat_cut_line(&p->seat[i]);
}

void
children_dismiss(struct parent *p)
{
	size_t i;

	p->children.round++;
	for (i = 0; seat_next(p, &i, SEAT_IS(SEAT_SPARE)); i++)
		dismiss(p, i);
}

/*
 * Returns a child that can take a client at once; -1: none.  One that has had a
 * client is preferred, since it has copies of more pages.
 */
static long
find_spare(const struct parent *p)
{
	long found = -1;
	size_t i;

	for (i = 0; seat_next(p, &i, SEAT_IS(SEAT_SPARE)); i++) {
		if (atomic_load(&p->board.slot[i].state) != CHILD_SPARE)
			continue;
		if (p->seat[i].connections > 0)
			return (long)i;
		if (found == -1)
			found = (long)i;
	}
	return found;
}

/* Gives a client to a child that can take it at once.  False: there is none. */
static bool
give_to_spare(struct parent *p, int fd, const struct sockaddr_storage *ss)
{
	long i;

	while ((i = find_spare(p)) != -1) {
		/* First, since a child with a client owns the slot. */
		seat_client(p, (size_t)i, ss);
		if (send_client(&p->seat[i], fd, ss) == -1) {
			seat_renew(p, (size_t)i);
			dismiss(p, (size_t)i);
			continue;
		}
		seat_set_role(p, (size_t)i, SEAT_CLIENT);
		send_trace(p, (size_t)i);
		log_debug("spare %ld serves %s", (long)p->seat[i].pid,
		    p->seat[i].client);
		return true;
	}
	return false;
}

bool
children_free_soon(const struct parent *p)
{
	return p->options->per_process > 1 && !p->stopping &&
	    p->count[SEAT_CLIENT] >= BUSY_CHILDREN * machine_processors() &&
	    sys_now_ms() - p->children.free_ms < FREE_SOON_MS &&
	    find_spare(p) == -1;
}

int
children_serve(struct parent *p, int fd, const struct sockaddr_storage *ss)
{
	long i;

	if (give_to_spare(p, fd, ss))
		return 0;
	if ((i = seat_open(p)) == -1)
		return -1;
	p->seat[i].round = p->children.round;
	seat_client(p, (size_t)i, ss);
	if (send_client(&p->seat[i], fd, ss) == -1) {
		seat_close(&p->seat[i]);
		return -1;
	}
	if (seat_fork(p, (size_t)i, SEAT_CLIENT, be_child) == -1)
		return -1;
	p->children.free_ms = sys_now_ms();
	send_trace(p, (size_t)i);
	log_debug("child %ld serves %s", (long)p->seat[i].pid,
	    p->seat[i].client);
	return 0;
}

uint64_t
children_spare_due(const struct parent *p)
{
	size_t spares = p->count[SEAT_SPARE] + p->count[SEAT_DISMISSED];
	uint64_t at = p->children.client_ms + QUIET_MS;

	if (spares >= p->options->spare ||
	    p->count[SEAT_CLIENT] + spares >= p->options->max_children)
		return UINT64_MAX;
	return p->children.spare_after_ms > at ?
	    p->children.spare_after_ms : at;
}

/* The cause of one child's death may kill the next one. */
static void
pause_adding(struct parent *p)
{
	p->children.spare_after_ms = sys_now_ms() + DEATH_PAUSE_MS;
}

void
children_add_spare(struct parent *p)
{
	long i;

	p->children.spare_after_ms = 0;
	if (p->children.spare_deaths > 0) {
		p->children.spare_deaths--;
		pause_adding(p);
	}
	if ((i = seat_open(p)) != -1) {
		p->seat[i].round = p->children.round;
		if (seat_fork(p, (size_t)i, SEAT_SPARE, be_child) == -1)
			i = -1;
	}
	if (i == -1) {
		if (!p->children.spare_failed)
			log_warn("no spare child");
		pause_adding(p);
	} else {
		log_debug("spare %ld waits for a client",
		    (long)p->seat[i].pid);
	}
	p->children.spare_failed = i == -1;
}

/* Whether no child needs a look.  Spare children run nothing that does. */
static bool
none_left(const struct parent *p)
{
	return seat_taken(p) == p->count[SEAT_TRIAL] + p->count[SEAT_SPARE];
}

void
children_died(struct parent *p, const struct death *d)
{
	traces_ended(p, d->i);
	if (none_left(p))
		p->children.looked_ms = 0;
	if (d->role == SEAT_DISMISSED && WIFEXITED(d->status) &&
	    WEXITSTATUS(d->status) == CHILD_EXIT_OK)
		return;		/* it did as it was told */
	if (d->role == SEAT_CLIENT || d->role == SEAT_GONE) {
		p->children.client_ms = sys_now_ms();
	} else {
		p->children.spare_deaths++;
		pause_adding(p);
	}
	report_end(p, d);
}

void
children_again(struct parent *p, size_t i)
{
	const struct seat *seat = &p->seat[i];

	p->children.free_ms = sys_now_ms();
	seat_renew(p, i);
	if (none_left(p))
		p->children.looked_ms = 0;
	if (p->stopping || seat->line[0] == -1 ||
	    seat->round != p->children.round)
		dismiss(p, i);
}

uint64_t
children_rest_due(const struct parent *p)
{
	return p->count[SEAT_SPARE] <= p->options->spare ? UINT64_MAX :
	    p->children.client_ms + REST_MS;
}

void
children_rest(struct parent *p)
{
	size_t i;

	for (i = 0; p->count[SEAT_SPARE] > p->options->spare &&
	    seat_next(p, &i, SEAT_IS(SEAT_SPARE)); i++)
		if (p->seat[i].connections > 0)
			dismiss(p, i);
}

/* ---- deadlines ---- */

uint64_t
children_look_due(const struct parent *p)
{
	return none_left(p) ? UINT64_MAX : p->children.looked_ms + TICK_MS;
}

static void
kill_late(struct parent *p, uint64_t now)
{
	size_t i;

	for (i = 0; seat_next(p, &i, SEAT_TAKEN); i++) {
		const struct slot *slot = &p->board.slot[i];
		uint64_t at = atomic_load(&slot->kill_at_ms);

		if (at == 0 || at > now)
			continue;
		seat_kill(&p->seat[i],
		    atomic_load(&slot->state) == CHILD_LEAVING ?
		    "past its deadline" :
		    "limit hit: no sign of life (--silence-limit)");
	}
}

static void
count_process(void *arg, pid_t group)
{
	struct parent *p = arg;
	long i = seat_find(p, group);

	if (i != -1)
		p->seat[i].processes++;
}

/*
 * Counting takes time for each process of the machine, so the longer it takes,
 * the less often it is done.
 */
static void
kill_crowds(struct parent *p, uint64_t now)
{
	uint64_t took;
	size_t i;

	for (i = 0; seat_next(p, &i, SEAT_TAKEN); i++)
		p->seat[i].processes = 0;
	if (confine_count(count_process, p) == -1) {
		p->children.count_ms = UINT64_MAX;
		log_debug("cannot count processes (--max-processes)");
		return;
	}
	for (i = 0; seat_next(p, &i, SEAT_TAKEN); i++)
		if (p->seat[i].processes > p->options->max_processes)
			seat_kill(&p->seat[i],
			    "limit hit: processes (--max-processes)");
	took = sys_now_ms() - now;
	p->children.count_ms = now + TICK_MS +
	    (took < COUNT_MAX_MS / 50 ? 50 * took : COUNT_MAX_MS);
}

/*
 * Nobody is killed if this process did not run for a while: the whole machine
 * may have stood still, so children get time to show that they live.
 */
void
children_look(struct parent *p)
{
	uint64_t now = sys_now_ms();

	if (p->children.looked_ms != 0 &&
	    now - p->children.looked_ms > 3 * TICK_MS)
		p->children.mercy_ms = now + 3 * TICK_MS;
	p->children.looked_ms = now;
	machine_oom(now);
	if (now >= p->children.mercy_ms)
		kill_late(p, now);
	if (p->options->max_processes != 0 && now >= p->children.count_ms)
		kill_crowds(p, now);
}
