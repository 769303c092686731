/* SPDX-License-Identifier: MIT */
/*
 * The embedded CPython: configuration, start in the parent, fork, and the first
 * and last steps in a child.  The parent's thread has the GIL from interp_start
 * on.  A child's main thread gives it up in interp_child_start, when its first
 * request has come; until then Python's memory stays shared.
 */
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "base/log.h"
#include "base/sys.h"
#include "conn/conn.h"
#include "host/confine.h"
#include "host/memory.h"
#include "host/prefault.h"
#include "calls.h"
#include "interp.h"
#include "py_impl.h"
#include "thread.h"

/* A thread that gets it writes its stack; programs ignore it by default. */
#define STACK_SIGNAL SIGURG
#define STACK_LOOK_MS 20
#define STACK_LOOKS 50

static PyThreadState *child_state;	/* of the child's main thread */

static PyObject *drain;			/* h2rig.server.output.drain; owned */
/*
 * Descriptors that all processes have, with numbers of a child's own.  FAULT is
 * where faulthandler writes: to nowhere in the parent, to its own output in a
 * child.  SHARED is a file that no cleaner of temporary files can remove: the
 * stash's locks are locks on it, also in a process that tries routes.
 */
enum { FAULT, SHARED };
static int descriptors[CONFINE_KEPT] = { -1, -1 };

/*
 * Which of CPython's hooks for forks must run before Python does.  The first
 * fork runs PyOS_BeforeFork.  Its counterpart runs when this process next needs
 * Python: for the parent at a reload or the end, for the child of an idle
 * connection never.  Running all three around each fork took 21 page faults in
 * the parent, which now has 7.
 */
static enum { HOOKS_NONE, HOOKS_PARENT, HOOKS_CHILD } hooks;

static void
wake_python(void)
{
	if (hooks == HOOKS_PARENT)
		PyOS_AfterFork_Parent();
	if (hooks == HOOKS_CHILD) {
		prefault_run();
		PyOS_AfterFork_Child();
	}
	hooks = HOOKS_NONE;
}

static int
start_python(char *err, size_t size)
{
	PyObjectArenaAllocator arenas = { NULL, memory_arena,
	    memory_arena_free };
	PyPreConfig pre;
	PyConfig config;
	PyStatus status;

	PyImport_AppendInittab("_h2rig", module_init);
	PyPreConfig_InitIsolatedConfig(&pre);
	pre.utf8_mode = 1;
#ifdef H2RIG_SANITIZERS
	/* The leak checker does not look into CPython's arenas. */
	pre.allocator = PYMEM_ALLOCATOR_MALLOC;
#endif
	PyObject_SetArenaAllocator(&arenas);
	status = Py_PreInitialize(&pre);
	if (PyStatus_Exception(status))
		goto fail;
	PyConfig_InitIsolatedConfig(&config);
	/* sys.prefix follows from it, and scripts start sys.executable. */
	status = PyConfig_SetBytesString(&config, &config.program_name,
	    PYTHON_PROGRAM);
	if (!PyStatus_Exception(status))
		status = Py_InitializeFromConfig(&config);
	PyConfig_Clear(&config);
	if (!PyStatus_Exception(status))
		return 0;
fail:
	snprintf(err, size, "cannot start Python: %s",
	    status.err_msg != NULL ? status.err_msg : "unknown error");
	return -1;
}

static bool
has_package(const char *dir)
{
	char file[PATH_MAX + 64];
	int n;

	n = snprintf(file, sizeof(file), "%s/h2rig/server/dispatch.py", dir);
	return n > 0 && (size_t)n < sizeof(file) && access(file, R_OK) == 0;
}

/* Finds the package: beside the program, or installed.  0, or -1 with err. */
static int
package_dir(const char *argv0, char *dst, size_t size, char *err,
    size_t err_size)
{
	static const char *const near[] = { "python", "../share/h2rig/python" };
	/* Without a slash it was found in PATH; only Linux tells where. */
	char *program = realpath(argv0 != NULL && strchr(argv0, '/') != NULL ?
	    argv0 : "/proc/self/exe", NULL);
	bool found = false;
	size_t i;

	for (i = 0; program != NULL && !found &&
	    i < sizeof(near) / sizeof(near[0]); i++) {
		snprintf(dst, size, "%.*s/%s", (int)(strrchr(program, '/') -
		    program), program, near[i]);
		found = has_package(dst);
	}
	free(program);
	if (found)
		return 0;
	snprintf(dst, size, "%s", PKGPYTHONDIR);
	if (has_package(dst))
		return 0;
	snprintf(err, err_size, "no Python package h2rig in %s: expected it "
	    "there or beside the program", PKGPYTHONDIR);
	return -1;
}

