# SPDX-License-Identifier: MIT
"""Reads the file of --config, which has hosts, domains and ports in the JSON
form of web-platform-tests' configuration; adds the defaults of settings that
it lacks; and checks the options that name directories.

Settings that the server uses are checked.  Those of web-platform-tests' own
servers, and a user's own, are passed on unchanged, for `{{...}}`.
"""

import json
import os
import re
import tempfile
from typing import (Any, Callable, Dict, Iterable, Iterator, List, Optional,
                    Set, Tuple)

from h2rig.errors import ConfigError
from h2rig.server.config import Alias, Config, options
from h2rig.server.files import as_sent, decode_path

__all__ = ["SCHEMES", "build", "check_access", "load", "make_aliases"]

#: The kinds of servers whose ports a test may ask for.
SCHEMES = ("http", "https", "ws", "wss", "h2")

#: The subdomains of web-platform-tests: below each host these resolve ...
SUBDOMAINS = ("www", "www1", "www2", "\u5929\u6c17\u306e\u826f\u3044\u65e5",
              "\u00e9l\u00e8ve")
#: ... and these do not.
NOT_SUBDOMAINS = ("nonexistent",)

#: The hosts if no file sets them.  For browsers, names that end in
#: ".localhost" mean this machine.
HOST = "localhost"
ALTERNATE_HOSTS = {"alt": "alt.localhost"}


def _is_text(v: Any) -> bool:
    return isinstance(v, str) and v != ""


def _is_optional(v: Any) -> bool:
    return v is None or isinstance(v, str)


def _is_texts(v: Any) -> bool:
    return isinstance(v, list) and all(map(_is_text, v))


def _is_hosts(v: Any) -> bool:
    return isinstance(v, dict) and all(map(_is_text, v.values()))


def _is_port(v: Any) -> bool:
    return v == "auto" or (isinstance(v, int) and not isinstance(v, bool)
                           and 0 <= v <= 65535)


def _is_ports(v: Any) -> bool:
    return isinstance(v, dict) and all(
        isinstance(ports, list) and all(map(_is_port, ports))
        for ports in v.values())


def _is_aliases(v: Any) -> bool:
    return isinstance(v, list) and all(
        isinstance(a, dict) and _is_text(a.get("url-path"))
        and _is_text(a.get("local-dir")) for a in v)


#: name of a setting, function that checks its value, what is expected
_CHECKS: Tuple[Tuple[str, Callable[[Any], bool], str], ...] = (
    ("browser_host", _is_text, "a host name"),
    ("server_host", _is_optional, "a host name or null"),
    ("alternate_hosts", _is_hosts, "an object of name to host name"),
    ("subdomains", _is_texts, "a list of labels"),
    ("not_subdomains", _is_texts, "a list of labels"),
    ("ports", _is_ports,
     "an object of scheme to a list of numbers 0 to 65535 or \"auto\""),
    ("doc_root", _is_optional, "a directory or null"),
    ("ws_doc_root", _is_optional, "a directory or null"),
    ("aliases", _is_aliases,
     "a list of objects with \"url-path\" and \"local-dir\""),
)


#: Settings without effect here: those of today's and earlier servers of
#: web-platform-tests, and those that these compute.
_NOT_OURS = frozenset((
    "all_domains", "all_domains_set", "bind_address", "bind_hostname",
    "check_subdomains", "domains", "domains_set", "external_host", "host",
    "inject_script", "log_level", "logging", "not_domains", "not_domains_set",
    "paths", "ssl", "url_base"))

#: The prefix of the names of a user's own settings.
_OWN = "x_"


