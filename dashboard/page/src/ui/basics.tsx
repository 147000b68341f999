// Small parts that all views are made of.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { DaemonConnectionError, DaemonTimeoutError } from 'aiwg';

import { fullTime, moment, relative } from '../live/format.js';
import { away, whenBack } from '../live/project.js';
import { Store, useClock, useValue } from '../live/store.js';
import { to } from './route.js';

/** A state by its shape and its word. The shapes differ, for those who do not see the colours. */
export function State({ state, word }: { state: string; word?: string }) {
  return (
    <span class={`state state-${state}`}>
      <Glyph state={state} />
      <span class={word === '' ? 'unseen' : undefined}>{word || state}</span>
    </span>
  );
}

const SHAPES: Record<string, string> = {
  queued: 'M8 2.8a5.2 5.2 0 1 1 0 10.4a5.2 5.2 0 0 1 0-10.4M8 5v3.2l2.2 1.4',
  running: 'M8 2.5a5.5 5.5 0 1 1-5.5 5.5',
  completed: 'M3 8.6l3.3 3.2L13 4.6',
  failed: 'M4 4l8 8M12 4l-8 8',
  timeout: 'M4 2.8h8M4 13.2h8M5 2.8c0 3 6 7.4 6 10.4M11 2.8c0 3-6 7.4-6 10.4',
  cancelled: 'M8 2.8a5.2 5.2 0 1 1 0 10.4a5.2 5.2 0 0 1 0-10.4M4.4 11.6l7.2-7.2',
};

