// The client's transport in a page: what `bindings/js/src/socket.js` is in Node, over a WebSocket. One message of the protocol is one
// frame of text. What this gives has the members of Node's sockets that the client uses.

import { DaemonConnectionError } from '../../../../bindings/js/src/errors.js';
import { protocols } from '../live/session.js';

/** Bytes that wait to be sent, above which nothing more is written until they are gone. */
const HIGH_WATER = 1024 * 1024;

/** How often it looks whether they are gone, in milliseconds: a WebSocket does not tell. */
const LOOK_AGAIN = 25;

/** Messages that nobody has taken, above which the connection is given up: a subscription then goes on where it stopped. */
const MOST_UNREAD = 10_000;

/** The gateway's codes for a connection that it ends, after which no other attempt is of use. */
export const CODES = { dashboardEnds: 1001, daemonAway: 4000, noProject: 4001, notUsable: 4002 };

/** Is told of each connection that ends other than by the page: its code and reason. */
let onEnd = () => {};

/** Sets the function that is told. */
export function watchEnds(listener) {
  onEnd = listener;
}

/** All connections that stand. */
const standing = new Set();

/** Ends all connections to an address, as if they had ended by themselves: nothing comes over them any more. */
export function cut(address) {
  for (const duplex of [...standing])
    if (duplex.path === address) duplex.fail(new Error('nothing comes over it any more'));
}

/** The address of the WebSocket: the page's client is always told one. */
export function discover({ socketPath }) {
  return { path: socketPath };
}

/** A message is a frame: there is nothing to take apart. */
export class LineSplitter {
  push(message) {
    return [message];
  }
}

const encoder = new TextEncoder();

export function byteLength(text) {
  return encoder.encode(text).length;
}

/** A connected socket. */
export function open(address, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const socket = new WebSocket(address.path, protocols());
    const abort = () => {
      socket.close();
      reject(signal.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const done = () => signal?.removeEventListener('abort', abort);
    socket.onopen = () => {
      done();
      resolve(new Duplex(socket, address.path));
    };
    socket.onclose = (event) => {
      done();
      onEnd({ address: address.path, code: event.code, reason: event.reason, wasOpen: false });
      reject(noDaemon(address.path, event));
    };
  });
}

function noDaemon(path, { code, reason }) {
  const why = reason || (code === 1006 ? 'the dashboard does not answer' : `code ${code}`);
  return new DaemonConnectionError('no_daemon', `no connection to the daemon: ${why}`, { path });
}

/** The members of a Node socket that the client uses. */
class Duplex {
  closed = false;
  #socket;
  #listeners = new Map();
  /** Messages for whoever iterates; undefined where somebody listens to `data`. */
  #unread = [];
  #wake = () => {};
  #timer;
  /** Why it ended, where the gateway has said so. */
  #failure;

  constructor(socket, path) {
    this.#socket = socket;
    this.path = path;
    standing.add(this);
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => {
      onEnd({ address: path, code, reason, wasOpen: true, isOurs: this.closed });
      this.#end(code === 1000 || reason === '' ? undefined : new Error(reason));
    };
  }

  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    if (name === 'data') {
      const unread = this.#unread ?? [];
      this.#unread = undefined;
      for (const message of unread) listener(message);
    }
    return this;
  }

  off(name, listener) {
    this.#listeners.get(name)?.delete(listener);
    return this;
  }

  once(name, listener) {
    const wrapped = (value) => {
      this.off(name, wrapped);
      listener(value);
    };
    return this.on(name, wrapped);
  }

  write(line) {
    if (this.closed) return false;
    // What goes to one that is being closed is lost anyway, and the browser complains of it.
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(line.endsWith('\n') ? line.slice(0, -1) : line);
    if (this.writableNeedDrain) this.#lookForDrain();
    return !this.writableNeedDrain;
  }

  get writableNeedDrain() {
    return !this.closed && this.#socket.bufferedAmount > HIGH_WATER;
  }

  /** A page is kept alive by nothing. */
  ref() {}
  unref() {}

  destroy() {
    this.#socket.close(1000);
    this.#end();
  }

  /** Ends it at once; a WebSocket whose other end is gone takes its time to close. */
  fail(error) {
    this.#socket.close();
    this.#end(error);
  }

  /** What is written goes out before a WebSocket is closed. */
  destroySoon() {
    this.destroy();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      const messages = this.#unread ?? [];
      this.#unread = [];
      yield* messages;
      if (this.#unread.length > 0) continue;
      if (this.closed) {
        if (this.#failure) throw this.#failure;
        return;
      }
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  #receive(message) {
    if (this.closed) return;
    if (this.#unread === undefined) return this.#tell('data', message);
    this.#unread.push(message);
    if (this.#unread.length > MOST_UNREAD) this.#socket.close(1000);
    this.#wake();
  }

  #end(failure) {
    if (this.closed) return;
    this.closed = true;
    standing.delete(this);
    this.#failure = failure;
    clearInterval(this.#timer);
    if (failure) this.#tell('error', failure);
    // As in Node: whoever asks for the end of a socket that is being closed hears of it.
    queueMicrotask(() => this.#tell('close'));
    this.#wake();
  }

  #lookForDrain() {
    this.#timer ??= setInterval(() => {
      if (this.writableNeedDrain) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#tell('drain');
    }, LOOK_AGAIN);
  }

  #tell(name, value) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(value);
  }
}
