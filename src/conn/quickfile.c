/* SPDX-License-Identifier: MIT */
/*
 * Static files without Python: the answers that Python has given to plain
 * requests for small files, kept in memory and given again by the I/O thread.
 * python/h2rig/server/static.py decides what is plain and hands it over.
 *
 * Measured with h2load on a file of 1 KiB: 5 us of CPU for a request with -c8
 * -m32; with -c1 -m1, where going to sleep and waking up cost most, 140 us, and
 * 370 us through Python.
 *
 * An answer is valid while stat(2) says the same of the file and its directory:
 * device, inode, size, times of modification and of change.  The directory's
 * times show that a `.headers` beside the file comes or goes.  A change within
 * the same clock tick as the one before it leaves the times as they were, so a
 * file that had just changed when it was read is not kept.  One check serves
 * all requests that were read from the socket in one go before it: their client
 * cannot know of a later change.
 *
 * stat(2) is called under the mutex.  On network file systems it may wait, so
 * their files are left to Python.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef HAVE_SYS_VFS_H
#include <sys/vfs.h>
#endif
#include <time.h>

#include "access.h"
#include "base/channel.h"
#include "base/log.h"
#include "base/sys.h"
#include "conn.h"
#include "quickfile.h"

/* Most octets that a connection keeps; past this all answers are dropped. */
#define OCTETS_MAX (8 * 1024 * 1024)
#define BUCKETS 256

/* Longest :path that is kept, octets: its record has to fit in PIPE_BUF. */
#define PATH_LEN_MAX 512

/*
 * How long ago the last change must be, ms.  A file system that counts
 * fractions of a second has a clock that ticks at least every 10 ms; of the
 * others FAT's is the coarsest, with 2 s.
 */
#define SETTLE_FINE_MS 200
#define SETTLE_COARSE_MS 3000

/* Most octets of content that answer the requests read in one go. */
#define LOT_MAX (4 * 1024 * 1024)

struct stamp {
	uint64_t dev, ino;
	int64_t size;
	struct timespec modified, changed;
};

struct quickfile {
	struct quickfile *next;	/* in its bucket */
	uint64_t checked;	/* `lots` when the stamps were last compared */
	struct stamp file, dir;
	const char *path, *dir_path;
	const uint8_t *key;	/* :path */
	size_t key_len;
	const uint8_t *content;
	size_t len;
	size_t octets;		/* of this allocation */
	size_t n_fields;
	struct field fields[];	/* then all that pointers point to */
};

/* The answers that a connection keeps. */
struct quickfiles {
	struct quickfile *bucket[BUCKETS];	/* by a hash of :path */
	size_t octets;
	uint64_t lot;		/* the connection's `lots`, as last seen */
	size_t lot_octets;	/* of content that answered requests in it */
};

/* ---- stamps ---- */

