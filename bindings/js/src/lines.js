'use strict';

const { MAX_ANSWER_BYTES } = require('./generated/constants.js');

const LINE_FEED = 0x0a;

/** A line is longer than a daemon's ever is. */
class LineTooLong extends Error {}

/** Why nothing more is read where a line was not understood. */
function unreadable(error) {
  return error instanceof LineTooLong ? error.message : 'it sent a line that is not JSON-RPC';
}

/**
 * Lines out of chunks of bytes, of a bounded length. Text is decoded a whole line at a time: the end of a chunk may cut a
 * character in two.
 */
class LineSplitter {
  /** The beginning of a line whose end has not come, in pieces. */
  #pieces = [];
  #size = 0;
  #limit;

  constructor(limit = MAX_ANSWER_BYTES) {
    this.#limit = limit;
  }

  /** The lines that this chunk ends. */
  push(chunk) {
    const end = chunk.lastIndexOf(LINE_FEED);
    if (end < 0) {
      this.#keep(chunk);
      return [];
    }
    const whole = this.#take(chunk.subarray(0, end));
    if (end + 1 < chunk.length) this.#keep(chunk.subarray(end + 1));
    return whole.toString('utf8').split('\n');
  }

  #keep(piece) {
    this.#size += piece.length;
    if (this.#size > this.#limit) {
      this.#pieces = [];
      throw new LineTooLong(`it sent a line of more than ${this.#limit} bytes`);
    }
    this.#pieces.push(piece);
  }

  #take(last) {
    if (this.#pieces.length === 0) return last;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#size = 0;
    return Buffer.concat([...pieces, last]);
  }
}

/** The message that a line is. */
function parse(line) {
  const message = JSON.parse(line);
  if (message === null || typeof message !== 'object' || Array.isArray(message)) throw new TypeError('not an object');
  return message;
}

module.exports = { unreadable, LineSplitter, parse };
