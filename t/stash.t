#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the stash: many connections at once, processes that are
killed in a lock section or during a put, one stash for several
servers, by file and by Redis.

H2RIG_TEST_STASH=200x50 makes 200 connections with 50 rounds each.
"""
import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server, free_port, listens, program          # noqa: E402

t = tap.Tap()
CONNECTIONS, ROUNDS = map(int, os.environ.get(
    "H2RIG_TEST_STASH", "40x10").split("x"))
COUNTER = str(uuid.UUID(int=1))

SCRIPTS = {
    # Puts values, and counts in as many lock sections.
    "put.py": '''
import json, uuid

def main(request, response):
    stash = request.server.stash
    me, rounds, size = (int(request.GET[k]) for k in ("me", "rounds", "size"))
    for i in range(rounds):
        key = str(uuid.UUID(int=(me << 64) + (i << 1) + 1))
        stash.put(key, [me, i, "x" * size], path="/values")
        with stash.lock:
            n = stash.take(%r, path="/counter")
            stash.put(%r, n + 1, path="/counter")
    return "done"
''' % (COUNTER, COUNTER),
    # Tries once to take each value of two other connections.
    "take.py": '''
import json, uuid

def main(request, response):
    stash = request.server.stash
    rounds = int(request.GET["rounds"])
    got = []
    for other in request.GET["of"].decode().split(","):
        for i in range(rounds):
            key = str(uuid.UUID(int=(int(other) << 64) + (i << 1) + 1))
            value = stash.take(key, path="/values")
            if value is not None:
                got.append(value[:2])
    return json.dumps(got)
''',
    "one.py": '''
def main(request, response):
    stash = request.server.stash
    key, path = request.GET["key"], request.GET.get("path")
    if "put" in request.GET:
        return str(stash.put(key, request.GET["put"].decode(), path))
    value = stash.take(key, path)
    return "None" if value is None else str(value)
''',
    "count.py": '''
def main(request, response):
    stash = request.server.stash
    if "set" in request.GET:
        stash.put(%r, int(request.GET["set"]), path="/counter")
        return "set"
    with stash.lock:
        n = stash.take(%r, path="/counter")
        stash.put(%r, n, path="/counter")
    return str(n)
''' % (COUNTER, COUNTER, COUNTER),
    # Sends its process id and holds the lock; with ?fork, a child remains that
    # must not keep the lock.
    "hold.py": '''
import os, signal

def main(request, response):
    with request.server.stash.lock:
        if "fork" in request.GET and os.fork() == 0:
            signal.pause()
        response.writer.write_headers([], 200)
        response.writer.write_data(str(os.getpid()))
        signal.pause()
''',
    # Puts and takes until it is killed.
    "busy.py": '''
import os, uuid

def main(request, response):
    response.writer.write_headers([], 200)
    response.writer.write_data(str(os.getpid()))
    stash = request.server.stash
    while True:
        key = str(uuid.uuid4())
        stash.put(key, "y" * 300000, path="/busy")
        stash.take(key, path="/busy")
''',
    "free.py": '''
def main(request, response):
    lock = request.server.stash.lock
    free = lock.acquire(timeout=float(request.GET["wait"]))
    return "free" if free else "held"
''',
    "queue.py": '''
import queue

def main(request, response):
    stash = request.server.stash
    key = request.GET["key"]
    if "make" in request.GET:
        q = stash.get_queue()
        stash.put(key, q, path="/q")
        q.put(q.get(timeout=60) + " back")
        return "made"
    q = stash.take(key, path="/q")
    q.put("there")
    # The other has it, and has answered, once it has ended.
    answer = q.get(timeout=60)
    while answer == "there":
        q.put(answer)
        answer = q.get(timeout=60)
    try:
        q.get(block=False)
    except queue.Empty:
        return answer + ", then none"
''',
    "named.py": '''
def main(request, response):
    get = request.GET.first
    q = request.server.stash.get_queue(get("key"), get("path", None))
    if "put" in request.GET:
        return repr(q.put(get("put").decode()))
    return repr(None if q.empty() else q.get())
''',
    # Sends its process id, then the value that came.  With ?looks it looks for
    # the value each second; without, only a put wakes it.  It sends how often
    # it looked instead, if that was too often.
    "wait.py": '''
import os, time
import h2rig.stash, looks

def main(request, response):
    stash, get = request.server.stash, request.GET.first
    timeout = float(get("timeout")) if "timeout" in request.GET else None
    h2rig.stash.SLICE = 1.0 if "looks" in request.GET else 1000.0
    response.writer.write_headers([], 200)
    response.writer.write_data("%d " % os.getpid())
    looks.of.n, began = 0, time.monotonic()
    value = stash.wait(get("key"), timeout, get("path", None))
    spent = time.monotonic() - began
    if looks.of.n > 12 + spent:     # some are for other keys
        value = "%d looks in %g s" % (looks.of.n, spent)
    if "then" in request.GET:
        stash.put(get("then"), value, "/then")
    response.writer.write_data(repr(value), last=True)
''',
    # Counts how often a thread has looked for a value.
    "looks.py": '''
import threading
import h2rig.stash

of, reader = threading.local(), h2rig.stash._reader

def counting(*where):
    of.n = getattr(of, "n", 0) + 1
    return reader(*where)

h2rig.stash._reader = counting
''',
    "waits.py": '''
import json, os, queue, uuid
import h2rig.stash

def tried(call, *args):
    try:
        return repr(call(*args))
    except Exception as e:
        return "%s: %s" % (type(e).__name__, e)

def main(request, response):
    stash, key = request.server.stash, str(uuid.uuid4())
    if "queue" in request.GET:
        h2rig.stash.SLICE = 1000.0
        q = stash.get_queue()
        stash.put(request.GET.first("queue"), q, "/q")
        return q.get(timeout=300)
    if "fill" in request.GET:
        stash.take(request.GET.first("fill"), "/q").put("filled")
        return "put"
    stash.put(key, [1])
    out = [tried(stash.wait, key), tried(stash.wait, key, 0),
           tried(stash.wait, key, -1), tried(stash.wait, key.encode(), 0.01),
           tried(stash.wait, "key"), tried(stash.wait, key, "5")]
    stash.put(key, 2, "/other")
    out += [tried(stash.wait, key, 0), tried(stash.wait, key, 1, "/other")]
    with stash.lock:
        stash.put(key, 3)
        out.append(tried(stash.wait, key, 1))
    try:
        out.append(str(len(os.listdir("/proc/self/fd"))))
    except OSError:
        out.append("unknown")
    return json.dumps(out)
''',
    # Returns the results of calls, right and wrong ones.
    "wrong.py": '''
import json, uuid
from wptserve.stash import Stash, StashError, load_env_config

def tried(call, *args):
    try:
        return repr(call(*args))
    except Exception as e:
        return type(e).__name__

def main(request, response):
    stash = request.server.stash
    key = str(uuid.uuid4())
    out = {"first": tried(stash.put, key, {"a": (1, b"2")}),
           "taken": tried(stash.put, key, 2),
           "other path": tried(stash.put, key, 3, "/other"),
           "as bytes": tried(stash.take, key.encode()),
           "gone": tried(stash.take, key),
           "from other path": tried(stash.take, key, "/other"),
           "none": tried(stash.put, key, None),
           "no uuid": tried(stash.put, "key", 1),
           "take no uuid": tried(stash.take, b"key"),
           "no pickle": tried(stash.put, key, lambda: 1),
           "after no pickle": tried(stash.take, key)}
    address, authkey = load_env_config()
    named = Stash("/named", address=address, authkey=authkey)
    named.put(key, "by name")
    out["named"] = tried(stash.take, key, b"/named")
    with stash.lock:
        out["again"] = tried(stash.lock.acquire)
        stash.put(key, "put while locked")
        out["locked"] = stash.take(key)
    out["release"] = tried(stash.lock.release)
    return json.dumps(out)
''',
    # Puts values that do not unpickle before the process knows their class.
    "poison.py": '''
import queue, uuid
import poison_values

def tried(call):
    try:
        return repr(call())
    except Exception as e:
        return type(e).__name__ + (" stays" if "and stays" in str(e) else "")

def main(request, response):
    stash, key = request.server.stash, str(uuid.uuid4())
    stash.put(key, poison_values.Value())
    q = stash.get_queue()
    q.put(poison_values.Value())
    q.put(2)
    uses = (lambda: stash.take(key), lambda: q.get(False))
    poison_values.known = False
    told = [tried(use) for use in uses * 2]
    poison_values.known = True
    told += [tried(use) for use in uses * 2]
    return ", ".join(told)
''',
    "poison_values.py": '''
known = False

class Value:
    def __reduce__(self):
        return made, ()

def made():
    return {True: 1}[known]
''',
}

POISON = (b"StashError stays, StashError stays, StashError stays, "
          b"StashError stays, 1, 1, None, 2")

WRONG = {
    "first": "None", "taken": "StashError", "other path": "None",
    "as bytes": "{'a': (1, b'2')}", "gone": "None", "from other path": "3",
    "none": "ValueError", "no uuid": "ValueError",
    "take no uuid": "ValueError", "no pickle": "TypeError",
    "after no pickle": "None", "named": "'by name'", "again": "StashError",
    "locked": "put while locked", "release": "StashError",
}


def pid_of(c, path):
    """Starts a script that sends its process id.  Returns the id."""
    x = c.request(path)
    c.wait_for(lambda: x.body, 60)
    return int(x.body)


def killed(s, path, wait=0):
    """Starts a script on a new connection, and kills its process."""
    c = Client(s.port)
    pid = pid_of(c, path)
    time.sleep(wait)
    os.kill(pid, signal.SIGKILL)
    c.wait_end(60)
    c.close()


def settle(clients, exchanges, seconds):
    """Waits until an exchange of each client is done."""
    for c, x in zip(clients, exchanges):
        c.wait_for(lambda: x.done, seconds)


def together(s, connections, rounds):
    """All connections put and take at the same time; meanwhile
    processes are killed."""
    with Client(s.port) as c:
        t.eq(c.fetch("/count.py?set=0").body, b"set", "the counter is put")
        clients = [Client(s.port, timeout=60) for _ in range(connections)]
        # PING now, so that SETTINGS are acknowledged: these clients do
        # not read for a while.
        t.ok(all(k.ping() for k in clients), f"{connections} connections")
        puts = [k.request(f"/put.py?me={i}&rounds={rounds}&size={i * 50}")
                for i, k in enumerate(clients)]
        killed(s, "/hold.py")
        killed(s, "/hold.py?fork=1")
        for i in range(6):
            # Each time at another place of a put; the place must not matter.
            killed(s, "/busy.py", i * 0.003)
        settle(clients, puts, 300)
        t.eq({x.body for x in puts}, {b"done"},
             f"{connections} connections have put {rounds} values each")
        t.eq(c.fetch("/count.py").body, str(connections * rounds).encode(),
             "lock sections of processes exclude each other")
        takes = []
        for i, k in enumerate(clients):
            of = f"{(i + 1) % connections},{(i + 2) % connections}"
            takes.append(k.request(f"/take.py?of={of}&rounds={rounds}"))
        settle(clients, takes, 300)
        got = [tuple(v) for x in takes for v in json.loads(x.body or b"[]")]
        t.eq((len(got), len(set(got))), (connections * rounds,) * 2,
             "of two takers exactly one gets each value; none is lost")
        for k in clients:
            k.close()


def use(s):
    """The results of calls, and what they refuse."""
    with Client(s.port) as c, Client(s.port) as other:
        x = c.fetch("/wrong.py")
        t.eq(json.loads(x.body), WRONG, "put, take, lock: what they give")
        key = uuid.uuid4()
        t.eq((c.fetch(f"/one.py?key={key}&put=v").body,
              other.fetch(f"/wrong.py?key={key}").status,
              other.fetch(f"/one.py?key={key}").body,
              c.fetch(f"/one.py?key={key}").body),
             (b"None", 200, b"v", b"None"),
             "from one connection to another, once")
        key = uuid.uuid4()
        x = c.request(f"/queue.py?key={key}&make=1")
        y = tap.wait_until(lambda: found(other.fetch(f"/queue.py?key={key}")))
        c.wait_for(lambda: x.done)
        t.eq((x.body, y and y.body), (b"made", b"there back, then none"),
             "a queue in the stash is the same queue when taken")
        key, more = str(uuid.uuid4()), str(uuid.uuid4())
        t.eq([(c if i % 2 else other).fetch("/named.py?key=" + q).body
              for i, q in enumerate((
                  key + "&put=1&path=/a", more + "&path=/a", key + "&path=/b",
                  key.upper() + "&path=/a", key + "&put=2&path=/named.py",
                  key))],
             [b"None", b"None", b"None", b"'1'", b"None", b"'2'"],
             "a queue by its key: the same for all of a path")
        x = c.fetch("/free.py?wait=0")
        y = other.fetch("/free.py?wait=0")
        t.eq((x.body, y.body), (b"free", b"free"),
             "the lock is let go when the function ends")
        t.eq(c.fetch("/poison.py").body, POISON,
             "what does not unpickle stays, and the error says so")


def waiting(c, key, query=""):
    """Starts a script that waits for the key.  Returns its
    exchange and process id."""
    x = c.request(f"/wait.py?key={key}{query}")
    c.wait_for(lambda: x.body.endswith(b" "), 60)
    return x, int(x.body.split()[0] or 0)


def came(c, x):
    """Returns the value that a script waited for."""
    c.wait_for(lambda: x.done, 60)
    return x.body.split(b" ", 1)[-1].decode()


def put(c, key, value, path="/wait.py"):
    """Puts a value.  Returns the script's response."""
    return c.fetch(f"/one.py?key={key}&put={value}&path={path}").body


