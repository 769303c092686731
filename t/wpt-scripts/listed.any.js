// META: global=window, sharedworker
// SPDX-License-Identifier: MIT
test(() => {}, "listed");
