# SPDX-License-Identifier: MIT
"""What is in the pages and worker scripts that run `.any.js` tests in a
ShadowRealm, web-platform-tests' globals `shadowrealm-in-*`.

They call what the checkout has in its /resources:

  testharness.js: begin_shadow_realm_tests, fetch_tests_from_shadow_realm,
        fetch_tests_from_worker
  testharness-shadowrealm-outer.js: shadowRealmEvalAsync, fetchAdaptor,
        getPostMessageFunc, setupFakeDynamicImportInShadowRealm (which makes
        fakeDynamicImport in the realm), setupFakeFetchOverMessagePort
  testharness-shadowrealm-inner.js: setShadowRealmGlobalProperties
  testharness-shadowrealm-audioworkletprocessor.js: TestRunner, which is the
        processor "test-runner" and has fetchOverPortExecutor
"""

import json
import re
from typing import Any, Dict, List, NamedTuple

__all__ = ["OUTER", "PAGES", "SCRIPTS", "SCOPES", "Page", "filled"]

#: What pages load too.
OUTER = "/resources/testharness-shadowrealm-outer.js"
_PROCESSOR = "/resources/testharness-shadowrealm-audioworkletprocessor.js"


class Page(NamedTuple):
    """One kind of page.

    suffix: what is behind the test's name in the URL.  scope: its global.
    worker: what is behind the name in the URL of the worker's script, "" if
    there is none.  script: the page's own, for `filled`.
    """

    suffix: str
    scope: str
    worker: str
    script: str


# In scripts: @WORKER@ is the URL of the worker's script, @SEARCH@ the query,
# and @LOAD(f)@ calls f with the URL of each of the test's scripts.
# What stands between ` and ` is text for a realm.
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
_OVER_PORT = dict(_PLAIN, search="@SEARCH@",
                  fetch="this.fetchOverPortExecutor.bind(this)")

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

PAGES = tuple(
    Page(".any.%s.html" % scope, scope, worker, script)
    for scope, worker, script in (
        ("shadowrealm-in-window", "", _WINDOW),
        ("shadowrealm-in-shadowrealm", "", _SHADOWREALM),
        ("shadowrealm-in-dedicatedworker", ".any.worker-shadowrealm.js",
         _DEDICATED),
        ("shadowrealm-in-sharedworker", ".any.worker-shadowrealm.js",
         _SHARED),
        ("shadowrealm-in-serviceworker", ".any.serviceworker-shadowrealm.js",
         _SERVICE),
        ("shadowrealm-in-audioworklet", ".any.audioworklet-shadowrealm.js",
         _AUDIO)))

#: What the global "shadowrealm" stands for.
SCOPES = tuple(page.scope for page in PAGES)

# Who is to be told must be known before the event that says so has passed.
_IN_WORKER = """importScripts("%s");
(async function() {
  const tell = await getPostMessageFunc();
%%s  realm.evaluate("begin_shadow_realm_tests")(
      text => tell(JSON.parse(text)));
})().catch(reportError);
""" % OUTER

#: suffix -> script of a worker, for `filled`
SCRIPTS: Dict[str, str] = {
    ".any.worker-shadowrealm.js": _IN_WORKER % (_REALM % _PLAIN),
    # import() is not allowed in a service worker.
    ".any.serviceworker-shadowrealm.js": _IN_WORKER % (_REALM % _FAKE),
    ".any.audioworklet-shadowrealm.js":
        "TestRunner.prototype.createShadowRealmAndStartTests = "
        "async function() {\n" + _REALM % _OVER_PORT
        + """  realm.evaluate("begin_shadow_realm_tests")(
      text => this.port.postMessage(JSON.parse(text)));
};
""",
}


_place = re.compile(r"@(WORKER|SEARCH|LOAD\((\w+)\))@")


def _js(text: str) -> str:
    # Text as JavaScript, also within a <script> element.
    return json.dumps(text).replace("<", "\\u003c")


def _quoted(code: str) -> str:
    # Code within a template literal.
    return code.replace("\\", "\\\\").replace("`", "\\`").replace(
        "$", "\\$")


def filled(script: str, urls: List[str], search: str, worker: str = ""
           ) -> str:
    """A script of these, for a test with these scripts."""
    def part(match: Any) -> str:
        load = match.group(2)
        if load is None:
            return _js(worker if match.group(1) == "WORKER" else search)
        times = 2 if load == "nested" else 1
        code = "".join("    await %s(%s);\n" % (
            "import" if load == "nested" else load, _js(url))
            for url in urls)
        for _ in range(times):
            code = _quoted(code)
        return code
    return _place.sub(part, script)
