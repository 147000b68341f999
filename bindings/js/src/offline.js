'use strict';

/** True if an event that finds no daemon is to be spooled: as the caller says, or else the environment. */
function isOffline(given) {
  return given ?? !['', '0', 'false', 'no'].includes((process.env.AIWG_OFFLINE ?? '').toLowerCase());
}

/**
 * Spools the events of calls that find no daemon, and settles each: with the path of its file, or with an error. What is
 * written is what was to be sent, whatever has become of the payload since.
 */
async function spool(address, calls) {
  try {
    const { write } = require('./spool.js');
    const outcomes = await write(address, calls.map(eventOf));
    calls.forEach((call, n) => {
      if (outcomes[n] instanceof Error) call.fail(() => outcomes[n]);
      else call.succeed({ seq: 0, rules: [], path: outcomes[n] });
    });
  } catch (error) {
    for (const call of calls) call.fail(() => error);
  }
}

function eventOf({ line, offlineAt }) {
  const { newKey } = require('./keys.js');
  const { topic, payload, idempotencyKey = newKey() } = JSON.parse(line).params ?? {};
  return { topic, payload, at: offlineAt, idempotencyKey };
}

module.exports = { isOffline, spool };
