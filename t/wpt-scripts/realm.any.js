// META: title=In a realm
// META: global=window,shadowrealm
// META: script=sub/realm-helper.js?`${a}\\
// SPDX-License-Identifier: MIT
test(() => assert_equals(helped, "by a script"), "script");
test(() => assert_equals(typeof document, "undefined"), "no window");
test(() => assert_equals(location.search, "?a=%60${b}"), "query");
test(() => assert_equals(fetches, "function"), "fetch");