WAITS = ["[1]", "None", "None", "None",
         "ValueError: a stash key is a UUID, not 'key'",
         "TypeError: timeout is '5'; expected seconds, or None",
         "None", "2", "3"]


def waits(s, name):
    """`wait` is woken by a put, not by a clock."""
    with Client(s.port) as c, Client(s.port) as other:
        told = [json.loads(c.fetch("/waits.py").body) for _ in range(3)]
        t.eq([x[:-1] for x in told], [WAITS] * 3, f"{name}: wait, by itself")
        t.eq(told[1][-1], told[2][-1], f"{name}: leaves no descriptors")
        keys = [uuid.uuid4() for _ in range(10)]
        xs = [waiting((c, other)[i % 2], key)[0] for i, key in enumerate(keys)]
        for key in keys:
            put(other, key, key.hex)
        t.eq([came((c, other)[i % 2], x) for i, x in enumerate(xs)],
             [repr(key.hex) for key in keys],
             f"{name}: each of ten gets its own, on two connections")
        key = uuid.uuid4()
        xs = [waiting(c, key)[0] for _ in range(3)]
        for i in range(3):
            put(other, key, i)
            t.ok(c.wait_for(lambda n=i: sum(x.done for x in xs) == n + 1, 60),
                 f"{name}: of three that wait for one key one gets it", xs)
        t.eq(sorted(came(c, x) for x in xs), ["'0'", "'1'", "'2'"],
             f"{name}: ... each another one")
        x, _ = waiting(c, key, "&looks=1&timeout=2.5")
        t.eq(came(c, x), "None", f"{name}: None when the time is over; it has "
             "looked once a second")
        x, _ = waiting(c, key, "&path=/x")
        put(other, key, "here")
        put(other, key, "there", "/x")
        t.eq((came(c, x), c.fetch(f"/one.py?key={key}&path=/wait.py").body),
             ("'there'", b"here"), f"{name}: a value of its path")
        x = c.request(f"/waits.py?queue={key}")
        tap.wait_until(lambda: other.fetch(f"/waits.py?fill={key}").status
                       == 200)
        c.wait_for(lambda: x.done, 60)
        t.eq(x.body, b"filled", f"{name}: a queue wakes who gets from it")
        then = uuid.uuid4()
        with Client(s.port) as leaves:
            waiting(leaves, key, f"&then={then}")
        put(other, key, "late")
        x, _ = waiting(c, then, "&path=/then")
        t.eq(came(c, x), "'late'", f"{name}: one whose client has left waits "
             "on")
        with Client(s.port) as dies:
            _, pid = waiting(dies, key)
            os.kill(pid, signal.SIGKILL)
            dies.wait_end(60)
        x, _ = waiting(c, key)
        put(other, key, "next")
        t.eq(came(c, x), "'next'", f"{name}: one that was killed gets nothing")


