# SPDX-License-Identifier: MIT
"""The checks of t/layers.t: each is a function from a Tree to its findings.

A finding is one line.  It does not tell where in its file the fault is, so
that it stays the same when the file changes.
"""
import functools
import os
import re
import subprocess
from typing import Callable, Dict, Iterator, List, Mapping, NamedTuple
from typing import Optional, Set, Tuple

UNTOLD = {"README", ".gitignore", "Makefile.in", "aclocal.m4", "build-aux",
          "config.h.in", "configure"}
"""Names at the top that README need not explain: itself, and what autoreconf
makes."""

FUNCTION_LINES = 60
FILE_LINES = 700
SAME_LINES = 6

H2_CALLS = frozenset("""
    abort calloc free malloc memchr memcmp memcpy memmove memset realloc
    snprintf strchr strcmp strcspn strlen strncmp strspn vsnprintf
    __assert_fail __assert __stack_chk_fail""".split())
"""The C library functions that src/h2 may use: they only change memory."""

H2_HEADERS = frozenset("""
    assert.h limits.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
    string.h""".split())
"""System headers that src/h2 may include.  stdio.h is for snprintf; H2_CALLS
excludes its other functions."""

NOT_OURS = re.compile(r"""
    _*(asan|lsan|tsan|ubsan|sanitizer|gcov|llvm|sancov|odr_asan|interceptor)_
    | __(asan|tsan|odr_asan)\b | _GLOBAL_OFFSET_TABLE_ | __gcov
    | __sanitizer | __llvm | __profc | __start___ | __stop___""", re.X)
"""Symbols that a sanitizer or gcov adds to an object."""


class Symbols(NamedTuple):
    """An object's names with external linkage."""

    defined: Set[str]
    wanted: Set[str]


class Tree(NamedTuple):
    """The source that is checked; paths are relative to its top."""

    text: Mapping[str, str]     # of the source files, by path
    names: List[str]            # of all files
    objects: Mapping[str, str]  # src/h2/frame: output of `nm -P` on its object
    documents: Mapping[str, str] = {}   # manual pages and the like, by path


Check = Callable[[Tree], Iterator[str]]

COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
                     r"|/\*.*?\*/|//[^\n]*", re.S)


def without_comments(text: str) -> str:
    """Returns C text without comments, with as many lines as before."""
    return COMMENT.sub(lambda m: m[0] if m[0][0] in "\"'"
                       else "\n" * m[0].count("\n"), text)


@functools.lru_cache(maxsize=None)
def symbols(listing: str) -> Symbols:
    """Returns the Symbols of an object, from the output of `nm -P`."""
    defined, wanted = set(), set()
    for line in listing.splitlines():
        words = line.split()
        if len(words) < 2 or NOT_OURS.match(words[0]):
            continue
        name = re.sub(r"^__(\w+)_chk$", r"\1", words[0])
        if words[1] == "U":
            wanted.add(name)
        elif words[1] in "ABCDGRSTVW":
            defined.add(name)
    return Symbols(defined, wanted)


def listed(tree: Tree) -> List[str]:
    """Returns the files of src/README in order, as src/ROOM/NAME, with .h if
    the list names a header separately."""
    order: List[str] = []
    room = ""
    for line in tree.text["src/README"].splitlines():
        head = re.match(r"(\w+)/\s", line)
        item = re.match(r"    (\w+(?:\.h)?)(?:\s{2}|$)", line)
        alone = re.match(r"(\w+)\s{2}", line)
        if head:
            room = f"src/{head[1]}/"
        elif item:
            order.append(room + item[1])
        elif alone:
            return order + [f"src/{alone[1]}"]
    return order


def places(tree: Tree) -> Dict[str, int]:
    """Returns the index in listed() of each file of src, by its path."""
    order = listed(tree)
    found = {}
    for path in sources(tree):
        stem = os.path.splitext(path)[0]
        for name in (path, stem):
            if name in order:
                found[path] = order.index(name)
                break
    return found


