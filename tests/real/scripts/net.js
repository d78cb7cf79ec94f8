// SPDX-License-Identifier: MIT
// Sockets as node programs use them. `good` closes all that it opens and prints what it saw; `leak` keeps sockets in
// two ways. Both then say "ready" and end when their standard input does. The other modes are children of `good`.
'use strict';
const assert = require('node:assert');
const { once } = require('node:events');
const child_process = require('node:child_process');
const cluster = require('node:cluster');
const dgram = require('node:dgram');
const fs = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const worker_threads = require('node:worker_threads');

const HOST = '127.0.0.1';
const times = (count, make) => Promise.all(Array.from({ length: count }, (_, i) => make(i)));
const say = (...words) => console.log(words.join(' '));

async function listening(server, where = { port: 0, host: HOST }) {
  server.listen(where);
  await once(server, 'listening');
  return server;
}

const portOf = (server) => ({ port: server.address().port, host: HOST });

async function closed(server) {
  server.close();
  await once(server, 'close');
}

// Not `for await`: that destroys the stream at its end, half-open or not.
function everything(stream) {
  let text = '';
  stream.on('data', (chunk) => { text += chunk; });
  return new Promise((resolve, reject) => stream.on('error', reject).on('end', () => resolve(text)));
}

async function released() {
  say('ready');
  await everything(process.stdin);
}

async function answered(request) {
  request.end();
  const [response] = await once(request, 'response');
  return `${response.statusCode} ${await everything(response)}`;
}

const echo = (socket) => socket.pipe(socket).on('error', () => socket.destroy());

async function exchange(where, text) {
  const client = net.connect(where);
  client.end(text);
  const answer = await everything(client);
  assert.strictEqual(answer, text);
  return answer.length;
}

