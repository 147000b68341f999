'use strict';

const { ended } = require('./attempt.js');

/** Waits so many milliseconds; fails with the signal's reason when it aborts. */
async function sleep(milliseconds, signal) {
  let timer;
  try {
    await ended(new Promise((resolve) => (timer = setTimeout(resolve, milliseconds))), signal);
  } finally {
    clearTimeout(timer);
  }
}

module.exports = { sleep };
