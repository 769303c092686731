// META: title=not the page's
// META: timeout=long
// META: script=/helper.js?a&b
// SPDX-License-Identifier: MIT
/*---
flags:
  - module
  - async
includes:
- one.js
negative: {type: "Test262Error", phase: resolution}
---*/
Promise.resolve().then(() => $DONE(one, asyncNegative));
