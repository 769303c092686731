/* SPDX-License-Identifier: MIT */
/* As much of a test harness as the tests here need. */
"use strict";

(() => {
	const results = {};
	let pending = Promise.resolve();
	let tell;
	const finished = new Promise(resolve => { tell = resolve; });

	self.promise_test = (f, name) => {
		self.begun = true;
		pending = pending.then(f).then(() => { results[name] = "PASS"; },
		    e => { results[name] = String(e); });
	};
	self.test = (f, name) => {
		self.begun = true;
		try {
			f();
			results[name] = "PASS";
		} catch (e) {
			results[name] = String(e);
		}
	};
	self.async_test = name => {
		let end;
		const ended = new Promise(resolve => { end = resolve; });
		promise_test(() => ended.then(f => f()), name);
		return { step_func_done: f => (...args) =>
		    end(() => f(...args)) };
	};
	self.assert_equals = (got, want) => {
		if (got !== want)
			throw new Error(`${JSON.stringify(got)}, not ` +
			    JSON.stringify(want));
	};
	self.done = () => { pending.then(() => tell(results)); };
	self.finished = finished;
	self.setup = f => {
		try {
			f();
		} catch (e) {
			tell({ error: String(e) });
		}
	};
	self.begin_shadow_realm_tests = send => {
		results.META_TITLE = self.META_TITLE;
		send(JSON.stringify(results));
	};
	self.fetch_tests_from_shadow_realm = realm => new Promise(resolve =>
	    realm.evaluate("begin_shadow_realm_tests")(text => {
		    tell(JSON.parse(text));
		    resolve();
	    }));
	self.fetch_tests_from_worker = worker => {
		const got = e => tell(e.data);
		if (self.ServiceWorker && worker instanceof ServiceWorker) {
			navigator.serviceWorker.onmessage = got;
			navigator.serviceWorker.startMessages();
			worker.postMessage("tell");
		} else if (worker instanceof Worker) {
			worker.onmessage = got;
		} else {
			worker.port.onmessage = got;
		}
		worker.onerror = e => tell({ error: String(e.message) });
	};

	if (self.DedicatedWorkerGlobalScope)
		finished.then(r => postMessage(r));
	else if (self.SharedWorkerGlobalScope)
		self.onconnect = e => {
			finished.then(r => e.ports[0].postMessage(r));
		};
	else if (self.ServiceWorkerGlobalScope)
		self.onmessage = e => {
			e.waitUntil(finished.then(r => e.source.postMessage(r)));
		};
})();
