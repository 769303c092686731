// META: global=window
// META: global=sharedworker
// SPDX-License-Identifier: MIT
test(() => {}, "listed");