def sources(tree: Tree) -> List[str]:
    """Returns the paths of the C files of src."""
    return [p for p in sorted(tree.text) if re.match(r"src/.*\.[ch]$", p)]


def includes(tree: Tree, path: str) -> Iterator[Tuple[str, str]]:
    """Yields each header that a file includes: ("<" or '"', name)."""
    return iter(re.findall(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]',
                           without_comments(tree.text[path]), re.M))


def short(path: str) -> str:
    """Returns the path as findings show it: without src/."""
    return path[4:] if path.startswith("src/") else path


def check_named(tree: Tree) -> Iterator[str]:
    """src/README names every file of src, and no other."""
    place, order = places(tree), listed(tree)
    for path in sources(tree):
        if path not in place:
            yield f"src/README does not name {short(path)}"
    for name in order:
        if not any(path in (name, name + ".c", name + ".h")
                   for path in sources(tree)):
            yield f"src/README names {short(name)}, which is not there"


def check_recipes(tree: Tree) -> Iterator[str]:
    """What the recipes in src/README name is there."""
    recipes = tree.text["src/README"].partition("\nRecipes")[2]
    for path in re.findall(r"[\w-]+/[\w./-]*\w", recipes):
        if not any(name.startswith((path, "src/" + path))
                   for name in tree.names):
            yield f"src/README has {path} in a recipe, which is not there"


def check_documents(tree: Tree) -> Iterator[str]:
    """Files of the source that a document names are there."""
    for document, text in sorted(tree.documents.items()):
        for path in sorted(set(MENTIONED.findall(text))):
            if not {path, "src/" + path} & set(tree.names):
                yield f"{document} names {path}, which is not there"


def check_includes(tree: Tree) -> Iterator[str]:
    """A file includes headers that stand above it in the list, written
    "file.h" within a room and "room/file.h" elsewhere."""
    place = places(tree)
    for path in sources(tree):
        room = os.path.dirname(path)
        for mark, name in includes(tree, path):
            if mark == "<" or name == "config.h":
                continue
            full = f"{room}/{name}" if "/" not in name else f"src/{name}"
            if full not in tree.text or name.startswith(room[4:] + "/"):
                yield f"{short(path)} includes {name}, not by its usual name"
            elif place.get(full, 0) > place.get(path, 0):
                yield f"{short(path)} includes upward {short(full)}"


def exports(tree: Tree) -> Dict[str, str]:
    """Returns {symbol: path of the object that defines it, without .o}."""
    return {name: stem for stem, listing in sorted(tree.objects.items())
            for name in symbols(listing).defined}


def check_calls(tree: Tree) -> Iterator[str]:
    """A file uses symbols of files that stand above it.  So there is no cycle:
    one of its calls would go upward."""
    owner, place = exports(tree), places(tree)
    for stem, listing in sorted(tree.objects.items()):
        for name in sorted(symbols(listing).wanted & set(owner)):
            to = owner[name] + ".c"
            if place.get(to, 0) > place.get(stem + ".c", 0):
                yield f"{short(stem)}.c uses upward {name} of {short(to)}"


def check_objects(tree: Tree) -> Iterator[str]:
    """Every source of src has an object, or the checks above see nothing."""
    for path in sources(tree):
        if path.endswith(".c") and path[:-2] not in tree.objects:
            yield f"{short(path)} has no object in this build"


def check_h2(tree: Tree) -> Iterator[str]:
    """h2 and the buffers under it do no I/O, hold no lock and log nothing:
    they use only a few functions of the C library."""
    def ours(path: str) -> bool:
        return path.startswith(("src/h2/", "src/base/buf"))
    owner = exports(tree)
    for stem, listing in sorted(tree.objects.items()):
        for name in sorted(symbols(listing).wanted) if ours(stem) else ():
            if name in owner and not ours(owner[name]):
                yield f"{short(stem)}.c uses {name} of " \
                      f"{short(owner[name])}.c, which libh2.a is without"
            elif name not in owner and name not in H2_CALLS:
                yield f"{short(stem)}.c uses {name} of a library"
    for path in filter(ours, sources(tree)):
        for mark, name in includes(tree, path):
            if mark == "<" and name not in H2_HEADERS or mark == '"' and \
                    "/" in name and not ours(f"src/{name}"):
                yield f"{short(path)} includes {name}, which is not for h2"


