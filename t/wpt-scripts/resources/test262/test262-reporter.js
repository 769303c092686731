/* SPDX-License-Identifier: MIT */
/* What a page of a test262 test calls, as far as the tests here need it. */
"use strict";

(() => {
	let error = "not set up";
	const tell = () => parent.test262HarnessDone(error === "" ? 0 : 1, error);

	self.test262Setup = () => { error = ""; };
	self.test262ScriptError = () => { error = "no script"; };
	self.test262Negative = (type, phase) => {
		self.asyncNegative = `${type} ${phase}`;
	};
	self.test262IsAsync = is => { self.test262Async = is; };
	self.test262Done = tell;
	self.addEventListener("error", e => {
		error = e.message;
		tell();
	});
	self.addEventListener("load", () => {
		if (!self.test262Async && !self.__test262IsModule)
			tell();
	});
})();
