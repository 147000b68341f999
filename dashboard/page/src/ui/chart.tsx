// Bars over days, drawn by uPlot. A table with the same figures stands beside each.

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { useValue } from '../live/store.js';
import { useWidth } from './list.js';
import { colour, colours } from './theme.js';

export interface Series {
  name: string;
  values: number[];
  /** The name of its colour. */
  colour: string;
}

/** A line across, such as a budget. */
export interface Mark {
  name: string;
  value: number;
  colour: string;
}

export function DayChart(props: {
  label: string;
  days: string[];
  /** They are stacked, the first one at the bottom. */
  series: Series[];
  marks?: Mark[];
  format: (value: number) => string;
}) {
  const { label, days, series, marks = [], format } = props;
  const [ref, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLDivElement>(null);
  const tints = useValue(colours);
  const figures = JSON.stringify([days, series, marks]);

  useEffect(() => {
    if (width === 0 || days.length === 0) return;
    const sums = stacked(series);
    const bars = uPlot.paths.bars!({ size: [0.62, 34], radius: 0.18 });
    const ink = colour('faint');
    const line = colour('line');
    const highest = Math.max(...(sums.at(-1) ?? [0]), ...marks.map(({ value }) => value));
    // Where all is nothing, there is no scale.
    const top = highest || 1;
    const named = (splits: number[]) => splits.map((value) => (highest || !value ? format(value) : ''));
    const axis = {
      stroke: ink,
      grid: { stroke: line, width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    const plot = new uPlot(
      {
        width,
        height: 210,
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false, range: [-0.6, days.length - 0.4] }, y: { range: [0, top * 1.08] } },
        axes: [
          {
            ...axis,
            grid: { show: false },
            splits: () => every(days.length, width),
            values: (_, splits) => splits.map((n) => dayOf(days[n]!)),
          },
          { ...axis, size: 58, values: (_, splits) => named(splits) },
        ],
        series: [
          {},
          // The tallest first: those before it are drawn over it.
          ...sums
            .map((values, n) => ({ values, n }))
            .reverse()
            .map(({ n }) => ({
              label: series[n]!.name,
              fill: colour(series[n]!.colour),
              stroke: 'transparent',
              width: 0,
              paths: bars,
              points: { show: false },
            })),
        ],
        hooks: { draw: [(plot) => drawMarks(plot, marks)] },
      },
      [days.map((_, n) => n), ...sums.reverse()],
      canvas.current!,
    );
    return () => plot.destroy();
  }, [figures, width, tints]);

  return (
    <figure class="chart" ref={ref as never}>
      <div ref={canvas} class="chart-canvas" role="img" aria-label={label} />
      {series.length + marks.length > 1 && (
        <figcaption class="legend">
          {series.map(({ name, colour }) => (
            <span key={name}>
              <span class={`swatch swatch-${colour}`} aria-hidden="true" /> {name}
            </span>
          ))}
          {marks.map(({ name, value, colour }) => (
            <span key={name}>
              <span class={`swatch is-line swatch-${colour}`} aria-hidden="true" /> {name} {format(value)}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}

function stacked(series: Series[]): number[][] {
  const sums: number[][] = [];
  for (const { values } of series) {
    const below = sums.at(-1);
    sums.push(values.map((value, n) => value + (below?.[n] ?? 0)));
  }
  return sums;
}

/** As many of the days as there is room to name. */
function every(length: number, width: number): number[] {
  const step = Math.max(1, Math.ceil(length / Math.max(2, (width - 60) / 58)));
  const shown = [];
  for (let n = length - 1; n >= 0; n -= step) shown.unshift(n);
  return shown;
}

const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** A day by its own name: `2026-11-23` is that day wherever the reader is. */
export const dayOf = (name: string) => day.format(new Date(`${name}T00:00:00Z`));

function drawMarks(plot: uPlot, marks: Mark[]) {
  const { ctx, bbox } = plot;
  for (const { value, colour: name } of marks) {
    const y = Math.round(plot.valToPos(value, 'y', true)) + 0.5;
    ctx.save();
    ctx.strokeStyle = colour(name);
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}