def load(path: str) -> Config:
    """Returns the settings of a file, with defaults.  Raises ConfigError."""
    try:
        with open(path, encoding="utf-8") as f:
            text = f.read()
    except OSError as e:
        raise ConfigError(path, "%s; expected a JSON file of settings"
                          % e.strerror) from None
    except UnicodeDecodeError as e:
        raise ConfigError(path, "octet %d is no UTF-8; expected JSON in UTF-8"
                          % e.start) from None
    try:
        given = json.loads(text)
    except ValueError as e:
        raise ConfigError(path, "%s; expected JSON" % getattr(e, "msg", e),
                          getattr(e, "lineno", None)) from None
    if not isinstance(given, dict):
        raise ConfigError(path, "expected a JSON object of settings, not %s"
                          % _shown(given), 1)
    known = [name for name, _, _ in _CHECKS]
    for name in given:
        if not (name in known or name in _NOT_OURS or name.startswith(_OWN)):
            raise ConfigError(
                path, "%s is no setting; expected one of %s, or a name of "
                "your own, which begins with %s" % (
                    _shown(name), ", ".join(known), _OWN), _line(text, name))
    for name, right, expected in _CHECKS:
        if name in given and not right(given[name]):
            raise ConfigError(path, "\"%s\" is %s; expected %s" % (
                name, _shown(given[name]), expected), _line(text, name))
    _check_doc_root(path, text, given)
    _take_ws_doc_root(path, text, given)
    try:
        return build(given)
    except UnicodeError as e:
        raise ConfigError(path, "a host or subdomain cannot be written in "
                          "ASCII (IDNA): %s; expected labels of 1 to 63 "
                          "letters" % e, _line(text, "subdomains")) from None


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _line(text: str, name: str) -> Optional[int]:
    # Returns the number of the line that has this setting, or None.
    found = re.search(r'"%s"\s*:' % re.escape(name), text)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _check_doc_root(path: str, text: str, given: Dict[str, Any]) -> None:
    # Raises ConfigError if doc_root differs from the command line's: then one
    # of the two is a mistake.
    told = given.get("doc_root")
    if told and os.path.realpath(os.path.join(
            os.path.dirname(path), told)) != options.real_root:
        raise ConfigError(
            path, "\"doc_root\" is %s; expected that of the command line, %s, "
            "or null" % (_shown(told), options.doc_root),
            _line(text, "doc_root"))


def _take_ws_doc_root(path: str, text: str, given: Dict[str, Any]) -> None:
    # Takes ws_doc_root from the settings unless the command line has set it.
    told = given.get("ws_doc_root")
    if not told or options.ws_docroot is not None:
        return
    options.ws_docroot = os.path.realpath(os.path.join(
        os.path.dirname(path), told))
    if not os.path.isdir(options.ws_docroot):
        raise ConfigError(path, "\"ws_doc_root\" is %s; expected a directory "
                          "or null" % _shown(told), _line(text, "ws_doc_root"))


def build(given: Dict[str, Any]) -> Config:
    """Returns settings as scripts and `{{...}}` see them.

    given: checked settings.  Raises UnicodeError for a host name that has no
    form in IDNA.
    """
    host = _ascii(given.get("browser_host") or HOST)
    alternate = given.get("alternate_hosts")
    if alternate is None:
        alternate = {} if given.get("browser_host") else ALTERNATE_HOSTS
    hosts = {"": host}
    hosts.update((name, _ascii(h)) for name, h in alternate.items())
    some = given.get("subdomains", list(SUBDOMAINS))
    none = given.get("not_subdomains", list(NOT_SUBDOMAINS))
    domains = {name: _domains(h, ["", *some]) for name, h in hosts.items()}
    not_domains = {name: _domains(h, none) for name, h in hosts.items()}
    all_domains = {name: {**domains[name], **not_domains[name]}
                   for name in hosts}
    config = Config(given)
    config.update(
        browser_host=host, host=host,
        server_host=given.get("server_host") or host,
        alternate_hosts={n: h for n, h in hosts.items() if n},
        subdomains=set(some), not_subdomains=set(none), domains=domains,
        not_domains=not_domains, all_domains=all_domains,
        domains_set=_set(domains), not_domains_set=_set(not_domains),
        all_domains_set=_set(all_domains),
        ports=_ports(given.get("ports", {})), doc_root=options.doc_root,
        ws_doc_root=options.ws_docroot or options.doc_root,
        log_level=options.log_level, url_base="/",
        bind_address=given.get("bind_address", True))
    return config


