// META: title=In a window
// META: script=sub/helper.js
// SPDX-License-Identifier: MIT
"use strict";
test(() => assert_equals(helped, "by a script without GLOBAL"), "window");
test(() => assert_equals(location.search, "?q"), "query");
