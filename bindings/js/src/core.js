'use strict';

const { ENDS_TASK } = require('./abandoned.js');
const { attempt, ended } = require('./attempt.js');
const { Calls } = require('./calls.js');
const { Connection } = require('./connection.js');
const { DaemonTimeoutError, again, closed, disconnected } = require('./errors.js');
const { isSafe, repeatable } = require('./keys.js');
const { Hooks, Listeners } = require('./listeners.js');
const { OFFLINE_TIMEOUT, Spooler, isOffline } = require('./offline.js');
const { CALL_OPTIONS, EMIT_OPTIONS, TIME_OPTIONS, checkedOptions } = require('./options.js');
const { Patience } = require('./patience.js');
const { byteLength, discover } = require('./socket.js');
const { checkedTimeout, timeOf } = require('./timeout.js');

/** What a client tells of its connection. */
const EVENTS = ['connect', 'disconnect', 'reconnecting', 'reconnect'];

/** The options of a client, and those of a subscription. */
const CLIENT_OPTIONS = ['socketPath', 'cwd', 'timeoutMs', 'retry', 'onRequest', 'onResponse'];
const SUBSCRIBE_OPTIONS = ['since', 'reconnect', 'signal', 'onMissed'];

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
  /** Time at which that was made, as `performance.now()` has it. */
  #connectedAt = 0;
  /** Set while it connects: what that gives, and what gives it up. */
  #connecting;
  #opening;
  /** Number of callers that wait for that without a call. */
  #connectors = 0;
  #calls = new Calls();
  #spooler = new Spooler(
    () => discover(this.#options),
    () => this.#rest(),
  );
  #patience = new Patience();
  #isFull = false;
  #wasConnected = false;
  #isClosed = false;
  #subscriptions = new Set();

  constructor(options) {
    const given = typeof options === 'string' ? { socketPath: options } : options;
    this.#options = checkedOptions('the client', given, CLIENT_OPTIONS);
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
    const { signal } = checkedOptions('close', options, TIME_OPTIONS);
    this.#isClosed = true;
    this.#endSubscriptions();
    try {
      const late = () => new DaemonTimeoutError('close', options.timeoutMs, this.path);
      await attempt({ timeoutMs: timeOf(options), signal }, late, (signal) => ended(this.#calls.idle(), signal));
    } finally {
      await this.disconnect();
    }
  }

  async request(method, given, options = {}) {
    this.#checkOpen();
    const isEmit = method === 'event.emit';
    const { signal, retry = this.#retry } = checkedOptions(method, options, isEmit ? EMIT_OPTIONS : CALL_OPTIONS);
    const offlineAt = isEmit && isOffline(options.offline) ? new Date().toISOString() : undefined;
    const usual = offlineAt === undefined ? this.timeoutMs : (this.timeoutMs ?? OFFLINE_TIMEOUT);
    const timeoutMs = timeOf(options, usual);
    signal?.throwIfAborted();
    if (timeoutMs <= 0) throw new DaemonTimeoutError(method, timeoutMs, this.path);
    const { isRepeatable, isKeyed, params } = repeatable(method, given, {
      retry: retry || offlineAt !== undefined,
      hasKeys: !this.#calls.members.lacks('idempotencyKey'),
    });
    const isTimed = timeoutMs !== undefined;
    const endsTask = options[ENDS_TASK] === true;
    const call = this.#calls.open({ retry, isRepeatable, isSafe: isSafe(method), offlineAt, isTimed, endsTask });
    call.watch(
      { signal, timeoutMs },
      (error) => this.#cancel(call, error),
      () => this.#late(call, () => new DaemonTimeoutError(method, timeoutMs, this.path)),
    );
    const outcome = this.#hooks.request({ id: call.id, method, params }, call);
    try {
      const optional = new Set(isKeyed ? ['idempotencyKey'] : []);
      if (isEmit && hasTrace(params)) optional.add('traceparent');
      call.write(method, params, optional);
      this.#flush();
    } catch (error) {
      call.fail(() => error);
    }
    return await outcome();
  }

  subscribe(topics, options = {}) {
    this.#checkOpen();
    checkedOptions('subscribe', options, SUBSCRIBE_OPTIONS);
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
    const { members } = this.#calls;
    for (const call of members.isWaiting ? [] : this.#calls.unsent) {
      for (const member of call.optional) if (members.lacks(member)) call.leaveOut(member);
      if (!members.mayFollow(call)) break;
      if (connection.isCongested) return this.#flushLater(connection);
      call.size = byteLength(call.line);
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
    let connection, batches;
    do {
      connection?.close();
      // A daemon takes in what is spooled before it serves the next client that connects: so what is called now comes after it.
      await this.#spooler.idle(signal);
      batches = this.#spooler.batches;
      connection = await this.#opened(address, signal);
    } while (batches !== this.#spooler.batches);
    this.#connection = connection;
    this.#calls.connected();
    this.#connectedAt = performance.now();
    const { attempts } = this.#patience;
    this.updateKeepAlive();
    this.happened.tell(this.#wasConnected ? 'reconnect' : 'connect', { path: this.path, attempts });
    this.#wasConnected = true;
  }

  async #opened(address, signal) {
    const handlers = {
      onMessage: (message) => this.#receive(message),
      onClose: (error) => this.#lost(connection, error),
    };
    const connection = await attempt(
      { timeoutMs: this.timeoutMs, signal },
      () => new DaemonTimeoutError('connect', this.timeoutMs, address.path),
      (signal) => Connection.open(address, handlers, signal),
    );
    if (!signal.aborted) return connection;
    connection.close();
    throw signal.reason;
  }

  /** Fails the calls that do not wait for another attempt; connects again for those that do. */
  #notConnected(error) {
    if (this.#connecting || this.#connection) return;
    if (error.kind === 'no_daemon' || error.kind === 'timeout') this.#spoolUnsent(error);
    for (const call of this.#calls.unsent) {
      const waits = this.#wasConnected && call.retry && this.#patience.allows(call, error);
      if (!waits) call.fail(() => again(error));
    }
    if (!this.#calls.hasUnsent) return;
    const delayMs = this.#patience.failed();
    this.happened.tell('reconnecting', { path: this.path, error, attempts: this.#patience.attempts, delayMs });
    this.#flush();
  }

  /** Spools the events that need no daemon, and are not sent. */
  #spoolUnsent(error) {
    this.#spool([...this.#calls.unsent].filter(({ maySpool }) => maySpool), error);
  }

  /** Spools the events of these calls. Where there is no spool, they fail with the error. */
  #spool(calls, error) {
    for (const call of calls) this.#calls.park(call);
    if (calls.length > 0) this.#spooler.add(calls, error);
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
    // A daemon has been there, whether or not it had anything to answer: a call that waits by its nature does not give it up.
    if (this.#patience.hasStood(this.#connectedAt)) this.#answered();
    for (const call of this.#calls.lost()) {
      const isRepeated = call.isRepeatable && this.#patience.allows(call, error);
      if (!isRepeated) call.fail(() => again(error));
    }
    if (!this.#calls.hasUnsent) return;
    this.#patience.failed();
    this.#flush();
  }

  /** Ends a call whose time is over. To an event that may be spooled, a daemon that hangs is none. */
  #late(call, error) {
    if (call.isParked) return;
    if (!call.maySpool) {
      this.#cancel(call, error);
      return;
    }
    // What is sent on a connection takes effect in order, be it late, and what is spooled of it not again.
    if (call.size > 0) {
      this.#spool([call], error());
      this.#rest();
      return;
    }
    const connection = this.#connection;
    if (connection) {
      connection.close();
      this.#lost(connection, disconnected(this.path, 'the daemon reads nothing'));
    }
    this.#spoolUnsent(error());
  }

  #cancel(call, error) {
    if (call.size > 0 && call.endsTask) this.#connection?.abandoned.add(call.id);
    else if (call.size > 0) {
      const cancel = { jsonrpc: '2.0', method: 'rpc.cancel', params: { id: call.id } };
      this.#connection?.send(JSON.stringify(cancel));
    }
    call.fail(error);
    this.#rest();
  }

  /** Keeps nothing alive for calls that are over, and sends what has waited for them. */
  #rest() {
    if (this.#connection) this.#flush();
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
    this.#answered();
    this.#calls.settle(message, this.path, (call, error) => this.#holds(call, error));
    if (this.#connection && this.#calls.hasUnsent) this.#flush();
    if (this.#calls.count === 0) this.updateKeepAlive();
  }

  /** Notes that a daemon answers, or has been there to answer. */
  #answered() {
    if (this.#patience.answered()) this.#calls.answered();
  }

  /** True if a call that is refused is sent again: another daemon may take it, or this one in another form. */
  #holds(call, { data }) {
    if (data?.kind === 'invalid_params' && this.#calls.members.refused(call, data.member)) {
      this.#calls.back(call);
      call.leaveOut(data.member);
      return true;
    }
    // A daemon that is ending has done nothing with it.
    if (data?.kind !== 'shutting_down' || !call.isRepeatable || !this.#patience.allows(call)) return false;
    this.#calls.hold(call);
    return true;
  }
}

/** True if params have a trace that every daemon takes that knows of traces. */
function hasTrace(params) {
  return params?.traceparent !== undefined && require('./trace.js').isTraceparent(params.traceparent);
}

module.exports = { Core };
