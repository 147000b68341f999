import { attempt } from './attempt.js';
import { Calls } from './calls.js';
import { Connection } from './connection.js';
import { discover } from './discovery.js';
import { DaemonTimeoutError, again, disconnected } from './errors.js';
import { Methods } from './generated/methods.js';
import { Subscription } from './subscription.js';
import { checkedTimeout } from './timeout.js';

/** A client of the daemon. */
export class DaemonClient extends Methods {
  #options;
  #timeoutMs;
  #path;
  #connection;
  /** Set while it connects: what that gives, and what gives it up. */
  #connecting;
  #opening;
  /** Number of callers that wait for that without a call. */
  #connectors = 0;
  #calls = new Calls();
  #listeners = new Set();
  #subscriptions = new Set();

  constructor(options = {}) {
    super();
    this.#options = typeof options === 'string' ? { socketPath: options } : options;
    this.#timeoutMs = checkedTimeout(this.#options.timeoutMs);
  }

  get socketPath() {
    return this.#path;
  }

  get isConnected() {
    return this.#connection !== undefined;
  }

  async connect() {
    this.#connectors++;
    try {
      await this.#connected();
    } finally {
      this.#connectors--;
    }
  }

  async disconnect() {
    for (const subscription of this.#subscriptions) subscription.end();
    this.#opening?.abort(disconnected(this.#path, 'the client disconnected'));
    await this.#connecting?.catch(() => {});
    await this.#connection?.close();
  }

  async request(method, params, options = {}) {
    const { signal, timeoutMs: own } = options;
    const timeoutMs = own === undefined ? this.#timeoutMs : checkedTimeout(own);
    signal?.throwIfAborted();
    const call = this.#calls.open();
    call.watch(
      { signal, timeoutMs },
      () => new DaemonTimeoutError(method, timeoutMs, this.#path),
      (error) => this.#cancel(call, error),
    );
    try {
      this.#send(call, JSON.stringify({ jsonrpc: '2.0', id: call.id, method, params }));
    } catch (error) {
      call.fail(() => error);
    }
    return await call.outcome();
  }

  emit(topic, payload, options) {
    return this.event.emit({ topic, payload }, options);
  }

  subscribe(topics, options) {
    const globs = typeof topics === 'string' ? [topics] : topics;
    const address = discover(this.#options);
    const subscription = new Subscription(address, globs, this.#timeoutMs, options, () => {
      this.#subscriptions.delete(subscription);
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  onNotification(listener) {
    this.#listeners.add(listener);
    this.#updateKeepAlive();
    return () => {
      this.#listeners.delete(listener);
      this.#updateKeepAlive();
    };
  }

  async #connected() {
    if (this.#connection) return;
    if (!this.#connecting) {
      const connecting = this.#open().finally(() => {
        if (this.#connecting === connecting) this.#connecting = undefined;
      });
      this.#connecting = connecting;
    }
    await this.#connecting;
  }

  async #open() {
    const address = discover(this.#options);
    this.#path = address.path;
    this.#opening = new AbortController();
    const handlers = {
      onMessage: (message) => this.#receive(message),
      onClose: (error) => this.#closed(error),
    };
    this.#connection = await attempt(
      { timeoutMs: this.#timeoutMs, signal: this.#opening.signal },
      () => new DaemonTimeoutError('connect', this.#timeoutMs, address.path),
      (signal) => Connection.open(address, handlers, signal),
    );
    this.#updateKeepAlive();
  }

  #closed(error) {
    this.#connection = undefined;
    this.#calls.failAll(() => again(error));
  }

  #send(call, line) {
    const connection = this.#connection;
    if (!connection || connection.isCongested) return this.#sendLater(call, line);
    call.size = Buffer.byteLength(line);
    connection.send(line);
    if (this.#calls.count === 1) connection.keepAlive(true);
  }

  async #sendLater(call, line) {
    try {
      if (this.#connection) await this.#connection.drained();
      else await this.#connected();
      if (!call.isSettled) this.#send(call, line);
    } catch (error) {
      call.fail(() => again(error));
    }
  }

  #cancel(call, error) {
    if (call.size > 0) {
      const cancel = { jsonrpc: '2.0', method: 'rpc.cancel', params: { id: call.id } };
      this.#connection?.send(JSON.stringify(cancel));
    }
    call.fail(error);
    this.#updateKeepAlive();
    // A daemon that is too busy to be connected to is asked no more: it would keep the process alive.
    if (this.#calls.count === 0 && this.#connectors === 0) {
      this.#opening?.abort(disconnected(this.#path, 'nobody waits for it any more'));
      this.#connecting = undefined;
    }
  }

  #receive(message) {
    if (message.method !== undefined) {
      this.#notify({ method: message.method, params: message.params });
      return;
    }
    this.#calls.settle(message, this.#path);
    if (this.#calls.count === 0) this.#updateKeepAlive();
  }

  #notify(notification) {
    for (const listener of this.#listeners) {
      try {
        listener(notification);
      } catch (error) {
        // The listener's own mistake: it shows as any other uncaught one does, and the connection goes on.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** An idle connection does not keep the process alive: a script that forgets to disconnect still ends. */
  #updateKeepAlive() {
    this.#connection?.keepAlive(this.#calls.count > 0 || this.#listeners.size > 0);
  }
}

// In runtimes that have it, `await using client = new DaemonClient()` disconnects in the end.
if (Symbol.asyncDispose) DaemonClient.prototype[Symbol.asyncDispose] = DaemonClient.prototype.disconnect;
