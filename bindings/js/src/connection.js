'use strict';

const { Abandoned } = require('./abandoned.js');
const { disconnected, strangeAnswer } = require('./errors.js');
const { parse, unreadable } = require('./lines.js');
const { LineSplitter, open } = require('./socket.js');

/** One connection to a daemon: lines out, messages in. */
class Connection {
  /** The submissions on it that were given up. */
  abandoned = new Abandoned();
  #socket;
  #path;
  #handlers;
  /** Why it ended, where that is known before the socket has closed. */
  #failure;
  /** Set while the socket takes no more: settled once it does, or has closed. */
  #drained;

  /**
   * Connects. `onMessage(message)` is called for each message that comes, `onClose(error)` once, at
   * the end, whoever ended it.
   */
  static async open(address, handlers, signal) {
    return new Connection(await open(address, signal), address.path, handlers);
  }

  constructor(socket, path, handlers) {
    this.#socket = socket;
    this.#path = path;
    this.#handlers = handlers;
    const lines = new LineSplitter();
    socket.on('data', (chunk) => this.#read(lines, chunk));
    socket.on('error', (error) => (this.#failure ??= this.#disconnected(error.message, error)));
    socket.on('close', () => this.#closed());
  }

  /** Sends a line. It is one write. */
  send(line) {
    this.#socket.write(line + '\n');
  }

  /** True if the daemon reads more slowly than this sends. */
  get isCongested() {
    return this.#socket.writableNeedDrain;
  }

  /** Waits until it is no longer congested, or closed. */
  drained() {
    this.#drained ??= new Promise((resolve) => {
      const done = () => {
        this.#drained = undefined;
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
    return this.#drained;
  }

  /** Sets whether it keeps the process alive. */
  keepAlive(yes) {
    if (yes) this.#socket.ref();
    else this.#socket.unref();
  }

  /** Closes, after what is still to be sent, unless the daemon does not take it. */
  async close() {
    this.#failure ??= this.#disconnected('the client disconnected');
    await this.abandoned.settled();
    if (this.#socket.closed) return;
    this.keepAlive(true);
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    if (this.isCongested) this.#socket.destroy();
    else this.#socket.destroySoon();
    await closed;
  }

  #read(lines, chunk) {
    try {
      for (const line of lines.push(chunk)) {
        if (line !== '') this.#receive(parse(line));
      }
    } catch (error) {
      this.#failure ??= strangeAnswer(this.#path, unreadable(error), error);
      this.#socket.destroy();
    }
  }

  #receive(message) {
    const cancellation = this.abandoned.cancellation(message);
    if (cancellation !== undefined) this.send(cancellation);
    else if (this.#failure === undefined) this.#handlers.onMessage(message);
  }

  #closed() {
    this.abandoned.clear();
    this.#handlers.onClose(this.#failure ?? this.#disconnected('it went away'));
  }

  #disconnected(why, cause) {
    return disconnected(this.#path, why, cause);
  }
}

module.exports = { Connection };
