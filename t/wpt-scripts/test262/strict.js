// SPDX-License-Identifier: MIT
/*---
flags: [onlyStrict]
---*/
if ((function () { return this; })() !== undefined)
	throw new Error("sloppy");
