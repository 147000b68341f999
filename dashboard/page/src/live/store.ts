// Values that change, and the components that show them. Changes are shown once a frame, however many there were.

import { useEffect, useState } from 'preact/hooks';

const waiting = new Set<() => void>();
let isScheduled = false;

/** A hidden page has no frames: it is brought up to date this often, in milliseconds. */
const HIDDEN = 500;

function run() {
  isScheduled = false;
  const now = [...waiting];
  waiting.clear();
  for (const work of now) work();
}

/** Does this with the next frame, once. */
export function nextFrame(work: () => void) {
  waiting.add(work);
  if (isScheduled) return;
  isScheduled = true;
  if (document.hidden) setTimeout(run, HIDDEN);
  else requestAnimationFrame(run);
}

/** A page that is hidden between the request for a frame and the frame would wait for long. */
document.addEventListener('visibilitychange', () => {
  if (isScheduled) setTimeout(run);
});

/** A value that changes. */
export class Store<T> {
  #value: T;
  #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.changed();
  }

  update(change: (value: T) => T) {
    this.set(change(this.#value));
  }

  /** Tells that the inside of the value has changed. */
  changed() {
    nextFrame(this.#tell);
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell = () => {
    for (const listener of [...this.#listeners]) listener();
  };
}

/** Shows the component again when one of the stores has changed. */
export function useStores(...stores: Store<any>[]) {
  const [, again] = useState({});
  useEffect(() => {
    const show = () => again({});
    const stop = stores.map((store) => store.listen(show));
    // What has changed between the first look and this.
    show();
    return () => stop.forEach((end) => end());
  }, stores);
}

/** The value of a store, shown again when it changes. */
export function useValue<T>(store: Store<T>): T {
  useStores(store);
  return store.value;
}

const clock = new Store(Date.now());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The time, to the second; the component is shown again with each. */
export function useClock(): number {
  useEffect(() => {
    if (watchers++ === 0) timer = setInterval(() => clock.set(Date.now()), 1000);
    return () => {
      if (--watchers === 0) clearInterval(timer);
    };
  }, []);
  return useValue(clock);
}
