// SPDX-License-Identifier: MIT
// Serves the files of docroot/ and does what its scripts do, for Node:
//
//	node peer.js DOCROOT CERT KEY
//
// It listens on a free port of 127.0.0.1 and prints the port. If CERT is empty,
// it uses no TLS.
'use strict';

const fs = require('fs');
const http2 = require('http2');
const path = require('path');

const [docroot, cert, key] = process.argv.slice(2);

function body(stream, done) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('end', () => done(Buffer.concat(chunks)));
}

const scripts = {
  '/fast.py'(stream) {
    stream.respond({ ':status': 200, 'x-bench': '1' });
    stream.end('hello');
  },
  '/sleep.py'(stream) {
    setTimeout(() => {
      if (!stream.destroyed)
        stream.end('slept');
    }, 500);
  },
  '/frame.py'(stream) {
    stream.respond({ ':status': 200, 'x-bench': '1' });
    stream.on('data', (chunk) => stream.write(Buffer.from(chunk).reverse()));
    stream.on('end', () => stream.end('END'));
  },
  '/upload.py'(stream) {
    body(stream, (whole) => {
      stream.respond({ ':status': 200 });
      stream.end(String(whole.length));
    });
  },
  '/answer.py'(stream, query) {
    const fields = { ':status': 200 };
    for (let i = 0; i < Number(query.get('fields') || 0); i++)
      fields[`x-bench-${String(i).padStart(4, '0')}`] =
          `a value of field ${String(i).padStart(4, '0')}`;
    stream.respond(fields);
    stream.end(Buffer.alloc(Number(query.get('octets') || 0), 'x'));
  },
};

function answer(stream, headers) {
  const url = new URL(headers[':path'], 'http://localhost');
  const script = scripts[url.pathname];

  stream.on('error', () => {});
  if (script)
    script(stream, url.searchParams);
  else
    stream.respondWithFile(path.join(docroot, path.basename(url.pathname)));
}

const settings = { maxConcurrentStreams: 100 };
const server = cert
  ? http2.createSecureServer({ cert: fs.readFileSync(cert),
    key: fs.readFileSync(key), settings, maxHeaderListPairs: 2000 })
  : http2.createServer({ settings, maxHeaderListPairs: 2000 });
server.on('stream', answer);
server.on('sessionError', () => {});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
