'use strict';

const { attempt } = require('./attempt.js');
const { DaemonTimeoutError, disconnected } = require('./errors.js');
const { TIME_OPTIONS, checkedOptions } = require('./options.js');
const { timeOf } = require('./timeout.js');

/** The first event from now on, or after `since`, that matches. */
async function waitFor(client, topics, given = {}) {
  const { where = () => true, since, ...options } = checkedOptions('waitFor', given, ['where', 'since', ...TIME_OPTIONS]);
  const timeoutMs = timeOf(options);
  const late = () => new DaemonTimeoutError(`waitFor(${JSON.stringify(topics)})`, timeoutMs, client.socketPath);
  return await attempt({ timeoutMs, signal: options.signal }, late, async (signal) => {
    signal.throwIfAborted();
    for await (const event of client.subscribe(topics, { since, signal, reconnect: true })) {
      if (where(event)) return event;
    }
    throw disconnected(client.socketPath, 'the client disconnected');
  });
}

module.exports = { waitFor };