def waits_limited(root, *options):
    """The run-time limit ends a wait, and nothing else."""
    with Server(root, "--run-limit", "1", *options) as s, \
            Client(s.port, timeout=60) as c:
        key = uuid.uuid4()
        x, _ = waiting(c, key, "&looks=1")
        c.wait_for(lambda: x.done, 60)
        t.ok(x.reset == 2 and s.wait_log("HandlerTimeout"),
             "a wait is ended by the run-time limit", x)
        t.eq((put(c, key, "v"), c.fetch(f"/one.py?key={key}&path=/wait.py"
                                        ).body, c.goaway),
             (b"None", b"v", None), "the connection goes on; the value stays")


def waits_unrung(folder, root):
    """Without FIFOs, or with FIFOs that cleaners remove."""
    path = os.path.join(folder, "unrung.sqlite")
    with open(path + "-bells", "w", encoding="ascii"):
        pass
    with Server(root, "--stash", path) as s, Client(s.port) as c, \
            Client(s.port) as other:
        key = uuid.uuid4()
        x, _ = waiting(c, key, "&looks=0&timeout=300")
        os.unlink(path + "-bells")
        put(other, key, "v")
        c.wait_for(lambda: x.done, 60)
        t.ok(b"'v'" in x.body or b" looks in " in x.body,
             "where there can be no FIFO it is found all the same", x.body)
        x, _ = waiting(c, key, "&looks=1")
        t.ok(tap.wait_until(lambda: os.path.isdir(path + "-bells")),
             "a directory of FIFOs")
        shutil.rmtree(path + "-bells")
        put(other, key, "w")
        t.eq(came(c, x), "'w'", "one that was removed makes it late only")


