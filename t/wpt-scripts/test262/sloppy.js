// SPDX-License-Identifier: MIT
/*---
---*/
if ((function () { return this; })() !== window)
	throw new Error("strict");
