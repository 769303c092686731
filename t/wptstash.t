#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests --stash wptserve: a manager like that of the Python server of
web-platform-tests, and values that it and h2rig's scripts share."""
import base64
import json
import multiprocessing
import multiprocessing.managers
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server, program                              # noqa: E402

KEY = b"the key of the stash \xff"
SCRIPT = '''import os
import pickle

from h2rig import StashError


def main(request, response):
    stash = request.server.stash
    how = request.GET.first(b"how").decode()
    key = request.GET.first(b"key", b"").decode()
    if how == "put":
        stash.put(key, {"n": [1, b"x"]})
        return "put"
    if how == "take":
        return repr(stash.take(key))
    if how == "wait":
        return repr(stash.wait(key, 60))
    if how == "lock":
        with stash.lock:
            return "locked"
    if how == "try":
        return repr(stash.lock.acquire(False))
    if how == "queue":
        q = stash.get_queue()
        stash.put(key, q)
        q.put("from HTTP/2")
        return "queue"
    if how == "named":
        try:
            return stash.get_queue(key)
        except StashError as e:
            return str(e)
    if how == "read":
        q = stash.take(key)
        return repr((q.get(timeout=30), q.empty()))
    if how == "environment":
        return repr([n for n in os.environ if "STASH" in n])
'''

t = tap.Tap()
values = {}
lock = threading.Lock()


class Manager(multiprocessing.managers.BaseManager):
    """The manager that the Python server starts."""


Manager.register("get_dict", callable=lambda: values,
                 proxytype=multiprocessing.managers.DictProxy)
Manager.register("Lock", callable=lambda: lock,
                 proxytype=multiprocessing.managers.AcquirerProxy)
Manager.register("Queue", callable=queue.Queue)


class Stash:
    """The manager at an address, and a client of it like
    the HTTP/1 handlers."""

    def __init__(self, address):
        self.manager = Manager(address, KEY)
        self.manager.start()
        multiprocessing.current_process().authkey = KEY
        self.values = self.manager.get_dict()
        self.lock = self.manager.Lock()
        address = self.manager.address
        self.config = json.dumps([
            address if isinstance(address, str) else list(address),
            base64.b64encode(KEY).decode()])
        self.pid = self.manager._process.pid


def ask(c, how, key=""):
    """Returns the script's response."""
    x = c.fetch("/dir/stash.py?how=%s&key=%s" % (how, key))
    return x.body.decode() if x.status == 200 else (
        x.status, json.loads(x.body)["error"]["message"].splitlines()[-1])


def meets(root, address, label):
    """HTTP/1 and HTTP/2 handlers share values."""
    stash = Stash(address)
    with Server(root, "--stash", "wptserve",
                env={"WPT_STASH_CONFIG": stash.config}) as s, \
            Client(s.port) as c, Client(s.port) as d:
        key = uuid.uuid4()
        where = (b"/dir/stash.py", key.bytes)
        t.eq((ask(c, "put", key), stash.values.get(where)),
             ("put", {"n": [1, b"x"]}),
             f"{label}: what HTTP/2 puts, HTTP/1 finds")
        status = ask(d, "put", key)
        t.ok(status[0] == 500 and "is taken" in status[1],
             f"{label}: ... and no other connection can put", status)
        t.eq((ask(d, "take", key), ask(c, "take", key), dict(stash.values)),
             ("{'n': [1, b'x']}", "None", {}), f"{label}: it is taken once")
        stash.values[where] = "from HTTP/1"
        t.eq(ask(c, "take", key), "'from HTTP/1'",
             f"{label}: what HTTP/1 puts, HTTP/2 takes")
        x = c.request("/dir/stash.py?how=wait&key=%s" % key)
        t.ok(d.ping(), f"{label}: HTTP/2 waits")
        stash.values[where] = "waited for"
        c.wait_for(lambda: x.done)
        t.eq((x.body, dict(stash.values)), (b"'waited for'", {}),
             f"{label}: for what HTTP/1 puts")
        stash.lock.acquire()
        t.eq(ask(c, "try"), "False", f"{label}: the lock is theirs")
        x = c.request("/dir/stash.py?how=lock")
        t.eq(ask(d, "try"), "False", f"{label}: and waited for")
        stash.lock.release()
        c.wait_for(lambda: x.done)
        t.eq(x.body, b"locked", f"{label}: until it is let go")
        t.eq([ask(c, "try") for _ in range(2)], ["True", "True"],
             f"{label}: ours ends with the function")
        t.eq(ask(c, "queue", key), "queue", f"{label}: a queue")
        q = stash.values.pop(where)
        t.eq((q.get(timeout=30), q.empty()), ("from HTTP/2", True),
             f"{label}: HTTP/1 reads it")
        q = stash.manager.Queue()
        stash.values[where] = q
        q.put("from HTTP/1")
        t.eq(ask(d, "read", key), "('from HTTP/1', True)",
             f"{label}: HTTP/2 reads theirs")
        t.ok("only new queues" in ask(c, "named", key),
             f"{label}: none by a key")
        t.eq(ask(c, "environment"), "[]",
             f"{label}: address and key are not in scripts' environment")
        os.kill(stash.pid, signal.SIGKILL)
        stash.manager._process.join()
        for client in c, d:
            status = ask(client, "put", uuid.uuid4())
            t.ok(status[0] == 500 and "StashError: the stash of the Python "
                 "server at " in status[1],
                 f"{label}: a manager that is gone is an error that names it",
                 status)


def stuck(root):
    """The manager answers nobody."""
    stash = Stash(("127.0.0.1", 0))
    with Server(root, "--stash", "wptserve",
                env={"WPT_STASH_CONFIG": stash.config}) as s, \
            Client(s.port) as c, Client(s.port) as d:
        ask(c, "take", uuid.uuid4())
        ask(d, "environment")
        os.kill(stash.pid, signal.SIGSTOP)
        os.waitpid(stash.pid, os.WUNTRACED)     # all threads stopped
        xs = [client.request("/dir/stash.py?how=take&key=%s" % uuid.uuid4())
              for client in (c, d)]
        for client, x, which in zip((c, d), xs, ("known", "new")):
            client.wait_for(lambda x=x: x.done, 60)
            t.ok(x.status == 500 and b"no answer within" in x.body,
                 f"one that does not answer, {which} connection", x)
        os.kill(stash.pid, signal.SIGCONT)
        t.eq(ask(c, "take", uuid.uuid4()), "None", "when it is back, it serves")
    stash.manager.shutdown()


def wrong(root):
    """Variables that are no address and key."""
    for config in (None, "", "{}", '["a"]', '["a", "="]', '[["a"], ""]',
                   '["a", 5]'):
        env = {k: v for k, v in os.environ.items()
               if k != "WPT_STASH_CONFIG"}
        if config is not None:
            env["WPT_STASH_CONFIG"] = config
        p = subprocess.run([program(), "--port", "0", "--stash", "wptserve",
                            root], env=env, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, check=False)
        t.ok(p.returncode == 78 and b"WPT_STASH_CONFIG" in p.stderr
             and b"expected the JSON" in p.stderr, f"wrong: {config}",
             p.stderr)


with tempfile.TemporaryDirectory() as root:
    os.mkdir(os.path.join(root, "dir"))
    with open(os.path.join(root, "dir", "stash.py"), "w") as f:
        f.write(SCRIPT)
    meets(root, os.path.join(root, "socket"), "path")
    meets(root, ("127.0.0.1", 0), "host and port")
    stuck(root)
    wrong(root)
t.done()
