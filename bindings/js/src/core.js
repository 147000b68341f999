'use strict';

const { attempt, ended } = require('./attempt.js');
const { Calls } = require('./calls.js');
const { Connection } = require('./connection.js');
const { discover } = require('./discovery.js');
const { DaemonTimeoutError, again, closed, disconnected } = require('./errors.js');
const { repeatable } = require('./keys.js');
const { Hooks, Listeners } = require('./listeners.js');
const { isOffline, spool } = require('./offline.js');
const { Patience } = require('./patience.js');
const { checkedTimeout, timeOf } = require('./timeout.js');

/** What a client tells of its connection. */
const EVENTS = ['connect', 'disconnect', 'reconnecting', 'reconnect'];

const BY_ITSELF = 'the client disconnected';

/**
 * What a client does: it keeps a connection, and sends its calls in the order in which they were made, over as many
 * connections as it takes.
 */
class Core {
  path;
  timeoutMs;
  notified = new Listeners(['notification']);
  happened = new Listeners(EVENTS);
  #options;
  #retry;
  #hooks;
  #connection;
  /** Set while it connects: what that gives, and what gives it up. */
  #connecting;
  #opening;
  /** Number of callers that wait for that without a call. */
  #connectors = 0;
  #calls = new Calls();
  #patience = new Patience();
  #isFull = false;
  #wasConnected = false;
  #isClosed = false;
  /** True if the daemon is too old to know of keys. */
  #isKeyless = false;
  #subscriptions = new Set();

