/* SPDX-License-Identifier: MIT */
/*
 * The command line.  One row of the table below is one option.  getopt's
 * arrays, the usage text and the checks are made from the rows, and t/manual.t
 * compares what --help prints with the manual.  Defaults are in options_default
 * alone, and usage prints what it finds there.
 *
 * Main calls options_parse early: an error in the command line ends the program
 * here, before a socket or Python exists.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config.h"
#include "base/log.h"
#include "base/sys.h"
#include "optcheck.h"
#include "options.h"

enum kind {
	KIND_TRUE,		/* no argument: bool becomes true */
	KIND_FALSE,		/* ... false */
	KIND_UINT,		/* unsigned or uint32_t, which are the same */
	KIND_U64,		/* uint64_t */
	KIND_STRING,
	KIND_BIND,		/* an address; repeatable */
	KIND_PORT,		/* a port's number; repeatable */
	KIND_ALIAS,		/* URL=DIR; repeatable */
	KIND_CHOICE,		/* one of several words: an enum */
	KIND_HELP,
	KIND_VERSION,
	KIND_GROUP		/* no option: heading of those that follow */
};

_Static_assert(_Generic((uint32_t)0, unsigned: 1, default: 0), "KIND_UINT");

struct row {
	const char *name;	/* long form; of a group, its heading */
	int letter;		/* short form; 0: none */
	const char *arg;	/* NULL: takes none; see quantities */
	enum kind kind;
	size_t offset;		/* in struct options */
	uint64_t min, max;	/* bounds of a number */
	const char *shown;	/* default in words; NULL: its value */
	const char *help;
};

struct unit {
	const char *name;
	uint64_t size;
};

/*
 * Numbers that have a unit, by the name of the option's argument in the table.
 */
static const struct quantity {
	const char *arg;
	const char *bare;	/* unit of a number that is given without */
	const char *expected;
	struct unit units[4];	/* from small to large */
} quantities[] = {
#define TIMES { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } }
	{ "OCTETS", "", "octets, as 512, 64K, 10M or 2G,", { { "", 1 },
	    { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 } } },
	{ "SECONDS", "s", "seconds, or a time as 500ms, 30s, 5m or 2h,",
	    TIMES },
	{ "MS", "ms", "milliseconds, or a time as 500ms, 30s, 5m or 2h,",
	    TIMES },
	{ NULL, "", "a number", { { "", 1 } } }	/* all others */
};

/* Choices of words, by the name of the option's argument. */
static const struct choice {
	const char *arg;
	const char *const *words;	/* names of the enum, in its order */
	const char *expected;
} choices[] = {
	{ "LEVEL", logline_levels, "error, warn, info or debug" },
	{ "FORM", logline_formats, "text or json" }
};

#define AT(member) offsetof(struct options, member)
#define LIMIT(member) offsetof(struct options, limits.member)
#define GROUP(heading) { heading, 0, NULL, KIND_GROUP, 0, 0, 0, NULL, NULL }

#define DEFAULT_PORT 8443	/* the row of "port" shows the same */
#define DAY 86400000		/* ms; the longest of any time limit */
#define MAX31 2147483647	/* 2^31-1, RFC 9113 §6.5.2 */

