// The events of some topics: looked for in the whole log, by the daemon, and followed as they come.

import { DaemonError, type Event } from 'aiwg';

import { EventLog } from './events.js';
import type { Project } from './project.js';

/** Events of a look at the newest ones, and of one part of a look further back. */
const NEWEST = 300;
const PART = 250;

/** The most that are taken in with one call. */
const MOST_NEW = 1000;

/** A look further back ends with so many, or at the beginning of the log; one place of the log with more is looked at in parts. */
const ENOUGH = 100;
const TOO_MANY = 1000;

/** Numbers of events over which a look further back goes at first, and by how much more and less then. */
const STEP = 500;
const FACTOR = 4;

/** The globs, which commas and blanks part where they are not in braces. What has no wildcard is a beginning, as one types it. */
export function globs(text: string): string[] {
  const all = text.match(/(?:\{[^}]*\}|[^\s,])+/g) ?? [];
  return all.map((glob) => (/[*?[\]{}\\]/.test(glob) ? glob : `${glob}*`));
}

/** What a search has found. */
export class Search {
  readonly log = new EventLog();
  readonly topics: string[];
  #project: Project;
  /** The number of the oldest one in the daemon's log, once it is known. */
  #oldest: number | undefined;
  /** All events up to this number are looked through. */
  #upTo: number | undefined;
  /** How often the log was deleted when this began. */
  #deletions = 0;
  #step = STEP;
  /** Why the daemon will not look for it. */
  #refusal: Error | undefined;

  constructor(project: Project, text: string) {
    this.#project = project;
    this.topics = globs(text);
  }

  /** True if there is no sense in another look. */
  get isRefused(): boolean {
    return this.#refusal !== undefined;
  }

  /** True if all that the daemon's log has of it is here. */
  get isWhole(): boolean {
    const first = this.log.events[0];
    return this.#oldest !== undefined && (first === undefined || first.seq <= this.#oldest);
  }

  /** Looks for what is new. */
  async look(signal: AbortSignal) {
    if (this.#refusal) throw this.#refusal;
    try {
      if (this.#upTo === undefined || this.#deletions !== this.#project.log.deletions) await this.#begin(signal);
      else await this.#follow(this.#upTo, signal);
    } catch (error) {
      if (error instanceof DaemonError && error.kind === 'invalid_params') {
        this.#refusal = new Error(error.message.replace(/^the member "topics" is wrong: /, 'This is no pattern of topics: '));
        throw this.#refusal;
      }
      throw error;
    }
  }

  /** Loads what comes before what is here. */
  async older() {
    const first = this.log.events[0]?.seq ?? 0;
    const found: Event[] = [];
    let before = first;
    while (before > 1 && found.length < ENOUGH) {
      const since = Math.max(0, before - 1 - this.#step);
      const part = await this.#between(since, before);
      if (!part) {
        this.#step = Math.max(STEP, Math.floor(this.#step / FACTOR));
        continue;
      }
      found.unshift(...part);
      if (part.length < ENOUGH) this.#step *= FACTOR;
      before = since + 1;
    }
    this.log.addOlder(found);
    if (before <= 1) this.#oldest = this.log.events[0]?.seq;
  }

  async #begin(signal: AbortSignal) {
    const { log } = this.#project;
    const [deletions, upTo] = [log.deletions, log.last];
    const newest = await this.#list({ limit: NEWEST }, signal);
    let oldest = newest[0]?.seq ?? Infinity;
    // Fewer than asked for are all, or what an answer has room for.
    if (newest.length > 0) [{ seq: oldest } = { seq: oldest }] = await this.#list({ since: 0, limit: 1 }, signal);
    if (this.#upTo !== undefined) this.log.clear();
    for (const event of newest) this.log.add(event);
    this.#oldest = oldest;
    this.#deletions = deletions;
    this.#upTo = Math.max(upTo, this.log.last);
  }

  async #follow(from: number, signal: AbortSignal) {
    const seen = this.#project.log.last;
    for (let isFull = true; isFull && !signal.aborted; ) {
      const events = await this.#list({ since: this.#upTo ?? from, limit: MOST_NEW }, signal);
      for (const event of events) this.log.add(event);
      if (this.#oldest === Infinity && events[0]) this.#oldest = events[0].seq;
      this.#upTo = events.at(-1)?.seq ?? Math.max(from, seen);
      isFull = events.length === MOST_NEW;
    }
  }

  /** Those above one number and below another; undefined if they are too many. There is one at or above the second. */
  async #between(since: number, before: number): Promise<Event[] | undefined> {
    const found: Event[] = [];
    for (let at = since; ; ) {
      const part = await this.#list({ since: at, limit: PART });
      found.push(...part.filter(({ seq }) => seq < before));
      const last = part.at(-1);
      if (!last || last.seq >= before) return found;
      if (found.length >= TOO_MANY && this.#step > STEP) return undefined;
      at = last.seq;
    }
  }

  async #list(params: { since?: number; limit: number }, signal?: AbortSignal): Promise<Event[]> {
    return await this.#project.client.event.list({ ...params, topics: this.topics }, { signal });
  }
}