def check_libraries(tree: Tree) -> Iterator[str]:
    """Python is for py alone, OpenSSL for tls*."""
    rules = ((re.compile(r"Python\.h$|structmember\.h$"), "src/py/"),
             (re.compile(r"openssl/"), "src/host/tls"))
    for path in sources(tree):
        for _, name in includes(tree, path):
            for header, home in rules:
                if header.match(name) and not path.startswith(home):
                    yield f"{short(path)} includes {name}"
    calls = ((re.compile(r"_?Py[A-Z_]"), "src/py/"),
             (re.compile(r"(SSL|BIO|X509|EVP|ERR|OPENSSL|CRYPTO|PEM)_"),
              "src/host/tls"))
    ours = set(exports(tree))
    for stem, listing in sorted(tree.objects.items()):
        for name in sorted(symbols(listing).wanted - ours):
            for call, home in calls:
                if call.match(name) and not stem.startswith(home):
                    yield f"{short(stem)}.c uses {name}"


def check_prefixes(tree: Tree) -> Iterator[str]:
    """An exported name begins with its file's."""
    for name, stem in sorted(exports(tree).items()):
        if not name.startswith(os.path.basename(stem) + "_"):
            yield f"{short(stem)}.c exports {name}"


def check_used(tree: Tree) -> Iterator[str]:
    """An exported name is used by another file of src."""
    wanted = [symbols(listing).wanted for listing in tree.objects.values()]
    tests = set(re.findall(r"\w+", "\n".join(
        text for path, text in tree.text.items()
        if re.match(r"t/.*\.[ch]$", path))))
    for name, stem in sorted(exports(tree).items()):
        if not any(name in w for w in wanted):
            users = "only tests use" if name in tests else "no other file uses"
            yield f"{users} {name} of {short(stem)}.c"


def functions(text: str) -> Iterator[Tuple[str, int]]:
    """Yields the functions of a C file: (name, number of lines).  The lines go
    from the one with the name to the one with the closing brace."""
    name, begin = "", 0
    for number, line in enumerate(without_comments(text).split("\n")):
        head = re.match(r"(\w+)\(", line)
        if head:
            name, begin = head[1], number
        elif line == "}" and name:
            yield name, number - begin + 1
            name = ""


def check_functions(tree: Tree) -> Iterator[str]:
    """No function has over FUNCTION_LINES lines."""
    for path in sources(tree):
        for name, lines in functions(tree.text[path]):
            if lines > FUNCTION_LINES:
                yield f"{short(path)}: {name} has over {FUNCTION_LINES} lines"


def check_lengths(tree: Tree) -> Iterator[str]:
    """No file has over FILE_LINES lines, the unit tests' tables apart."""
    for path, text in sorted(tree.text.items()):
        if text.count("\n") > FILE_LINES and not path.startswith("t/unit/"):
            yield f"{path} has over {FILE_LINES} lines"


def code_lines(text: str) -> List[str]:
    """Returns a C file's lines without comments, includes and lone braces."""
    lines = (" ".join(line.split())
             for line in without_comments(text).split("\n"))
    return [line for line in lines
            if re.search(r"\w", line) and not line.startswith("#include")]


