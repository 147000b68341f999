'use strict';

const { onAbort } = require('./aborts.js');

/** The end of a promise, or of the wait for it: then the signal's reason. */
async function ended(promise, signal) {
  let ignore;
  const aborted = new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else ignore = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    ignore?.();
  }
}

module.exports = { ended };
