# SPDX-License-Identifier: MIT
"""`h2rig-wpt`: a web-platform-tests checkout's own `./wpt`, with HTTP/2 by
h2rig.  No file of the checkout is changed.

It runs in the checkout's Python, not in h2rig's processes.  What the checkout
calls to have an HTTP/2 server, `start_http2_server` in tools/serve/serve.py,
is replaced when that module is loaded; the function here can be found by name
in the process that the checkout starts for it, whether that is forked or
spawned.  It starts h2rig with what the checkout's configuration and routes
say, and passes its log on to the checkout's logger.
"""

import importlib.abc
import importlib.machinery
import json
import os
import runpy
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from typing import Any, Dict, List, Optional, Sequence, Tuple

__all__ = ["main", "start_http2_server"]

#: How long h2rig may take to be ready, and to end, seconds.
START = 60.0
STOP = 15.0

EX_USAGE, EX_CONFIG = 64, 78

_SERVE = os.path.join("tools", "serve", "serve.py")

USAGE = """usage: h2rig-wpt COMMAND [ARGUMENT ...]

Runs ./wpt COMMAND in a web-platform-tests checkout, with HTTP/2 served by
h2rig: h2rig-wpt serve, h2rig-wpt run chrome, ...

H2RIG names another program than the one installed beside this one,
H2RIG_FLAGS has more options for it.
"""


# ---- in the process that the user starts

class _Loader(importlib.machinery.SourceFileLoader):
    # Of tools/serve/serve.py.

    def exec_module(self, module: Any) -> None:
        super().exec_module(module)
        if not hasattr(module, "start_http2_server"):
            raise ImportError("h2rig-wpt: no start_http2_server in %s: "
                              "expected the one that starts the HTTP/2 server"
                              % self.path)
        setattr(module, "start_http2_server", start_http2_server)


class _Finder(importlib.abc.MetaPathFinder):
    # The checkout imports that module by more than one name.

    def __init__(self, path: str) -> None:
        self._path = path

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name.rpartition(".")[2] != "serve":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if (spec is None or spec.origin is None
                or not os.path.exists(spec.origin)
                or not os.path.samefile(spec.origin, self._path)):
            return None
        spec.loader = _Loader(name, spec.origin)
        return spec


def main(argv: Sequence[str], program: str) -> Any:
    """Runs ./wpt with argv; program: h2rig, unless H2RIG is set.  Returns the
    exit status, if it was not left by SystemExit.
    """
    if not argv or argv[0] in ("-h", "--help"):
        (sys.stdout if argv else sys.stderr).write(USAGE)
        return 0 if argv else EX_USAGE
    top = os.getcwd()
    for name in ("wpt", _SERVE):
        if not os.path.isfile(os.path.join(top, name)):
            sys.stderr.write("h2rig-wpt: no %s in %s: expected to be run in a "
                             "web-platform-tests checkout\n" % (name, top))
            return EX_CONFIG
    os.environ.setdefault("H2RIG", program)
    if shutil.which(os.environ["H2RIG"]) is None:
        sys.stderr.write("h2rig-wpt: %s: expected the program h2rig (set "
                         "H2RIG)\n" % os.environ["H2RIG"])
        return EX_CONFIG
    sys.meta_path.insert(0, _Finder(os.path.join(top, _SERVE)))
    sys.path.insert(0, top)
    sys.argv = [os.path.join(top, "wpt"), *argv]
    runpy.run_path(sys.argv[0], run_name="__main__")
    return 0


# ---- in the process of the HTTP/2 server

def start_http2_server(logger: Any, host: str, port: int,
                       paths: Dict[str, str], routes: Sequence[Any],
                       bind_address: bool, config: Any, **kwargs: Any
                       ) -> Optional["Server"]:
    """The server, which is ready; None if it could not be started, which was
    logged.  Arguments are those of the checkout's function of this name.
    """
    server = Server(logger)
    try:
        server.run(host, port, paths, routes, bind_address, config, kwargs)
    except (OSError, ValueError) as e:
        logger.critical("h2rig, HTTP/2 on port %s: %s" % (port, e))
        server.stop()
        return None
    return server


