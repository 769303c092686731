/* SPDX-License-Identifier: MIT */
/*
 * The command line.  One table names each option with its short form,
 * argument, default and help line; usage, parsing and the check of the manual
 * (t/manual.t) are all made from it.
 */
#ifndef H2RIG_OPTIONS_H
#define H2RIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "h2/session.h"

#define OPTIONS_MAX_BIND 16
#define OPTIONS_MAX_PORT 64
#define OPTIONS_MAX_ALIAS 64
#define OPTIONS_NOT_GIVEN UINT64_MAX

/* All times are in milliseconds, whatever unit the option takes. */
struct options {
	const char *bind[OPTIONS_MAX_BIND];	/* numeric addresses */
	size_t n_bind;			/* 0: 127.0.0.1 and, if there, ::1 */
	unsigned port[OPTIONS_MAX_PORT];	/* 0: the kernel picks one */
	size_t n_port;			/* at least 1 */
	const char *cert;		/* PEM files; NULL: made in memory */
	const char *key;
	const char *ca;			/* PEM file of certificate and key */
	const char *ca_out;		/* file for the CA's certificate */
	bool cleartext;			/* prior knowledge, no TLS */
	enum log_level log_level;
	const char *doc_root;		/* absolute, resolved */
	bool hide_tracebacks;
	const char *routes;		/* Python file; NULL: none */
	const char *connection;		/* script of connections; NULL: none */
	const char *alias[OPTIONS_MAX_ALIAS];	/* "URL=DIR" */
	size_t n_alias;
	unsigned latency_ms;		/* before each request is handled */
	const char *config;		/* JSON file; NULL: none */
	const char *stash;		/* file or URL; NULL: of this server */
	const char *ws_doc_root;	/* where *_wsh.py are; NULL: doc_root */
	bool wpt;			/* wrapper pages for .any.js etc. */
	bool validators;		/* etag, last-modified, 304 */
	unsigned max_children;
	unsigned spare;			/* children that wait for a client */
	unsigned per_process;		/* connections of a process, in turn */
	unsigned grace_ms;		/* time for children to finish */
	unsigned handshake_timeout_ms;
	unsigned idle_timeout_ms;
	unsigned stall_timeout_ms;
	unsigned run_limit_ms;		/* of one call of a script's function */

	/* What scripts and connections are limited to; 0: no limit. */
	const char *user;		/* name or number; NULL: as we are */
	const char *group;
	uint64_t max_stored;		/* octets of content; 0: a share */
	uint64_t max_stored_total;	/* ... of all children */
	uint64_t max_message;		/* octets of a WebSocket message */
	uint32_t max_parameters;	/* of a form, a query, a cookie field */
	uint64_t max_memory;		/* octets of a child's address space;
					 * not given, until interp_start */
	unsigned max_cpu_ms;		/* of processor time */
	uint64_t max_file_size;		/* octets of a file */
	unsigned max_files;		/* open files of a child */
	unsigned max_processes;		/* of a child, itself counted */
	unsigned silence_limit_ms;	/* without a sign of a child's life */
	unsigned max_requests;		/* of a connection */
	unsigned max_lifetime_ms;	/* of a connection */
	unsigned max_per_address;	/* connections of a client's address */
	unsigned max_per_second;	/* new connections */
	struct session_limits limits;

	/* Started by other programs; the log. */
	bool inetd;			/* descriptor 0 is the connection */
	bool inetd_wait;		/* ... is the listening socket */
	unsigned idle_exit_ms;		/* time without clients; 0: never */
	unsigned notify_fd;		/* gets a newline when ready; 0: none */
	bool stop_on_eof;		/* stop when descriptor 0 ends */
	enum log_format log_format;
	const char *log_file;		/* NULL: standard error */
	bool syslog;

	/* Traces: a file for each connection. */
	const char *trace;		/* directory of traces; NULL: none */
	uint64_t trace_data;		/* octets of a DATA frame in a trace */
	uint64_t max_trace;		/* octets of a trace */
	uint64_t max_traces;		/* octets of all traces */
	bool console;			/* pages about traces and the server */
};

/*
 * Parses argv.  --help, and --version by `about`, print on standard output and
 * exit 0.  An option that is wrong or contradicts another ends the program with
 * one line on standard error, which names the option and what was expected, and
 * with the exit status EXIT_USAGE (via fatalx), or EXIT_CONFIG for a directory
 * that is none.  Strings are borrowed from argv, but directories are allocated;
 * so is --stash if it has a password, which is then overwritten in argv.
 */
void options_parse(struct options *o, int argc, char **argv,
    void (*about)(void));

#endif
