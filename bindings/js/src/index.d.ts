export type { CallOptions, EmitOptions, OfflineOptions, TimeOptions } from './calls.js';
export type {
  ClientEvents,
  ClientOptions,
  Notification,
  RequestInfo,
  ResponseInfo,
  SubscribeOptions,
  Subscription,
  WaitForOptions,
} from './client.js';
export { DaemonClient } from './client.js';
export type { ConnectionErrorKind, ErrorData } from './errors.js';
export { DaemonConnectionError, DaemonError, DaemonTimeoutError, SpoolError } from './errors.js';
export { PROTOCOL_VERSION } from './generated/constants.js';
export type { ErrorKind, ErrorKindInfo } from './generated/errors.js';
export { ERROR_KINDS } from './generated/errors.js';
export type { DaemonTopics } from './generated/topics.js';
export type { MethodMap, NotificationMap } from './generated/methods.js';
export * from './generated/types.js';
export type { Daemon, EventSpooled, Events, RunOptions, Tasks } from './tasks.js';
// By star: only what is exported so can be added to from outside.
export * from './topics.js';
