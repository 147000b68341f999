'use strict';

const { Core } = require('./core.js');
const { Methods } = require('./generated/methods.js');
const { EMIT_OPTIONS, checkedOptions } = require('./options.js');
const { Daemon, Events, Tasks } = require('./tasks.js');

/** Where a client keeps what it does: no private member, so that it may be wrapped in a Proxy, or stand in for another. */
const CORE = Symbol('core');

/** A client of the daemon. */
class DaemonClient extends Methods {
  daemon = new Daemon(this);
  event = new Events(this);
  task = new Tasks(this);

  constructor(options = {}) {
    super();
    Object.defineProperty(this, CORE, { value: new Core(options) });
  }

  get socketPath() {
    return this[CORE].path;
  }

  get isConnected() {
    return this[CORE].isConnected;
  }

  async connect() {
    await this[CORE].connect();
  }

  async disconnect() {
    await this[CORE].disconnect();
  }

  async close(options) {
    await this[CORE].close(options);
  }

  async request(method, params, options) {
    return await this[CORE].request(method, params, options);
  }

  async emit(topic, payload, options = {}) {
    const { idempotencyKey, ...others } = checkedOptions('emit', options, [...EMIT_OPTIONS, 'idempotencyKey']);
    const params = idempotencyKey === undefined ? { topic, payload } : { topic, payload, idempotencyKey };
    return await this.event.emit(params, others);
  }

  subscribe(topics, options) {
    return this[CORE].subscribe(topics, options);
  }

  waitFor(topics, options) {
    const { waitFor } = require('./wait.js');
    return waitFor(this, topics, options);
  }

  on(name, listener) {
    return this[CORE].happened.on(name, listener);
  }

  once(name, listener) {
    return this[CORE].happened.once(name, listener);
  }

  off(name, listener) {
    this[CORE].happened.off(name, listener);
  }

  onNotification(listener) {
    const core = this[CORE];
    const off = core.notified.on('notification', listener);
    core.updateKeepAlive();
    return () => {
      off();
      core.updateKeepAlive();
    };
  }
}

// In runtimes that have it, `await using client = new DaemonClient()` closes it in the end.
if (Symbol.asyncDispose) {
  DaemonClient.prototype[Symbol.asyncDispose] = async function () {
    await this.close();
  };
}

module.exports = { DaemonClient };
