#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests real supervisors with the files of doc/supervision: systemd, s6,
runit, tcpserver, inetd and xinetd."""
import getpass
import os
import re
import shutil
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import tap
from rawclient import Client
from server import program
from supervised import (DIR, DOCROOT, LOG, clear_log, end_all, ended, ours,
                        read, served, speak, start, wait_text, write_docroot)

t = tap.Tap()
FILES = os.path.join(HERE, "..", "doc", "supervision")


def free_port():
    """Returns a port that most likely no process uses."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def adapted(name, port):
    """Returns a file of doc/supervision, with this test's
    paths, port and user."""
    text = read(os.path.join(FILES, name))
    user = getpass.getuser()
    for old, new in (("/usr/local/bin/h2rig", program()),
                     ("/etc/h2rig", DIR), ("/srv/h2rig", DOCROOT),
                     ("/var/log/h2rig.log", LOG), ("8443", str(port)),
                     ("--idle-exit 300", "--idle-exit 1"),
                     ("--user h2rig ", ""), (" root ", f" {user} "),
                     ("= root\n", f"= {user}\n")):
        text = text.replace(old, new)
    return text


def place(name, port, to):
    """Writes such a file into the test's directory.  Returns its path."""
    path = os.path.join(DIR, to)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(adapted(name, port))
    if name.endswith("/run"):
        os.chmod(path, 0o755)
    return path


def missing(*programs):
    """Reports a skipped test if one of the programs is not installed.
    Returns whether it did."""
    for name in programs:
        if not find(name):
            t.skip(name, "not installed")
            return True
    return False


def find(name):
    """Returns the path of a program, also from the directories of
    daemons, or None."""
    return shutil.which(name, path=os.environ["PATH"]
                        + ":/usr/local/sbin:/usr/sbin:/sbin")


def clients(name, port, process):
    """Clients are served, and the crash of one connection
    disturbs no other."""
    if not t.ok(served(port), f"{name}: a request is served"):
        return
    with speak(port) as c:
        x = c.request("/abort.py")
        c.wait_end()
        t.ok(x.status is None, f"{name}: a script crashes")
    with Client(port) as c:
        t.eq(c.fetch("/noise.py").body, b"noise", f"{name}: a noisy script")
        t.eq(c.fetch("/quick.py").body, b"quick", f"{name}: undisturbed")
    t.ok(process.poll() is None, f"{name}: the supervisor lives")


def systemd():
    """systemd-socket-activate with the units' command lines."""
    if missing("systemd-socket-activate"):
        return
    for unit, extra in (("h2rig.service", []),
                        ("h2rig-each@.service", ["--accept"])):
        port = free_port()
        command = re.search(r"^ExecStart=(.*)$",
                            adapted("systemd/" + unit, port), re.M).group(1)
        socket_unit = adapted("systemd/" + unit.replace(
            "@", "").replace(".service", ".socket"), port)
        t.eq("Accept=yes" in socket_unit, bool(extra),
             f"{unit}: its socket's kind")
        address = re.search(r"^ListenStream=(.*)$", socket_unit, re.M).group(1)
        log = open(LOG, "wb")
        p = start(find("systemd-socket-activate"), "-l", address, *extra,
                  *command.split(), stderr=log)
        log.close()
        clients(unit, port, p)
        p.terminate()
        # With Accept=yes, the process is systemd-socket-activate itself.
        t.eq(ended(p), 143 if extra else 0, f"{unit}: stopped")
        tap.wait_until(lambda: not ours())
    if not missing("systemd-analyze"):
        verify_units()


def verify_units():
    """systemd-analyze finds no fault in the units."""
    names = sorted(os.listdir(os.path.join(FILES, "systemd")))
    paths = [place("systemd/" + n, 8443, "units/" + n) for n in names]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    said = [x for x in done.stdout.decode().splitlines() if "h2rig" in x]
    t.eq(said, [], "systemd-analyze verify")


def control(*argv):
    """Runs a supervisor's control program.  Returns (exit status, output)."""
    done = subprocess.run([find(argv[0]), *argv[1:]], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False,
                          timeout=tap.scaled(30))
    return done.returncode, done.stdout.decode().strip()


def s6():
    """s6-supervise: readiness, the same process throughout, HUP, exit code."""
    if missing("s6-supervise", "s6-svwait", "s6-svc", "s6-svstat"):
        return
    port, path = free_port(), os.path.join(DIR, "s6")
    place("s6/run", port, "s6/run")
    place("s6/notification-fd", port, "s6/notification-fd")
    p = start(find("s6-supervise"), path, stdout=open(LOG, "wb"))
    tap.wait_until(lambda: os.path.exists(path + "/supervise/control"))
    t.eq(control("s6-svwait", "-U", "-t", "20000", path)[0], 0,
         "s6: s6-svwait -U: ready")
    pid = control("s6-svstat", "-o", "pid", path)
    clients("s6", port, p)
    control("s6-svc", "-h", path)
    t.ok(wait_text(LOG, "info: reloaded$"), "s6: s6-svc -h reloads",
         read(LOG))
    t.eq(control("s6-svstat", "-o", "pid", path), pid,
         "s6: the server was never started again")
    control("s6-svc", "-wd", "-T", "20000", "-d", path)
    t.eq(control("s6-svstat", "-o", "exitcode", path), (0, "0"),
         "s6: exit code 0")
    control("s6-svc", "-x", path)
    t.eq(ended(p), 0, "s6: the supervisor ends")


