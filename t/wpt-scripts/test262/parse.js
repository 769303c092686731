// SPDX-License-Identifier: MIT
/*---
description: >
  what is indented belongs to this
  flags: [async]
negative:
  phase: parse
  type: SyntaxError
flags: [raw]  # not [async]
includes: [one.js, two-2.js]
---*/
$DONOTEVALUATE(;
