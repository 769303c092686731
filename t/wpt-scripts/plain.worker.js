// META: title=In a worker
// META: timeout=long
// SPDX-License-Identifier: MIT
"use strict";
importScripts("/resources/testharness.js");
test(() => assert_equals(location.search, "?q"), "worker");
done();
