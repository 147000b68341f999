// When agents worked: a bar for each task, by lane, and what schedules will begin.

import type { ScheduledJob } from 'aiwg';
import { useMemo, useState } from 'preact/hooks';

import { clockTime, dayName, moment, number, plural, span } from '../live/format.js';
import type { Project } from '../live/project.js';
import { ofKinds, useQuery } from '../live/query.js';
import { useClock } from '../live/store.js';
import { Act, Ago, Choice, Empty, Failure, Moment, Section, TaskLink } from '../ui/basics.js';
import { useWidth } from '../ui/list.js';
import { type Row, rowOfTask } from '../ui/row.js';
import { to } from '../ui/route.js';
import { type Bar, type Plan, gapsOf, plan, ticks } from './gantt.js';

const HOUR = 3_600_000;

type Range = '1' | '6' | '24' | '168';

const RANGES = [
  ['1', 'Hour'],
  ['6', '6 hours'],
  ['24', 'Day'],
  ['168', 'Week'],
] as const;

/** Tasks that are asked for at the most, and in one answer. */
const MOST = 4000;
const PAGE = 500;

/** How long before the range a task may have been submitted that runs in it, in milliseconds. */
const BEFORE = 6 * HOUR;

async function ask(project: Project, hours: number): Promise<{ tasks: Row[]; isCut: boolean }> {
  const from = Date.now() - hours * HOUR;
  const since = new Date(from - BEFORE).toISOString();
  const tasks: Row[] = [];
  let cursor: string | undefined;
  while (tasks.length < MOST) {
    const page = await project.client.task.list({ since, cursor, limit: PAGE });
    tasks.push(...page.map(rowOfTask));
    cursor = page.at(-1)?.id;
    if (page.length < PAGE) break;
  }
  // What was submitted long ago, and runs still.
  const known = new Set(tasks.map(({ id }) => id));
  const running = await project.client.task.list({ state: 'running', limit: 200 });
  tasks.push(...running.filter(({ id }) => !known.has(id)).map(rowOfTask));
  const within = tasks.filter(
    ({ startedAt, completedAt }) => startedAt && (!completedAt || Date.parse(completedAt) >= from),
  );
  return { tasks: within, isCut: tasks.length >= MOST };
}

export function TimeView({ project }: { project: Project }) {
  const [range, setRange] = useState<Range>('6');
  const hours = Number(range);
  const tasks = useQuery(project, () => ask(project, hours), { when: ofKinds('task'), every: 60_000 }, [range]);
  const jobs = useQuery(project, () => project.client.schedule.list(), {
    when: ofKinds('schedule', 'daemon'),
    every: 60_000,
  });
  return (
    <div class="view time">
      <Section
        title="When agents worked"
        side={<Choice label="Range" value={range} options={RANGES} choose={setRange} />}
      >
        <Failure error={tasks.error} again={tasks.again} />
        {tasks.data && <Chart rows={tasks.data.tasks} jobs={jobs.data ?? []} hours={hours} />}
        {tasks.data?.isCut && (
          <p class="section-note">These are the latest {number(MOST)} tasks; there are more in this range.</p>
        )}
      </Section>
      <Section title="What schedules begin next" count={jobs.data?.length}>
        <Failure error={jobs.error} again={jobs.again} />
        {jobs.data && <Jobs jobs={jobs.data} project={project} />}
      </Section>
      {tasks.data && <Gaps rows={tasks.data.tasks} hours={hours} />}
    </div>
  );
}

/** Height of a bar with the space around it, and of what stands above the bars, in pixels. */
const BAR = 16;
const HEAD = 26;
const LANE = 22;

/** The part of the chart that is still to come. */
const AHEAD = 0.12;

