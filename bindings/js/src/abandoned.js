'use strict';

/** Marks the options of a submission whose task nobody wants if the submission is given up. */
const ENDS_TASK = Symbol('endsTask');

/** How long the answer to a submission that was given up keeps the process alive, in milliseconds. */
const GRACE = 5000;

/**
 * The submissions of a connection that were given up without an answer. What was sent takes effect, be it late: so the task is
 * cancelled as soon as the answer tells which one it is.
 */
class Abandoned {
  #submissions = new Map();

  add(id) {
    const submission = {};
    submission.isOver = new Promise((resolve) => (submission.end = resolve));
    submission.timer = setTimeout(submission.end, GRACE);
    this.#submissions.set(id, submission);
  }

  /** The line that cancels the task which this message tells of; undefined where it tells of none. */
  cancellation({ id, result }) {
    if (!this.#end(id) || typeof result?.taskId !== 'string') return undefined;
    return JSON.stringify({ jsonrpc: '2.0', method: 'task.cancel', params: { taskId: result.taskId } });
  }

  /** Waits for their answers, for as long as these keep the process alive. */
  async settled() {
    await Promise.all(Array.from(this.#submissions.values(), ({ isOver }) => isOver));
  }

  /** Notes that the connection has ended. */
  clear() {
    for (const id of [...this.#submissions.keys()]) this.#end(id);
  }

  #end(id) {
    const submission = this.#submissions.get(id);
    if (submission === undefined) return false;
    this.#submissions.delete(id);
    clearTimeout(submission.timer);
    submission.end();
    return true;
  }
}

module.exports = { Abandoned, ENDS_TASK };
