'use strict';

const { ENDS_TASK } = require('./abandoned.js');
const { attempt } = require('./attempt.js');
const { DaemonTimeoutError } = require('./errors.js');
const { DaemonMethods, EventMethods, TaskMethods } = require('./generated/methods.js');
const { CALL_OPTIONS, TIME_OPTIONS, checkedOptions } = require('./options.js');
const { timeOf } = require('./timeout.js');

/** How long the daemon waits for something new before it answers, in milliseconds. */
const WAIT = 20_000;

/** How long a task that nobody waits for any more is given to be cancelled, in milliseconds. */
const CANCEL_TIMEOUT = 5000;

/** Where `@opentelemetry/api` says that the program traces. Where it does not, nothing is loaded for that. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** The program's own function has failed. */
class Mistake extends Error {}

/** The methods of `task`, and what is made of them. */
class Tasks extends TaskMethods {
  submit(params, options) {
    const { traced } = require('./trace.js');
    return super.submit(traced(params), options);
  }

  async *iterate({ cursor, ...params } = {}, options) {
    for (;;) {
      const page = await this.list({ ...params, cursor }, options);
      if (page.length === 0) return;
      yield* page;
      cursor = page.at(-1).id;
    }
  }

  async *follow({ offset = 0, ...params }, options = {}) {
    const { waitMs, ...patient } = waiting('task.follow', options);
    let last;
    for (;;) {
      const chunk = await this.output({ ...params, offset, waitMs }, patient);
      // Another attempt at the task begins anew, and so does its output.
      const isAnother = last !== undefined && chunk.attempt !== last && chunk.offset > 0;
      last = chunk.attempt;
      if (isAnother) {
        offset = 0;
        continue;
      }
      if (chunk.data !== '') yield chunk.data;
      if (chunk.ended) return;
      offset = chunk.nextOffset;
    }
  }

  async run(params, given = {}) {
    const { onOutput, ...options } = checkedOptions('task.run', given, [...TIME_OPTIONS, 'onOutput']);
    const timeoutMs = timeOf(options);
    const late = () => new DaemonTimeoutError('task.run', timeoutMs);
    return await attempt({ timeoutMs, signal: options.signal }, late, async (signal) => {
      signal.throwIfAborted();
      const { taskId } = await this.submit(params, { signal, [ENDS_TASK]: true });
      try {
        if (onOutput) {
          for await (const text of this.follow({ taskId }, { signal })) tell(text, onOutput);
        }
        return await this.wait({ taskId }, { signal, timeoutMs: null });
      } catch (error) {
        // Nobody waits for that: it is sent at once, and a daemon that hangs is no reason to go on after the time.
        if (signal.aborted || error instanceof Mistake) cancel(this, taskId);
        throw error instanceof Mistake ? error.cause : error;
      }
    });
  }
}

function tell(text, onOutput) {
  try {
    onOutput(text);
  } catch (cause) {
    throw new Mistake('onOutput has thrown', { cause });
  }
}

/** Cancels a task. It has ended, or nobody can be told, where that fails. */
function cancel(tasks, taskId) {
  tasks.cancel({ taskId }, { timeoutMs: CANCEL_TIMEOUT }).catch(() => {});
}

/**
 * The options of a call that waits for something new, and how long the daemon is to wait, in milliseconds. The client's
 * time-out is for answers that come at once.
 */
function waiting(what, given = {}) {
  const { timeoutMs = null, ...options } = checkedOptions(what, given, CALL_OPTIONS);
  return { ...options, timeoutMs, waitMs: Math.min(WAIT, Math.ceil((timeoutMs ?? Infinity) / 2)) };
}

/** The methods of `event`, and what is made of them. */
class Events extends EventMethods {
  emit(params, options) {
    if (globalThis[REGISTERED] === undefined) return super.emit(params, options);
    const { tracedEvent } = require('./trace.js');
    return super.emit(tracedEvent(params), options);
  }

  async *iterate({ since = 0, ...params } = {}, options) {
    for (;;) {
      const page = await this.list({ ...params, since }, options);
      if (page.length === 0) return;
      yield* page;
      since = page.at(-1).seq;
    }
  }
}

/** The methods of `daemon`, and what is made of them. */
class Daemon extends DaemonMethods {
  async *followLogs(params, options) {
    const { waitMs, ...patient } = waiting('daemon.followLogs', options);
    let page = await this.logs(params, options);
    for (;;) {
      yield* page.lines;
      page = await this.logs({ cursor: page.cursor, waitMs }, patient);
    }
  }
}

module.exports = { Daemon, Events, Tasks };
