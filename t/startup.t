#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests starting: options and errors in them, addresses, the ready line, the
certificate that is made in memory."""
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import SCRIPTS, Server, others_can_run, program, write_scripts

t = tap.Tap()
DIR = tempfile.mkdtemp(prefix="h2rig-startup-")


def run(*args, env=None):
    """Runs the program, which must end by itself.  Returns (status, out, err);
    the status is None if it does not end."""
    try:
        done = subprocess.run([program(), *args], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=dict(os.environ, **(env or {})),
                              timeout=tap.scaled(60), check=False)
    except subprocess.TimeoutExpired as e:
        return (None, (e.stdout or b"").decode(),
                (e.stderr or b"").decode("utf-8", "backslashreplace"))
    return (done.returncode, done.stdout.decode(),
            done.stderr.decode("utf-8", "backslashreplace"))


def path(name, content=None):
    """Returns a path in the scratch directory; writes a file there if
    content is given."""
    full = os.path.join(DIR, name)
    if content is not None:
        with open(full, "w", encoding="utf-8") as f:
            f.write(content)
    return full


LISTED = "expected an option that h2rig --help lists"
FREE = "expected a port that is free, or 0, which finds one"
OCTETS = ("expected octets, as 512, 64K, 10M or 2G, from 0 to "
          "9223372036854775807")
SECONDS = "expected seconds, or a time as 500ms, 30s, 5m or 2h, from "

USAGE = [
    # (arguments, line on standard error after "h2rig: ").
    ([], "DOCROOT: expected the directory to serve"),
    (["/", "/tmp"], '"/tmp": expected nothing after DOCROOT'),
    (["--no-such", "/"], "--no-such: " + LISTED),
    (["--maximum", "1", "/"], "--maximum: " + LISTED),
    (["--no", "/"], "--no: expected one of --no-connect-protocol, "
     "--notify-fd"),
    (["--prot=1", "/"], "--prot=1: expected one of --port"),
    (["--lattency", "5", "/"], "--lattency: expected one of --latency"),
    (["--moc-memory", "5", "/"], "--moc-memory: expected one of --max-memory"),
    (["--mox-momory", "5", "/"], "--mox-momory: " + LISTED),
    (["--log=x", "/"], "--log=x: expected one of --log-level, --log-file, "
     "--log-format"),
    (["--max-f", "5", "/"], "--max-f: expected one of --max-file-size, "
     "--max-files, --max-frame-size, --max-fields"),
    (["-x", "/"], "-x: " + LISTED),
    (["--port", "x", "/"],
     '--port: "x": expected a number from 0 to 65535'),
    (["-p", "65536", "/"],
     '--port: "65536": expected a number from 0 to 65535'),
    (["--port", "-1", "/"],
     '--port: "-1": expected a number from 0 to 65535'),
    (["--port=", "/"], '--port: "": expected a number from 0 to 65535'),
    (["--port= 1", "/"], '--port: " 1": expected a number from 0 to 65535'),
    (["--port"], "--port: expected N after it"),
    (["-c"], "--cert: expected FILE after it"),
    (["--cleartext=yes", "/"], "--cleartext: expected no argument"),
    (["--bind", "localhost", "/"],
     '--bind: "localhost": expected a numeric IPv4 or IPv6 address'),
    (["--bind", "1.2.3.4\n5", "/"],
     r'--bind: "1.2.3.4\n5": expected a numeric IPv4 or IPv6 address'),
    (["-b", "::1"] * 17 + ["/"],
     '--bind: "::1": expected it at most 16 times'),
    (["-p", "0"] * 65 + ["/"], '--port: "0": expected it at most 64 times'),
    ([f"-p{n}" for n in range(1, 66)] + ["/"],
     '--port: "65": expected it at most 64 times'),
    (["-p", "8443", "-p", "0", "--port=08443", "/"],
     '--port: "08443": expected each port once'),
    (["--alias", "/x=y"] * 65 + ["/"],
     '--alias: "/x=y": expected it at most 64 times'),
    (["--log-level", "loud", "/"],
     '--log-level: "loud": expected error, warn, info or debug'),
    (["--max-children", "0", "/"],
     '--max-children: "0": expected a number from 1 to 65536'),
    (["--max-frame-size", "16383", "/"],
     '--max-frame-size: "16383": expected octets, as 512, 64K, 10M or 2G, '
     "from 16K to 16777215"),
    (["--initial-window-size", "2147483648", "/"],
     '--initial-window-size: "2147483648": expected octets, as 512, 64K, '
     "10M or 2G, from 0 to 2147483647"),
    (["--max-body", "18446744073709551616", "/"],
     '--max-body: "18446744073709551616": ' + OCTETS),
    (["--max-body", "8589934592G", "/"],
     '--max-body: "8589934592G": ' + OCTETS),
    (["--max-memory", "1.5G", "/"], '--max-memory: "1.5G": ' + OCTETS),
    (["--max-memory", "M", "/"], '--max-memory: "M": ' + OCTETS),
    (["--max-memory", "5 M", "/"], '--max-memory: "5 M": ' + OCTETS),
    (["--max-memory", "5s", "/"], '--max-memory: "5s": ' + OCTETS),
    (["--max-children", "1K", "/"],
     '--max-children: "1K": expected a number from 1 to 65536'),
    (["--grace", "1d", "/"], '--grace: "1d": ' + SECONDS + "0 to 24h"),
    (["--grace", "86401", "/"], '--grace: "86401": ' + SECONDS + "0 to 24h"),
    (["--grace", "25h", "/"], '--grace: "25h": ' + SECONDS + "0 to 24h"),
    (["--idle-timeout", "0s", "/"],
     '--idle-timeout: "0s": ' + SECONDS + "1ms to 24h"),
    (["--latency", "86400001", "/"],
     '--latency: "86400001": expected milliseconds, or a time as 500ms, 30s, '
     "5m or 2h, from 0 to 24h"),
    (["--log-format", "xml", "/"],
     '--log-format: "xml": expected text or json'),
    (["--syslog", "--log-file", "x", "/"],
     "--syslog: expected no --log-file with it"),
    (["--notify-fd", "2", "/"],
     '--notify-fd: "2": expected a number from 3 to 65535'),
    (["--inetd", "--inetd-wait", "/"],
     "--inetd: expected no --inetd-wait with it"),
    (["--inetd", "--stop-on-eof", "/"],
     "--inetd: expected no --stop-on-eof with it"),
    (["--inetd", "--idle-exit", "1", "/"],
     "--inetd: expected no --idle-exit with it"),
    (["--inetd", "--notify-fd", "3", "/"],
     "--inetd: expected no --notify-fd with it"),
    (["--inetd-wait", "--notify-fd", "3", "/"],
     "--inetd-wait: expected no --notify-fd with it"),
    (["--cert", "x", "/"], "--cert: expected --key with it"),
    (["--key", "x", "/"], "--key: expected --cert with it"),
    (["--cleartext", "--cert", "x", "--key", "y", "/"],
     "--cleartext: expected no --cert with it"),
    (["--cleartext", "--key", "y", "/"],
     "--cleartext: expected no --key with it"),
    (["--cleartext", "--ca", "x", "/"],
     "--cleartext: expected no --ca with it"),
    (["--cleartext", "--ca-out", "x", "/"],
     "--cleartext: expected no --ca-out with it"),
    (["--cert", "x", "--key", "y", "--ca", "z", "/"],
     "--cert: expected no --ca with it"),
    (["--cert", "x", "--key", "y", "--ca-out", "z", "/"],
     "--cert: expected no --ca-out with it"),
]


def check_bad(status, cases):
    """For each case, there is one line on standard error and none
    on standard output."""
    for args, line in cases:
        shown = " ".join(args).replace(DIR + "/", "").replace("\n", "\\n")
        t.eq(run(*args), (status, "", f"h2rig: {line}\n"),
             f"{shown[:60] or 'no arguments'}: exit {status}")


def make_pair(name):
    """Makes a certificate and its key with openssl.  Returns their paths."""
    cert, key = path(name + ".pem"), path(name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-subj", "/CN=" + name, "-days", "2", "-out", cert,
                    "-keyout", key], check=True, stderr=subprocess.DEVNULL)
    return cert, key


def check_units():
    """A number with a unit means the same as the number without one."""
    script = path("limits.py", """import resource


