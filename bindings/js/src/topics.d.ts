import type { EmitOptions } from './calls.js';
import type { DaemonTopics } from './generated/topics.js';
import type { Event } from './generated/types.js';

/**
 * The project's own topics, each with its payload. `aiwg generate ts` writes a file that adds to it; until then it is empty, and
 * events of every topic may have any payload. What it writes is `declare module 'aiwg' { interface TopicMap { … } }`.
 */
export interface TopicMap {}

/** The settings of the project's topics. `aiwg generate ts` adds `strict: true` where the configuration has `strict_topics`. */
export interface TopicSettings {}

/** The payload of an event of this topic: any, unless the topic is declared or the daemon's own. */
export type PayloadOf<T extends string> = T extends keyof TopicMap
  ? TopicMap[T]
  : T extends keyof DaemonTopics
    ? DaemonTopics[T]
    : unknown;

/** The topics of events that programs may emit: every one, unless the configuration has `strict_topics`. */
export type EmittableTopic = TopicSettings extends { strict: true }
  ? keyof TopicMap & string
  : (keyof TopicMap & string) | (string & {});

/** The arguments of `emit` after the topic. A payload that may be `null` may be left out. */
export type EmitArguments<T extends string, Options = EmitOptions> = null extends PayloadToEmit<T>
  ? [payload?: PayloadToEmit<T>, options?: Options]
  : [payload: PayloadToEmit<T>, options?: Options];

/** The arguments of an `emit` after the topic whose event may be spooled. */
export type OfflineArguments<T extends string> = [payload: PayloadToEmit<T>, options: EmitOptions & { offline: true }];

type PayloadToEmit<T extends string> = T extends keyof TopicMap ? TopicMap[T] : unknown;

/** An event of this topic, with its payload. */
export interface TopicEvent<T extends string> extends Event {
  topic: T;
  payload: PayloadOf<T>;
}

/** The first part of each of the daemon's own topics: nobody else emits events of such topics. */
type OwnNamespace<T = keyof DaemonTopics> = T extends `${infer Namespace}:${string}` ? Namespace : never;

/** What stands between commas. */
type Choice<T extends string> = T extends `${infer First},${infer Rest}` ? First | Choice<Rest> : T;

/** The patterns that one with alternatives, `{a,b}`, stands for. */
type Alternative<T extends string> = T extends `${infer Before}{${infer Choices}}${infer After}`
  ? Choices extends `${string}{${string}`
    ? T
    : Alternative<`${Before}${Choice<Choices>}${After}`>
  : T;

/** A pattern that several topics may match. */
type Glob = `${string}${'*' | '?' | '[' | '{'}${string}`;

/** The daemon's own topics that begin so. */
type OwnTopic<Begin extends string> =
  | Extract<keyof DaemonTopics, `${Begin}${string}`>
  | (`${Begin}${string}` extends keyof DaemonTopics ? `${Begin}${string}` : never);

type EventOfTopic<T> = T extends keyof TopicMap | keyof DaemonTopics ? TopicEvent<T & string> : Event;

/** An event of one of these topics; any where there is none. */
type EventOfAny<T> = [T] extends [never] ? Event : EventOfTopic<T>;

type EventOfGlob<T extends string> = T extends `${infer Begin}*`
  ? Begin extends Glob
    ? Event
    : Begin extends `${OwnNamespace}:${string}`
      ? EventOfAny<OwnTopic<Begin>>
      : Event
  : Event;

type EventOfPattern<T extends string> = T extends Glob ? EventOfGlob<T> : EventOfTopic<T>;

/**
 * An event that a subscription to these topics gets: of a declared topic with its payload; of a glob over the daemon's own, such
 * as `task:*` or `task:{completed,failed}`, with that of one of them, which `topic` tells; of any other glob with any.
 *
 * @example
 * for await (const { topic, payload } of client.subscribe('task:*', { since: 0 })) {
 *   if (topic === 'task:failed') console.warn(payload.taskId);
 *   if (topic === 'task:completed') break;
 * }
 */
export type EventOf<T extends string> = EventOfPattern<Alternative<T>>;
