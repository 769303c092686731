// SPDX-License-Identifier: MIT
// Node's fetch (undici), which uses HTTP/2 only if it is asked to:
//
//	h2bad run --got exit -- node doc/clients/fetch.mjs {ca} {method} {bodyfile} {urls}
//
// The last URL is the follow-up: its method is GET. The exit status is 1 if a
// request before it failed.
import fs from "node:fs";

const [ca, method, bodyfile, ...urls] = process.argv.slice(2);
const bytes = fs.readFileSync(bodyfile);
await fetch("data:,");		// creates the global dispatcher
const Agent = globalThis[Symbol.for("undici.globalDispatcher.1")].constructor;
const dispatcher = new Agent({allowH2: true,
	connect: {ca: fs.readFileSync(ca)}});

// undici raises some errors outside of any promise.
process.on("uncaughtException", e => {
	console.log(`uncaught: ${e.message}`);
	process.exitCode = 1;
});

for (const [i, url] of urls.entries()) {
	const last = i === urls.length - 1;
	try {
		const answer = await fetch(url, {dispatcher,
			signal: AbortSignal.timeout(5000),
			method: last ? "GET" : method,
			body: last || !bytes.length ? undefined : bytes});
		await answer.arrayBuffer();
	} catch (e) {
		console.log(`${url}: ${e.cause?.message ?? e.message}`);
		process.exitCode ||= last ? 0 : 1;
	}
}
await dispatcher.close();