def main(request, response):
    return repr([resource.getrlimit(getattr(resource, "RLIMIT_" + name))[0]
                 for name in ("AS", "FSIZE", "CPU")])
""")
    for memory, file_size, cpu in (("1536M", "3k", "90s"),
                                   ("1572864K", "3072", "89001ms"),
                                   ("1610612736", "3K", "90")):
        with Server(os.path.dirname(script), "--max-memory", memory,
                    "--max-file-size", file_size, "--max-cpu", cpu,
                    "--run-limit", "9", "--run-limit", "1500ms",
                    "--idle-timeout", "5m",
                    "--latency", "1") as s:
            with Client(s.port) as c:
                x = c.fetch("/limits.py")
            t.eq(x.body.decode(), repr([3 << 29, 3072, 90]),
                 f"{memory}, {file_size}, {cpu}")
            t.ok("functions 1.5 s" in s.log(), "of two the last: 1500ms is 1.5 s",
                 s.log())


def check_documentroot():
    """Values that DOCROOT must not have."""
    plain, none = path("plain", "x"), path("none")
    check_bad(78, [
        ([none], f'DOCROOT: "{none}": expected a directory: '
                 "No such file or directory"),
        ([plain], f'DOCROOT: "{plain}": expected a readable directory: '
                  "Not a directory"),
        ([""], 'DOCROOT: "": expected a directory: '
               "No such file or directory"),
    ])


def check_user():
    """Directories that the user of --user cannot use."""
    if os.getuid() != 0 or not others_can_run():
        t.skip("what --user cannot use", "needs root, and a program that "
               "others can run")
        return
    os.chmod(DIR, 0o755)
    root, closed = path("root"), path("closed")
    below = os.path.join(closed, "below")
    os.mkdir(root)
    os.mkdir(closed, 0o700)
    os.mkdir(below)
    stash = path("stash", "")
    os.chmod(stash, 0o600)
    nobody = ["--user", "nobody", "--port", "0"]

    def wrong(what, where, verb, why=None):
        return (f'{what}: "{where}": expected what the user nobody (--user) '
                f"may {verb}, who has no such permission for {why or where}")

    check_bad(78, [
        ([*nobody, closed], wrong("DOCROOT", closed, "read")),
        ([*nobody, below], wrong("DOCROOT", below, "read", closed)),
        ([*nobody, "--alias", "/x=" + below, root],
         wrong("alias of /x/", below, "read", closed)),
        ([*nobody, "--ws-docroot", closed, root],
         wrong("--ws-docroot", closed, "read")),
        ([*nobody, "--stash", os.path.join(below, "s"), root],
         wrong("--stash", below, "write to", closed)),
    ])
    t.eq(run(*nobody, root, env={"TMPDIR": below}), (78, "", "h2rig: " + wrong(
        "TMPDIR", below, "write to", closed) + "\n"), "TMPDIR: exit 78")
    with Server(root, "--user", "nobody", "--stash", "wptserve", env={
            "WPT_STASH_CONFIG": '["no/file/of/ours", ""]'}) as s, \
            Client(s.port) as c:
        t.ok(c.ping(), "a stash that is no file is not looked for")
    with Server(root, "--user", "nobody") as s, Client(s.port) as c:
        t.ok(c.ping(), "what can be used is served")
        os.chmod(root, 0o700)
        s.process.send_signal(signal.SIGHUP)
        t.ok(s.wait_log("error: not reloaded, .*: " + re.escape(wrong(
            "DOCROOT", root, "read"))), "HUP looks again", s.log())


def check_any_octets():
    """Paths with octets that are not text in any encoding (PEP 383)."""
    root = os.fsdecode(os.fsencode(DIR) + b"/r\xff")
    os.mkdir(root)
    for name, text in (("a.py", "def main(request, response):\n"
                                "    return ascii(request.doc_root)\n"),
                       ("a.sub.txt", "{{fs_path(a.sub.txt)}}"),
                       ("routes.py", "from a import main\n"
                                     "routes = [('GET', '/routed', main)]\n"),
                       ("bad.json", "{")):
        with open(os.path.join(root, name), "w", encoding="ascii") as f:
            f.write(text)
    where = os.fsencode(os.path.realpath(root))
    with Server(root, "--routes", os.path.join(root, "routes.py"),
                "--alias", "/al/=" + root) as s, Client(s.port) as c:
        name = ascii(os.fsdecode(where)).encode()
        t.eq([c.fetch(p).body for p in ("/a.py", "/routed", "/al/bad.json",
                                        "/a.sub.txt")],
             [name, name, b"{", where + b"/a.sub.txt"],
             "DOCROOT, --routes and --alias may be any octets")
    bad = os.path.join(root, "bad.json")
    status, _, err = run("--port", "0", "--config", bad, root)
    t.ok(status == 78 and err.startswith(f"h2rig: {DIR}/r\\xff/bad.json, ")
         and "JSON" in err, "and are named as they are", err)


def check_certificates():
    """Files that are no certificate or key, or that do not belong together."""
    cert, key = make_pair("one")
    other_key = make_pair("two")[1]
    secret = path("secret.key")
    subprocess.run(["openssl", "rsa", "-aes256", "-passout", "pass:x", "-in",
                    key, "-out", secret], check=True,
                   stderr=subprocess.DEVNULL)
    none, junk = path("none"), path("junk", "no PEM\n")

    def files(a, b):
        return ["--port", "0", "--cert", a, "--key", b, SCRIPTS]
    check_bad(78, [
        (files(none, key), f'--cert: "{none}": expected a readable file: '
                           "No such file or directory"),
        (files(cert, none), f'--key: "{none}": expected a readable file: '
                            "No such file or directory"),
        (files(junk, key), f'--cert: "{junk}": expected a certificate in PEM '
                           "form: no start line"),
        (files(cert, other_key), f'--key: "{other_key}": expected the key of '
                                 f'the certificate in "{cert}"'),
    ])
    for bad in junk, secret:    # the reasons depend on OpenSSL's version
        status, out, err = run(*files(cert, bad))
        want = (f'h2rig: --key: "{bad}": expected a private key in PEM form, '
                "not encrypted: ")
        t.eq((status, out, err[:len(want)], err.count("\n")),
             (78, "", want, 1), f"--key {os.path.basename(bad)}: exit 78")
    with Server(SCRIPTS, "--cert", cert, "--key", key) as s:
        pem = ssl.get_server_certificate(("127.0.0.1", s.port))
        with open(cert, encoding="ascii") as f:
            t.eq(pem.split(), f.read().split(), "certificate is the one given")


def check_ca():
    """Files that are no CA, and files that cannot be made."""
    cert, key, missing = path("ca-cert"), path("ca-key"), path("none") + "/ca"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-keyout", key, "-out", cert, "-subj", "/CN=none",
                    "-addext", "basicConstraints=critical,CA:FALSE"],
                   check=True, stderr=subprocess.DEVNULL)
    with open(key, encoding="ascii") as k, open(cert, encoding="ascii") as c:
        whole = path("ca-whole", k.read() + c.read())

    def files(*options):
        return ["--port", "0", *options, SCRIPTS]
    check_bad(78, [
        (files("--ca", path("ca-junk", "no PEM\n")),
         f'--ca: "{path("ca-junk")}": expected a certificate in PEM form: no '
         "start line"),
        (files("--ca", DIR), f'--ca: "{DIR}": expected a certificate in PEM '
                             "form: no start line"),
        (files("--ca", whole), f'--ca: "{whole}": expected the certificate of '
                               "a CA with its key"),
        (files("--ca", missing), f'--ca: "{missing}": expected a file, or a '
                                 "directory to make it in: No such file or "
                                 "directory"),
        (files("--ca-out", missing), f'--ca-out: "{missing}": expected a file '
                                     "to write to: No such file or directory"),
        (files("--ca-out", "/dev/full"), '--ca-out: "/dev/full": expected a '
                                         "file to write to: No space left on "
                                         "device"),
    ])
    status, out, err = run(*files("--ca", cert))
    want = f'h2rig: --ca: "{cert}": expected a private key in PEM form, not '
    t.eq((status, out, err[:len(want)], err.count("\n")), (78, "", want, 1),
         "--ca without a key: exit 78")
    t.eq([x for x in os.listdir(DIR) if x.startswith("ca.")], [],
         "no temporary file is left")


def check_keylog():
    """SSLKEYLOGFILE gets the secrets of sessions, and must be a file."""
    status, out, err = run(SCRIPTS, env={"SSLKEYLOGFILE": DIR})
    t.eq((status, out, err),
         (78, "", f'h2rig: SSLKEYLOGFILE: "{DIR}": expected a file to append '
                  "to: Is a directory\n"), "SSLKEYLOGFILE is a directory")
    fifo = path("keys.fifo")
    os.mkfifo(fifo)
    status, out, err = run(SCRIPTS, env={"SSLKEYLOGFILE": fifo})
    t.ok(status == 78 and f'SSLKEYLOGFILE: "{fifo}": expected' in err,
         "SSLKEYLOGFILE is a FIFO that nobody reads", (status, out, err))
    log = path("keys")
    for _ in range(2):
        with Server(SCRIPTS, env={"SSLKEYLOGFILE": log}) as s:
            with Client(s.port) as c:
                t.ok(c.wait_for(lambda: c.settings), "client is served")
    with open(log, encoding="ascii") as f:
        lines = f.readlines()
    form = re.compile(r"[A-Z_0-9]+ [0-9a-f]+ [0-9a-f]+$")
    good = [x for x in lines if form.match(x)]
    t.eq(lines, good, "all lines of the key log are such lines")
    t.eq(len({x.split()[1] for x in lines}), 2, "secrets of two servers in it")
    t.eq(os.stat(log).st_mode & 0o777, 0o600, "only the owner can read it")


def check_addresses():
    """Ports, address families and ready lines."""
    with Server(SCRIPTS) as s:
        status, out, err = run("--bind", "127.0.0.1", "--port", str(s.port),
                               SCRIPTS)
        t.eq((status, out, err),
             (71, "", f"h2rig: --port: {FREE}: 127.0.0.1:{s.port}: "
                      "Address already in use\n"), "port in use: exit 71")
        with Client(s.port) as c:       # the server closes first
            t.ok(c.ping(), "client is served")
            s.process.send_signal(signal.SIGTERM)
            c.wait_end()
        t.eq(s.stop(0), 0, "stopped while a client was connected")
    with Server(SCRIPTS, "--port", str(s.port)) as again:
        t.eq(again.port, s.port, "the port can be taken again at once")
    status, out, err = run("-b", "127.0.0.1", "-b", "192.0.2.1", "-p", "0",
                           SCRIPTS)
    t.ok(re.fullmatch(r"h2rig: --bind: expected an address of this machine: "
                      r"192\.0\.2\.1:\d+: "
                      r"Cannot assign requested address\n", err)
         and (status, out) == (71, ""), "one address of two is not ours",
         (status, out, err))
    if not has_ipv6():
        t.skip("both loopback addresses", "no IPv6")
        return
    with Server(SCRIPTS, "--bind", "::1", "--bind", "127.0.0.1") as s:
        t.eq(s.out(), f"h2rig: listening on https://[::1]:{s.port}\n"
             f"h2rig: listening on https://127.0.0.1:{s.port}\n",
             "both addresses on one port, in the order given")
        for host in "127.0.0.1", "::1":
            with Client(s.port, host=host) as c:
                t.ok(c.wait_for(lambda: c.settings), f"{host} serves")
    empty = path("empty")               # other users can reach it
    os.mkdir(empty)
    with Server(empty, "--bind", "0.0.0.0", "--bind", "::") as s:
        t.eq(len(s.out().splitlines()), 2, "both wildcard addresses")


def check_default_addresses():
    """Addresses without --bind; another process may use ::1."""
    blocker = socket.socket(socket.AF_INET6)
    try:
        blocker.bind(("::1", 0))
        blocker.listen()
    except OSError:
        t.skip("default addresses", "no IPv6")
        return
    port = blocker.getsockname()[1]
    with Unbound("--port", str(port)) as s:
        t.eq(s.out(), f"h2rig: listening on https://127.0.0.1:{port}\n",
             "::1 is left out when it is taken")
    blocker.close()
    with Unbound("--port", "0") as s:
        t.eq(s.out(), f"h2rig: listening on https://127.0.0.1:{s.port}\n"
             f"h2rig: listening on https://[::1]:{s.port}\n",
             "default addresses, port 0")


#: Starts the program where the kernel has ten ports to pick from, of which it
#: prefers two, odd and in the lower half.  Another process has one of these on
#: ::1.  Prints the ready lines of ten starts.
FEW_PORTS = """
import fcntl, socket, struct, subprocess, sys
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
up = struct.pack("16sh22x", b"lo", IFF_UP)
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, up)
with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as f:
    f.write("40000 40009")
