# SPDX-License-Identifier: MIT
"""The texts of the pages and worker scripts that run `.any.js` tests in a
ShadowRealm, in web-platform-tests' globals `shadowrealm-in-*`.

They call these functions, which the checkout has in its /resources:

  testharness.js: begin_shadow_realm_tests, fetch_tests_from_shadow_realm,
        fetch_tests_from_worker
  testharness-shadowrealm-outer.js: shadowRealmEvalAsync, fetchAdaptor,
        getPostMessageFunc, setupFakeDynamicImportInShadowRealm (which makes
        fakeDynamicImport in the realm), setupFakeFetchOverMessagePort,
        createSetupErrorResult (the message of a harness that failed)
  testharness-shadowrealm-inner.js: setShadowRealmGlobalProperties
  testharness-shadowrealm-audioworkletprocessor.js: TestRunner, which is the
        processor "test-runner" and has fetchOverPortExecutor
"""

import json
import re
from typing import Any, Dict, List, NamedTuple, Sequence

__all__ = ["OUTER", "PAGES", "SCRIPTS", "SCOPES", "Page", "filled"]

#: The script that the hosts of realms load.
OUTER = "/resources/testharness-shadowrealm-outer.js"
_PROCESSOR = "/resources/testharness-shadowrealm-audioworkletprocessor.js"


class Page(NamedTuple):
    """One kind of page.

    suffix: what follows the test's name in the page's URL.  scope: its global.
    outer: whether it loads OUTER.  worker: what follows the test's name in the
    URL of the worker's script, "" if there is none.  script: the page's own
    script, for `filled`.
    """

    suffix: str
    scope: str
    outer: bool
    worker: str
    script: str


# In these scripts, @WORKER@ stands for the URL of the worker's script, and
# @SEARCH@ for the query.  @LOAD(f)@ stands for calls of f with the URL of each
# of the test's scripts; in a worker, the titles of the test are set before.
# Text between ` and ` is for a realm.
_REALM = """  const realm = new ShadowRealm();
%(first)s  await shadowRealmEvalAsync(realm, `
    await %(load)s("/resources/testharness-shadowrealm-inner.js");
    await %(load)s("/resources/testharness.js");
  `);
  realm.evaluate("setShadowRealmGlobalProperties")(%(search)s, %(fetch)s);
  await shadowRealmEvalAsync(realm, `
@LOAD(%(load)s)@  `);
"""
_PLAIN = {"first": "", "load": "import", "search": "location.search",
          "fetch": "fetchAdaptor"}
_FAKE = dict(_PLAIN, load="fakeDynamicImport", first="  "
             "setupFakeDynamicImportInShadowRealm(realm, fetchAdaptor);\n")
_OVER_PORT = dict(_FAKE, search="@SEARCH@", fetch="fetchOverPort", first="""\
  const fetchOverPort = this.fetchOverPortExecutor.bind(this);
  setupFakeDynamicImportInShadowRealm(realm, fetchOverPort);
""")

_IN_PAGE = """(async function() {
%s  done();
})().catch(e => setup(() => { throw e; }));"""

_WINDOW = _IN_PAGE % (_REALM % _PLAIN
                      + "  await fetch_tests_from_shadow_realm(realm);\n")

_SHADOWREALM = _IN_PAGE % ("""  const outer = new ShadowRealm();
  outer.evaluate("globalThis.inner = new ShadowRealm(); undefined;");
  await shadowRealmEvalAsync(outer, `
    await import("%s");
    await shadowRealmEvalAsync(inner, \\`
      await import("/resources/testharness-shadowrealm-inner.js");
      await import("/resources/testharness.js");
    \\`);
  `);
  outer.evaluate("inner.evaluate(\\"setShadowRealmGlobalProperties\\")")(
      location.search, fetchAdaptor);
  await shadowRealmEvalAsync(outer, `
    await shadowRealmEvalAsync(inner, \\`
@LOAD(nested)@    \\`);
  `);
  outer.evaluate(`
    globalThis.begin_shadow_realm_tests = tell =>
        inner.evaluate("begin_shadow_realm_tests")(tell);
    undefined;
  `);
  await fetch_tests_from_shadow_realm(outer);
""" % OUTER)

