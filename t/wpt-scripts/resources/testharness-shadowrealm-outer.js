/* SPDX-License-Identifier: MIT */
/* What pages and workers with a ShadowRealm call, as far as the tests here
   need it. */
"use strict";

/* In Chromium's ShadowRealms import() and promises stop half-way: here code
   runs without them. */
globalThis.shadowRealmEvalAsync = async (realm, code) => {
	realm.evaluate(`(read, load) => {
	globalThis.readText = read;
	globalThis.loadText = load;
}`)(readText, url => {
		realm.evaluate(readText(url) + "\nundefined;");
	});
	realm.evaluate(`(() => { ${code.replace(/\bawait /g, "")
	    .replace(/\b(import|fakeDynamicImport)\(/g, "loadText(")} })();
	    undefined;`);
};

/* A realm has the one of where it was made. */
globalThis.readText ??= url => {
	const request = new XMLHttpRequest();
	request.open("GET", url, false);
	request.send();
	return request.responseText;
};

globalThis.fetchAdaptor = url => (resolve, reject) => {
	fetch(url).then(r => r.text()).then(resolve, e => reject(String(e)));
};

globalThis.setupFakeDynamicImportInShadowRealm = () => {};

/* Of the page that stands in for a worker. */
globalThis.getPostMessageFunc = async () => m => port.postMessage(m);

globalThis.createSetupErrorResult = e => ({ status: String(e) });