def _ascii(host: str) -> str:
    # Converts a host name by RFC 3490; an address, or a name that is ASCII,
    # stays as it is.
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _domains(host: str, subdomains: Iterable[str]) -> Dict[str, str]:
    return {label: _ascii(label) + "." + host if label else host
            for label in subdomains}


def _set(domains: Dict[str, Dict[str, str]]) -> Set[str]:
    return {name for below in domains.values() for name in below.values()}


def _ports(given: Dict[str, List[Any]]) -> Dict[str, List[int]]:
    # Tests ask for two ports of a scheme.  Ports that are not given are our
    # own ports in turn, so that `{{ports...}}` always has a value.
    def own(i: int) -> int:
        return options.ports[i % len(options.ports)]

    n = max(2, len(options.ports))
    ports = {scheme: [own(i) for i in range(n)] for scheme in SCHEMES}
    for scheme, numbers in given.items():
        ports[scheme] = [own(i) if n == "auto" else n
                         for i, n in enumerate(numbers)]
    return ports


def make_aliases(given: Iterable[str], config: Config) -> List[Alias]:
    """Returns the aliases of the command line and of the settings, the longest
    prefix first.

    given: "URL path=directory" of the command line, which replace aliases of
    the settings.  config: the settings, whose directories are relative to the
    document root unless they are absolute.  Raises ConfigError.
    """
    found: Dict[str, Alias] = {}
    for a in config.get("aliases", ()):
        directory = os.path.join(options.doc_root, a["local-dir"])
        _add_alias(found, "aliases of %s" % options.config, a["url-path"],
                   directory)
    for alias in given:
        url, _, directory = alias.partition("=")
        _add_alias(found, "--alias", url, directory)
    return sorted(found.values(), key=lambda a: -len(a[0]))


def _add_alias(found: Dict[str, Alias], what: str, url: str,
               directory: str) -> None:
    path = decode_path(as_sent(url))
    if path is None:
        raise ConfigError(what, "%s=%s: expected a URL path that begins with "
                          "\"/\" and has no \"..\"" % (url, directory))
    if not os.path.isdir(directory):
        raise ConfigError(what, "%s=%s: expected a directory after \"=\""
                          % (url, directory))
    prefix = "/" + path.strip("/") + "/" if path.strip("/") else "/"
    found[prefix] = (prefix, os.path.abspath(directory),
                     os.path.realpath(directory))


_READ = os.R_OK | os.X_OK
_WRITE = os.W_OK | os.X_OK


def check_access() -> None:
    """Checks, before a client comes, that scripts can use what they need.

    Runs in a short-lived process that has the rights of --user.  Raises
    ConfigError for the first directory or file that they cannot use.
    """
    for what, path, mode in _needed():
        if not os.access(path, mode):
            raise ConfigError(
                "%s: \"%s\"" % (what, path), "expected what the user %s "
                "(--user) may %s, %s" % (
                    options.user, "write to" if mode & os.W_OK else "read",
                    _reason(path)))


def _needed() -> Iterator[Tuple[str, str, int]]:
    # Yields (option, path, access mode).
    yield "DOCROOT", options.doc_root, _READ
    for url, directory, _ in options.aliases:
        yield "alias of %s" % url, directory, _READ
    if options.ws_docroot is not None:
        yield "--ws-docroot", options.ws_docroot, _READ
    if options.stash is not None and os.path.isabs(options.stash):
        # A file, not a server.  SQLite makes its own files next to it.
        yield "--stash", os.path.dirname(options.stash), _WRITE
        if os.path.exists(options.stash):
            yield "--stash", options.stash, os.R_OK | os.W_OK
    yield "TMPDIR", tempfile.gettempdir(), _WRITE


def _reason(path: str) -> str:
    # Says which permissions are too few: those of the path itself, or those of
    # a directory on the way to it.
    while True:
        parent = os.path.dirname(path)
        if parent == path or os.access(parent, os.X_OK):
            return "who has no such permission for %s" % path
        path = parent