def runit():
    """runsv: the same process throughout, exit code."""
    if missing("runsv", "sv"):
        return
    port, path = free_port(), os.path.join(DIR, "runit")
    place("runit/run", port, "runit/run")
    finish = path + "/finish"
    with open(finish, "w", encoding="ascii") as f:
        f.write(f'#!/bin/sh\necho "$1 $2" >>{DIR}/finished\n')
    os.chmod(finish, 0o755)
    p = start(find("runsv"), path, stdout=open(LOG, "wb"))
    t.ok(wait_text(LOG, "h2rig: listening on"), "runit: ready")
    pid = read(path + "/supervise/pid")
    clients("runit", port, p)
    control("sv", "hup", path)
    t.ok(wait_text(LOG, "info: reloaded$"), "runit: sv hup reloads",
         read(LOG))
    t.eq(read(path + "/supervise/pid"), pid,
         "runit: the server was never started again")
    control("sv", "-w", "20", "force-shutdown", path)
    t.eq(ended(p), 0, "runit: the supervisor ends")
    t.eq(read(DIR + "/finished"), "0 0\n", "runit: exit code 0")


def tcpserver():
    """tcpserver, and s6-tcpserver with the same file."""
    for name in "tcpserver", "s6-tcpserver":
        if missing(name):
            continue
        port = free_port()
        path = place("ucspi/run", port, name + "/run")
        if name == "s6-tcpserver":
            text = read(path).replace("tcpserver -HRD -l0",
                                      "s6-tcpserver -v0")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        clear_log()
        p = start(path, stdout=open(LOG, "wb"))
        clients(name, port, p)
        t.ok(wait_text(LOG, "killed by SIGABRT"),
             f"{name}: descriptor 2 is the log", read(LOG))
        p.terminate()
        t.ok(ended(p) is not None, f"{name}: the supervisor ends")
        tap.wait_until(lambda: not ours())


def inetd_lines(port, wait):
    """Writes an inetd.conf with one of its two lines.  Returns its path."""
    lines = [x.lstrip("#") for x in adapted("inetd.conf", port).splitlines()
             if " stream tcp " in x]
    t.eq(len(lines), 2, "inetd.conf has two lines")
    path = os.path.join(DIR, "inetd.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(lines[wait] + "\n")
    return path


def real_inetd():
    """openbsd-inetd with nowait and with wait."""
    if missing("inetd"):
        return
    for wait in False, True:
        name, port = f"inetd {'wait' if wait else 'nowait'}", free_port()
        clear_log()
        p = start(find("inetd"), "-i", inetd_lines(port, wait))
        end_of_inetd(name, port, p, wait)


def real_xinetd():
    """xinetd with nowait and with wait."""
    if missing("xinetd"):
        return
    for wait in False, True:
        name, port = f"xinetd {'wait' if wait else 'nowait'}", free_port()
        clear_log()
        conf = place("xinetd/h2rig" + "-wait" * wait, port, "xinetd.conf")
        p = start(find("xinetd"), "-dontfork", "-f", conf, "-pidfile",
                  DIR + "/xinetd.pid", "-filelog", DIR + "/xinetd.log")
        end_of_inetd(name, port, p, wait)


def end_of_inetd(name, port, p, wait):
    """Tests what both inetd and xinetd must do."""
    clients(name, port, p)
    t.ok(wait_text(LOG, "killed by SIGABRT"), f"{name}: the crash is logged",
         read(LOG))
    if wait:
        t.ok(wait_text(LOG, "no client for 1 s"), f"{name}: ends when idle")
        t.ok(wait_text(LOG, "stopped"), f"{name}: and is gone")
        t.ok(served(port), f"{name}: is started again")
        t.ok(tap.wait_until(lambda: read(LOG).count("info: stopped") > 1),
             f"{name}: and ends again", read(LOG))
    p.terminate()
    t.ok(ended(p) is not None, f"{name}: the supervisor ends")
    t.ok(tap.wait_until(lambda: not ours()), f"{name}: nothing is left")


def make_pair():
    """Makes cert.pem and key.pem where the files of
    doc/supervision expect them."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-subj", "/CN=localhost", "-days", "2", "-out",
                    DIR + "/cert.pem", "-keyout", DIR + "/key.pem"],
                   check=True, stderr=subprocess.DEVNULL)


if not shutil.which("openssl"):
    tap.skip_all("needs the program openssl")
try:
    write_docroot()
    make_pair()
    systemd()
    s6()
    runit()
    tcpserver()
    real_inetd()
    real_xinetd()
finally:
    end_all()
    shutil.rmtree(DIR, ignore_errors=True)
t.done()
