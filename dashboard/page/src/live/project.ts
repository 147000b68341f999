// A project's daemon: one client, its state, and one subscription to all its events.

import { DaemonClient, DaemonConnectionError, DaemonError, DaemonTimeoutError, type Event } from 'aiwg';

import { CODES, type End, cut, watchEnds } from '../transport/socket.js';
import { EventLog } from './events.js';
import { SIGNED_OUT, dashboard } from './session.js';
import { Store } from './store.js';

/** What `/dashboard.json` says of a project. */
export interface ProjectInfo {
  id: string;
  name: string | null;
  path: string | null;
  ws: string;
  page: string;
  notice: string | null;
}

/** What `/dashboard.json` says. */
export interface DashboardInfo {
  version: string;
  protocolVersion: string;
  readonly: boolean;
  all: boolean;
  agent: boolean;
  projects: ProjectInfo[];
}

/** How the way to the daemon stands. */
export type Line =
  | { state: 'connecting' }
  | { state: 'connected' }
  /** It is tried again. */
  | { state: 'away'; since: number; reason: string }
  /** A person must do something. */
  | { state: 'ended'; reason: string };

/** Time after which a call without an answer has failed, in milliseconds. */
const TIMEOUT = 60_000;

/** How often the daemon is asked for a sign of life, and how long it may take, in milliseconds. */
const PULSE = 20_000;
const PULSE_TIMEOUT = 8000;

/** Events from before the page was opened. */
const HISTORY = 300;

/** Pauses between looks at whether the dashboard is back, in milliseconds. */
const LOOK_AGAIN = 2000;

const UNREACHED =
  'the dashboard does not answer. If it has ended, start `aiwg dashboard` again, and open the address that it prints. ' +
  'If the tunnel to it has ended, start that again';

const START_IT = 'If it has ended, `aiwg daemon start` starts it';

/** The page's own calls that change something. */
const CHANGES = new RegExp(
  '^(daemon\\.(pause|resume)|task\\.(submit|cancel|retry|hold|release|take|give|send|apply)|approval\\.(approve|reject|answer)|' +
    'automation\\.(enable|disable)|schedule\\.run)$',
);

const projects = new Map<string, Project>();

watchEnds((end) => projects.get(end.address)?.ended(end));

/** The addresses of daemons that are away. */
export function away(): ReadonlySet<string | undefined> {
  return new Set([...projects].filter(([, { line }]) => line.value.state !== 'connected').map(([address]) => address));
}

/** Calls this once a daemon answers that is away; at once where it does. */
export function whenBack(address: string | undefined, then: () => void) {
  const line = projects.get(address ?? '')?.line;
  if (!line) return;
  const look = () => {
    if (line.value.state !== 'connected') return;
    stop();
    then();
  };
  const stop = line.listen(look);
  look();
}

/** A project's daemon, as the page sees it. */
export class Project {
  readonly info: ProjectInfo;
  readonly client: DaemonClient;
  readonly line = new Store<Line>({ state: 'connecting' });
  readonly log = new EventLog();
  /** Counts the times that the line has stood anew: what is shown is fetched again. */
  readonly epoch = new Store(0);
  /** Counts what this page has changed: not all of it has an event, and what is shown is fetched again. */
  readonly changes = new Store(0);
  #listeners = new Set<(event: Event) => void>();
  #end = new AbortController();
  #checking = false;

