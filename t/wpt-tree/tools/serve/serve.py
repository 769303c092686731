# SPDX-License-Identifier: MIT
"""Stands in for what a checkout starts its servers with: of the same shape."""
import argparse
import logging
import multiprocessing
import os
import sys
import traceback

from . import handlers

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


class Config:
    def __init__(self, args):
        self.ports = {"http": [8000, 8001], "h2": [args.port]}
        self.ssl_config = {"key_path": args.key, "cert_path": args.cert}
        self.aliases = []
        self.logging = {"level": "info"}

    def as_dict(self):
        return {"browser_host": "web-platform.test",
                "server_host": "127.0.0.1",
                "alternate_hosts": {"alt": "not-web-platform.test"},
                "subdomains": {"www", "www1"}, "not_subdomains": {"none"},
                "ports": self.ports, "bind_address": True,
                "ssl_config": self.ssl_config, "aliases": self.aliases,
                "logging": self.logging, "domains_set": {"a", "b"}}


def routes_of(args):
    routes = [
        ("*", "/_certs/*", handlers.ErrorHandler(404)),
        ("*", "/tools/*", handlers.ErrorHandler(404)),
        ("GET", "/gone", handlers.ErrorHandler(410)),
        ("GET", "/resources/testharnessreport.js", handlers.StaticHandler(
            os.path.join(TOP, "report.js"), {"output": 1},
            "text/javascript;charset=utf8", **{"Cache-Control":
                                               "max-age=3600"})),
        ("GET", "/two.js", handlers.StaticHandler(
            [os.path.join(TOP, "beside", name) for name in (
                "file.txt", "single.txt")], {}, "text/javascript")),
        (["GET"], "/resources/testdriver.js", handlers.StringHandler(
            b"driver('\xff')", "text/javascript")),
        ("GET", "/single.txt", handlers.FileHandler(
            os.path.join(TOP, "beside"), "/")),
    ]
    if args.function:
        routes.append(("POST", "/report",
                       handlers.FunctionHandler(handlers.report)))
    for base, url in ((os.path.join(TOP, "beside"), "/beside/"), (None, "/")):
        routes += [
            (method, url.rstrip("/") + "/" + suffix, kind(base, url))
            for method, suffix, kind in (
                ("GET", "*.any.html", handlers.AnyHtmlHandler),
                ("*", "*.py", handlers.PythonScriptHandler),
                ("GET", "*", handlers.FileHandler))]
    if args.inject_script:
        routes = [(method, pattern,
                   handlers.HtmlScriptInjectorHandlerWrapper(b"", handler))
                  for method, pattern, handler in routes]
    return routes


def start_http2_server(logger, host, port, paths, routes, bind_address,
                       config, **kwargs):
    logger.critical("the checkout's own HTTP/2 server was started")


class ServerProc:
    """A server in a process of its own."""

    def __init__(self, mp_context):
        self.proc = None
        self.stop_flag = mp_context.Event()

    def start(self, mp_context, init_func, *args, **kwargs):
        self.proc = mp_context.Process(
            target=self.create_daemon, args=(init_func,) + args,
            kwargs=kwargs)
        self.proc.daemon = True
        self.proc.start()

    def create_daemon(self, init_func, *args, **kwargs):
        logger = new_logger()
        daemon = None
        try:
            daemon = init_func(logger, *args, **kwargs)
            if daemon:
                daemon.start()
                logger.info("started")
                self.stop_flag.wait()
        except Exception:
            logger.critical(traceback.format_exc())
        finally:
            if daemon:
                daemon.stop()
                logger.info("stopped")

    def stop(self):
        self.stop_flag.set()
        self.proc.join()


def new_logger():
    logger = logging.getLogger("web-platform-tests")
    logger.setLevel(logging.DEBUG)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(
            "wpt[%(process)d] %(levelname)s: %(message)s"))
        logger.addHandler(handler)
    return logger


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--method", default="fork")
    parser.add_argument("--function", action="store_true")
    parser.add_argument("--inject-script")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    context = multiprocessing.get_context(args.method)
    config = Config(args)
    paths = {"doc_root": os.path.join(TOP, "web"),
             "ws_doc_root": os.path.join(TOP, "web")}
    server = ServerProc(context)
    server.start(context, start_http2_server, "127.0.0.1", args.port, paths,
                 routes_of(args), True, config, latency=None,
                 inject_script=args.inject_script, verbose=args.verbose)
    sys.stdin.read()
    server.stop()
