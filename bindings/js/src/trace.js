'use strict';

/** Where `@opentelemetry/api` keeps what the program has registered with it: nothing is loaded to look there. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** What W3C Trace Context names. */
const FIELDS = ['traceparent', 'tracestate'];

/** The one of them that an event carries, as the daemon takes it. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The trace that the program is in; empty where it traces nothing. */
function current() {
  const { context, propagation } = globalThis[REGISTERED] ?? {};
  const found = {};
  if (!context || !propagation) return found;
  const set = (carrier, key, value) => FIELDS.includes(key) && (carrier[key] = value);
  try {
    propagation.inject(context.active(), found, { set });
  } catch {
    // A trace that cannot be had is no reason not to make the call.
    return {};
  }
  return found;
}

/**
 * The params of a task with the caller's trace in their `metadata`, so that the trace leads to the agent. The same params
 * where the program traces nothing, or has put a trace there itself.
 */
function traced(params) {
  if (params?.metadata?.traceparent !== undefined) return params;
  const found = current();
  if (found.traceparent === undefined) return params;
  return { ...params, metadata: { ...found, ...params?.metadata } };
}

/** The same of an event, which has a member of its own for it. */
function tracedEvent(params) {
  if (params === null || typeof params !== 'object' || params.traceparent !== undefined) return params;
  const { traceparent } = current();
  return isTraceparent(traceparent) ? { ...params, traceparent } : params;
}

function isTraceparent(trace) {
  return typeof trace === 'string' && TRACEPARENT.test(trace);
}

module.exports = { isTraceparent, traced, tracedEvent };
