// Lists of any length: only what is on the screen is in the document.

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { nextFrame } from '../live/store.js';

/** Rows above and below those that are seen. */
const MARGIN = 8;

/**
 * A list that scrolls with the page. All rows are of the same height, which the style sheet gives as `--row`. `nearEnd` is called
 * when the reader comes near its end.
 */
export function LongList(props: {
  label: string;
  length: number;
  row: (index: number) => ComponentChildren;
  id: (index: number) => string | number;
  nearEnd?: () => void;
  class?: string;
  /** Number of rows there are in all; where more are known of than are loaded. */
  total?: number;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const [{ first, last, height }, setRange] = useState({ first: 0, last: 30, height: 52 });
  const { length, nearEnd } = props;

  useLayoutEffect(() => {
    const look = () => {
      const list = ref.current;
      if (!list) return;
      const height = parseFloat(getComputedStyle(list).getPropertyValue('--row')) || 52;
      const { top } = list.getBoundingClientRect();
      const from = Math.max(0, Math.floor(-top / height) - MARGIN);
      const to = Math.min(length, Math.ceil((innerHeight - top) / height) + MARGIN);
      setRange((range) =>
        range.first === from && range.last === to && range.height === height
          ? range
          : { first: from, last: Math.max(from, to), height },
      );
      if (nearEnd && to >= length - MARGIN) nearEnd();
    };
    const soon = () => nextFrame(look);
    look();
    addEventListener('scroll', soon, { passive: true });
    addEventListener('resize', soon);
    // What stands above it may grow and shrink.
    const observer = new ResizeObserver(soon);
    observer.observe(document.body);
    return () => {
      removeEventListener('scroll', soon);
      removeEventListener('resize', soon);
      observer.disconnect();
    };
  }, [length, nearEnd]);

  const rows = [];
  for (let n = first; n < Math.min(last, length); n++) {
    rows.push(
      <div
        key={props.id(n)}
        role="listitem"
        class="long-row"
        aria-posinset={n + 1}
        aria-setsize={props.total ?? length}
        style={{ transform: `translateY(${n * height}px)` }}
      >
        {props.row(n)}
      </div>,
    );
  }
  return (
    <div
      ref={ref}
      role="list"
      aria-label={props.label}
      class={`long-list ${props.class ?? ''}`}
      style={{ height: `${length * height}px` }}
    >
      {rows}
    </div>
  );
}

/** The width of an element, as it changes. */
export function useWidth<E extends Element>(): [{ current: E | null }, number] {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!ref.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
