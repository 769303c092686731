// SPDX-License-Identifier: MIT
// Node's http2, which sends one request after the other, in one session for as
// long as it is open:
//
//	h2bad run --got exit -- node doc/clients/node_http2.mjs {ca} {method} {bodyfile} {urls}
//
// The last URL is the follow-up: its method is GET. The exit status is 1 if a
// request before it failed.
import fs from "node:fs";
import http2 from "node:http2";

const [ca, method, bodyfile, ...urls] = process.argv.slice(2);
const body = fs.readFileSync(bodyfile);
let session;

function request(url, last) {
	const {origin, pathname, search} = new URL(url);
	if (!session || session.closed || session.destroyed) {
		session = http2.connect(origin, {ca: fs.readFileSync(ca)});
		session.on("error", e => console.log(`session: ${e.message}`));
	}
	return new Promise((resolve, reject) => {
		const stream = session.request({":method": last ? "GET" : method,
			":path": pathname + search}, {endStream: last || !body.length});
		stream.on("error", reject);
		stream.on("close", () => stream.readableEnded &&
			!stream.rstCode && !stream.aborted ? resolve()
			: reject(new Error("not complete")));
		stream.setTimeout(5000, () => stream.destroy(new Error("timeout")));
		if (!last && body.length)
			stream.end(body);
		stream.resume();
	});
}

for (const [i, url] of urls.entries()) {
	const last = i === urls.length - 1;
	await request(url, last).catch(e => {
		console.log(`${url}: ${e.message}`);
		process.exitCode ||= last ? 0 : 1;
	});
}
session.destroy();
