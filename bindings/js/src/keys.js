'use strict';

const { REPEATABLE } = require('./generated/constants.js');

let prefix;
let count = 0;

/** A name for a call that no other call has. It begins with the time, as what the daemon stores in order does best. */
function newKey() {
  // They are to be unlike, not secret: loading what makes secrets would take as long as the emit itself.
  prefix ??= [1, 2, 3].map(() => Math.random().toString(36).slice(2, 10)).join('');
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time}-${prefix}-${(++count).toString(36)}`;
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