def check_twice(tree: Tree) -> Iterator[str]:
    """No SAME_LINES lines of code stand twice."""
    seen: Dict[Tuple[str, ...], str] = {}
    for path in sources(tree):
        lines = code_lines(tree.text[path])
        last: Optional[str] = None
        for i in range(len(lines) - SAME_LINES + 1):
            window = tuple(lines[i:i + SAME_LINES])
            first = seen.setdefault(window, path)
            same = first != path or lines.index(window[0]) < i and any(
                tuple(lines[k:k + SAME_LINES]) == window for k in range(i))
            if same and last is None:
                yield f"{short(first)} and {short(path)} both have " \
                      f"`{window[0]}` and what follows"
            last = first if same else None


def check_spdx(tree: Tree) -> Iterator[str]:
    """Every source file has an SPDX line near its top."""
    for path, text in sorted(tree.text.items()):
        if text and not path.endswith("README") and \
                "SPDX-License-Identifier: MIT" not in text[:200]:
            yield f"{path} has no SPDX line"


def check_top(tree: Tree) -> Iterator[str]:
    """README says what each name at the top is for."""
    known = set(re.findall(r"[\w.-]*\w", tree.text["README"]))
    for name in sorted({path.split("/")[0] for path in tree.names} - known):
        if name not in UNTOLD:
            yield f"README does not know {name} at the top"


TEXT_CHECKS: List[Check] = [
    check_named, check_recipes, check_documents, check_includes, check_functions, check_lengths,
    check_twice, check_spdx, check_top]
CHECKS: List[Check] = TEXT_CHECKS + [
    check_objects, check_calls, check_h2, check_libraries, check_prefixes,
    check_used]

SOURCE = re.compile(r"(src/.*|python/.*\.pyi?|t/.*\.(c|h|py|sh)|t/[^/]*\.t"
                    r"|doc/.*\.py|\.ci/.*|bootstrap|Makefile\.am"
                    r"|configure\.ac|README)$")
DOCUMENT = re.compile(r"(doc/[^/]*\.(md|[1-8])|(.*/)?README)$")
MENTIONED = re.compile(r"(?<![\w./-])(?:(?:src|python/h2rig|python/h2bad|t|base"
                       r"|h2|host|conn|py|proc)/[a-z0-9_./-]*\.(?:[ch]|py|t)"
                       r"|doc/[\w-]*\.(?:md|html|[1-8]))\b")
"""Paths in documents that are of a file of the source."""


def load(top: str, build: str, names: List[str], nm: Optional[str]) -> Tree:
    """Returns the Tree at top, which was built in build.  nm: the name of that
    program, or None for a Tree without objects."""
    text: Dict[str, str] = {}
    documents: Dict[str, str] = {}
    for name in names:
        path = os.path.join(top, name)
        for found, pattern in (text, SOURCE), (documents, DOCUMENT):
            if pattern.match(name) and os.path.isfile(path):
                with open(path, encoding="utf-8") as f:
                    found[name] = f.read()
    objects = {}
    for stem in [p[:-2] for p in text if re.match(r"src/.*\.c$", p)]:
        where, name = os.path.split(stem)
        built = [path for path in (
            os.path.join(build, where, f"{prefix}{name}.o")
            for prefix in ("", "libsrv_a-", "h2rig-")) if os.path.exists(path)]
        if nm and built:
            objects[stem] = subprocess.run(
                [nm, "-P", max(built, key=os.path.getmtime)], check=True,
                stdout=subprocess.PIPE, universal_newlines=True).stdout
    return Tree(text, names, objects, documents)


def names_of(top: str, build: str) -> Optional[List[str]]:
    """Returns the names of all files of the source: those that git knows, or
    all files of a distribution that is built in another directory.  Returns
    None if they cannot be told from files that a build made."""
    if os.path.exists(os.path.join(top, ".git")):
        return subprocess.run(
            ["git", "-C", top, "ls-files"], stdout=subprocess.PIPE, check=True,
            universal_newlines=True).stdout.splitlines()
    if os.path.samefile(top, build):
        return None
    return [os.path.relpath(os.path.join(where, name), top)
            for where, _, files in os.walk(top) for name in files
            if "__pycache__" not in where]
