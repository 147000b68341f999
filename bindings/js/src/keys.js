'use strict';

const { REPEATABLE } = require('./generated/constants.js');

let prefix;
let count = 0;

/** A name for a call that no other call has. It begins with the time, as what the daemon stores in order does best. */
function newKey() {
  // They are to be unlike, not secret: loading what makes secrets would take as long as the emit itself.
  prefix ??= hex(Math.random() * 2 ** 52, 13);
  // 32 figures, which the daemon stores as a number.
  return hex(Date.now(), 12) + prefix + hex(++count, 7);
}

function hex(number, width) {
  return Math.floor(number).toString(16).padStart(width, '0');
}

/**
 * The way in which a call may be repeated whose answer was lost: `isRepeatable`, and the params with which it is sent, which
 * hold a key where the daemon needs one to know the call again.
 */
function repeatable(method, params, { retry, hasKeys }) {
  const how = retry && Object.hasOwn(REPEATABLE, method) ? REPEATABLE[method] : undefined;
  if (how !== 'key' || params?.idempotencyKey !== undefined) return { isRepeatable: how !== undefined, params };
  if (!hasKeys || (params !== undefined && !isObject(params))) return { isRepeatable: false, params };
  return { isRepeatable: true, isKeyed: true, params: { ...params, idempotencyKey: newKey() } };
}

function isObject(params) {
  return params !== null && typeof params === 'object' && !Array.isArray(params);
}

/** True if a call changes nothing. */
function isSafe(method) {
  return REPEATABLE[method] === 'safe';
}

module.exports = { isSafe, newKey, repeatable };
