// Answers of the daemon that are kept up to date: asked for again when an event says that they may have changed.

import type { Event } from 'aiwg';
import { useEffect, useMemo } from 'preact/hooks';

import type { Project } from './project.js';
import { Store, useValue } from './store.js';

/** What is known of an answer. */
export interface Answer<T> {
  data: T | undefined;
  /** Why there is no newer one. */
  error: Error | undefined;
  isLoading: boolean;
}

/** How a query is kept up to date. */
export interface Freshness {
  /** True for an event after which the answer may be another. */
  when?: (event: Event) => boolean;
  /** The time between two looks when nothing says that it may be another, in milliseconds; more where an answer takes long. */
  every?: number;
}

/** The shortest time between two looks, in milliseconds; each takes at most a fifth of the time. */
const LEAST = 250;
const SHARE = 4;

/** Looks for which nothing is known to have changed take at most a twentieth of the time. */
const IDLE_SHARE = 19;

/** The time between two looks at what time alone changes, such as the end of a hold, in milliseconds. */
export const WITHOUT_EVENT = 10_000;

const NOTHING: Answer<never> = { data: undefined, error: undefined, isLoading: true };

/** One query, for as long as something shows it. */
export class Query<T> {
  readonly answer = new Store<Answer<T>>(NOTHING);
  #project: Project;
  #ask: (signal: AbortSignal) => Promise<T>;
  #freshness: Freshness;
  #end = new AbortController();
  #isAsking = false;
  #isStale = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #notBefore = 0;
  #stops: (() => void)[] = [];

  constructor(project: Project, ask: (signal: AbortSignal) => Promise<T>, freshness: Freshness) {
    this.#project = project;
    this.#ask = ask;
    this.#freshness = freshness;
  }

  start() {
    const { when } = this.#freshness;
    if (when) this.#stops.push(this.#project.onEvent((event) => when(event) && this.again()));
    this.#stops.push(this.#project.epoch.listen(() => this.again()));
    this.#stops.push(this.#project.changes.listen(() => this.again()));
    document.addEventListener('visibilitychange', this.#look);
    this.#stops.push(() => document.removeEventListener('visibilitychange', this.#look));
    this.#look();
  }

  stop() {
    this.#end.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#idle);
    for (const stop of this.#stops) stop();
  }

  /** Asks again, soon. */
  again = () => {
    this.#isStale = true;
    this.#look();
  };

  #look = () => {
    if (!this.#isStale || this.#isAsking || this.#end.signal.aborted || this.#timer !== undefined) return;
    // Nobody sees it; it is asked for when somebody does.
    if (document.hidden && this.answer.value.data !== undefined) return;
    const delay = this.#notBefore - performance.now();
    if (delay <= 0) return void this.#run();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, delay);
  };

  async #run() {
    clearTimeout(this.#idle);
    this.#isAsking = true;
    this.#isStale = false;
    const began = performance.now();
    try {
      const data = await this.#ask(this.#end.signal);
      if (!this.#end.signal.aborted) this.answer.set({ data, error: undefined, isLoading: false });
    } catch (error) {
      if (this.#end.signal.aborted) return;
      this.answer.update(({ data }) => ({ data, error: error as Error, isLoading: false }));
    }
    this.#isAsking = false;
    const now = performance.now();
    this.#notBefore = now + Math.max(LEAST, SHARE * (now - began));
    const { every } = this.#freshness;
    if (every) this.#idle = setTimeout(this.again, Math.max(every, IDLE_SHARE * (now - began)));
    this.#look();
  }
}

/** The answer to a query; another one with other keys. */
export function useQuery<T>(
  project: Project,
  ask: (signal: AbortSignal) => Promise<T>,
  freshness: Freshness,
  keys: unknown[] = [],
): Answer<T> & { again: () => void } {
  const query = useMemo(() => new Query(project, ask, freshness), [project, ...keys]);
  useEffect(() => {
    query.start();
    return () => query.stop();
  }, [query]);
  return { ...useValue(query.answer), again: query.again };
}

/** True for events of these kinds: the part of a topic before its colon. */
export function ofKinds(...kinds: string[]): (event: Event) => boolean {
  const set = new Set(kinds);
  return ({ topic }) => set.has(topic.slice(0, topic.indexOf(':')));
}

/** True for events about this task. */
export function ofTask(id: string): (event: Event) => boolean {
  return ({ topic, payload }) =>
    /^(task|approval):/.test(topic) && (payload as { taskId?: string } | null)?.taskId === id;
}