const scenes = {
  async echo() {
    const server = await listening(net.createServer(echo));
    const sizes = await times(20, (i) => exchange(portOf(server), 'x'.repeat(1 + i * 9999)));
    await closed(server);
    return sizes.join(' ');
  },

  async unix() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sockaudit-node-'));
    const server = await listening(net.createServer(echo), { path: path.join(folder, 'socket') });
    const size = await exchange({ path: server.address() }, 'over a path');
    await closed(server);
    fs.rmdirSync(folder);
    return size;
  },

  // The answer comes after the end of the question.
  async halfOpen() {
    const server = await listening(net.createServer({ allowHalfOpen: true }, async (socket) => {
      const question = await everything(socket);
      socket.end(question.toUpperCase().repeat(50000));
    }));
    const client = net.connect({ ...portOf(server), allowHalfOpen: true });
    client.end('half');
    const answer = await everything(client);
    await closed(server);
    return answer.length;
  },

  async pauseAndResume() {
    const server = await listening(net.createServer({ pauseOnConnect: true }));
    const client = net.connect(portOf(server));
    const [socket] = await once(server, 'connection');
    const block = Buffer.alloc(1 << 20);
    let written = 1;
    for (; client.write(block) || written < 16; written++);
    // The peer takes nothing: what is written stays with us.
    assert(client.writableNeedDrain);
    client.end();
    let seen = 0;
    socket.on('data', (data) => { seen += data.length; });
    socket.once('data', () => { socket.pause(); setImmediate(() => socket.resume()); });
    socket.resume();
    await once(socket, 'close');
    await closed(server);
    return `${seen === written * block.length}`;
  },

  async timeout() {
    const server = await listening(net.createServer((socket) => {
      socket.setTimeout(20, () => socket.destroy());
    }));
    const client = net.connect(portOf(server)).resume();
    const [failed] = await once(client, 'close');
    await closed(server);
    return failed;
  },

  async resetAndRefused() {
    const server = await listening(net.createServer());
    const address = portOf(server);
    const client = net.connect(address);
    const [[socket]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
    client.resetAndDestroy();
    const [error] = await new Promise((resolve) => socket.resume().on('error', (...all) => resolve(all)));
    await closed(server);
    const refused = await new Promise((resolve) => net.connect(address).on('error', resolve));
    const nobody = await new Promise((resolve) => net.connect('/nonexistent/socket').on('error', resolve));
    return `${error.code} ${refused.code} ${refused.syscall} ${nobody.code}`;
  },

  async destroyWhileConnecting() {
    const server = await listening(net.createServer((socket) => socket.resume()));
    for (let i = 0; i < 10; i++) {
      const client = net.connect(portOf(server));
      client.destroy();
      await once(client, 'close');
    }
    await closed(server);
    return 'done';
  },

  async keepAlive() {
    let connections = 0;
    const server = await listening(http.createServer((request, response) => response.end(request.url)));
    server.on('connection', () => connections++);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
    const all = await times(20, (i) => answered(http.request({ ...portOf(server), agent, path: `/${i}` })));
    agent.destroy();
    await closed(server);
    return `${connections} connections: ${all.join(', ')}`;
  },

  // The server ends the idle connections of a pool, and the pool drops them.
  async poolOutlivesServer() {
    const server = await listening(http.createServer((request, response) => response.end('pooled')));
    const agent = new http.Agent({ keepAlive: true });
    const all = await times(5, () => answered(http.request({ ...portOf(server), agent })));
    const sockets = Object.values(agent.freeSockets).flat();
    // An idle one keeps no loop running by itself.
    const gone = Promise.all(sockets.map((socket) => once(socket.ref(), 'close')));
    server.closeAllConnections();
    await Promise.all([gone, closed(server)]);
    return `${all.length} answers, ${Object.values(agent.freeSockets).flat().length} left`;
  },

  async connectionClose() {
    const server = await listening(http.createServer((request, response) => request.pipe(response)));
    for (let i = 0; i < 10; i++) {
      const request = http.request({ ...portOf(server), agent: false, method: 'POST' });
      request.write('y'.repeat(100000));
      assert.strictEqual((await answered(request)).length, 100004);
    }
    await closed(server);
    return 'done';
  },

  async pipeline() {
    const server = await listening(http.createServer((request, response) =>
      setImmediate(() => response.end(request.url))));
    const client = net.connect(portOf(server));
    for (let i = 0; i < 5; i++)
      client.write(`GET /${i} HTTP/1.1\r\nHost: x\r\nConnection: ${i < 4 ? 'keep-alive' : 'close'}\r\n\r\n`);
    const answer = await everything(client);
    await closed(server);
    return answer.match(/\/\d(?!\.)/g).join(' ');
  },

  async abort() {
    let gone;
    const left = new Promise((resolve) => { gone = resolve; });
    const server = await listening(http.createServer((request, response) => {
      response.on('close', () => gone(`finished ${response.writableFinished}`));
      response.write('the first part');
    }));
    const request = http.request({ ...portOf(server), agent: false }).end();
    const [response] = await once(request, 'response');
    await once(response, 'data');
    request.destroy();
    const server_saw = await left;
    const controller = new AbortController();
    const fetched = await fetch(`http://${HOST}:${server.address().port}/`, { signal: controller.signal });
    controller.abort();
    const text = await fetched.text().catch((error) => error.name);
    await closed(server);
    return `${server_saw}, ${text}`;
  },

  async http2() {
    const server = await listening(http2.createServer((request, response) => response.end(request.url)));
    const session = http2.connect(`http://${HOST}:${server.address().port}`);
    const all = await times(10, (i) => everything(session.request({ ':path': `/${i}` })));
    session.close();
    await Promise.all([once(session, 'close'), closed(server)]);
    return all.join(' ');
  },

  async datagrams() {
    const server = dgram.createSocket('udp4', (data, from) => server.send(data, from.port, from.address));
    server.bind(0, HOST);
    await once(server, 'listening');
    const client = dgram.createSocket('udp4');
    client.send('datagram', server.address().port, HOST);
    const [data] = await once(client, 'message');
    client.close();
    server.close();
    return data;
  },

  // libuv makes these pipes of socket pairs.
  async children() {
    const all = await times(5, async (i) => {
      const child = child_process.spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdin.end(`child ${i}`);
      const ended = once(child, 'close');
      const text = await everything(child.stdout);
      return `${text}: ${(await ended)[0]}`;
    });
    return all.join(', ');
  },

  // The child accepts on a listener that the parent passed and closed.
  async passedServer() {
    const child = child_process.fork(__filename, ['accepting']);
    const server = await listening(net.createServer());
    const where = portOf(server);
    child.send('server', server);
    await once(child, 'message');
    await closed(server);
    const sizes = [await exchange(where, 'one'), await exchange(where, 'two two')];
    child.send('end');
    return `${sizes.join(' ')}, ${(await once(child, 'exit'))[0]}`;
  },

  // The parent accepts, the child answers.
  async passedSockets() {
    const child = child_process.fork(__filename, ['answering']);
    const server = await listening(net.createServer({ pauseOnConnect: true }, (socket) =>
      child.send('socket', socket)));
    const sizes = await times(10, (i) => exchange(portOf(server), 'z'.repeat(1 + i)));
    await closed(server);
    child.send('end');
    return `${sizes.join(' ')}, ${(await once(child, 'exit'))[0]}`;
  },

  async cluster() {
    const all = [];
    for (const policy of ['RR', 'NONE']) {
      const primary = child_process.spawn(process.execPath, [__filename, 'primary', policy],
                                          { stdio: ['ignore', 'pipe', 'inherit'] });
      all.push((await everything(primary.stdout)).trim());
    }
    return all.join('; ');
  },

  // A thread with a loop of its own; the second is ended in the middle of its work.
  async threads() {
    const all = [];
    for (const ending of ['exit', 'terminate']) {
      const thread = new worker_threads.Worker(__filename, { argv: ['thread'] });
      const [port] = await once(thread, 'message');
      all.push(await exchange({ port, host: HOST }, ending));
      if (ending === 'exit') {
        thread.postMessage('end');
        all.push((await once(thread, 'exit'))[0]);
      } else {
        const client = net.connect({ port, host: HOST }).resume().on('error', () => {});
        client.write('stays');
        await once(client, 'data');
        const gone = once(client, 'close');
        await thread.terminate();
        await gone;
      }
    }
    return all.join(' ');
  },
};