  constructor(info: ProjectInfo) {
    this.info = info;
    const address = new URL(info.ws, location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    projects.set(address.href, this);
    this.client = new DaemonClient({
      socketPath: address.href,
      timeoutMs: TIMEOUT,
      onResponse: ({ method, error }) => {
        if (error === undefined || error instanceof DaemonError) this.#answered();
        // A refusal, too, says that what is shown may be from before.
        if (CHANGES.test(method)) this.changes.update((n) => n + 1);
      },
    });
    void this.#follow();
    void this.#watch(address.href);
  }

  /** Calls the listener with each event, until the function that this gives is called. */
  onEvent(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close() {
    this.#end.abort();
    void this.client.disconnect();
  }

  /** A connection of this project has ended. */
  ended({ code, reason, isOurs }: End) {
    if (isOurs || this.#end.signal.aborted) return;
    if (code === CODES.noProject || code === CODES.notUsable) {
      const help = code === CODES.noProject ? '. `aiwg daemon start` starts one there.' : '';
      this.line.set({ state: 'ended', reason: (reason || 'this daemon cannot be used') + help });
      return;
    }
    if (code === CODES.dashboardEnds) {
      this.#away(UNREACHED);
      void this.#check();
      return;
    }
    if (code === CODES.daemonAway) return this.#away(`${reason || 'the daemon is away'}. ${START_IT}`);
    this.#away(reason || 'the connection to the dashboard is lost');
    if (code === 1006) void this.#check();
  }

  #away(reason: string) {
    const { value } = this.line;
    // What a person must do is not taken back by another attempt that has failed: only an answer does that.
    if (value.state === 'ended') return;
    this.line.set({ state: 'away', since: value.state === 'away' ? value.since : Date.now(), reason });
  }

  #answered() {
    const { value } = this.line;
    if (value.state === 'connected') return;
    this.line.set({ state: 'connected' });
    this.epoch.update((n) => n + 1);
  }

  /** Asks the dashboard itself what the matter is, until it answers. */
  async #check() {
    if (this.#checking) return;
    this.#checking = true;
    while (this.line.value.state === 'away' && !this.#end.signal.aborted) {
      try {
        if (await dashboard()) break;
        this.line.set({ state: 'ended', reason: `This page has been signed out. ${SIGNED_OUT}` });
      } catch {
        this.#away(UNREACHED);
      }
      await pause(LOOK_AGAIN, this.#end.signal);
    }
    this.#checking = false;
  }

  /**
   * Ends connections over which nothing comes any more, so that others are made: a machine that has slept, and a tunnel that has
   * lost its other end, do not tell.
   */
  async #watch(address: string) {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await this.#wakes();
      if (signal.aborted || this.line.value.state !== 'connected') continue;
      try {
        await this.client.request('ping', {}, { timeoutMs: PULSE_TIMEOUT, retry: false, signal });
      } catch (error) {
        if (!(error instanceof DaemonTimeoutError)) continue;
        this.#away('nothing comes from the daemon any more');
        cut(address);
        this.epoch.update((n) => n + 1);
      }
    }
  }

  /** Waits a while, or until somebody looks at the page again, or the machine is online again. */
  async #wakes() {
    const awake = new AbortController();
    const wake = () => !document.hidden && awake.abort();
    document.addEventListener('visibilitychange', wake);
    addEventListener('online', wake);
    await pause(PULSE, AbortSignal.any([awake.signal, this.#end.signal]));
    document.removeEventListener('visibilitychange', wake);
    removeEventListener('online', wake);
  }

  /** Follows all events, for as long as the page is there. */
  async #follow() {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        if (this.log.last === 0)
          for (const event of await this.client.event.list({ limit: HISTORY })) this.log.add(event);
        const onMissed = ({ missed, since }: { missed: number; since: number }) => this.#missed(missed, since);
        for await (const event of this.client.subscribe([], {
          since: this.log.last,
          reconnect: true,
          signal,
          onMissed,
        })) {
          this.log.add(event);
          for (const listener of this.#listeners) listener(event);
        }
      } catch (error) {
        if (error instanceof DaemonError) this.#away(error.message);
        else if (!(error instanceof DaemonConnectionError) && !signal.aborted) console.error(error);
      }
      await pause(1000, signal);
    }
  }

  #missed(missed: number, since: number) {
    this.log.missed += missed;
    // A log that was deleted counts from 1 again.
    if (since < this.log.last) this.log.clear();
    this.epoch.update((n) => n + 1);
  }
}

/** Waits, or until it is ended. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
