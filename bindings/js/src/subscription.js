'use strict';

const { onAbort } = require('./aborts.js');
const { attempt } = require('./attempt.js');
const { DaemonError, DaemonTimeoutError, again, disconnected, mayComeBack } = require('./errors.js');
const { parse, unreadable } = require('./lines.js');
const { bindMethods } = require('./namespace.js');
const { sleep } = require('./sleep.js');
const { LineSplitter, open } = require('./socket.js');

/** First and longest pause before connecting again, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2000;

const SUBSCRIBE = 'event.subscribe';

const DONE = { done: true, value: undefined };

/** The events of a subscription, one by one. */
class Subscription {
  #address;
  #topics;
  #timeoutMs;
  /** The number of the last event that it needs no more. */
  #since;
  #reconnect;
  #signal;
  #onMissed;
  #onEnd;
  /** Ends whatever it does: set off by the caller's signal, and by its end. */
  #stop = new AbortController();
  #ignoreAbort;
  #feed;
  /** Number of callers that wait for an event. */
  #waiting = 0;
  /** Each `next()` begins when the one before it is done. */
  #before;
  #isOver = false;

  constructor(address, topics, timeoutMs, { since, reconnect = false, signal, onMissed } = {}, onEnd) {
    bindMethods(this);
    this.#address = address;
    this.#topics = topics;
    this.#timeoutMs = timeoutMs;
    this.#since = since;
    this.#reconnect = reconnect;
    this.#signal = signal;
    this.#onMissed = onMissed;
    this.#onEnd = onEnd;
    this.#stop.signal.addEventListener('abort', () => this.#feed?.close(), { once: true });
    const abort = () => this.#stop.abort(signal.reason);
    if (signal?.aborted) abort();
    else if (signal) this.#ignoreAbort = onAbort(signal, abort);
    this.ready = this.#open();
    // Whoever does not wait for it hears of a failure from `next()`.
    this.ready.catch(() => {});
  }

  async next() {
    const before = this.#before;
    let done;
    this.#before = new Promise((resolve) => (done = resolve));
    await before;
    try {
      return await this.#next();
    } finally {
      done();
    }
  }

  async return(value) {
    this.end();
    return { done: true, value: await value };
  }

  async throw(error) {
    this.end();
    throw error;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** Ends it: whoever waits for an event hears that there are no more. */
  end() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop.abort();
    this.#ignoreAbort?.();
    this.#feed?.close();
    this.#onEnd();
  }

  async #next() {
    if (this.#isOver) return DONE;
    this.#keepAlive(+1);
    try {
      await this.ready;
      return { done: false, value: await this.#event() };
    } catch (error) {
      if (this.#isOver) return DONE;
      this.end();
      throw this.#signal?.aborted ? this.#signal.reason : again(error);
    } finally {
      this.#keepAlive(-1);
    }
  }

  /** The next event, over as many connections as it takes. */
  async #event() {
    let pause = FIRST_PAUSE;
    for (;;) {
      try {
        if (!this.#feed) await this.#open();
        pause = FIRST_PAUSE;
        const event = this.#take(await this.#feed.next());
        if (event) return event;
      } catch (error) {
        this.#feed = undefined;
        if (!this.#reconnect || !mayComeBack(error) || this.#stop.signal.aborted) throw error;
        // At random, so that many clients do not come back at once.
        await sleep(pause * (1 - Math.random() / 2), this.#stop.signal);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  /** Takes in the content of a notification. */
  #take({ method, params }) {
    if (method === 'event') {
      if (!Number.isFinite(params?.event?.seq)) throw this.#feed.wrong();
      this.#since = params.event.seq;
      return params.event;
    }
    if (method === 'event.missed') {
      if (!Number.isFinite(params?.missed + params?.since)) throw this.#feed.wrong();
      this.#since = params.since + params.missed;
      this.#onMissed?.({ missed: params.missed, since: params.since });
    }
    return undefined;
  }

  /** Connects and subscribes, from where it stopped, in the time that the client gives. */
  async #open() {
    const params = { topics: this.#topics, since: this.#since };
    this.#feed = await attempt(
      { timeoutMs: this.#timeoutMs, signal: this.#stop.signal },
      () => new DaemonTimeoutError(SUBSCRIBE, this.#timeoutMs, this.#address.path),
      (signal) => Feed.open(this.#address, params, signal),
    );
    this.#since = this.#feed.since;
    this.#keepAlive(0);
  }

  /** Keeps the process alive only while someone waits for an event: a script that forgets the subscription still ends. */
  #keepAlive(change) {
    this.#waiting += change;
    this.#feed?.keepAlive(this.#waiting > 0);
  }
}

// In runtimes that have it, `await using events = client.subscribe()` ends it.
if (Symbol.asyncDispose) {
  Subscription.prototype[Symbol.asyncDispose] = async function () {
    this.end();
  };
}

/**
 * A connection that brings the notifications of one subscription. It is read only as fast as they are taken: a slow reader
 * delays no call, and holds nothing in memory.
 */
class Feed {
  #path;
  #socket;
  #messages;

  /** Connects, subscribes, and waits until it is subscribed. */
  static async open(address, params, signal) {
    const socket = await open(address, signal);
    const feed = new Feed(address.path, socket.on('error', () => {}));
    // The reader notices the end of the socket.
    const ignore = onAbort(signal, () => socket.destroy());
    try {
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: SUBSCRIBE, params })}\n`);
      const { result } = await feed.next();
      if (!Number.isFinite(result?.since)) throw feed.wrong();
      signal.throwIfAborted();
      feed.since = result.since;
      return feed;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      ignore();
    }
  }

  constructor(path, socket) {
    this.#path = path;
    this.#socket = socket;
    this.#messages = this.#read();
  }

  async next() {
    const { done, value } = await this.#messages.next();
    if (done) throw disconnected(this.#path, 'it went away');
    return value;
  }

  /** Ends it, since what has come is no message of a daemon. */
  wrong() {
    this.close();
    return disconnected(this.#path, unreadable());
  }

  keepAlive(yes) {
    if (yes) this.#socket.ref();
    else this.#socket.unref();
  }

  close() {
    this.#socket.destroy();
  }

  async *#read() {
    try {
      const lines = new LineSplitter();
      for await (const chunk of this.#socket) {
        for (const line of lines.push(chunk)) {
          if (line === '') continue;
          const message = parse(line);
          if (message.error) throw new DaemonError(message.error);
          yield message;
        }
      }
    } catch (error) {
      if (error instanceof DaemonError) throw error;
      // The system's errors of a socket have a code.
      throw disconnected(this.#path, error.code ? error.message : unreadable(error), error);
    }
  }
}

module.exports = { Subscription };