class Server:
    """h2rig as a process, and its log as records of the checkout's logger.

    logger: with methods debug, info, warning, error and critical.
    """

    def __init__(self, logger: Any) -> None:
        self._logger = logger
        self._directory = tempfile.mkdtemp(prefix="h2rig-wpt-")
        self._process: Any = None
        self._watch: Any = None
        self._log: Optional[threading.Thread] = None
        self._last: List[str] = []

    def run(self, host: str, port: int, paths: Dict[str, str],
            routes: Sequence[Any], bind_address: bool, config: Any,
            more: Dict[str, Any]) -> None:
        """Starts it and waits until it is ready.  OSError or ValueError say
        why it is not.
        """
        if more.get("inject_script"):
            self._logger.error("h2rig cannot inject %s into pages; the tests "
                               "run without it" % more["inject_script"])
        argv = [os.environ["H2RIG"], "--port", str(port), "--wpt",
                "--log-format", "json", "--log-level", _level(config),
                "--cert", config.ssl_config["cert_path"],
                "--key", config.ssl_config["key_path"],
                "--config", self._write("config.json", _settings(config)),
                "--ws-docroot", paths["ws_doc_root"]]
        for address in _addresses(host if bind_address else None, port):
            argv += ["--bind", address]
        if more.get("latency"):
            argv += ["--latency", str(more["latency"])]
        if "WPT_STASH_CONFIG" in os.environ:
            argv += ["--stash", "wptserve"]
        aliases, text = translate(routes, paths["doc_root"], self._logger)
        for url, directory in aliases:
            argv += ["--alias", "%s=%s" % (url, directory)]
        argv += ["--routes", self._write("routes.py", text)]
        argv += shlex.split(os.environ.get("H2RIG_FLAGS", ""))
        self._start(argv + [paths["doc_root"]])

    def _write(self, name: str, text: str) -> str:
        path = os.path.join(self._directory, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def _start(self, argv: List[str]) -> None:
        process = self._process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        assert process.stdout is not None
        # Should this process be killed, h2rig is to end with it.
        self._watch = subprocess.Popen(
            [sys.executable, "-c", _WATCH, str(process.pid), self._directory],
            stdin=subprocess.PIPE)
        self._log = threading.Thread(target=self._pass_on, daemon=True)
        self._log.start()
        late = threading.Timer(START, process.kill)
        late.start()
        line = process.stdout.readline()
        late.cancel()
        if not line.startswith(b"h2rig: listening on"):
            status = process.wait()
            self._log.join(STOP)
            raise ValueError("%s; exit status %d of %s" % (
                "; ".join(self._last) or "not ready within %d s" % START,
                status, " ".join(argv)))

    def _pass_on(self) -> None:
        for line in self._process.stderr:
            text = line.decode("utf-8", "replace").rstrip("\n")
            try:
                record = json.loads(text)
                level, said = record.pop("level"), record.pop("text")
                method = _METHODS[level]
            except (ValueError, KeyError, AttributeError, TypeError):
                # What is wrong with its options, say, is no record.
                self._last = self._last[-4:] + [text]
                self._logger.error(text)
                continue
            fields = " ".join("%s=%s" % (name, value)
                              for name, value in record.items()
                              if name not in ("time", "pid"))
            if said == "request":
                method = "debug"        # as for the checkout's own servers
            getattr(self._logger, method)(("%s %s" % (said, fields)).strip())

    def start(self) -> None:
        """Nothing: it runs already."""

    def stop(self) -> None:
        """Ends it; returns when nothing of it is left."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._watch.stdin.close()
            self._watch.wait()
            if self._log is not None:
                self._log.join(STOP)
            self._process.stdout.close()
            self._process.stderr.close()
        shutil.rmtree(self._directory, ignore_errors=True)


_METHODS = {"error": "error", "warn": "warning", "info": "info",
            "debug": "debug"}

#: Waits for the end of the process that started it, through signals to the
#: whole process group, and leaves nothing behind.
_WATCH = """
import os, shutil, signal, sys
for number in signal.SIGHUP, signal.SIGINT, signal.SIGTERM:
    signal.signal(number, signal.SIG_IGN)
sys.stdin.buffer.read()
try:
    os.kill(int(sys.argv[1]), signal.SIGTERM)
except ProcessLookupError:
    pass
shutil.rmtree(sys.argv[2], ignore_errors=True)
"""


def _level(config: Any) -> str:
    name = str(config.logging.get("level", "info")).lower()
    return {"debug": "debug", "info": "info", "error": "error",
            "critical": "error"}.get(name, "warn")


def _addresses(host: Optional[str], port: int) -> List[str]:
    # As the checkout's own server binds: one IPv4 address, or all of them.
    if host is None:
        return ["0.0.0.0"]
    found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
    return [str(found[0][4][0])]


#: What h2rig makes settings of; it has the rest from these.
_SETTINGS = ("browser_host", "server_host", "alternate_hosts", "subdomains",
             "not_subdomains", "ports", "bind_address")


def _settings(config: Any) -> str:
    values = config.as_dict()
    return json.dumps({name: values[name] for name in _SETTINGS
                       if name in values}, default=sorted)


# ---- routes

#: Handlers that h2rig has of its own, by their classes' names: for the
#: document root by --wpt, for another directory by --alias.
_OWN = frozenset((
    "AsIsHandler", "DirectoryHandler", "FileHandler", "PythonScriptHandler",
    "WrapperHandler", "HtmlWrapperHandler"))

#: The class of handlers that put a script into the pages of another.
_INJECTOR = "HtmlScriptInjectorHandlerWrapper"

#: Routes to ErrorHandler(404) that --wpt has too.
_FORBIDDEN = frozenset(("/_certs/*", "/tools/*", "{spec}/tools/*",
                        "/results/"))


#: How the text of a routes file begins.  The files of a StaticHandler are read
#: by the first request for them: each connection has the routes, few need them.
_ROUTES = """
import functools
from h2rig.handlers import (ErrorHandler, FileHandler, StaticHandler,
                            StringHandler)

def static(*args, **headers):
    made = functools.lru_cache()(lambda: StaticHandler(*args, **headers))
    return lambda request, response: made()(request, response)

routes = []
"""


def translate(routes: Sequence[Any], doc_root: str, logger: Any
              ) -> Tuple[List[Tuple[str, str]], str]:
    """The checkout's routes as h2rig's: (URL, directory) of aliases, and the
    text of a routes file.

    Handlers that hold data, files' names or a status can be had; any other is
    an error in the log, and answers 501.
    """
    aliases: Dict[str, str] = {}
    lines = [_ROUTES]
    for method, pattern, handler in routes:
        while type(handler).__name__ == _INJECTOR:
            handler = handler.wrap
        made = _translated(method, pattern, handler, doc_root, aliases)
        if made is None:
            logger.error(
                "h2rig cannot have the handler %r of %s %s; expected one of "
                "wptserve's that hold their data (it answers 501)"
                % (handler, method, pattern))
            made = "ErrorHandler(501)"
        if made:
            lines.append("routes.append((%r, %r, %s))"
                         % (_methods(method), pattern, made))
    return sorted(aliases.items()), "\n".join(lines) + "\n"


def _methods(method: Any) -> Any:
    return method if isinstance(method, str) else sorted(method)


def _translated(method: Any, pattern: str, handler: Any, doc_root: str,
                aliases: Dict[str, str]) -> Optional[str]:
    # An expression for a handler; "": it needs none; None: it has none.
    names = {c.__name__ for c in type(handler).__mro__}
    if "StringHandler" in names and hasattr(handler, "data"):
        headers = dict(getattr(handler, "resp_headers", ()))
        kind = headers.pop("Content-Type", "application/octet-stream")
        return "StringHandler(%r, %r, **%r)" % (
            handler.data, kind, {_text(n): v for n, v in headers.items()})
    if "StaticHandler" in names and hasattr(handler, "__getnewargs_ex__"):
        # It reads its files when it is called: it is made anew as pickle does.
        args, headers = handler.__getnewargs_ex__()
        return "static(*%r, **%r)" % (args, headers)
    if "ErrorHandler" in names and isinstance(
            getattr(handler, "status", None), int):
        if pattern in _FORBIDDEN and handler.status == 404:
            return ""
        return "ErrorHandler(%d)" % handler.status
    if not names & _OWN:
        return None
    base = getattr(handler, "base_path", None)
    url = getattr(handler, "url_base", "/")
    if base is None or (url == "/" and os.path.realpath(base)
                        == os.path.realpath(doc_root)):
        return ""
    if "*" in pattern:
        aliases[url] = base
        return ""
    # One file.
    return "FileHandler(%r, %r)" % (base, url)


def _text(name: Any) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else name
