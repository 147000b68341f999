import { Calls } from './calls.js';
import { Connection } from './connection.js';
import { discoverSocket } from './discovery.js';
import { DaemonTimeoutError } from './errors.js';
import { Methods } from './generated/methods.js';
import { subscribe } from './subscription.js';

/** A client of the daemon. */
export class DaemonClient extends Methods {
  #options;
  #path;
  #connection;
  /** Set while it connects. */
  #connecting;
  #calls = new Calls();
  #listeners = new Set();

  constructor(options = {}) {
    super();
    this.#options = typeof options === 'string' ? { socketPath: options } : options;
  }

  get socketPath() {
    return this.#path;
  }

  get isConnected() {
    return this.#connection !== undefined;
  }

  async connect() {
    if (this.#connection) return;
    this.#connecting ??= this.#open().finally(() => (this.#connecting = undefined));
    await this.#connecting;
  }

  async disconnect() {
    await this.#connecting?.catch(() => {});
    await this.#connection?.close();
  }

  request(method, params, options = {}) {
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs = this.#options.timeoutMs } = options;
      signal?.throwIfAborted();
      const call = this.#calls.open(resolve, reject);
      call.watch(
        { signal, timeoutMs },
        () => new DaemonTimeoutError(method, timeoutMs, this.#path),
        (reason) => this.#cancel(call, reason),
      );
      try {
        this.#send(call, JSON.stringify({ jsonrpc: '2.0', id: call.id, method, params }));
      } catch (error) {
        call.fail(error);
      }
    });
  }

  emit(topic, payload, options) {
    return this.event.emit({ topic, payload }, options);
  }

  subscribe(topics, options) {
    const globs = typeof topics === 'string' ? [topics] : topics;
    return subscribe(discoverSocket(this.#options), globs, options);
  }

  onNotification(listener) {
    this.#listeners.add(listener);
    this.#updateKeepAlive();
    return () => {
      this.#listeners.delete(listener);
      this.#updateKeepAlive();
    };
  }

  async #open() {
    this.#path = discoverSocket(this.#options);
    const connection = await Connection.open(this.#path, {
      onMessage: (message) => this.#receive(message),
      onClose: (error) => this.#closed(error),
    });
    this.#connection = connection;
    this.#updateKeepAlive();
  }

  #closed(error) {
    this.#connection = undefined;
    this.#calls.failAll(error);
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
      else await this.connect();
      if (!call.isSettled) this.#send(call, line);
    } catch (error) {
      call.fail(error);
    }
  }

  #cancel(call, reason) {
    if (call.size > 0) {
      const cancel = { jsonrpc: '2.0', method: 'rpc.cancel', params: { id: call.id } };
      this.#connection?.send(JSON.stringify(cancel));
    }
    call.fail(reason);
    this.#updateKeepAlive();
  }

  #receive(message) {
    if (message.method !== undefined) {
      this.#notify({ method: message.method, params: message.params });
      return;
    }
    this.#calls.settle(message);
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