static int
add_to_path(const char *dir)
{
	PyObject *path = PySys_GetObject("path");	/* borrowed */
	PyObject *entry = PyUnicode_DecodeFSDefault(dir);
	int rc = -1;

	if (path != NULL && entry != NULL)
		rc = PyList_Insert(path, 0, entry);
	Py_XDECREF(entry);
	return rc;
}

/*
 * For "O&" of Py_BuildValue: text of the command line, such as a path, as str.
 * It may be any octets (PEP 383).  NULL becomes None.
 */
static PyObject *
fs_text(void *text)
{
	if (text == NULL)
		Py_RETURN_NONE;
	return PyUnicode_DecodeFSDefault(text);
}

static PyObject *
alias_list(const struct options *o)
{
	PyObject *list = PyList_New(0);
	size_t i;

	for (i = 0; list != NULL && i < o->n_alias; i++)
		gil_append(&list, PyUnicode_DecodeFSDefault(o->alias[i]));
	return list;
}

static PyObject *
port_list(const struct options *o)
{
	PyObject *list = PyList_New(0);
	size_t i;

	for (i = 0; list != NULL && i < o->n_port; i++)
		gil_append(&list, PyLong_FromUnsignedLong(o->port[i]));
	return list;
}

static PyObject *
options_dict(const struct options *o)
{
	return Py_BuildValue("{sO&sOsssNsIsssKsKsKsKsssO&sO&sNsIsO&sO&sO&sO"
	    "sOsO&sO&sisO&sIsisisd}",
	    "doc_root", fs_text, o->doc_root,
	    "hide_tracebacks", o->hide_tracebacks ? Py_True : Py_False,
	    "scheme", o->cleartext ? "http" : "https",
	    "ports", port_list(o),
	    "max_parameters", o->max_parameters,
	    "log_level", logline_levels[o->log_level],
	    "max_body", (unsigned long long)o->limits.max_body,
	    "max_message", (unsigned long long)o->max_message,
	    "max_stored", (unsigned long long)o->max_stored,
	    "max_stored_total", (unsigned long long)o->max_stored_total,
	    "version", PACKAGE_VERSION,
	    "routes", fs_text, o->routes,
	    "connection", fs_text, o->connection,
	    "aliases", alias_list(o),
	    "latency_ms", o->latency_ms,
	    "config", fs_text, o->config,
	    "stash", fs_text, o->stash,
	    "ws_docroot", fs_text, o->ws_doc_root,
	    "wpt", o->wpt ? Py_True : Py_False,
	    "validators", o->validators ? Py_True : Py_False,
	    "user", fs_text, o->user,
	    "group", fs_text, o->group,
	    "shared_file", descriptors[SHARED],
	    "console", fs_text, o->console ? o->trace : NULL,
	    "run_limit_ms", o->run_limit_ms,
	    "stack_file", descriptors[FAULT],
	    "stack_signal", STACK_SIGNAL,
	    "switch_interval", THREAD_SWITCH_US / 1e6);
}

/* Calls a function, without an argument if arg is NULL: 0, or -1. */
static int
call(const char *module, const char *function, PyObject *arg)
{
	PyObject *f, *result = NULL;

	wake_python();
	if ((f = gil_import(module, function)) != NULL)
		result = PyObject_CallFunctionObjArgs(f, arg, NULL);
	Py_XDECREF(f);
	Py_XDECREF(result);
	return result != NULL ? 0 : -1;
}

/*
 * Makes the exception that is set a line for err, and clears it.  Returns an
 * exit status.
 */