export function Glyph({ state }: { state: string }) {
  return (
    <svg class={`glyph glyph-${state}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[state] ?? 'M8 7.9v.2'} />
    </svg>
  );
}

/** A moment, in the reader's time zone; all of it on pointing at it. */
export function Moment({ at }: { at: string | null | undefined }) {
  if (!at) return <span class="faint">—</span>;
  return (
    <time dateTime={at} title={fullTime(at)}>
      {moment(at)}
    </time>
  );
}

/** How long ago something was, or how long until it is; it counts. */
export function Ago({ at }: { at: string | null | undefined }) {
  const now = useClock();
  if (!at) return <span class="faint">—</span>;
  return (
    <time dateTime={at} title={fullTime(at)}>
      {relative(at, now)}
    </time>
  );
}

export function TaskLink({ id, children }: { id: string; children?: ComponentChildren }) {
  return (
    <a class={children ? 'task-link' : 'id'} href={to('task', id)}>
      {children ?? id}
    </a>
  );
}

/** A part of a view, with its heading. */
export function Section(props: {
  title: string;
  count?: number | string;
  side?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class={`section ${props.class ?? ''}`} aria-labelledby={id}>
      <header class="section-head">
        <h2 id={id}>
          {props.title}
          {props.count !== undefined && <span class="count">{props.count}</span>}
        </h2>
        {props.side && <div class="section-side">{props.side}</div>}
      </header>
      {props.children}
    </section>
  );
}

/** What stands where there is nothing. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** An answer that did not come. */
export function Failure({ error, again }: { error: Error | undefined; again?: () => void }) {
  if (!error) return null;
  return (
    <p class="failure" role="alert">
      {inWords(error)}
      {again && (
        <button class="button quiet" type="button" onClick={again}>
          Try again
        </button>
      )}
    </p>
  );
}

/** A view whose answer has not come. */
export function Loading(props: { error: Error | undefined; again: () => void }) {
  return (
    <div class="view">
      <Failure {...props} />
      {!props.error && <p class="faint">Looking…</p>}
    </div>
  );
}

const said = new Store<{ id: number; text: string; isError: boolean }[]>([]);
let lastId = 0;

/** Tells the reader something for a moment. */
export function say(text: string, isError = false): number {
  const id = ++lastId;
  said.update((all) => [...all.slice(-3), { id, text, isError }]);
  setTimeout(() => hush(id), isError ? 12_000 : 5000);
  return id;
}

/** An error as the reader is told it. What upgrades a package upgrades no page: that comes with the program. */
const inWords = (error: Error) =>
  error instanceof DaemonConnectionError && error.kind === 'unreadable'
    ? 'The answer of the daemon cannot be understood: it may be newer than this page, and what was asked for may be done. Start the dashboard again; `aiwg self` says how it is upgraded.'
    : error.message;

/** Tells the reader why something was not done. `wereAway` are the addresses of daemons that were away before it was tried. */
function sayWhyNot(error: Error, wereAway: ReadonlySet<string | undefined>) {
  if (!(error instanceof DaemonConnectionError) || error.kind === 'unreadable') return say(inWords(error), true);
  if (wereAway.has(error.path)) {
    const id = say('Nothing was done: the daemon is away. Do it again once it is back.', true);
    return whenBack(error.path, () => hush(id));
  }
  // It may have been done: that is not over once the daemon is back.
  const why = error instanceof DaemonTimeoutError ? 'The daemon has not answered in time' : 'The daemon went away before it answered';
  return say(`${why}: look whether it was done, once it is back.`, true);
}

const hush = (id: number) => said.update((all) => all.filter((one) => one.id !== id));

/** What was said. */
export function Said() {
  const all = useValue(said);
  return (
    <div class="said" role="status" aria-live="polite">
      {all.map(({ id, text, isError }) => (
        <p key={id} class={isError ? 'is-error' : ''}>
          <span>{text}</span>
          <button type="button" class="button quiet" onClick={() => hush(id)} aria-label="Close">
            ×
          </button>
        </p>
      ))}
    </div>
  );
}

/** A button that does something at the daemon, once at a time, and tells what came of it. */
export function Act(props: {
  act: () => Promise<string | void>;
  children: ComponentChildren;
  class?: string;
  /** What is asked before it is done; nothing when absent. */
  sure?: string;
  label?: string;
  disabled?: boolean;
  isOnly?: boolean;
}) {
  const [isBusy, setBusy] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const here = useRef(true);
  useEffect(() => () => void (here.current = false), []);
  useEffect(() => {
    if (!isAsked) return;
    const timer = setTimeout(() => setAsked(false), 6000);
    return () => clearTimeout(timer);
  }, [isAsked]);
  if (isReadonly.value) return null;
  const press = async () => {
    if (isBusy) return;
    if (props.sure && !isAsked) return setAsked(true);
    setAsked(false);
    setBusy(true);
    const wereAway = away();
    try {
      const text = await props.act();
      if (text) say(text);
    } catch (error) {
      sayWhyNot(error as Error, wereAway);
    }
    if (here.current) setBusy(false);
  };
  return (
    <button
      type="button"
      class={`button ${props.class ?? ''} ${isAsked ? 'is-asked' : ''}`}
      aria-busy={isBusy}
      aria-disabled={props.disabled || isBusy}
      aria-label={isAsked ? undefined : props.label}
      onClick={() => !props.disabled && void press()}
      onBlur={() => setAsked(false)}
      onKeyDown={(event) => event.key === 'Escape' && setAsked(false)}
    >
      {isAsked ? props.sure : props.children}
    </button>
  );
}

/** A button that looks at something at the daemon, and changes nothing there. */
export function Look(props: { look: () => Promise<void>; children: ComponentChildren; class?: string; label: string }) {
  const [isBusy, setBusy] = useState(false);
  const press = async () => {
    if (isBusy) return;
    setBusy(true);
    const wereAway = away();
    await props.look().catch((error) => sayWhyNot(error as Error, wereAway));
    setBusy(false);
  };
  return (
    <button
      type="button"
      class={`button ${props.class ?? ''}`}
      aria-busy={isBusy}
      aria-label={props.label}
      onClick={() => void press()}
    >
      {props.children}
    </button>
  );
}

/** True if the dashboard passes on nothing that changes something. */
export const isReadonly = new Store(false);

/** A dialog over the page. */
export function Dialog(props: { title: string; close: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const isOver = useRef(false);
  // Before it is seen: keys that are pressed at once are meant for it.
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const dialog = ref.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>('textarea, input, select')?.focus();
    return () => {
      // Its late event would close the next one.
      isOver.current = true;
      dialog?.close();
      before?.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        props.close();
      }}
      onClose={() => !isOver.current && props.close()}
      onClick={(event) => event.target === ref.current && props.close()}
    >
      <div class="dialog-inside">
        <header>
          <h2 id={id}>{props.title}</h2>
          <button type="button" class="button quiet" onClick={props.close} aria-label="Close">
            ×
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

/** A few choices of which one holds. */
export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  choose: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="unseen">{props.label}</legend>
      {props.options.map(([value, text]) => (
        <label key={value}>
          <input type="radio" name={name} checked={value === props.value} onChange={() => props.choose(value)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
