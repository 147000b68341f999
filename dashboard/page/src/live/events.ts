// The events of a project as they come, as many as are kept in memory.

import type { Event } from 'aiwg';

import { Store } from './store.js';

/** How many events are kept, and how many characters of a payload. */
export const MOST_EVENTS = 5000;
const MOST_PAYLOAD = 16 * 1024;
/** All that is kept of payloads, in characters. */
const MOST_TEXT = 16 * 1024 * 1024;

/** How often what has come is shown, in milliseconds: nobody reads faster. */
const SHOWS = 120;

/** An event, with its payload as text. */
export interface Kept {
  seq: number;
  topic: string;
  source: string;
  at: string;
  cause: Event['causedBy'];
  /** The payload as JSON on one line; cut where it is long. */
  text: string;
  /** Number of characters that are not kept. */
  cut: number;
  /** The payload; undefined where it is cut. */
  payload: unknown;
}

function kept(event: Event): Kept {
  const whole = JSON.stringify(event.payload) ?? 'null';
  const cut = Math.max(0, whole.length - MOST_PAYLOAD);
  return {
    seq: event.seq,
    topic: event.topic,
    source: event.source,
    at: event.at,
    cause: event.causedBy,
    text: cut > 0 ? whole.slice(0, MOST_PAYLOAD) : whole,
    cut,
    payload: cut > 0 ? undefined : event.payload,
  };
}

/** The latest events, the oldest first. */
export class EventLog {
  /** Changes with each event. */
  readonly version = new Store(0);
  /** Number of events that the daemon has passed over, since this page was too slow. */
  missed = 0;
  /** Number of events since the page was opened. */
  received = 0;
  /** How often the daemon's log was deleted. */
  deletions = 0;
  #events: Kept[] = [];
  #size = 0;
  #isToShow = false;
  /** Time at which it was shown last, as `performance.now()` has it. */
  #shownAt = 0;

  get events(): readonly Kept[] {
    return this.#events;
  }

  get last(): number {
    return this.#events.at(-1)?.seq ?? 0;
  }

  /** Number of events above this number. */
  countAfter(seq: number): number {
    const at = this.#events.findLastIndex((event) => event.seq <= seq);
    return this.#events.length - 1 - at;
  }

  add(event: Event) {
    if (event.seq <= this.last) return;
    const entry = kept(event);
    this.#events.push(entry);
    this.#size += entry.text.length;
    this.received++;
    // In steps, so that it does not move all of them for each.
    if (this.#events.length > MOST_EVENTS * 1.2 || this.#size > MOST_TEXT) this.#forget();
    this.#show();
  }

  /** Puts older ones before those that are here. */
  addOlder(events: Event[]) {
    const first = this.#events[0]?.seq ?? Infinity;
    const older = events.filter(({ seq }) => seq < first).map(kept);
    for (const { text } of older) this.#size += text.length;
    this.#events = [...older, ...this.#events];
    this.version.update((n) => n + 1);
  }

  /** The log was deleted and begins anew. */
  clear() {
    this.deletions++;
    this.#events = [];
    this.#size = 0;
    this.version.update((n) => n + 1);
  }

  /** Shows what has come: the first one at once, and of many what is there when it is time. */
  #show() {
    if (this.#isToShow) return;
    this.#isToShow = true;
    setTimeout(
      () => {
        this.#isToShow = false;
        this.#shownAt = performance.now();
        this.version.update((n) => n + 1);
      },
      Math.max(0, this.#shownAt + SHOWS - performance.now()),
    );
  }

  #forget() {
    let drop = Math.max(0, this.#events.length - MOST_EVENTS);
    for (let n = 0; n < drop; n++) this.#size -= this.#events[n]!.text.length;
    while (this.#size > MOST_TEXT / 2 && drop < this.#events.length - 1)
      this.#size -= this.#events[drop++]!.text.length;
    this.#events = this.#events.slice(drop);
  }
}
