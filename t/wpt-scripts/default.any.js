// SPDX-License-Identifier: MIT
// META: title=not at the start, so no META
test(() => {}, "default");
