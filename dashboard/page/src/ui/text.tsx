// Texts from elsewhere: shown to the letter, and folded where they are long.

import { useLayoutEffect, useMemo, useState } from 'preact/hooks';

import { bytes, visible } from '../live/format.js';

/** How much more of one text is shown each time that more is asked for, in characters. */
const MOST = 64 * 1024;

/** Which texts of a card have not been shown to their ends yet. */
export function useWhole(): readonly [unseen: readonly string[], note: (label: string) => (isWhole: boolean) => void] {
  const [seen, setSeen] = useState<ReadonlyMap<string, boolean>>(new Map());
  const note = (label: string) => (isWhole: boolean) =>
    // What was seen once may be folded again.
    setSeen((seen) => (seen.get(label) || seen.get(label) === isWhole ? seen : new Map(seen).set(label, isWhole)));
  return [[...seen].filter(([, isWhole]) => !isWhole).map(([label]) => label), note];
}

export function Text(props: {
  text: string;
  label: string;
  lines?: number;
  isProse?: boolean;
  /** Whether it stands open at first: a person has asked for all of it. */
  opened?: boolean;
  /** Is called with whether all of the text is shown, before a person sees it. */
  shown?: (isWhole: boolean) => void;
}) {
  const { label, lines = 15, isProse } = props;
  const text = useMemo(() => visible(props.text), [props.text]);
  const [parts, setParts] = useState(props.opened ? 1 : 0);
  const isOpen = parts > 0;
  const cut = atLine(text, lines);
  const shown = text.slice(0, isOpen ? parts * MOST : cut);
  const left = text.length - shown.length;
  const isWhole = left === 0;
  useLayoutEffect(() => props.shown?.(isWhole), [isWhole, text]);
  return (
    <div class={`text ${isProse ? 'is-prose' : ''}`}>
      <pre tabIndex={0} role="group" aria-label={label}>
        {shown}
        {!isOpen && cut < text.length ? '…' : ''}
      </pre>
      {isOpen && left > 0 && (
        <button type="button" class="button quiet" onClick={() => setParts(parts + 1)}>
          Show more: {bytes(left)} are left
        </button>
      )}
      {cut < text.length && (
        <button
          type="button"
          class="button quiet"
          aria-expanded={isOpen}
          onClick={() => setParts(isOpen ? 0 : 1)}
        >
          {isOpen ? 'Fold' : `Show ${text.length > MOST ? 'more of it' : 'all of it'} (${bytes(text.length)})`}
        </button>
      )}
    </div>
  );
}

/** Where so many lines end, or so many characters. */
function atLine(text: string, lines: number): number {
  const most = Math.min(text.length, lines * 120);
  let at = -1;
  for (let n = 0; n < lines; n++) {
    at = text.indexOf('\n', at + 1);
    if (at < 0 || at > most) return most;
  }
  return at;
}
