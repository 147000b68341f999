// What runs, what waits and for what, what ended; and what a person is asked for.

import type { Report } from 'aiwg';
import { useState } from 'preact/hooks';

import { number, plural, usd } from '../live/format.js';
import type { Project } from '../live/project.js';
import { WITHOUT_EVENT, ofKinds, useQuery } from '../live/query.js';
import { Choice, Empty, Loading, Section } from '../ui/basics.js';
import { LongList } from '../ui/list.js';
import { type Row, TaskRow, rowOfReport, rowOfTask } from '../ui/row.js';
import { to } from '../ui/route.js';
import { Asked } from './asked.js';

/** How far back the view goes, in milliseconds. */
const DAY = 86_400_000;

/** Running tasks that are shown with all that is known of them. */
const MOST_RUNNING = 200;

type Kind = 'all' | 'failed' | 'completed' | 'cancelled';

const KINDS = [
  ['all', 'All'],
  ['failed', 'Failed'],
  ['completed', 'Done'],
  ['cancelled', 'Cancelled'],
] as const;

async function ask(project: Project) {
  const [report, running] = await Promise.all([
    project.client.report.get({ since: new Date(Date.now() - DAY).toISOString() }),
    project.client.task.list({ state: 'running', limit: MOST_RUNNING }),
  ]);
  return { report, running: running.map(rowOfTask), waiting: report.waiting.map(rowOfReport), ended: endedOf(report) };
}

/** All that have ended, the last one first. */
function endedOf(report: Report): Row[] {
  return [...report.completed, ...report.failed, ...report.cancelled]
    .map(rowOfReport)
    .sort((a, b) => (b.completedAt ?? '').localeCompare(a.completedAt ?? ''));
}

export function NowView({ project }: { project: Project }) {
  const { data, error, again } = useQuery(project, () => ask(project), {
    when: ofKinds('task', 'approval', 'daemon', 'budget', 'agent'),
    every: WITHOUT_EVENT,
  });
  const [kind, setKind] = useState<Kind>('all');
  if (!data) return <Loading error={error} again={again} />;
  const { report, running, waiting, ended } = data;
  const shown =
    kind === 'all' ? ended : ended.filter(({ state }) => state === kind || (kind === 'failed' && state === 'timeout'));
  return (
    <div class="view now">
      <Asked project={project} />
      <Section title="Running" count={number(running.length)}>
        {running.length === 0 ? (
          <Empty>No agent works at the moment.</Empty>
        ) : (
          <Rows label="Running tasks" rows={running} project={project} />
        )}
      </Section>
      <Section title="Waiting" count={`${number(waiting.length)}${waiting.length >= 1000 ? '+' : ''}`}>
        {waiting.length === 0 ? <Empty>Nothing waits.</Empty> : <Waiting rows={waiting} project={project} />}
      </Section>
      <Section
        title="Ended"
        count={number(shown.length)}
        side={<Choice label="Which have ended" value={kind} options={KINDS} choose={setKind} />}
      >
        <p class="section-note">
          In the last 24 hours: {plural(report.completed.length, 'task')} done, {number(report.failed.length)} failed,{' '}
          {number(report.cancelled.length)} cancelled{report.costUsd > 0 && `, for ${usd(report.costUsd)}`}.{' '}
          {report.isCut && 'Not all of them are listed. '}
          <a href={to('tasks')}>All tasks</a>
        </p>
        {shown.length === 0 ? (
          <Empty>None.</Empty>
        ) : (
          <Rows label="Tasks that have ended" rows={shown} project={project} />
        )}
      </Section>
    </div>
  );
}

/** How many waiting tasks are shown until all are asked for. */
const FEW = 8;

function Waiting({ rows, project }: { rows: Row[]; project: Project }) {
  const [isWhole, setWhole] = useState(false);
  const isLong = rows.length > FEW + 2;
  return (
    <>
      <Rows label="Waiting tasks" rows={isLong && !isWhole ? rows.slice(0, FEW) : rows} project={project} />
      {isLong && (
        <button type="button" class="button quiet more" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show fewer' : `Show all ${number(rows.length)}`}
        </button>
      )}
    </>
  );
}

function Rows({ label, rows, project }: { label: string; rows: Row[]; project: Project }) {
  return (
    <LongList
      label={label}
      length={rows.length}
      id={(n) => rows[n]!.id}
      row={(n) => <TaskRow row={rows[n]!} project={project} />}
    />
  );
}
