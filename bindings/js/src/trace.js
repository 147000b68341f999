'use strict';

/** Where `@opentelemetry/api` keeps what the program has registered with it: nothing is loaded to look there. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** What W3C Trace Context names. */
const FIELDS = ['traceparent', 'tracestate'];

/**
 * The params of a task with the caller's trace in their `metadata`, so that the trace leads to the agent. The same params
 * where the program traces nothing, or has put a trace there itself.
 */
function traced(params) {
  const { context, propagation } = globalThis[REGISTERED] ?? {};
  if (!context || !propagation || params?.metadata?.traceparent !== undefined) return params;
  const found = {};
  const set = (carrier, key, value) => FIELDS.includes(key) && (carrier[key] = value);
  try {
    propagation.inject(context.active(), found, { set });
  } catch {
    // A trace that cannot be had is no reason not to submit the task.
    return params;
  }
  if (found.traceparent === undefined) return params;
  return { ...params, metadata: { ...found, ...params?.metadata } };
}

module.exports = { traced };