static int
explain(const char *doing, char *err, size_t size)
{
	PyObject *type, *value, *traceback, *f, *result = NULL;
	int status = EXIT_SYSTEM;
	const char *text;

	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	if ((f = gil_import("h2rig.server.start", "explain")) != NULL)
		result = PyObject_CallFunction(f, "sO", doing, value);
	if (result != NULL && PyArg_ParseTuple(result, "iy", &status, &text)) {
		snprintf(err, size, "%s", text);
	} else {
		/* The package is broken, which its author is to see. */
		PyErr_Clear();
		PyErr_Display(type, value, traceback);
		snprintf(err, size, "%s", doing);
	}
	Py_XDECREF(f);
	Py_XDECREF(result);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
	return status;
}

/* Moves fd to numbers of a child's own: the new number, or -1 with errno. */
static int
keep(int fd, int as, const struct options *o)
{
	if (fd != -1)
		fd = sys_move(fd, confine_own_files(o));
	return descriptors[as] = fd;
}

static volatile sig_atomic_t stack_shown;

/* faulthandler has it called when it has written the stack. */
static void
on_stack(int Py_UNUSED(sig))
{
	stack_shown = 1;
}

void
interp_show_stack(pthread_t thread)
{
	pthread_kill(thread, STACK_SIGNAL);
}

void
interp_await_stack(void)
{
	int i;

	for (i = 0; i < STACK_LOOKS && !stack_shown; i++)
		poll(NULL, 0, STACK_LOOK_MS);
}

/* Calls start: (uid, gid, a child's memory), a new reference, or NULL. */
static PyObject *
start_package(const struct options *o)
{
	PyObject *start = gil_import("h2rig.server.start", "start");
	PyObject *dict = options_dict(o), *found = NULL;

	if (start != NULL && dict != NULL)
		found = PyObject_CallFunctionObjArgs(start, dict, NULL);
	Py_XDECREF(start);
	Py_XDECREF(dict);
	return found;
}

int
interp_start(struct options *o, const char *argv0, char *err, size_t err_size)
{
	char dir[PATH_MAX + 64];
	unsigned long long memory;
	long long uid, gid;
	PyObject *found = NULL;

	if (package_dir(argv0, dir, sizeof(dir), err, err_size) < 0 ||
	    start_python(err, err_size) < 0)
		return EXIT_SYSTEM;
	if (keep(sys_temp_file(), SHARED, o) == -1) {
		snprintf(err, err_size, "cannot make a file in TMPDIR: %s",
		    strerror(errno));
		return EXIT_SYSTEM;
	}
	if (keep(open("/dev/null", O_WRONLY), FAULT, o) == -1) {
		snprintf(err, err_size, "/dev/null: %s", strerror(errno));
		return EXIT_SYSTEM;
	}
	sys_set_handler(STACK_SIGNAL, on_stack, 0);
	if (add_to_path(dir) < 0 || (found = start_package(o)) == NULL ||
	    !PyArg_ParseTuple(found, "LLK", &uid, &gid, &memory) ||
	    gil_bind() == -1 || calls_bind() == -1 ||
	    pyexchange_bind() == -1 ||
	    (drain = gil_import("h2rig.server.output", "drain")) == NULL) {
		Py_XDECREF(found);
		return explain("cannot start the Python package", err,
		    err_size);
	}
	Py_DECREF(found);
	if (o->max_memory == OPTIONS_NOT_GIVEN)
		o->max_memory = memory;
	if (confine_set_owner((uid_t)uid, (gid_t)gid) == 0)
		return 0;
	snprintf(err, err_size, "--%s: this h2rig is built without the "
	    "system's setgroups: expected it to be started without "
	    "supplementary groups", o->user != NULL ? "user" : "group");
	return EXIT_CONFIG;
}

/*
 * Blocks SIGABRT in the main thread, or unblocks it.  The kernel would give it
 * to this thread, if it can, and faulthandler would look at a script that goes
 * on meanwhile: one in six of such processes then ended with SIGSEGV.  Where
 * several handler threads rest or wait, one of them may still get it, with the
 * same end in 2 of 100 processes with three that slept.
 */
