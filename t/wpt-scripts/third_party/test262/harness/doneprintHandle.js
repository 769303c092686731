/* SPDX-License-Identifier: MIT */
self.$DONE = (...given) => {
	if (given.join() !== "one,Test262Error resolution")
		throw new Error(given.join());
	test262Done();
};