taken = socket.create_server(("::1", 40001), family=socket.AF_INET6)
for _ in range(10):
    p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
    line = p.stdout.readline()
    p.terminate()
    print(*(line + p.stdout.read()).decode().split(), flush=True)
    p.wait()
"""


def check_port_zero():
    """Port 0 with default addresses is a port that both have."""
    try:
        done = subprocess.run(
            ["unshare", "-n", sys.executable, "-c", FEW_PORTS, program(),
             "--port", "0", SCRIPTS], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, check=False, timeout=tap.scaled(120),
            universal_newlines=True)
    except OSError as e:
        t.skip("a picked port that is taken on ::1", e)
        return
    if done.returncode != 0:
        t.skip("a picked port that is taken on ::1",
               (done.stderr or "unshare fails").splitlines()[-1])
        return
    both = r".*https://127\.0\.0\.1:(\d+) .*https://\[::1\]:\1"
    t.eq([bool(re.fullmatch(both, line)) for line in done.stdout.splitlines()],
         [True] * 10,
         "a picked port that is taken on ::1: another one is picked")


def ready(s):
    """Returns the addresses and ports of the ready lines."""
    return [(host, int(port)) for host, port in re.findall(
        r"^h2rig: listening on https://(.*):(\d+)$", s.out(), re.M)]


def asked(host, port):
    """Returns the port and the URL that a script finds, for a request with an
    authority and for one without."""
    with Client(port, host=host.strip("[]")) as c:
        told = c.fetch("/port.py").body.decode()
        send = c.send_headers
        c.send_headers = lambda sid, fields, end: send(sid, [
            f for f in fields if f[0] != ":authority"], end)
        return [told, c.fetch("/port.py").body.decode()]


def check_ports():
    """--port is given more than once."""
    root = path("ports")
    write_scripts(root, {"port": """
