// The output of a task, followed as it grows.

import type { OutputStream } from 'aiwg';

import { Steps } from '../output/steps.js';
import { type Project, pause } from './project.js';
import { Store } from './store.js';

/** How long the daemon waits for something new before it answers, in milliseconds. */
const WAIT = 20_000;

/** Output that is read from its beginning, in bytes; of longer ones, the end is shown too, and not what is between. */
const HEAD = 4 * 1024 * 1024;
const TAIL = 2 * 1024 * 1024;

/** Output of one of a task's streams. */
export class Output {
  readonly version = new Store(0);
  steps = new Steps();
  /** Bytes that were read over. */
  skipped = 0;
  /** True once no more will come. */
  ended = false;
  attempt = 0;
  error: Error | undefined;
  #project: Project;
  #taskId: string;
  #stream: OutputStream;
  #end = new AbortController();

  constructor(project: Project, taskId: string, stream: OutputStream) {
    this.#project = project;
    this.#taskId = taskId;
    this.#stream = stream;
    void this.#follow();
  }

  close() {
    this.#end.abort();
  }

  async #follow() {
    const { signal } = this.#end;
    let offset = 0;
    while (!signal.aborted && !this.ended) {
      try {
        const chunk = await this.#ask(offset, WAIT);
        this.error = undefined;
        if (chunk.attempt !== this.attempt) {
          // Another attempt begins anew, and so does its output.
          const isFirst = this.attempt === 0;
          this.attempt = chunk.attempt;
          this.steps = new Steps();
          this.skipped = 0;
          if (!isFirst && chunk.offset > 0) {
            offset = 0;
            continue;
          }
        }
        if (chunk.offset > offset) {
          // What is between is on the host that has run it.
          this.skipped += chunk.offset - offset;
          this.steps.skip(chunk.offset - offset);
        }
        if (chunk.data !== '') this.steps.add(chunk.data);
        offset = chunk.nextOffset;
        this.ended = chunk.ended;
        if (this.ended) this.steps.end();
        this.version.update((n) => n + 1);
        if (!this.ended && this.skipped === 0 && offset >= HEAD) offset = await this.#tail(offset);
      } catch (error) {
        if (signal.aborted) return;
        this.error = error as Error;
        this.version.update((n) => n + 1);
        await pause(1000, signal);
      }
    }
  }

  /** The place near the end to go on at. */
  async #tail(from: number): Promise<number> {
    let low = from;
    let high = from * 2;
    while (await this.#hasAt(high)) [low, high] = [high, high * 2];
    while (high - low > TAIL / 8) {
      const middle = Math.floor((low + high) / 2);
      if (await this.#hasAt(middle)) low = middle;
      else high = middle;
    }
    const to = Math.max(from, low - TAIL);
    if (to - from < TAIL) return from;
    this.skipped = to - from;
    this.steps.skip(this.skipped);
    return to;
  }

  async #hasAt(offset: number): Promise<boolean> {
    return (await this.#ask(offset, 0)).data !== '';
  }

  async #ask(offset: number, waitMs: number) {
    const params = { taskId: this.#taskId, stream: this.#stream, offset, waitMs };
    return await this.#project.client.task.output(params, { signal: this.#end.signal });
  }
}
