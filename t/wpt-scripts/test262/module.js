// SPDX-License-Identifier: MIT
/*---
flags: [module]
---*/
if (!import.meta.url.endsWith("/test262/module.js"))
	throw new Error(import.meta.url);
export default 1;