  constructor(options) {
    this.#options = typeof options === 'string' ? { socketPath: options } : options;
    this.timeoutMs = checkedTimeout(this.#options.timeoutMs);
    this.#retry = this.#options.retry ?? true;
    this.#hooks = new Hooks(this.#options);
  }

  get isConnected() {
    return this.#connection !== undefined;
  }

  async connect() {
    this.#checkOpen();
    this.#connectors++;
    try {
      await this.#connected();
    } finally {
      this.#connectors--;
    }
  }

  async disconnect() {
    this.#endSubscriptions();
    const left = disconnected(this.path, BY_ITSELF);
    const connection = this.#leave();
    this.#calls.failAll(() => again(left));
    this.#opening?.abort(left);
    await this.#connecting?.catch(() => {});
    await connection?.close();
  }

  async close(options = {}) {
    this.#isClosed = true;
    this.#endSubscriptions();
    const { signal } = options;
    try {
      const late = () => new DaemonTimeoutError('close', options.timeoutMs, this.path);
      await attempt({ timeoutMs: timeOf(options), signal }, late, (signal) => ended(this.#calls.idle(), signal));
    } finally {
      await this.disconnect();
    }
  }

  async request(method, given, options = {}) {
    this.#checkOpen();
    const { signal, retry = this.#retry } = options;
    const timeoutMs = timeOf(options, this.timeoutMs);
    signal?.throwIfAborted();
    if (timeoutMs <= 0) throw new DaemonTimeoutError(method, timeoutMs, this.path);
    const offlineAt = method === 'event.emit' && isOffline(options.offline) ? new Date().toISOString() : undefined;
    const isToBe = (retry || offlineAt !== undefined) && !this.#isKeyless;
    const { isRepeatable, isKeyed, params } = repeatable(method, given, isToBe);
    const call = this.#calls.open({ retry, isRepeatable, offlineAt, isTimed: timeoutMs !== undefined });
    call.watch(
      { signal, timeoutMs },
      () => new DaemonTimeoutError(method, timeoutMs, this.path),
      (error) => this.#cancel(call, error),
    );
    const outcome = this.#hooks.request({ id: call.id, method, params }, call);
    try {
      call.line = JSON.stringify({ jsonrpc: '2.0', id: call.id, method, params });
      if (isKeyed) call.withoutKey = () => JSON.stringify({ jsonrpc: '2.0', id: call.id, method, params: given });
      this.#flush();
    } catch (error) {
      call.fail(() => error);
    }
    return await outcome();
  }

  subscribe(topics, options) {
    this.#checkOpen();
    const globs = typeof topics === 'string' ? [topics] : topics;
    const address = discover(this.#options);
    const { Subscription } = require('./subscription.js');
    const subscription = new Subscription(address, globs, this.timeoutMs, options, () => {
      this.#subscriptions.delete(subscription);
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** An idle connection does not keep the process alive: a script that forgets to disconnect still ends. */
  updateKeepAlive() {
    this.#connection?.keepAlive(this.#calls.count > 0 || this.notified.count('notification') > 0);
  }

  #checkOpen() {
    if (this.#isClosed) throw closed(this.path);
  }

  #endSubscriptions() {
    for (const subscription of this.#subscriptions) subscription.end();
  }

  /** Sends what waits, as far as the daemon takes it. What is left follows when it does, or when there is a connection. */
  #flush() {
    const connection = this.#connection;
    if (!connection) {
      if (this.#calls.hasUnsent) this.#connected().catch(() => {});
      return;
    }
    for (const call of this.#calls.unsent) {
      if (connection.isCongested) return this.#flushLater(connection);
      call.size = Buffer.byteLength(call.line);
      this.#calls.sent(call);
      connection.send(call.line);
      if (!call.isRepeatable) call.line = undefined;
    }
    this.updateKeepAlive();
  }

  async #flushLater(connection) {
    this.updateKeepAlive();
    if (this.#isFull) return;
    this.#isFull = true;
    await connection.drained();
    this.#isFull = false;
    this.#flush();
  }

  /** Settled when there is a connection, or when the first attempt to have one has failed. */
  async #connected() {
    if (this.#connection) return;
    if (!this.#connecting) {
      this.#opening = new AbortController();
      const connecting = this.#open(this.#opening.signal).finally(() => {
        if (this.#connecting === connecting) this.#connecting = undefined;
      });
      connecting.then(
        () => this.#flush(),
        (error) => this.#notConnected(error),
      );
      this.#connecting = connecting;
    }
    await this.#connecting;
  }

  async #open(signal) {
    await this.#patience.pause(signal);
    const address = discover(this.#options);
    this.path = address.path;
    const handlers = {
      onMessage: (message) => this.#receive(message),
      onClose: (error) => this.#lost(connection, error),
    };
    const connection = await attempt(
      { timeoutMs: this.timeoutMs, signal },
      () => new DaemonTimeoutError('connect', this.timeoutMs, address.path),
      (signal) => Connection.open(address, handlers, signal),
    );
    if (signal.aborted) {
      connection.close();
      throw signal.reason;
    }
    this.#connection = connection;
    const { attempts } = this.#patience;
    this.updateKeepAlive();
    this.happened.tell(this.#wasConnected ? 'reconnect' : 'connect', { path: this.path, attempts });
    this.#wasConnected = true;
  }

  /** Fails the calls that do not wait for another attempt; connects again for those that do. */
  #notConnected(error) {
    if (this.#connecting || this.#connection) return;
    if (error.kind === 'no_daemon') this.#spool(error);
    for (const call of this.#calls.unsent) {
      const waits = this.#wasConnected && call.retry && this.#patience.allows(call, error);
      if (!waits) call.fail(() => again(error));
    }
    if (!this.#calls.hasUnsent) return;
    const delayMs = this.#patience.failed();
    this.happened.tell('reconnecting', { path: this.path, error, attempts: this.#patience.attempts, delayMs });
    this.#flush();
  }

  /** Spools the events that need no daemon. */
  #spool(error) {
    const calls = [...this.#calls.unsent].filter(({ offlineAt }) => offlineAt !== undefined);
    if (calls.length === 0) return;
    for (const call of calls) this.#calls.park(call);
    try {
      spool(discover(this.#options), calls);
    } catch {
      // In no project there is no spool.
      for (const call of calls) call.fail(() => again(error));
    }
  }

  /** Takes the connection away without failing what was sent on it. */
  #leave() {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#wasConnected = false;
    if (connection) this.happened.tell('disconnect', { path: this.path, error: undefined });
    return connection;
  }

  #lost(connection, error) {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.happened.tell('disconnect', { path: this.path, error });
    for (const call of this.#calls.lost()) {
      const isRepeated = call.isRepeatable && this.#patience.allows(call, error);
      if (!isRepeated) call.fail(() => again(error));
    }
    if (!this.#calls.hasUnsent) return;
    this.#patience.failed();
    this.#flush();
  }

  #cancel(call, error) {
    if (call.size > 0) {
      const cancel = { jsonrpc: '2.0', method: 'rpc.cancel', params: { id: call.id } };
      this.#connection?.send(JSON.stringify(cancel));
    }
    call.fail(error);
    this.updateKeepAlive();
    // A daemon that is too busy to be connected to is asked no more: it would keep the process alive.
    if (this.#calls.count === 0 && this.#connectors === 0) {
      this.#opening?.abort(disconnected(this.path, 'nobody waits for it any more'));
      this.#connecting = undefined;
    }
  }

  #receive(message) {
    if (message.method !== undefined) {
      this.notified.tell('notification', { method: message.method, params: message.params });
      return;
    }
    if (this.#patience.answered()) this.#calls.answered();
    this.#calls.settle(message, this.path, (call, error) => this.#holds(call, error));
    if (this.#calls.count === 0) this.updateKeepAlive();
  }

  /** True if a call that is refused is sent again: another daemon may take it, or this one in another form. */
  #holds(call, { data }) {
    if (data?.kind === 'invalid_params' && data.member === 'idempotencyKey' && call.withoutKey) {
      this.#isKeyless = true;
      call.line = call.withoutKey();
      call.withoutKey = undefined;
      call.isRepeatable = false;
      this.#calls.back(call);
      this.#flush();
      return true;
    }
    // A daemon that is ending has done nothing with it.
    if (data?.kind !== 'shutting_down' || !call.isRepeatable || !this.#patience.allows(call)) return false;
    this.#calls.hold(call);
    return true;
  }
}

module.exports = { Core };