static const struct row rows[] = {
	GROUP("Most used"),
	{ "bind", 'b', "ADDR", KIND_BIND, AT(bind), 0, 0,
	    "127.0.0.1 and ::1", "address; repeatable" },
	{ "port", 'p', "N", KIND_PORT, AT(port), 0, 65535,
	    "8443", "port; 0: any free one; repeatable" },
	{ "cert", 'c', "FILE", KIND_STRING, AT(cert), 0, 0,
	    "self-signed", "certificate and chain, PEM" },
	{ "key", 'k', "FILE", KIND_STRING, AT(key), 0, 0,
	    NULL, "its private key, PEM" },
	{ "cleartext", 0, NULL, KIND_TRUE, AT(cleartext), 0, 0,
	    NULL, "HTTP/2 without TLS" },
	{ "user", 'u', "NAME", KIND_STRING, AT(user), 0, 0,
	    NULL, "run scripts as that user; for root" },
	{ "routes", 0, "FILE", KIND_STRING, AT(routes), 0, 0,
	    NULL, "Python file of routes and rewrites" },
	{ "alias", 0, "URL=DIR", KIND_ALIAS, AT(alias), 0, 0,
	    NULL, "serve DIR under URL; repeatable" },
	{ "log-level", 'l', "LEVEL", KIND_CHOICE, AT(log_level), 0, 0,
	    NULL, "error, warn, info or debug" },
	{ "log-file", 0, "FILE", KIND_STRING, AT(log_file), 0, 0,
	    "standard error", "append the log to it" },
	GROUP("What is served"),
	{ "config", 0, "FILE", KIND_STRING, AT(config), 0, 0,
	    NULL, "hosts and ports for substitution, JSON" },
	{ "connection", 0, "FILE", KIND_STRING, AT(connection), 0, 0,
	    NULL, "Python file: a script of each connection" },
	{ "latency", 0, "MS", KIND_UINT, AT(latency_ms), 0, DAY,
	    NULL, "wait before each request" },
	{ "hide-tracebacks", 0, NULL, KIND_TRUE, AT(hide_tracebacks), 0, 0,
	    NULL, "keep them out of 500 responses" },
	{ "stash", 0, "WHERE", KIND_STRING, AT(stash), 0, 0,
	    "not shared", "file, redis://... or wptserve" },
	{ "validators", 0, NULL, KIND_TRUE, AT(validators), 0, 0,
	    NULL, "etag, last-modified and 304 for files" },
	{ "wpt", 0, NULL, KIND_TRUE, AT(wpt), 0, 0,
	    NULL, "pages of web-platform-tests" },
	{ "ws-docroot", 0, "DIR", KIND_STRING, AT(ws_doc_root), 0, 0,
	    "DOCROOT", "where *_wsh.py are" },
	GROUP("Connections"),
	{ "ca", 0, "FILE", KIND_STRING, AT(ca), 0, 0,
	    NULL, "CA and its key, PEM; made if missing" },
	{ "ca-out", 0, "FILE", KIND_STRING, AT(ca_out), 0, 0,
	    NULL, "write the CA's certificate to it" },
	{ "max-children", 0, "N", KIND_UINT, AT(max_children), 1, 65536,
	    NULL, "connections at a time" },
	{ "max-per-address", 0, "N", KIND_UINT, AT(max_per_address), 0, 65536,
	    NULL, "connections of a client; 0: no limit" },
	{ "max-per-second", 0, "N", KIND_UINT, AT(max_per_second), 0, MAX31,
	    NULL, "new connections; 0: no limit" },
	{ "spare", 0, "N", KIND_UINT, AT(spare), 0, 64,
	    NULL, "children forked ahead of clients" },
	{ "connections-per-process", 0, "N", KIND_UINT, AT(per_process), 1,
	    65536, NULL, "one after the other" },
	{ "grace", 0, "SECONDS", KIND_UINT, AT(grace_ms), 0, DAY,
	    NULL, "time to finish when stopped" },
	{ "handshake-timeout", 0, "SECONDS", KIND_UINT,
	    AT(handshake_timeout_ms), 1, DAY,
	    NULL, "for TLS and preface" },
	{ "idle-timeout", 0, "SECONDS", KIND_UINT, AT(idle_timeout_ms), 1, DAY,
	    NULL, "without a stream" },
	{ "stall-timeout", 0, "SECONDS", KIND_UINT, AT(stall_timeout_ms), 1,
	    DAY, NULL, "while no output moves" },
	{ "max-lifetime", 0, "SECONDS", KIND_UINT, AT(max_lifetime_ms), 0, DAY,
	    NULL, "of a connection; 0: no limit" },
	{ "max-requests", 0, "N", KIND_UINT, AT(max_requests), 0, MAX31,
	    NULL, "of a connection; 0: no limit" },
	GROUP("What a script may use"),
	{ "group", 'g', "NAME", KIND_STRING, AT(group), 0, 0,
	    "the user's", "run scripts with it alone" },
	{ "run-limit", 0, "SECONDS", KIND_UINT, AT(run_limit_ms), 0, DAY,
	    NULL, "of a script's function; 0: none" },
	{ "max-memory", 0, "OCTETS", KIND_U64, AT(max_memory), 0, INT64_MAX,
	    "1/12 of memory", "of a child; 0: no limit" },
	{ "max-cpu", 0, "SECONDS", KIND_UINT, AT(max_cpu_ms), 0, DAY,
	    NULL, "processor time of a child; 0: no limit" },
	{ "max-file-size", 0, "OCTETS", KIND_U64, AT(max_file_size), 0,
	    INT64_MAX, NULL, "of a file that is written; 0: no limit" },
	{ "max-files", 0, "N", KIND_UINT, AT(max_files), 0, 1 << 20,
	    NULL, "open files of a child; 0: no limit" },
	{ "max-processes", 0, "N", KIND_UINT, AT(max_processes), 0, 1 << 22,
	    NULL, "processes of a child; 0: no limit" },
	{ "silence-limit", 0, "SECONDS", KIND_UINT, AT(silence_limit_ms), 0,
	    DAY, NULL, "till a silent child dies; 0: never" },
	GROUP("Settings that are sent"),
	{ "header-table-size", 0, "OCTETS", KIND_UINT,
	    LIMIT(header_table_size), 0, 1 << 24, NULL, "of the HPACK table" },
	{ "max-concurrent-streams", 0, "N", KIND_UINT,
	    LIMIT(max_concurrent_streams), 0, 10000,
	    NULL, "streams at a time" },
	{ "initial-window-size", 0, "OCTETS", KIND_UINT,
	    LIMIT(initial_window_size), 0, MAX31,
	    NULL, "of a stream, and of the connection" },
	{ "max-frame-size", 0, "OCTETS", KIND_UINT, LIMIT(max_frame_size),
	    16384, 16777215, NULL, "of a frame's payload" },
	{ "max-header-list-size", 0, "OCTETS", KIND_UINT,
	    LIMIT(max_header_list_size), 1, 1 << 24,
	    NULL, "of a field section; enforced" },
	{ "no-connect-protocol", 0, NULL, KIND_FALSE,
	    LIMIT(enable_connect_protocol), 0, 0,
	    NULL, "no extended CONNECT" },
	GROUP("Bounds on a client"),
	{ "max-fields", 0, "N", KIND_UINT, LIMIT(max_fields), 1, 1 << 20,
	    NULL, "field lines in a section" },
	{ "max-continuations", 0, "N", KIND_UINT, LIMIT(max_continuations), 0,
	    MAX31, NULL, "CONTINUATION in a block" },
	{ "max-settings", 0, "N", KIND_UINT, LIMIT(max_settings), 1, MAX31,
	    NULL, "entries in a SETTINGS" },
	{ "max-resets", 0, "N", KIND_UINT, LIMIT(max_resets), 1, MAX31,
	    NULL, "RST_STREAM at once" },
	{ "resets-per-second", 0, "N", KIND_UINT, LIMIT(resets_per_second), 1,
	    MAX31, NULL, "... and in the long run" },
	{ "max-idle-frames", 0, "N", KIND_UINT, LIMIT(max_idle_frames), 1,
	    MAX31, NULL, "frames that do no work in a row" },
	{ "max-replies", 0, "N", KIND_UINT, LIMIT(max_replies), 1, MAX31,
	    NULL, "queued replies to control frames" },
	{ "max-data-frames", 0, "N", KIND_UINT, LIMIT(max_data_frames), 1,
	    MAX31, NULL, "beyond one for 256 octets" },
	{ "max-body", 0, "OCTETS", KIND_U64, LIMIT(max_body), 0, INT64_MAX,
	    NULL, "of a request's content" },
	{ "max-stored", 0, "OCTETS", KIND_U64, AT(max_stored), 1, INT64_MAX,
	    "what it leaves to others", "content in files" },
	{ "max-stored-total", 0, "OCTETS", KIND_U64, AT(max_stored_total), 1,
	    INT64_MAX, "three quarters of TMPDIR", "of all clients" },
	{ "max-parameters", 0, "N", KIND_UINT, AT(max_parameters), 1, MAX31,
	    NULL, "of a form, query, cookie field" },
	{ "max-message", 0, "OCTETS", KIND_U64, AT(max_message), 0,
	    UINT64_C(1) << 40,
	    NULL, "of a WebSocket message, inflated" },
	GROUP("Started by other programs"),
	{ "inetd", 0, NULL, KIND_TRUE, AT(inetd), 0, 0,
	    NULL, "standard input is the connection" },
	{ "inetd-wait", 0, NULL, KIND_TRUE, AT(inetd_wait), 0, 0,
	    NULL, "standard input is the listening socket" },
	{ "idle-exit", 0, "SECONDS", KIND_UINT, AT(idle_exit_ms), 0, DAY,
	    NULL, "end when without clients; 0: never" },
	{ "notify-fd", 0, "N", KIND_UINT, AT(notify_fd), 3, 65535,
	    "none", "write a newline to it when ready" },
	{ "stop-on-eof", 0, NULL, KIND_TRUE, AT(stop_on_eof), 0, 0,
	    NULL, "stop when standard input ends" },
	GROUP("The log"),
	{ "log-format", 0, "FORM", KIND_CHOICE, AT(log_format), 0, 0,
	    NULL, "text or json" },
	{ "syslog", 0, NULL, KIND_TRUE, AT(syslog), 0, 0,
	    NULL, "log to the system's log" },
	GROUP("Traces"),
	{ "trace", 0, "DIR", KIND_STRING, AT(trace), 0, 0,
	    "none", "write a trace of each connection" },
	{ "trace-data", 0, "OCTETS", KIND_U64, AT(trace_data), 0, 1 << 20,
	    NULL, "of a DATA frame in a trace" },
	{ "max-trace", 0, "OCTETS", KIND_U64, AT(max_trace), 4096, INT64_MAX,
	    NULL, "of a trace, which ends there" },
	{ "max-traces", 0, "OCTETS", KIND_U64, AT(max_traces), 4096,
	    INT64_MAX, NULL, "of all; the oldest are removed" },
	{ "console", 0, NULL, KIND_TRUE, AT(console), 0, 0,
	    NULL, "show them below /.h2rig/" },
	GROUP("The program itself"),
	{ "help", 'h', NULL, KIND_HELP, 0, 0, 0,
	    NULL, "print this" },
	{ "version", 'V', NULL, KIND_VERSION, 0, 0, 0,
	    NULL, "print the version" }
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* getopt_long returns this plus i for row i, if that has no letter. */
#define FIRST_LONG 256

#define NUMBER_SIZE 32		/* octets of a number with its unit */

static void
options_default(struct options *o)
{
	memset(o, 0, sizeof(*o));
	o->log_level = LOG_L_INFO;
	o->max_children = 512;
	o->spare = 6;
	o->per_process = 1;
	o->grace_ms = 10000;
	o->handshake_timeout_ms = 10000;
	o->idle_timeout_ms = 300000;
	o->stall_timeout_ms = 300000;
	o->run_limit_ms = 300000;
	o->max_memory = OPTIONS_NOT_GIVEN;
	o->max_message = (uint64_t)16 << 20;
	o->max_parameters = 10000;
	o->max_files = 1024;
	o->max_processes = 64;
	o->silence_limit_ms = 30000;
	o->trace_data = 64;
	o->max_trace = (uint64_t)64 << 20;
	o->max_traces = (uint64_t)1 << 30;
	session_limits_default(&o->limits);
}

static void *
member(struct options *o, const struct row *r)
{
	return (char *)o + r->offset;
}

static const struct quantity *
quantity_of(const struct row *r)
{
	const struct quantity *q = quantities;

	while (q->arg != NULL && strcmp(q->arg, r->arg) != 0)
		q++;
	return q;
}

static const struct choice *
choice_of(const struct row *r)
{
	const struct choice *c = choices;

	while (strcmp(c->arg, r->arg) != 0)
		c++;
	return c;
}

#define N_UNITS (sizeof(quantities[0].units) / sizeof(quantities[0].units[0]))

/*
 * Writes a row's number to dst, in the largest unit that leaves no fraction;
 * returns dst.
 */
static const char *
number_text(const struct row *r, uint64_t v, char dst[NUMBER_SIZE])
{
	const struct quantity *q = quantity_of(r);
	size_t i = N_UNITS - 1;

	while (i > 0 && (q->units[i].size == 0 || v % q->units[i].size != 0))
		i--;
	if (v == 0)
		snprintf(dst, NUMBER_SIZE, "0");
	else
		snprintf(dst, NUMBER_SIZE, "%" PRIu64 "%s",
		    v / q->units[i].size, q->units[i].name);
	return dst;
}

/* Returns a row's default as text, or NULL if there is none to speak of. */
static const char *
default_text(const struct row *r, struct options *o, char dst[NUMBER_SIZE])
{
	void *p = member(o, r);

	if (r->shown != NULL)
		return r->shown;
	switch (r->kind) {
	case KIND_UINT:
		return number_text(r, *(unsigned *)p, dst);
	case KIND_U64:
		return number_text(r, *(uint64_t *)p, dst);
	case KIND_CHOICE:
		return choice_of(r)->words[*(int *)p];
	default:
		return NULL;
	}
}

static void
print_row(const struct row *r, struct options *defaults)
{
	char letter[4] = { '-', (char)r->letter, ',', '\0' };
	char left[64], number[NUMBER_SIZE];
	const char *def = default_text(r, defaults, number);

	snprintf(left, sizeof(left), "%-3s --%s%s%s",
	    r->letter != 0 ? letter : "", r->name, r->arg != NULL ? " " : "",
	    r->arg != NULL ? r->arg : "");
	printf("  %-33s  %s", left, r->help);
	if (def != NULL)
		printf(" [%s]", def);
	putchar('\n');
}

static void
print_usage(void)
{
	struct options o;
	size_t i;

	options_default(&o);
	printf("usage: h2rig [option ...] DOCROOT\n"
	    "Serves DOCROOT by HTTP/2; Python scripts in it see each frame.\n"
	    "OCTETS may end in K, M or G (of 1024); SECONDS and MS in ms, s, m "
	    "or h.\n");
	for (i = 0; i < N_ROWS; i++)
		if (rows[i].kind == KIND_GROUP)
			printf("\n%s:\n", rows[i].name);
		else
			print_row(&rows[i], &o);
}

static void
print_and_exit(void (*print)(void))
{
	print();
	if (fflush(stdout) == EOF)
		fatal(EXIT_SYSTEM, "standard output");
	exit(EXIT_SUCCESS);
}

/* Returns the size of the unit called name (bare if ""), or 0: no such unit. */
static uint64_t
unit_size(const struct quantity *q, const char *name)
{
	size_t i;

	if (*name == '\0')
		name = q->bare;
	for (i = 0; i < N_UNITS && q->units[i].name != NULL; i++)
		if (strcasecmp(name, q->units[i].name) == 0)
			return q->units[i].size;
	return 0;
}

/*
 * Parses decimal digits and a unit; strtoull alone takes signs, blanks and
 * more.
 */
static uint64_t
parse_number(const struct row *r, const char *text)
{
	const struct quantity *q = quantity_of(r);
	char min[NUMBER_SIZE], max[NUMBER_SIZE];
	const char *p = text;
	uint64_t v = 0, unit;

	while (*p >= '0' && *p <= '9') {
		uint64_t digit = (uint64_t)(*p++ - '0');

		/* v stays too large, however many digits follow. */
		v = v > (UINT64_MAX - digit) / 10 ? UINT64_MAX
		    : v * 10 + digit;
	}
	unit = unit_size(q, p);
	if (p == text || unit == 0 || v > r->max / unit || v * unit < r->min)
		fatalx(EXIT_USAGE, "--%s: \"%s\": expected %s from %s to %s",
		    r->name, text, q->expected, number_text(r, r->min, min),
		    number_text(r, r->max, max));
	return v * unit;
}

static int
parse_choice(const struct row *r, const char *text)
{
	const struct choice *c = choice_of(r);
	int i;

	for (i = 0; c->words[i] != NULL; i++)
		if (strcmp(text, c->words[i]) == 0)
			return i;
	fatalx(EXIT_USAGE, "--%s: \"%s\": expected %s", r->name, text,
	    c->expected);
}

/* Ends the program if the option was given `most` times before this one. */
static void
check_times(const struct row *r, const char *text, size_t n, size_t most)
{
	if (n == most)
		fatalx(EXIT_USAGE, "--%s: \"%s\": expected it at most %zu "
		    "times", r->name, text, most);
}

static void
add_bind(struct options *o, const struct row *r, const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (sys_parse_addr(text, 0, &ss, &len) == -1)
		fatalx(EXIT_USAGE, "--%s: \"%s\": expected a numeric IPv4 or "
		    "IPv6 address", r->name, text);
	check_times(r, text, o->n_bind, OPTIONS_MAX_BIND);
	o->bind[o->n_bind++] = text;
}

static void
add_port(struct options *o, const struct row *r, const char *text)
{
	unsigned port = (unsigned)parse_number(r, text);
	size_t i;

	for (i = 0; i < o->n_port; i++)
		if (port != 0 && o->port[i] == port)
			fatalx(EXIT_USAGE, "--%s: \"%s\": expected each port "
			    "once", r->name, text);
	check_times(r, text, o->n_port, OPTIONS_MAX_PORT);
	o->port[o->n_port++] = port;
}

static void
add_alias(struct options *o, const struct row *r, const char *text)
{
	const char *equals = strchr(text, '=');

	if (text[0] != '/' || equals == NULL || equals[1] == '\0')
		fatalx(EXIT_USAGE, "--%s: \"%s\": expected /URL/=DIR", r->name,
		    text);
	check_times(r, text, o->n_alias, OPTIONS_MAX_ALIAS);
	o->alias[o->n_alias++] = text;
}

static void
apply(struct options *o, const struct row *r, const char *text)
{
	void *p = member(o, r);

	switch (r->kind) {
	case KIND_TRUE:
	case KIND_FALSE:
		*(bool *)p = r->kind == KIND_TRUE;
		break;
	case KIND_UINT:
		*(unsigned *)p = (unsigned)parse_number(r, text);
		break;
	case KIND_U64:
		*(uint64_t *)p = parse_number(r, text);
		break;
	case KIND_STRING:
		*(const char **)p = text;
		break;
	case KIND_BIND:
		add_bind(o, r, text);
		break;
	case KIND_PORT:
		add_port(o, r, text);
		break;
	case KIND_ALIAS:
		add_alias(o, r, text);
		break;
	case KIND_CHOICE:
		*(int *)p = parse_choice(r, text);
		break;
	case KIND_HELP:
	case KIND_VERSION:
	case KIND_GROUP:
		break;
	}
}

/* Returns the row of getopt_long's return value, or of optopt, or NULL. */
static const struct row *
find_row(int c)
{
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		if (c == FIRST_LONG + (int)i ||
		    (rows[i].letter != 0 && c == rows[i].letter))
			return &rows[i];
	return NULL;
}

static void
fill_getopt(struct option *lopt, char *sopt)
{
	size_t i;

	/*
	 * The leading colon has getopt_long return ':' for a missing argument.
	 */
	*sopt++ = ':';
	for (i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];

		if (r->kind == KIND_GROUP)
			continue;
		*lopt++ = (struct option){ r->name, r->arg != NULL, NULL,
		    r->letter != 0 ? r->letter : FIRST_LONG + (int)i };
		if (r->letter == 0)
			continue;
		*sopt++ = (char)r->letter;
		if (r->arg != NULL)
			*sopt++ = ':';
	}
	*sopt = '\0';
	*lopt = (struct option){ 0 };
}