def main(request, response):
    return "%d %s" % (request.connection.server_port, request.url_parts)
"""})
    with open(os.path.join(root, "port.sub.txt"), "w", encoding="ascii") as f:
        f.write("{{ports[https][0]}} {{ports[https][1]}} {{ports[h2][2]}}")
    both = ["127.0.0.1"] + ["::1"] * has_ipv6()
    with socket.create_server(("127.0.0.1", 0)) as busy:
        taken = busy.getsockname()[1]
        status, out, err = run("-b", "127.0.0.1", "-p0", "-p", str(taken),
                               SCRIPTS)
        t.eq((status, out, err),
             (71, "", f"h2rig: --port: {FREE}: 127.0.0.1:{taken}: "
                      "Address already in use\n"), "one port of two in use")
    with Server(root, *(f"--bind={h}" for h in both), "--port=0",
                f"--port={taken}", "--port=0", "--spare", "1") as s:
        listed = ready(s)
        t.eq([h.strip("[]") for h, _ in listed], both * 3,
             "three ports: a line for each address of each")
        ports = [p for _, p in listed[::len(both)]]
        t.ok(ports[0] == taken and len(set(ports)) == 3
             and listed == [(h, p) for p in ports
                            for h, _ in listed[:len(both)]],
             "the one that is told, then different free ones", listed)
        for host, port in listed:
            for _ in range(2):          # a spare child serves one
                url = (f"scheme='https', netloc='localhost:{port}', "
                       "path='/port.py', query='', fragment=''")
                t.eq(asked(host, port), [f"{port} SplitResult({url})"] * 2,
                     f"server_port and URL on {host}:{port} are true")
        with Client(ports[1]) as c:
            t.eq(c.fetch("/port.sub.txt").body.decode().split(),
                 [str(p) for p in ports],
                 "{{ports[...]}} has all of them")
    with Server(root, *(f"--bind={h}" for h in both),
                *["--port=0"] * 64) as s:
        listed = ready(s)
        t.eq(len(set(listed)), 64 * len(both), "64 ports")
        t.eq([asked(*listed[i])[0].split()[0] for i in (0, -1)],
             [str(listed[i][1]) for i in (0, -1)], "first and last serve")
        first = s.log().splitlines()[0]
        t.ok(first.endswith(f"https://{':'.join(map(str, listed[-1]))}"),
             "one record names them all", first)
        s.process.send_signal(signal.SIGHUP)
        t.ok(s.wait_log("reloaded"), "HUP: reloaded")
        t.eq(asked(*listed[-1])[0].split()[0], str(listed[-1][1]),
             "HUP: the last serves on")
        with Client(listed[-1][1], host=listed[-1][0].strip("[]")) as c:
            t.ok(c.ping(), "a client on the last")
            s.process.send_signal(signal.SIGTERM)
            c.wait_end()
            t.eq(c.goaway and c.goaway[1], 0, "is told of the end")


def has_ipv6():
    """Returns whether ::1 can be used."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


