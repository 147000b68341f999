// Texts from elsewhere: shown to the letter, and folded where they are long.

import { useMemo, useState } from 'preact/hooks';

import { bytes, visible } from '../live/format.js';

/** The most that is shown of one text, in characters, until all of it is asked for. */
const MOST = 64 * 1024;

export function Text(props: { text: string; label: string; lines?: number; isProse?: boolean }) {
  const { label, lines = 15, isProse } = props;
  const text = useMemo(() => visible(props.text), [props.text]);
  const [isOpen, setOpen] = useState(false);
  const cut = atLine(text, lines);
  const shown = isOpen ? text.slice(0, MOST) : text.slice(0, cut);
  return (
    <div class={`text ${isProse ? 'is-prose' : ''}`}>
      <pre tabIndex={0} role="group" aria-label={label}>
        {shown}
        {!isOpen && cut < text.length ? '…' : ''}
      </pre>
      {cut < text.length && (
        <button type="button" class="button quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Fold' : `Show all of it (${bytes(text.length)})`}
        </button>
      )}
      {isOpen && text.length > MOST && (
        <p class="faint">{bytes(text.length - MOST)} more are not shown here: `aiwg task status` has all of it.</p>
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
