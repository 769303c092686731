/* SPDX-License-Identifier: MIT */
/*
 * Checks of options that are valid by themselves: whether they go together, and
 * whether the directories that they name exist.  Hides a password in an option.
 * options.c calls this when it has read the last option.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "optcheck.h"

static char *
check_directory(const char *name, const char *path)
{
	struct stat st;
	char *real;

	real = realpath(path, NULL);
	if (real == NULL || stat(real, &st) == -1)
		fatal(EXIT_CONFIG, "%s: \"%s\": expected a directory", name,
		    path);
	errno = ENOTDIR;
	if (!S_ISDIR(st.st_mode) || access(real, R_OK | X_OK) == -1)
		fatal(EXIT_CONFIG, "%s: \"%s\": expected a readable "
		    "directory", name, path);
	return real;
}

/* Ends the program if options exclude each other. */
static void
check_pairs(const struct options *o)
{
	const struct {
		bool both;
		const char *name, *other;
	} pairs[] = {
		{ o->cleartext && o->cert != NULL, "cleartext", "cert" },
		{ o->cleartext && o->key != NULL, "cleartext", "key" },
		{ o->cleartext && o->ca != NULL, "cleartext", "ca" },
		{ o->cleartext && o->ca_out != NULL, "cleartext", "ca-out" },
		{ o->cert != NULL && o->ca != NULL, "cert", "ca" },
		{ o->cert != NULL && o->ca_out != NULL, "cert", "ca-out" },
		{ o->inetd && o->inetd_wait, "inetd", "inetd-wait" },
		{ o->inetd && o->idle_exit_ms != 0, "inetd", "idle-exit" },
		{ o->inetd && o->notify_fd != 0, "inetd", "notify-fd" },
		{ o->inetd_wait && o->notify_fd != 0, "inetd-wait",
		    "notify-fd" },
		{ o->inetd && o->stop_on_eof, "inetd", "stop-on-eof" },
		{ o->inetd_wait && o->stop_on_eof, "inetd-wait",
		    "stop-on-eof" },
		{ o->syslog && o->log_file != NULL, "syslog", "log-file" },
		/* Traces are for the server's user alone. */
		{ o->console && o->user != NULL, "console", "user" }
	};
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].both)
			fatalx(EXIT_USAGE, "--%s: expected no --%s with it",
			    pairs[i].name, pairs[i].other);
}

/*
 * Overwrites the password of --stash in argv, which ps and a script's
 * /proc/self/cmdline show.
 */
static void
hide_password(struct options *o)
{
	char *shown = (char *)o->stash;		/* of argv */
	char *from, *to;

	if (shown == NULL || (from = strstr(shown, "://")) == NULL ||
	    (to = strrchr(from, '@')) == NULL)
		return;
	if ((o->stash = strdup(shown)) == NULL)
		fatal(EXIT_SYSTEM, "--stash");
	from += strlen("://");
	memset(from, '*', (size_t)(to - from));
}

void
optcheck_whole(struct options *o, char **operand, int n)
{
	hide_password(o);
	check_pairs(o);
	if (o->cert != NULL && o->key == NULL)
		fatalx(EXIT_USAGE, "--cert: expected --key with it");
	if (o->key != NULL && o->cert == NULL)
		fatalx(EXIT_USAGE, "--key: expected --cert with it");
	if (o->console && o->trace == NULL)
		fatalx(EXIT_USAGE, "--console: expected --trace with it");
	if (n == 0)
		fatalx(EXIT_USAGE, "DOCROOT: expected the directory to serve");
	if (n > 1)
		fatalx(EXIT_USAGE, "\"%s\": expected nothing after DOCROOT",
		    operand[1]);
	if ((o->user != NULL || o->group != NULL) && geteuid() != 0)
		fatalx(EXIT_CONFIG, "--%s: expected h2rig to be started by "
		    "root, who alone can change it", o->user != NULL ?
		    "user" : "group");
	o->doc_root = check_directory("DOCROOT", operand[0]);
	if (o->trace != NULL)
		o->trace = check_directory("--trace", o->trace);
	if (o->ws_doc_root != NULL)
		o->ws_doc_root = check_directory("--ws-docroot",
		    o->ws_doc_root);
}