_DEDICATED = "fetch_tests_from_worker(new Worker(@WORKER@));"
_SHARED = "fetch_tests_from_worker(new SharedWorker(@WORKER@));"
_SERVICE = """(async function() {
  const scope = "does/not/exist";
  const old = await navigator.serviceWorker.getRegistration(scope);
  if (old)
    await old.unregister();
  const now = await navigator.serviceWorker.register(@WORKER@, { scope });
  fetch_tests_from_worker(now.installing);
})().catch(e => setup(() => { throw e; }));"""
_AUDIO = """(async function() {
  const context = new AudioContext();
  for (const script of ["%s",
      "%s",
      @WORKER@])
    await context.audioWorklet.addModule(script);
  const node = new AudioWorkletNode(context, "test-runner");
  setupFakeFetchOverMessagePort(node.port);
  fetch_tests_from_worker(node.port);
})().catch(e => setup(() => { throw e; }));""" % (OUTER, _PROCESSOR)

PAGES = (
    Page(".any.shadowrealm-in-window.html", "shadowrealm-in-window", True,
         "", _WINDOW),
    Page(".any.shadowrealm-in-shadowrealm.html",
         "shadowrealm-in-shadowrealm", True, "", _SHADOWREALM),
    Page(".any.shadowrealm-in-dedicatedworker.html",
         "shadowrealm-in-dedicatedworker", False,
         ".any.worker-shadowrealm.js", _DEDICATED),
    Page(".any.shadowrealm-in-sharedworker.html",
         "shadowrealm-in-sharedworker", False, ".any.worker-shadowrealm.js",
         _SHARED),
    # These need secure contexts: X.any.js has pages X.https.any.NAME.html.
    Page(".https.any.shadowrealm-in-serviceworker.html",
         "shadowrealm-in-serviceworker", False,
         ".any.serviceworker-shadowrealm.js", _SERVICE),
    Page(".https.any.shadowrealm-in-audioworklet.html",
         "shadowrealm-in-audioworklet", True,
         ".any.audioworklet-shadowrealm.js", _AUDIO),
)

#: The globals that the name "shadowrealm" stands for.
SCOPES = tuple(page.scope for page in PAGES)

# Functions can cross the border of a realm.  Objects cannot, so they are sent
# as JSON.
_TELL = """  realm.evaluate("begin_shadow_realm_tests")(
      text => tell(JSON.parse(text)));
  } catch (e) {
    tell(createSetupErrorResult(e));
  }
"""
_IN_WORKER = """importScripts("%s");
(async function() {
  const tell = await getPostMessageFunc();
  try {
%%s%s})();
""" % (OUTER, _TELL)

#: suffix -> script of a worker, for `filled`.
SCRIPTS: Dict[str, str] = {
    ".any.worker-shadowrealm.js": _IN_WORKER % (_REALM % _PLAIN),
    # Service workers and worklets do not allow import().
    ".any.serviceworker-shadowrealm.js": _IN_WORKER % (_REALM % _FAKE),
    ".any.audioworklet-shadowrealm.js":
        """TestRunner.prototype.createShadowRealmAndStartTests = async function() {
  const tell = message => this.port.postMessage(message);
  try {
""" + _REALM % _OVER_PORT + _TELL + "};\n",
}


_place = re.compile(r"@(WORKER|SEARCH|LOAD\((\w+)\))@")


def _js(text: str) -> str:
    # Returns text as a JavaScript literal that may be in a <script> element.
    return json.dumps(text).replace("<", "\\u003c")


def _quoted(code: str) -> str:
    # Returns code in the form for the inside of a template literal.
    return code.replace("\\", "\\\\").replace("`", "\\`").replace(
        "$", "\\$")


def filled(script: str, urls: List[str], search: str, worker: str = "",
           titles: Sequence[str] = ()) -> str:
    """Returns a script of this file, filled in for a test.

    urls: those of the test's scripts.  search: the query.  worker: the URL of
    the worker's script.  titles: those of the test, in a worker.
    """
    def part(match: Any) -> str:
        load = match.group(2)
        if load is None:
            return _js(worker if match.group(1) == "WORKER" else search)
        times = 2 if load == "nested" else 1
        code = "".join(
            ["    globalThis.META_TITLE = %s;\n" % _js(t) for t in titles]
            + ["    await %s(%s);\n" % (
                "import" if load == "nested" else load, _js(url))
               for url in urls])
        for _ in range(times):
            code = _quoted(code)
        return code
    return _place.sub(part, script)