static struct stamp
stamp_of(const struct stat *st)
{
	return (struct stamp){ .dev = (uint64_t)st->st_dev,
	    .ino = (uint64_t)st->st_ino, .size = (int64_t)st->st_size,
	    .modified = st->st_mtim, .changed = st->st_ctim };
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
still_fits(const char *path, const struct stamp *was)
{
	struct stat st;
	struct stamp is;

	if (stat(path, &st) == -1)
		return false;
	is = stamp_of(&st);
	return is.dev == was->dev && is.ino == was->ino &&
	    is.size == was->size && same_time(&is.modified, &was->modified) &&
	    same_time(&is.changed, &was->changed);
}

/* A time of the clock that stamps files, in milliseconds. */
static int64_t
wall_ms(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

/* Whether the last change was well before `before` (ms, as from wall_ms). */
static bool
is_settled(const struct stamp *s, int64_t before)
{
	before -= s->changed.tv_nsec != 0 ? SETTLE_FINE_MS : SETTLE_COARSE_MS;
	return wall_ms(&s->modified) < before && wall_ms(&s->changed) < before;
}

#ifdef HAVE_SYS_VFS_H
/* statfs(2), f_type: the file systems with their data on a local disk. */
static const uint32_t local_types[] = {
	/* ext2 to ext4, xfs, btrfs, bcachefs */
	0x0000ef53, 0x58465342, 0x9123683e, 0xca451a4e,
	/* zfs, f2fs, tmpfs, ramfs */
	0x2fc12fc1, 0xf2f52010, 0x01021994, 0x858458f6,
	/* overlayfs, squashfs, erofs, iso9660 */
	0x794c7630, 0x73717368, 0xe0f5e1e2, 0x00009660,
	/* vfat, exfat, jfs, reiserfs */
	0x00004d44, 0x2011bab0, 0x3153464a, 0x52654973
};
#endif

/*
 * Whether the file is on a file system of this machine, so that asking for its
 * status does not wait for another one.
 */
static bool
is_local(const char *path)
{
#ifdef HAVE_SYS_VFS_H
	struct statfs fs;
	size_t i;

	if (statfs(path, &fs) == -1)
		return false;
	for (i = 0; i < sizeof(local_types) / sizeof(local_types[0]); i++)
		if ((uint32_t)fs.f_type == local_types[i])
			return true;
#else
	(void)path;
#endif
	return false;
}

/*
 * Takes the stamps.  Returns false if the file is not what was read, or if it
 * or its directory are not local or had not settled when the request came: else
 * they were the same while the file was read.
 */
static bool
take_stamps(struct quickfile *q, const struct quickfile_answer *a,
    uint64_t since_ms)
{
	struct timespec now;
	struct stat st;
	int64_t before;

	clock_gettime(CLOCK_REALTIME, &now);
	before = wall_ms(&now) - (int64_t)(sys_now_ms() - since_ms);
	if (stat(q->path, &st) == -1 || !S_ISREG(st.st_mode))
		return false;
	q->file = stamp_of(&st);
	if (q->file.dev != a->dev || q->file.ino != a->ino ||
	    q->file.size != (int64_t)a->len || stat(q->dir_path, &st) == -1)
		return false;
	q->dir = stamp_of(&st);
	return is_settled(&q->file, before) && is_settled(&q->dir, before) &&
	    is_local(q->path) && is_local(q->dir_path);
}

/* ---- what is kept ---- */

/* Whether the request is a GET without a range.  *path is its :path. */
static bool
is_plain(const struct fields *request, struct field *path)
{
	struct field f;

	return fields_find(request, ":method", &f) && f.value_len == 3 &&
	    memcmp(f.value, "GET", 3) == 0 &&
	    !fields_find(request, "range", &f) &&
	    fields_find(request, ":path", path) && path->value_len > 0 &&
	    path->value_len <= PATH_LEN_MAX;
}

/* FNV-1a. */
static uint32_t
hash_of(const uint8_t *p, size_t len)
{
	uint32_t h = UINT32_C(2166136261);

	while (len-- > 0)
		h = (h ^ *p++) * UINT32_C(16777619);
	return h;
}

static const uint8_t *
put(uint8_t **at, const void *p, size_t len)
{
	uint8_t *to = *at;

	if (len > 0)
		memcpy(to, p, len);
	*at += len;
	return to;
}

/* Length of a path's directory part, octets: "/a" of "/a/b", "/" of "/b". */
static size_t
dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
}

static void
copy_answer(struct quickfile *q, const struct field *key,
    const struct quickfile_answer *a)
{
	uint8_t *at = (uint8_t *)&q->fields[a->n_fields];
	size_t i;

	for (i = 0; i < a->n_fields; i++) {
		q->fields[i] = a->fields[i];
		q->fields[i].name = put(&at, a->fields[i].name,
		    a->fields[i].name_len);
		q->fields[i].value = put(&at, a->fields[i].value,
		    a->fields[i].value_len);
	}
	q->n_fields = a->n_fields;
	q->path = (const char *)put(&at, a->path, strlen(a->path) + 1);
	q->dir_path = (const char *)put(&at, a->path, dir_len(a->path));
	at++;			/* the memory is zeroed: a NUL */
	q->key = put(&at, key->value, key->value_len);
	q->key_len = key->value_len;
	q->content = put(&at, a->content, a->len);
	q->len = a->len;
}

struct quickfile *
quickfile_new(const struct fields *request, uint64_t since_ms,
    const struct quickfile_answer *a)
{
	struct quickfile *q;
	struct field key;
	size_t i, size;

	if (!is_plain(request, &key) || dir_len(a->path) == 0)
		return NULL;
	size = sizeof(*q) + a->n_fields * sizeof(q->fields[0]) +
	    2 * (strlen(a->path) + 1) + key.value_len + a->len;
	for (i = 0; i < a->n_fields; i++)
		size += a->fields[i].name_len + a->fields[i].value_len;
	if (size > OCTETS_MAX / 8 || (q = calloc(1, size)) == NULL)
		return NULL;
	q->octets = size;
	copy_answer(q, &key, a);
	if (!take_stamps(q, a, since_ms)) {
		free(q);
		return NULL;
	}
	return q;
}

/* Returns where the pointer to the answer for a :path is, or would be. */
static struct quickfile **
find(struct quickfiles *all, const uint8_t *key, size_t len)
{
	struct quickfile **at = &all->bucket[hash_of(key, len) % BUCKETS];

	while (*at != NULL && ((*at)->key_len != len ||
	    memcmp((*at)->key, key, len) != 0))
		at = &(*at)->next;
	return at;
}

static void
drop(struct quickfiles *all, struct quickfile **at)
{
	struct quickfile *q = *at;

	*at = q->next;
	all->octets -= q->octets;
	free(q);
}

static void
drop_all(struct quickfiles *all)
{
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		while (all->bucket[i] != NULL)
			drop(all, &all->bucket[i]);
}

/* ---- answers ---- */

/*
 * Whether an answer of len octets may be sent now: all of it can be queued, no
 * writer waits for room or window, and the parent keeps up with log records (if
 * not, a handler thread answers, which may wait for the log).
 */
static bool
has_room(struct conn *c, const struct quickfiles *all, const struct stream *s,
    size_t len)
{
	if (c->stopping || conn_is_over(c) || waiters_contend(&c->waiters) ||
	    all->lot_octets + len > LOT_MAX || channel_is_crowded() ||
	    !send_fits(c->session, s, len))
		return false;
	if (conn_queued(c) + len > CONN_QUEUE_MAX)
		conn_push(c);
	return !conn_is_over(c) && conn_queued(c) + len <= CONN_QUEUE_MAX;
}

/* New octets were read: earlier checks do not count for their requests. */
static void
begin_lot(struct quickfiles *all, uint64_t lot)
{
	if (all->lot == lot)
		return;
	all->lot = lot;
	all->lot_octets = 0;
}

/* False: the file or its directory has changed, and the answer is dropped. */
static bool
check(struct quickfiles *all, struct quickfile **at)
{
	struct quickfile *q = *at;

	if (q->checked == all->lot)
		return true;
	if (!still_fits(q->path, &q->file) ||
	    !still_fits(q->dir_path, &q->dir)) {
		drop(all, at);
		return false;
	}
	q->checked = all->lot;
	return true;
}

/* Waits for nothing: the I/O thread is in a hurry (channel.h). */
static void
log_request(const struct conn *c, const struct stream *s,
    const struct quickfile *q)
{
	struct access a = { .method = "GET", .status = s->status,
	    .octets = s->sent, .stream = s->id };

	if (log_get_level() < LOG_L_INFO)
		return;
	memcpy(a.path, q->key, q->key_len);
	access_log(&a, c->client_log.client);
}

static bool
answer(struct conn *c, struct stream *s, const struct fields *request,
    bool end_stream)
{
	struct quickfiles *all = c->quickfiles;
	struct quickfile **at, *q;
	struct field path;
	const char *why;
	size_t sent;

	begin_lot(all, c->lots);
	if (!end_stream || !is_plain(request, &path) ||
	    *(at = find(all, path.value, path.value_len)) == NULL ||
	    !has_room(c, all, s, (*at)->len) || !check(all, at))
		return false;
	q = *at;
	if (send_headers(c->session, s->id, q->fields, q->n_fields,
	    q->len == 0, false, &why) != SEND_OK)
		return false;
	if (q->len > 0)		/* it fits; without memory the session ends */
		send_data(c->session, s->id, q->content, q->len, true,
		    SIZE_MAX, &sent, &why);
	all->lot_octets += q->len;
	conn_note_answer(c);
	atomic_fetch_add_explicit(&c->slot->quick, 1, memory_order_relaxed);
	log_request(c, s, q);
	session_release(c->session, s);
	return true;
}

/* ---- the hook ---- */

static void
free_all(struct conn *c)
{
	drop_all(c->quickfiles);
	free(c->quickfiles);
}

/* Returns the connection's answers, none at first.  NULL: out of memory. */
static struct quickfiles *
files_of(struct conn *c)
{
	if (c->quickfiles != NULL)
		return c->quickfiles;
	if ((c->quickfiles = calloc(1, sizeof(*c->quickfiles))) == NULL)
		return NULL;
	c->answer = answer;
	c->free_quickfiles = free_all;
	return c->quickfiles;
}

void
quickfile_keep(struct conn *c, struct quickfile *q)
{
	struct quickfiles *all = files_of(c);
	struct quickfile **at;

	if (all == NULL) {
		free(q);
		return;
	}
	if (*(at = find(all, q->key, q->key_len)) != NULL)
		drop(all, at);
	if (all->octets + q->octets > OCTETS_MAX)
		drop_all(all);
	all->octets += q->octets;
	at = find(all, q->key, q->key_len);
	*at = q;
}
