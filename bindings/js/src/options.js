'use strict';

/** The options of what takes time, and those of every call. */
const TIME_OPTIONS = ['signal', 'timeoutMs', 'deadline'];
const CALL_OPTIONS = [...TIME_OPTIONS, 'retry'];

/** The options of a call of `event.emit`, whose event may be spooled. */
const EMIT_OPTIONS = [...CALL_OPTIONS, 'offline'];

/** The options that were given. One that is unknown is an error: it would be ignored without a word. */
function checkedOptions(what, options, known) {
  if (options === null || typeof options !== 'object') {
    throw new TypeError(`the options of ${what} are an object, and not ${String(options)}`);
  }
  for (const name in options) {
    if (options[name] === undefined || known.includes(name)) continue;
    throw new TypeError(`${what} has no option ${name}; it has ${known.join(', ')}`);
  }
  return options;
}

module.exports = { CALL_OPTIONS, EMIT_OPTIONS, TIME_OPTIONS, checkedOptions };
