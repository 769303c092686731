/* SPDX-License-Identifier: MIT */
/*
 * Objects that must stay as they are: some thousand, with tens of thousands of
 * items, which are checked after each connection.  The check is C code, so that
 * it writes to no count of references, and so to none of the pages that
 * processes share.  Of a dict, items are compared only if CPython says that it
 * was changed, since it may have been changed back.
 *
 * The hook for audit events is C code too, since CPython calls it for each
 * event.
 */
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "py_impl.h"

/* References are held for good, so that no other object gets their address. */
struct kept {
	PyObject *name;
	PyObject *object;	/* a dict, also a class's, list or set */
	void *items;		/* a copy of its items */
	Py_ssize_t n;		/* how many; of a set, table entries */
	bool compares;		/* a dict: always compared, touched or not */
};

static struct kept *kept;
static Py_ssize_t n_kept;

/* ---- audit events ---- */

static const char *volatile deed;

/*
 * A process that was started may have gone on alone, and what C code has done
 * is in no table.
 */
static int
on_audit(const char *event, PyObject *Py_UNUSED(args), void *Py_UNUSED(unused))
{
	static const char *const deeds[] = { "os.fork", "os.forkpty",
	    "os.posix_spawn", "os.spawn", "os.system", "os.exec",
	    "subprocess.Popen", "ctypes.dlopen", "ctypes.dlsym",
	    "ctypes.cdata", "sys.addaudithook", "os.chroot" };
	size_t i;

	for (i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (strcmp(event, deeds[i]) == 0)
			deed = deeds[i];
	return 0;
}

const char *
keep_deed(void)
{
	return deed;
}

/* ---- whether a dict has been touched ---- */

#if PY_VERSION_HEX < 0x030c0000

/* ma_version_tag is another one after each change of the dict (PEP 509). */
static struct version {
	const uint64_t *at;	/* the dict's ma_version_tag */
	uint64_t was;
} *versions;

static int
watch(PyObject *dict, Py_ssize_t i)
{
	if (versions == NULL)
		versions = PyMem_RawCalloc((size_t)n_kept, sizeof(*versions));
	if (versions == NULL) {
		PyErr_NoMemory();
		return -1;
	}
	versions[i].at = &((PyDictObject *)dict)->ma_version_tag;
	versions[i].was = *versions[i].at;
	return 0;
}

static bool
is_touched(Py_ssize_t i)
{
	return *versions[i].at != versions[i].was;
}

static void
forget_touched(void)
{
}

#else

#define TOUCHED_MAX 64		/* with more, all count as touched */

static const PyObject *touched[TOUCHED_MAX];
static size_t n_touched;

static int
on_change(PyDict_WatchEvent Py_UNUSED(event), PyObject *dict,
    PyObject *Py_UNUSED(key), PyObject *Py_UNUSED(value))
{
	if (n_touched > 0 && n_touched <= TOUCHED_MAX &&
	    touched[n_touched - 1] == dict)
		return 0;
	if (n_touched < TOUCHED_MAX)
		touched[n_touched] = dict;
	if (n_touched <= TOUCHED_MAX)
		n_touched++;
	return 0;
}

static int
watch(PyObject *dict, Py_ssize_t Py_UNUSED(i))
{
	static int watcher = -1;

	if (watcher == -1 && (watcher = PyDict_AddWatcher(on_change)) == -1)
		return -1;
	return PyDict_Watch(watcher, dict);
}

static bool
is_touched(Py_ssize_t i)
{
	size_t k;

	for (k = 0; k < n_touched && k < TOUCHED_MAX; k++)
		if (touched[k] == kept[i].object)
			return true;
	return n_touched > TOUCHED_MAX;
}

static void
forget_touched(void)
{
	n_touched = 0;
}

#endif

/* ---- items ---- */

/* Takes references to the n objects at p. */
static void
hold(PyObject *const *p, Py_ssize_t n)
{
	while (n-- > 0)
		Py_INCREF(*p++);
}

/* Whether an object may set its attributes without touching this dict. */
static bool
is_split(PyObject *dict)
{
	return ((PyDictObject *)dict)->ma_values != NULL;
}

/* Keeps keys and values, in order. */
static int
keep_dict(struct kept *k)
{
	PyObject **items = PyMem_RawCalloc(
	    (size_t)(2 * PyDict_GET_SIZE(k->object) + 1), sizeof(*items));
	Py_ssize_t at = 0;

	k->items = items;
	for (; items != NULL && PyDict_Next(k->object, &at, &items[0],
	    &items[1]); items += 2) {
		hold(items, 2);
		k->n++;
	}
	if (k->items == NULL)
		return -1;
	k->compares = is_split(k->object);
	return k->compares ? 0 : watch(k->object, k - kept);
}

static int
keep_octets(struct kept *k, const void *p, size_t size)
{
	if ((k->items = PyMem_RawMalloc(size + 1)) == NULL)
		return -1;
	if (size > 0)
		memcpy(k->items, p, size);
	return 0;
}

static int
keep_list(struct kept *k)
{
	PyListObject *list = (PyListObject *)k->object;

	k->n = Py_SIZE(list);
	hold(list->ob_item, k->n);
	return keep_octets(k, list->ob_item, (size_t)k->n * sizeof(PyObject *));
}

/* Keeps the whole table: it changes when an item comes or goes. */
static int
keep_table(struct kept *k)
{
	PySetObject *set = (PySetObject *)k->object;
	PyObject *frozen = PyFrozenSet_New(k->object);	/* keeps the items */

	k->n = set->mask + 1;
	return frozen == NULL ? -1 : keep_octets(k, set->table,
	    (size_t)k->n * sizeof(setentry));
}

static int
keep_one(struct kept *k, PyObject *pair)
{
	int rc = -1;

	if (!PyArg_ParseTuple(pair, "UO", &k->name, &k->object))
		return -1;
	if (PyType_Check(k->object))
		k->object = ((PyTypeObject *)k->object)->tp_dict;
	Py_INCREF(k->name);
	Py_INCREF(k->object);
	if (PyDict_Check(k->object))
		rc = keep_dict(k);
	else if (PyList_Check(k->object))
		rc = keep_list(k);
	else if (PySet_Check(k->object))
		rc = keep_table(k);
	else
		PyErr_Format(PyExc_TypeError, "%U is a %s", k->name,
		    Py_TYPE(k->object)->tp_name);
	if (rc == -1 && !PyErr_Occurred())
		PyErr_NoMemory();
	return rc;
}

PyObject *
keep_set(PyObject *Py_UNUSED(module), PyObject *all)
{
	Py_ssize_t i;

	if (!PyList_Check(all))
		return PyErr_Format(PyExc_TypeError, "expected a list");
	n_kept = PyList_GET_SIZE(all);
	kept = PyMem_RawCalloc((size_t)n_kept + 1, sizeof(*kept));
	if (kept == NULL)
		return PyErr_NoMemory();
	for (i = 0; i < n_kept; i++)
		if (keep_one(&kept[i], PyList_GET_ITEM(all, i)) == -1)
			return NULL;
	forget_touched();
	if (PySys_AddAuditHook(on_audit, NULL) == -1)
		return NULL;
	Py_RETURN_NONE;
}

/* *key: the key of the item that differs, if there is one. */
static bool
is_same_dict(const struct kept *k, PyObject **key)
{
	PyObject **was = k->items, *value;
	Py_ssize_t at = 0, n = 0;

	for (; PyDict_Next(k->object, &at, key, &value); was += 2)
		if (++n > k->n || *key != was[0] || value != was[1])
			return false;
	*key = NULL;
	return n == k->n;
}

static bool
is_same(Py_ssize_t i, PyObject **key)
{
	const struct kept *k = &kept[i];

	if (PyDict_Check(k->object))
		return (!k->compares && !is_touched(i)) ||
		    is_same_dict(k, key);
	if (PyList_Check(k->object))
		return Py_SIZE(k->object) == k->n && (k->n == 0 || memcmp(
		    ((PyListObject *)k->object)->ob_item, k->items,
		    (size_t)k->n * sizeof(PyObject *)) == 0);
	return ((PySetObject *)k->object)->mask + 1 == k->n && memcmp(
	    ((PySetObject *)k->object)->table, k->items,
	    (size_t)k->n * sizeof(setentry)) == 0;
}

PyObject *
keep_changed(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	PyObject *key = NULL;
	Py_ssize_t i = 0;

	while (i < n_kept && is_same(i, &key))
		i++;
	if (i == n_kept) {
		forget_touched();
		Py_RETURN_NONE;
	}
	if (key != NULL && PyUnicode_Check(key))
		return PyUnicode_FromFormat("%U.%U", kept[i].name, key);
	Py_INCREF(kept[i].name);
	return kept[i].name;
}