/* Whether name and word are the same but for two letters in one place. */
static bool
is_misspelt(const char *name, const char *word, size_t len)
{
	size_t n = strlen(name), less = n < len ? n : len;
	size_t more = n < len ? len : n, from = 0, to = 0;

	while (from < less && name[from] == word[from])
		from++;
	while (from + to < less && name[n - to - 1] == word[len - to - 1])
		to++;
	return len > 3 && from + to + 2 >= more;
}

/*
 * Writes to dst the options that word may mean, if it is cut too short or
 * misspelt.  Returns dst.
 */
static const char *
candidates(const char *word, char *dst, size_t size)
{
	size_t i, len = strcspn(word, "="), at = 0;

	dst[0] = '\0';
	for (i = 0; i < N_ROWS && at < size; i++)
		if (rows[i].kind != KIND_GROUP &&
		    (strncmp(rows[i].name, word, len) == 0 ||
		    is_misspelt(rows[i].name, word, len)))
			at += (size_t)snprintf(dst + at, size - at, "%s--%s",
			    at > 0 ? ", " : "", rows[i].name);
	return dst;
}

/* Ends the program after getopt_long has returned '?' or ':'. */
static void
reject(int c, char **argv)
{
	const struct row *r = optopt != 0 ? find_row(optopt) : NULL;
	const char *word = argv[optind - 1];
	char several[1024];

	if (r != NULL && c == ':')
		fatalx(EXIT_USAGE, "--%s: expected %s after it", r->name,
		    r->arg);
	if (r != NULL)
		fatalx(EXIT_USAGE, "--%s: expected no argument", r->name);
	/* An unknown letter may stand anywhere in its word. */
	if (optopt != 0)
		fatalx(EXIT_USAGE, "-%c: expected an option that "
		    "h2rig --help lists", optopt);
	if (strncmp(word, "--", 2) == 0 &&
	    candidates(word + 2, several, sizeof(several))[0] != '\0')
		fatalx(EXIT_USAGE, "%s: expected one of %s", word, several);
	fatalx(EXIT_USAGE, "%s: expected an option that h2rig --help lists",
	    word);
}

void
options_parse(struct options *o, int argc, char **argv, void (*about)(void))
{
	struct option lopt[N_ROWS + 1];
	char sopt[2 * N_ROWS + 2];
	const struct row *r;
	int c;

	options_default(o);
	fill_getopt(lopt, sopt);
	opterr = 0;
	while ((c = getopt_long(argc, argv, sopt, lopt, NULL)) != -1) {
		if (c == '?' || c == ':')
			reject(c, argv);
		r = find_row(c);
		if (r->kind == KIND_HELP || r->kind == KIND_VERSION)
			print_and_exit(r->kind == KIND_HELP ? print_usage :
			    about);
		apply(o, r, optarg);
	}
	if (o->n_port == 0)
		o->port[o->n_port++] = DEFAULT_PORT;
	optcheck_whole(o, argv + optind, argc - optind);
}