function Chart({ rows, jobs, hours }: { rows: Row[]; jobs: ScheduledJob[]; hours: number }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const clock = useClock();
  // A second is less than a pixel, as a rule.
  const now = Math.floor(clock / (hours * 2000)) * hours * 2000;
  const from = now - hours * HOUR;
  const until = now + hours * HOUR * AHEAD;
  const drawn = useMemo(() => (width > 0 ? plan(rows, from, until, now, width) : undefined), [rows, from, width]);
  return (
    <div ref={ref} class="gantt">
      {drawn && <Lanes drawn={drawn} rows={rows} jobs={jobs} from={from} until={until} now={now} width={width} />}
      {rows.length === 0 ? (
        <Empty>No agent worked in this time.</Empty>
      ) : (
        <p class="legend" aria-hidden="true">
          <span>
            <span class="swatch swatch-good" /> done
          </span>
          <span>
            <span class="swatch swatch-bad" /> failed
          </span>
          <span>
            <span class="swatch swatch-run" /> runs
          </span>
          <span>
            <span class="swatch swatch-edge" /> cancelled
          </span>
          <span>
            <span class="swatch swatch-sunk" /> nothing ran
          </span>
        </p>
      )}
    </div>
  );
}

function Lanes(props: {
  drawn: Plan;
  rows: Row[];
  jobs: ScheduledJob[];
  from: number;
  until: number;
  now: number;
  width: number;
}) {
  const { drawn, rows, jobs, from, until, now, width } = props;
  const x = (at: number) => ((at - from) / (until - from)) * width;
  let y = HEAD;
  const lanes = drawn.lanes.map((lane) => {
    const top = y;
    y += LANE + lane.height * BAR + 8;
    return { ...lane, top };
  });
  const gaps = gapsOf(rows, from, now).filter((gap) => x(gap.until) - x(gap.from) > 2);
  const next = jobs.filter(({ nextAt }) => nextAt && Date.parse(nextAt) < until);
  const height = y + (next.length > 0 ? LANE + BAR : 0);
  return (
    <svg width={width} height={height} class="gantt-svg" role="group" aria-label="Tasks by lane and time">
      {gaps.map((gap) => (
        <rect
          key={gap.from}
          class="idle"
          aria-hidden="true"
          x={x(gap.from)}
          y={HEAD - 4}
          width={Math.max(0, x(gap.until) - x(gap.from))}
          height={height - HEAD + 4}
        />
      ))}
      {ticks(from, until, width).map((at) => (
        <g key={at} aria-hidden="true" class="tick">
          <path d={`M${x(at)} ${HEAD - 6}V${height}`} />
          {x(at) < width - 50 && (
            <text x={x(at) + 4} y={14}>
              {until - from > 30 * HOUR ? dayName(at) : clockTime(at)}
            </text>
          )}
        </g>
      ))}
      {lanes.map((lane) => (
        <g key={lane.name} role="list" aria-label={lane.name === '' ? 'Without a lane' : `Lane ${lane.name}`}>
          <text class="lane-name" x={2} y={lane.top + 14} aria-hidden="true">
            {lane.name === '' ? (lanes.length > 1 ? 'no lane' : 'all tasks') : lane.name}
          </text>
          {lane.bars.map((bar) => (
            <BarView key={bar.key} bar={bar} top={lane.top + LANE + bar.line * BAR} />
          ))}
        </g>
      ))}
      {next.length > 0 && (
        <g class="next" aria-hidden="true">
          {next.map(({ name, nextAt }) => (
            <path key={name} d={`M${x(Date.parse(nextAt!))} ${y + 6}l5 5l-5 5l-5-5z`}>
              <title>
                {name}, {moment(nextAt!)}
              </title>
            </path>
          ))}
          <text x={2} y={y + 15}>
            schedules
          </text>
        </g>
      )}
      <path class="now-line" d={`M${x(now)} ${HEAD - 8}V${height}`} aria-hidden="true" />
    </svg>
  );
}

function BarView({ bar, top }: { bar: Bar; top: number }) {
  const shape = (
    <rect class={`bar bar-${bar.state}`} x={bar.x} y={top} width={Math.max(2, bar.width)} height={BAR - 4} rx={2.5} />
  );
  if (!bar.task) {
    return (
      <g role="listitem" aria-label={bar.label}>
        {shape}
        <title>{bar.label}</title>
      </g>
    );
  }
  return (
    <g role="listitem">
      <a href={to('task', bar.task.id)} aria-label={bar.label}>
        {bar.waits > 0 && <path class="wait" d={`M${bar.x - bar.waits} ${top + BAR / 2 - 2}H${bar.x}`} />}
        {shape}
        {bar.width > 90 && (
          <text class="bar-text" x={bar.x + 6} y={top + 9.5} aria-hidden="true">
            {bar.task.prompt.slice(0, Math.floor((bar.width - 12) / 6.2))}
          </text>
        )}
        <title>{bar.label}</title>
      </a>
    </g>
  );
}

