# SPDX-License-Identifier: MIT
"""Tests that the benchmarks of bench/ run and print their tables; it
judges no figure."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, "bench")
sys.path[:0] = [os.path.join(HERE, "lib"), BENCH]

import tap  # noqa: E402
import measure  # noqa: E402
import page  # noqa: E402
from plot import Chart  # noqa: E402

SPREAD = r"-?[\d,.]+ \(-?[\d,.]+--?[\d,.]+\)"
ROWS = {"hpack": ("HPACK", 4), "session": ("Sessions in memory", 6),
        "connect": ("Page faults of a connection", 17), "stash_ops": ("Stash", 2),
        "start": ("Start-up", 6), "load": ("The whole server", 8),
        "growth": ("Memory of open connections", 14),
        "crowd": ("Memory of an idle connection's own", 4)}

t = tap.Tap()


def bench(*arguments):
    """Runs page.py for the shortest time."""
    return subprocess.run(
        [sys.executable, "-B", os.path.join(BENCH, "page.py"), *arguments],
        env=dict(os.environ, BENCH_SECONDS="1"), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True, check=False,
        timeout=tap.scaled(300))


def runs(name):
    """A module prints rows of medians and spreads, or says what
    is not installed."""
    done = bench(name)
    found = re.findall(r"^\S.* +" + SPREAD, done.stdout, re.M)
    lacking = re.findall(r"^not installed: (.*)", done.stdout, re.M)
    if done.returncode == 0 and not found and lacking:
        return t.skip(f"bench/{name}.py", ", ".join(lacking))
    return t.ok(done.returncode == 0 and len(found) >= (
        2 if lacking else ROWS[name][1]) and ROWS[name][0] in done.stdout,
        f"bench/{name}.py prints its table", done.stdout)


def statistics():
    """Medians, spreads, ratios; a different subject begins each round."""
    order = []

    def taker(name, values):
        def take():
            order.append(name)
            return values.pop(0)
        return take

    by = measure.take_turns({"one": {
        "a": taker("a", [3.0, 1.0, 20.0]),
        "b": taker("b", [1000.0, 2.0, 2.0])}}, 3)["one"]
    t.eq("".join(order), "abbaab", "each takes its turn, and begins in turn")
    table = measure.Table("x", "Title", "what")
    table.add("one", "ms", by)
    table.lack("nothing")
    table.lack("nothing")
    t.eq(table.text(),
         "Title\nwhat  unit                 a                  b  a / b\n"
         "one   ms    3.00 (1.00-20.0)  2.00 (2.00-1,000)   1.50\n"
         "not installed: nothing\n", "a table")
    t.eq(table.markdown().splitlines()[2],
         "| one | ms | 3.00 (1.00-20.0) | 2.00 (2.00-1,000) | 1.50 |",
         "... in Markdown")


def charts():
    """A chart is XML, with a point for each size and all its labels."""
    chart = Chart("Title & more", "size", "cost")
    for x in (1, 10, 100):
        chart.add("h2rig", x, f"{x} x", measure.Series([x * 2.0, x * 3.0]))
    tree = __import__("xml.etree.ElementTree", fromlist=["x"]).fromstring(
        chart.svg())
    space = "{http://www.w3.org/2000/svg}"
    said = [e.text for e in tree.iter(space + "text")]
    t.ok({"Title & more", "size", "cost", "h2rig", "1 x", "10 x", "100 x"}
         <= set(said), "a chart names what it shows", said)
    t.eq(len(list(tree.iter(space + "circle"))), 3 + 1,
         "a point for each size, and one in the legend")


def marks():
    """page.py changes only the text between two marks of the page."""
    with open(page.PAGE, encoding="utf-8") as f:
        text = f.read()
    name = "load"
    changed = page.replace(text, name, "new\n")
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    t.ok(begin + "new\n" + end in changed
         and changed.split(begin)[0] == text.split(begin)[0]
         and changed.split(end)[1] == text.split(end)[1],
         "page.py changes what stands between two marks, nothing else")
    try:
        page.replace(text, "nonesuch", "")
        t.ok(False, "a table without marks is an error")
    except measure.Failed:
        t.ok(True, "a table without marks is an error")
    for name in sorted(os.listdir(os.path.join(page.DOC, "performance"))):
        t.ok(f"(performance/{name})" in text, f"the page shows {name}")


statistics()
charts()
marks()
t.eq(bench("nonesuch").returncode, 64, "a name of no benchmark: 64")
for module in ROWS:
    runs(module)
t.done()