class Unbound(Server):
    """A server without --bind."""

    def __init__(self, *options):
        super().__init__(SCRIPTS, *options)
        i = self.argv.index("--bind")
        del self.argv[i:i + 2]


def check_made_certificate():
    """Clients that trust the made certificate can verify it, for
    each of its names."""
    with Server(SCRIPTS) as s:
        pem = ssl.get_server_certificate(("127.0.0.1", s.port))
        context = ssl.create_default_context(cadata=pem)
        context.set_alpn_protocols(["h2"])
        for name in "localhost", "127.0.0.1", "::1":
            with socket.create_connection(("127.0.0.1", s.port)) as plain:
                with context.wrap_socket(plain, server_hostname=name) as tls:
                    t.eq(tls.selected_alpn_protocol(), "h2",
                         f"certificate is good for {name}")
    with Server(SCRIPTS) as s:
        t.ok(ssl.get_server_certificate(("127.0.0.1", s.port)) != pem,
             "each server makes its own")


def check_cleartext():
    """--cleartext serves HTTP/2 with prior knowledge."""
    with Server(SCRIPTS, "--cleartext") as s:
        t.eq(s.out(), f"h2rig: listening on http://127.0.0.1:{s.port}\n",
             "ready line says http")
        with Client(s.port, tls=False) as c:
            t.ok(c.ping(), "PING is answered")