function Jobs({ jobs, project }: { jobs: ScheduledJob[]; project: Project }) {
  if (jobs.length === 0) return <Empty>There are no schedules: `schedule.jobs` in `.aiwg/daemon.json` has them.</Empty>;
  const sorted = [...jobs].sort((a, b) => (a.nextAt ?? '9').localeCompare(b.nextAt ?? '9'));
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label="Schedules">
      <table class="table">
        <thead>
          <tr>
            <th>Schedule</th>
            <th>Times</th>
            <th>Last</th>
            <th>Next</th>
            <th>
              <span class="unseen">What can be done</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((job) => (
            <tr key={job.name}>
              <th scope="row">{job.name}</th>
              <td>
                <code>{job.cron}</code> {job.timezone && <span class="faint">{job.timezone}</span>}
              </td>
              <td>
                <Moment at={job.lastAt} />
              </td>
              <td>
                {job.nextAt ? (
                  <>
                    <Moment at={job.nextAt} />{' '}
                    <span class="faint">
                      <Ago at={job.nextAt} />
                    </span>
                  </>
                ) : (
                  <span class="faint">never</span>
                )}
              </td>
              <td class="right">
                <Act
                  class="quiet"
                  label={`Run now: ${job.name}`}
                  sure="Run it now?"
                  act={() =>
                    project.client.schedule
                      .run({ job: job.name })
                      .then(({ seq }) => `${job.name} has fired: event ${seq}.`)
                  }
                >
                  Run now
                </Act>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Gaps that are listed. */
const GAPS = 5;

/** The same as the chart, in words: for those who do not see it, and for those who look for what is not there. */
function Gaps({ rows, hours }: { rows: Row[]; hours: number }) {
  const now = Date.now();
  const gaps = gapsOf(rows, now - hours * HOUR, now);
  const latest = [...rows].sort((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? '')).slice(0, 50);
  const idle = gaps.reduce((sum, { from, until }) => sum + until - from, 0);
  return (
    <div class="pair">
      <Section title="When nothing ran">
        <p class="section-note">
          {idle > 0
            ? `${span(idle)} of the last ${plural(hours, 'hour')}, in ${plural(gaps.length, 'gap')}.`
            : 'Something ran all the time.'}
        </p>
        <ol class="gaps">
          {[...gaps]
            .sort((a, b) => b.until - b.from - (a.until - a.from))
            .slice(0, GAPS)
            .map(({ from, until }) => (
              <li key={from}>
                <strong>{span(until - from)}</strong>{' '}
                <span class="faint">
                  {moment(from)} – {until >= now - 1000 ? 'now' : moment(until)}
                </span>
              </li>
            ))}
        </ol>
      </Section>
      <Section
        title="The same as a table"
        count={latest.length < rows.length ? `${latest.length} of ${number(rows.length)}` : rows.length}
      >
        <div class="scroll-x" tabIndex={0} role="group" aria-label="Tasks by time">
          <table class="table">
            <thead>
              <tr>
                <th>Task</th>
                <th>Lane</th>
                <th>Started</th>
                <th>Took</th>
                <th>State</th>
              </tr>
            </thead>
            <tbody>
              {latest.map((row) => (
                <tr key={row.id}>
                  <th scope="row">
                    <TaskLink id={row.id} />
                  </th>
                  <td>{row.lane ?? <span class="faint">—</span>}</td>
                  <td>
                    <Moment at={row.startedAt} />
                  </td>
                  <td>
                    {row.startedAt &&
                      span((row.completedAt ? Date.parse(row.completedAt) : now) - Date.parse(row.startedAt))}
                  </td>
                  <td>{row.state}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Section>
    </div>
  );
}
