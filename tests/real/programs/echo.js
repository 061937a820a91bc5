// SPDX-License-Identifier: BSD-2-Clause
// node echo.js serve PATH: echoes what comes on the socket PATH.net, and
// serves HTTP on PATH.http: the reply repeats the request's body and its URL.
// Prints "listening" when both serve, and ends on SIGTERM.
// node echo.js load PATH N: N connections to each; prints what it verified.
'use strict';

const crypto = require('crypto');
const http = require('http');
const net = require('net');

const [mode, path, count] = process.argv.slice(2);

function serve() {
	const echo = net.createServer({ allowHalfOpen: true },
	    (socket) => socket.pipe(socket));
	const web = http.createServer((request, response) => {
		response.setHeader('x-url', request.url);
		request.pipe(response);
	});
	echo.listen(path + '.net', () => web.listen(path + '.http',
	    () => console.log('listening')));
	process.on('SIGTERM', () => {
		echo.close(() => web.close(() => console.log('ended')));
		web.closeIdleConnections();
	});
}

// Bytes that depend on the seed only.
function pattern(length, seed) {
	const block = crypto.createHash('sha512').update(String(seed)).digest();
	return Buffer.alloc(length, block);
}

function echoOnce(seed) {
	return new Promise((resolve, reject) => {
		const sent = pattern(1 + (seed * 7919) % 200000, seed);
		const parts = [];
		const socket = net.connect(path + '.net', () => socket.end(sent));
		socket.on('data', (part) => parts.push(part));
		socket.on('error', reject);
		socket.on('close', () => Buffer.concat(parts).equals(sent)
		    ? resolve(sent.length)
		    : reject(new Error('a wrong echo of ' + seed)));
	});
}

function postOnce(agent, seed) {
	return new Promise((resolve, reject) => {
		const sent = pattern(1 + (seed * 104729) % 100000, seed);
		const request = http.request({ agent, method: 'POST',
			socketPath: path + '.http', path: '/' + seed }, (response) => {
			const parts = [];
			response.on('data', (part) => parts.push(part));
			response.on('end', () => {
				const same = Buffer.concat(parts).equals(sent)
				    && response.headers['x-url'] === '/' + seed
				    && response.statusCode === 200;
				return same ? resolve(sent.length)
				    : reject(new Error('a wrong reply to ' + seed));
			});
		});
		request.on('error', reject);
		request.end(sent);
	});
}

async function load() {
	const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });
	const seeds = [...Array(Number(count)).keys()];
	let bytes = 0;
	for (let i = 0; i < seeds.length; i += 25) {
		const batch = seeds.slice(i, i + 25);
		const done = await Promise.all([...batch.map(echoOnce),
			...batch.map((seed) => postOnce(agent, seed))]);
		bytes += done.reduce((sum, length) => sum + length, 0);
	}
	agent.destroy();
	console.log(JSON.stringify({ connections: seeds.length, bytes }));
}

if (mode === 'serve') {
	serve();
} else {
	load().catch((error) => {
		console.error(error);
		process.exit(1);
	});
}