static void
leave_abort_to_handlers(bool leave)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGABRT);
	pthread_sigmask(leave ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* Logs and clears the exception that is set; the server serves all the same. */
static void
warn_exception(const char *doing)
{
	char err[512];

	explain(doing, err, sizeof(err));
	log_warnx("%s", err);
}

/* Calls a function without arguments, which the server can do without. */
static void
attempt(const char *doing, const char *module, const char *function)
{
	if (call(module, function, NULL) < 0)
		warn_exception(doing);
}

/* Calls a function of h2rig.server.warm_up. */
static int
rehearse(const struct options *o, const char *function)
{
	warm_set(o);
	return call("h2rig.server.warm_up", function, NULL);
}

void
interp_settle(const struct options *o)
{
	if (rehearse(o, "rehearse") < 0)
		warn_exception("rehearsing requests");
	attempt("sharing compiled scripts", "h2rig.server.dispatch", "settle");
	if (o->per_process > 1)
		attempt("preparing processes for several connections",
		    "h2rig.server.reuse", "prepare");
	PyGC_Collect();
	warm_immortal();
	attempt("freezing objects", "gc", "freeze");
	warm_fill();
}

int
interp_call(const char *function, char *err, size_t err_size)
{
	return call("h2rig.server.dispatch", function, NULL) == 0 ? 0 :
	    explain("cannot start the Python package", err, err_size);
}

void
interp_refresh(void)
{
	attempt("keeping files from cleaners", "h2rig.server.dispatch",
	    "refresh");
}

void
interp_stop(void)
{
	attempt("cleaning up", "h2rig.server.dispatch", "shutdown");
}

pid_t
interp_fork(void)
{
	pid_t pid;

	if (hooks == HOOKS_NONE)
		PyOS_BeforeFork();
	hooks = HOOKS_PARENT;
	pid = fork();
	if (pid == 0)
		hooks = HOOKS_CHILD;
	return pid;
}

static pid_t
fork_for_python(void)
{
	pid_t pid = interp_fork();

	wake_python();
	return pid;
}

/* In a process that ends after it, so that nobody asks how it went. */
static void
serve_first(const void *options)
{
	rehearse(options, "serve_first");
}

void
interp_learn(const struct options *o)
{
	static const char doing[] = "rehearsing a first request";

	if (!prefault_pays())
		return;
	if (rehearse(o, "begin") < 0)
		warn_exception(doing);
	else
		prefault_learn(fork_for_python, serve_first, o);
	if (rehearse(o, "end") < 0)
		warn_exception(doing);
}

void
interp_child_warm(const struct options *o)
{
	if (rehearse(o, "rehearse_briefly") < 0)
		PyErr_Clear();	/* only time is lost */
}

const int *
interp_descriptors(void)
{
	return descriptors;
}

void
interp_child_start(struct conn *c)
{
	wake_python();
	pyconnection_set(c);
	leave_abort_to_handlers(true);
	child_state = PyEval_SaveThread();
}

/* Writes what was printed and has no end of line. */
static void
flush_output(void)
{
	PyObject *result = PyObject_CallObject(drain, NULL);

	if (result == NULL)
		gil_log_exception("h2rig.server.output.drain");
	Py_XDECREF(result);
}

/*
 * Puts away what c has left in Python.  Returns what cannot be put away, in
 * words (static); NULL: nothing.
 */
static const char *
clean(struct conn *c)
{
	static char left[128];
	PyObject *f, *text = NULL;

	pyexchange_drop_all(&c->requests);
	if ((f = gil_import("h2rig.server.reuse", "clean")) != NULL)
		text = PyObject_CallObject(f, NULL);
	if (text == NULL) {
		gil_log_exception("h2rig.server.reuse.clean");
		snprintf(left, sizeof(left), "what could not be put away");
	} else if (PyBytes_Check(text)) {
		snprintf(left, sizeof(left), "%s", PyBytes_AS_STRING(text));
	}
	Py_XDECREF(f);
	Py_XDECREF(text);
	return left[0] != '\0' ? left : NULL;
}

const char *
interp_child_end(struct conn *c)
{
	const char *left;

	PyEval_RestoreThread(child_state);
	left = clean(c);
	/* A finalizer has forked, and this is the new process. */
	if (atomic_load(&c->forked))
		_exit(0);
	flush_output();
	leave_abort_to_handlers(false);
	return left;
}

void
interp_child_flush(void)
{
	PyEval_RestoreThread(child_state);
	flush_output();
	child_state = PyEval_SaveThread();
}

const char *
interp_version(void)
{
	static char version[32];
	size_t n = strcspn(Py_GetVersion(), " ");

	snprintf(version, sizeof(version), "%.*s", (int)n, Py_GetVersion());
	return version;
}