def found(x):
    """Returns a response, or None if it had no value yet."""
    return x if x.status == 200 else None


def shared(folder, root):
    """--stash FILE is used by two servers, and by one after them."""
    path = os.path.join(folder, "stash.sqlite")
    with Server(root, "--stash", path) as one, \
            Server(root, "--stash", path) as two:
        both(one, two)
        together(one, 5, 5)
        with Client(two.port) as c:
            key = uuid.uuid4()
            c.fetch(f"/one.py?key={key}&put=kept")
    with sqlite3.connect(path) as db:
        t.eq(db.execute("PRAGMA integrity_check").fetchone(), ("ok",),
             "--stash FILE: whole after processes were killed in a put")
    db.close()
    t.eq(os.stat(path).st_mode & 0o777, 0o600, "--stash FILE: mode 0600")
    with Server(root, "--stash", path) as s, Client(s.port) as c:
        t.eq(c.fetch(f"/one.py?key={key}").body, b"kept",
             "--stash FILE: stays when the servers have ended")


def patience(folder, root):
    """Another process keeps the stash locked for longer than a
    script's run-time limit."""
    path = os.path.join(folder, "waits.sqlite")
    with Server(root, "--stash", path, "--run-limit", "1") as s, \
            Client(s.port, timeout=60) as c:
        key = uuid.uuid4()
        t.eq(c.fetch(f"/one.py?key={key}&put=v").status, 200, "a put")
        t.eq(c.fetch("/free.py?wait=1").body, b"free", "the lock")
        database = sqlite3.connect(path, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        with open(path + "-lock", "r+b") as locked:
            fcntl.lockf(locked, fcntl.LOCK_EX)
            x = c.fetch(f"/one.py?key={uuid.uuid4()}&put=v")
            t.ok(x.status == 500 and b"HandlerTimeout" in x.body,
                 "SQLite's file is locked by another program: the run-time "
                 "limit ends the wait", x.body)
            x = c.fetch("/free.py?wait=100")
            t.ok(x.status == 500 and b"HandlerTimeout" in x.body,
                 "so is the stash's lock: likewise", x.body)
            with open(path + "-writers", "r+b") as writers:
                fcntl.lockf(writers, fcntl.LOCK_EX)
                x = c.fetch(f"/one.py?key={uuid.uuid4()}&put=v")
                t.ok(x.status == 500 and b"HandlerTimeout" in x.body,
                     "and that of those who write", x.body)
        database.close()
        t.eq((c.fetch(f"/one.py?key={key}").body, c.goaway), (b"v", None),
             "the connection goes on")
        t.eq(c.fetch("/free.py?wait=1").body, b"free",
             "and has the lock when it is free")


def both(one, two):
    """Two servers use the same stash."""
    with Client(one.port) as a, Client(two.port) as b:
        key = uuid.uuid4()
        a.fetch(f"/one.py?key={key}&put=v&path=/x")
        t.eq((b.fetch(f"/one.py?key={key}&path=/x").body,
              a.fetch(f"/one.py?key={key}&path=/x").body),
             (b"v", b"None"), "a value of one server, taken at another")
        held = Client(one.port)
        pid = pid_of(held, "/hold.py")
        t.eq(b.fetch("/free.py?wait=0.05").body, b"held",
             "the lock holds off another server")
        os.kill(pid, signal.SIGKILL)
        held.wait_end()
        held.close()
        t.eq(b.fetch("/free.py?wait=60", timeout=60).body, b"free",
             "the lock of a killed process is free")


def refused(root, where, *texts):
    """A stash with which the server must not start."""
    done = subprocess.run(
        [program(), "--port", "0", "--bind", "127.0.0.1", "--stash", where,
         root], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=tap.scaled(30), check=False)
    log = done.stderr.decode()
    t.ok(done.returncode == 78 and all(text in log for text in texts),
         f"--stash {os.path.basename(where)}: exit status 78, {texts[0]}",
         f"{done.returncode}\n{log}")


def redis(folder, root):
    """--stash redis://"""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        t.skip("--stash redis://", "needs redis-server or valkey-server")
        return
    port = free_port()
    address = f"redis://127.0.0.1:{port}/3"
    refused(root, address, "expected a Redis or Valkey server")
    process = subprocess.Popen(
        [found, "--port", str(port), "--bind", "127.0.0.1", "--save", "",
         "--dir", folder], stdout=subprocess.DEVNULL)
    try:
        tap.wait_until(lambda: listens(port))
        with Server(root, "--stash", address, "--run-limit", "0") as one, \
                Server(root, "--stash", address, "--run-limit", "0") as two:
            both(one, two)
            use(one)
            waits(one, "Redis")
            together(two, 10, 5)
    finally:
        process.terminate()
        process.wait()


with tempfile.TemporaryDirectory() as tmp:
    ROOT = os.path.join(tmp, "root")
    os.mkdir(ROOT)
    for name, text in SCRIPTS.items():
        with open(os.path.join(ROOT, name), "w") as f:
            f.write(text)
    with Server(ROOT, "--max-children", "1000") as server:
        use(server)
        waits(server, "SQLite")
        together(server, CONNECTIONS, ROUNDS)
    shared(tmp, ROOT)
    patience(tmp, ROOT)
    waits_limited(ROOT)
    waits_unrung(tmp, ROOT)
    with open(os.path.join(tmp, "text"), "w") as f:
        f.write("this is no database")
    refused(ROOT, os.path.join(tmp, "text"), "no SQLite database")
    refused(ROOT, os.path.join(tmp, "none", "x"), "is no directory")
    refused(ROOT, tmp, "no regular file")
    refused(ROOT, "redis://", "expected a file or redis://HOST:PORT/DB")
    refused(ROOT, "http://localhost/", "expected a file or redis://")
    redis(tmp, ROOT)
t.done()
