// Where each bar of the chart of time goes.

import { moment, span } from '../live/format.js';
import type { Row } from '../ui/row.js';

export interface Bar {
  key: string;
  x: number;
  width: number;
  /** The line within its lane, from 0. */
  line: number;
  state: string;
  label: string;
  /** The task; undefined where many are drawn as one. */
  task: Row | undefined;
  /** Width of the time for which it waited, in pixels. */
  waits: number;
}

export interface Plan {
  lanes: { name: string; bars: Bar[]; height: number }[];
}

/** Bars that are drawn one by one; of more, those that are narrow and beside each other are drawn as one. */
const MOST_BARS = 1500;
const NARROW = 3;

/** Lines of a lane; what has no room lies upon others. */
const MOST_LINES = 24;

export function plan(rows: Row[], from: number, until: number, now: number, width: number): Plan {
  const byLane = new Map<string, Row[]>();
  for (const row of rows) {
    const lane = row.lane ?? '';
    const inLane = byLane.get(lane);
    if (inLane) inLane.push(row);
    else byLane.set(lane, [row]);
  }
  const isDense = rows.length > MOST_BARS;
  const lanes = [...byLane].sort(([a], [b]) => a.localeCompare(b));
  return { lanes: lanes.map(([name, inLane]) => ({ name, ...laneOf(inLane, from, until, now, width, isDense) })) };
}

function laneOf(rows: Row[], from: number, until: number, now: number, width: number, isDense: boolean) {
  const scale = width / (until - from);
  const sorted = rows
    .map((row) => ({
      row,
      start: Math.max(from, Date.parse(row.startedAt!)),
      end: row.completedAt ? Date.parse(row.completedAt) : now,
    }))
    .sort((a, b) => a.start - b.start);
  /** The end of each line so far, in pixels. */
  const ends: number[] = [];
  const bars: Bar[] = [];
  const last: (Bar & { count: number })[] = [];
  for (const { row, start, end } of sorted) {
    const x = (start - from) * scale;
    const barWidth = Math.max(0, (end - start) * scale);
    let line = ends.findIndex((free) => free <= x);
    if (line < 0) line = Math.min(ends.length, MOST_LINES - 1);
    const before = last[line];
    if (isDense && before && barWidth < NARROW && x - (before.x + before.width) < 1 && before.width < 40) {
      before.width = Math.max(before.width, x + barWidth - before.x);
      before.count++;
      before.task = undefined;
      before.waits = 0;
      before.state = worse(before.state, row.state);
      before.label = `${before.count} tasks about ${moment(start)}`;
      ends[line] = before.x + before.width;
      continue;
    }
    const created = row.createdAt ? Date.parse(row.createdAt) : start;
    const bar = {
      key: row.id,
      x,
      width: barWidth,
      line,
      state: row.state,
      label: `${row.id}, ${row.state}, from ${moment(start)} for ${span(end - start)}: ${row.prompt}`,
      task: row,
      waits: isDense ? 0 : Math.max(0, (start - Math.max(from, created)) * scale),
      count: 1,
    };
    bars.push(bar);
    last[line] = bar;
    ends[line] = Math.max(ends[line] ?? 0, x + Math.max(2, barWidth) + 1);
  }
  return { bars, height: Math.max(1, ends.length) };
}

const worse = (a: string, b: string) => (a === 'failed' || b === 'failed' ? 'failed' : a);

/** Steps between two marks of the time, in minutes. */
const STEPS = [1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440];

/** The moments that are marked: round ones, in the reader's time zone. */
export function ticks(from: number, until: number, width: number): number[] {
  const most = Math.max(2, width / 90);
  const minutes = (until - from) / 60_000;
  const step = (STEPS.find((step) => minutes / step <= most) ?? 1440) * 60_000;
  const zone = new Date(from).getTimezoneOffset() * 60_000;
  const marks = [];
  for (let at = Math.ceil((from - zone) / step) * step + zone; at < until; at += step) marks.push(at);
  return marks;
}

/** The times in which no task ran. */
export function gapsOf(rows: Row[], from: number, until: number): { from: number; until: number }[] {
  const busy = rows
    .map(
      ({ startedAt, completedAt }) => [Date.parse(startedAt!), completedAt ? Date.parse(completedAt) : until] as const,
    )
    .sort(([a], [b]) => a - b);
  const gaps = [];
  let free = from;
  for (const [start, end] of busy) {
    if (start - free > 1000) gaps.push({ from: free, until: start });
    free = Math.max(free, end);
  }
  if (until - free > 1000) gaps.push({ from: free, until });
  return gaps;
}