def check_descriptors():
    """However the server is started, no socket gets the number of a standard
    descriptor, and standard input is empty."""
    for how, redirect in (("without descriptors 0 and 1", "<&- >&-"),
                          ("with input", '<"$2" >/dev/null')):
        out = path("descriptors.out")
        p = subprocess.Popen(["sh", "-c", 'exec "$0" -p 0 "$1" 2>"$3" '
                              + redirect, program(), SCRIPTS, __file__, out])
        try:
            t.ok(tap.wait_until(lambda: os.path.exists(out)
                                and "serving" in read(out)),
                 f"starts {how}", read(out))
            if os.access(f"/proc/{p.pid}/fd", os.R_OK):
                t.eq([os.readlink(f"/proc/{p.pid}/fd/{i}") for i in (0, 1)],
                     ["/dev/null"] * 2, "they are /dev/null")
            else:
                t.skip("they are /dev/null", "needs /proc, and root")
        finally:
            p.terminate()
            p.wait(tap.scaled(60))
        os.unlink(out)


def read(name):
    """Returns a text file's content."""
    with open(name, encoding="utf-8") as f:
        return f.read()


def check_information():
    """--help and --version."""
    status, out, err = run("--version")
    t.eq((status, err), (0, ""), "--version: exit 0")
    t.ok(re.fullmatch(r"h2rig \d+\.\d+\S*\nPython 3\.\d+\S*\nOpenSSL .*\n"
                      r"extensions of POSIX: (yes|no)\n", out),
         "prints the versions", out)
    t.eq(run("-V"), (status, out, err), "-V is the same")
    status, out, err = run("--help")
    t.eq((status, err), (0, ""), "--help: exit 0")
    t.ok(out.startswith("usage: h2rig [option ...] DOCROOT\n"), "usage", out)
    t.eq([x for x in out.splitlines() if len(x) > 80], [], "in 80 columns")
    t.eq(run("-h", "--port", "x"), (status, out, err),
         "-h ends the program, whatever comes after")


def check_python():
    """The programs in Python are run by the Python of the build, not
    by the one on PATH."""
    for name in "h2bad", "h2rig-trace", "h2rig-wpt":
        done = subprocess.run(
            [os.path.join(os.path.dirname(program()), name), "--help"],
            env={"PATH": "/nonexistent"}, stdout=subprocess.PIPE, check=False)
        t.ok(done.returncode == 0 and b"usage" in done.stdout,
             f"{name} does not look for a Python on PATH", done)


try:
    check_information()
    check_python()
    check_bad(64, USAGE)
    check_units()
    check_documentroot()
    check_user()
    check_any_octets()
    if shutil.which("openssl"):
        check_certificates()
        check_ca()
    else:
        t.skip("certificates", "needs the program openssl")
    check_keylog()
    check_addresses()
    check_default_addresses()
    check_port_zero()
    check_ports()
    check_made_certificate()
    check_cleartext()
    check_descriptors()
finally:
    shutil.rmtree(DIR, ignore_errors=True)
t.done()