const children = {
  accepting() {
    process.once('message', (_, server) => {
      server.on('connection', echo);
      process.once('message', () => { server.close(); process.disconnect(); });
      process.send('accepting');
    });
  },

  answering() {
    process.on('message', (what, socket) => {
      if (what === 'socket') echo(socket);
      else process.disconnect();
    });
  },

  thread() {
    const server = net.createServer(echo);
    server.listen(0, HOST, () => worker_threads.parentPort.postMessage(server.address().port));
    worker_threads.parentPort.once('message', () => { server.close(); });
  },

  async primary(policy) {
    cluster.schedulingPolicy = policy === 'RR' ? cluster.SCHED_RR : cluster.SCHED_NONE;
    cluster.setupPrimary({ args: ['worker'] });
    const workers = [cluster.fork(), cluster.fork()];
    const ports = await Promise.all(workers.map(async (worker) => (await once(worker, 'listening'))[0].port));
    assert.strictEqual(ports[0], ports[1]);
    const all = await times(20, () => answered(http.request({ host: HOST, port: ports[0], agent: false })));
    const ended = workers.map((worker) => once(worker, 'exit'));
    cluster.disconnect();
    say(policy, all.filter((answer) => answer === '200 worker').length, (await Promise.all(ended)).join(' '));
  },

  worker() {
    http.createServer((request, response) => response.end('worker')).listen(0, HOST);
  },

  async good() {
    for (const [name, scene] of Object.entries(scenes)) say(`${name}:`, await scene());
    await released();
  },

  // Seven connections whose reading never begins, and five that answer their client's end with nothing; three of
  // each sort end well.
  async leak() {
    const kept = [];
    const idle = await listening(net.createServer({ pauseOnConnect: true }));
    const half = await listening(net.createServer({ allowHalfOpen: true }));
    for (const [server, count] of [[idle, 7], [half, 5]])
      for (let i = 0; i < count + 3; i++) {
        const client = net.connect(portOf(server));
        const [[socket]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
        if (server === half) socket.resume();
        client.destroy();
        await Promise.all([once(client, 'close'), server === half ? once(socket, 'end') : undefined]);
        if (i < count) kept.push(socket);
        else socket.destroy();
      }
    await released();
    process.exit(kept.length - 12);
  },
};

const [mode, ...rest] = process.argv.slice(2);
children[mode](...rest);
