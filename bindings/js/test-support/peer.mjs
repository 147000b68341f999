// A daemon that says what a test tells it to.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Listens in a fresh directory. `answer(request, connection)` gives the result, throws an error
 * object, or says nothing.
 */
export async function startPeer(answer = () => ({}), { socketPath } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'aiwg-'));
  const peer = new Peer(directory, socketPath ?? join(directory, 's'), answer);
  await peer.listen();
  return peer;
}

class Peer {
  requests = [];
  connections = new Set();
  #server;

  constructor(directory, socketPath, answer) {
    this.directory = directory;
    this.socketPath = socketPath;
    this.#server = createServer((socket) => this.#accept(socket, answer));
  }

  /** Ends all connections, and takes no more until `listen()`. */
  async close() {
    for (const socket of this.connections) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async listen() {
    this.#server.listen(this.socketPath);
    await once(this.#server, 'listening');
  }

  /** Waits until a request for this method has come. */
  async saw(method) {
    for (;;) {
      const request = this.requests.find((request) => request.method === method);
      if (request) return request;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Goes away as a killed daemon does. */
  async stop() {
    for (const socket of this.connections) socket.destroy();
    this.#server.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  #accept(socket, answer) {
    this.connections.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.connections.delete(socket));
    const lines = createInterface({ input: socket });
    lines.on('error', () => {});
    lines.on('line', (line) => {
      const request = JSON.parse(line);
      this.requests.push(request);
      const reply = respond(request, answer, socket);
      if (reply !== undefined) socket.write(JSON.stringify(reply) + '\n');
    });
  }
}

function respond(request, answer, socket) {
  const head = { jsonrpc: '2.0', id: request.id };
  try {
    const result = answer(request, socket);
    return result === undefined ? undefined : { ...head, result };
  } catch (error) {
    return { ...head, error };
  }
}
