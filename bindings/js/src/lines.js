const LINE_FEED = 0x0a;

/**
 * Lines out of chunks of bytes. Text is decoded a whole line at a time: the end of a chunk may cut a
 * character in two.
 */
export class LineSplitter {
  /** The beginning of a line whose end has not come, in pieces. */
  #pieces = [];

  /** The lines that this chunk ends. */
  push(chunk) {
    const end = chunk.lastIndexOf(LINE_FEED);
    if (end < 0) {
      this.#pieces.push(chunk);
      return [];
    }
    const whole = this.#take(chunk.subarray(0, end));
    if (end + 1 < chunk.length) this.#pieces.push(chunk.subarray(end + 1));
    return whole.toString('utf8').split('\n');
  }

  #take(last) {
    if (this.#pieces.length === 0) return last;
    const pieces = this.#pieces;
    this.#pieces = [];
    return Buffer.concat([...pieces, last]);
  }
}
