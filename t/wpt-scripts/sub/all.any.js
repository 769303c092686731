// META: title=All <globals> & "more"
// META: timeout=long
// META: global=window,worker,window-module, dedicatedworker-module,sharedworker-module,serviceworker-module
// META: global=none
// META: variant=?one
// META: variant=?two&"x"
// META: script=helper.js
// META: script=/sub/helper.js?a=1&b="2"
// SPDX-License-Identifier: MIT
"use strict";

test(() => assert_equals(helped, "by a script"), "script");
test(() => {
	const window_ = typeof document === "object";
	assert_equals(GLOBAL.isWindow(), window_);
	assert_equals(GLOBAL.isWorker(), !window_);
	assert_equals(GLOBAL.isShadowRealm(), false);
}, "GLOBAL");
test(() => assert_equals(location.search, "?one"), "variant");
promise_test(async () => {
	const text = "streamed from a test".split("");
	const body = new ReadableStream({
		pull: c => {
			if (text.length > 0)
				c.enqueue(new TextEncoder().encode(text.shift()));
			else
				c.close();
		} });
	const r = await fetch("/quick.py", { method: "POST", body,
	    duplex: "half" });
	assert_equals(await r.text(), "streamed from a test");
}, "streaming upload");
promise_test(async () => {
	const got = await new Promise((resolve, reject) => {
		const ws = new WebSocket("wss://" + location.host + "/echo");
		ws.onopen = () => ws.send("from a test");
		ws.onmessage = e => {
			ws.close();
			resolve(e.data);
		};
		ws.onerror = () => reject(new Error("WebSocket"));
	});
	assert_equals(got, "from a test");
}, "WebSocket");
