// A task on one row of a list.

import type { ReportedTask, Task } from 'aiwg';
import { memo } from './memo.js';

import { endReason, firstLine, span, usd, waitsFor } from '../live/format.js';
import type { Project } from '../live/project.js';
import { useClock } from '../live/store.js';
import { Act, Ago, Glyph, Moment } from './basics.js';
import { to } from './route.js';

/** What a row shows of a task: as much as is kept of each of 100,000. */
export interface Row {
  id: string;
  prompt: string;
  state: string;
  rule?: string;
  agent?: string;
  lane?: string;
  reason?: string;
  error?: string;
  verified?: boolean;
  costUsd?: number;
  createdAt?: string;
  startedAt: string | null;
  completedAt: string | null;
  waiting?: string;
  waitingUntil?: string;
  phase?: string;
  rounds?: number;
  priority?: number;
}

export function rowOfReport(task: ReportedTask): Row {
  return {
    ...task,
    prompt: firstLine(task.prompt),
    rule: task.rule ?? undefined,
    error: task.error && firstLine(task.error),
  };
}

export function rowOfTask(task: Task): Row {
  return {
    id: task.id,
    prompt: firstLine(task.prompt),
    state: task.state,
    rule: task.causedBy?.rule,
    agent: task.agent ?? undefined,
    lane: task.lane,
    reason: task.reason,
    error: task.error === null ? undefined : firstLine(task.error),
    verified: task.verified,
    costUsd: task.usage?.costUsd,
    createdAt: task.createdAt,
    startedAt: task.startedAt,
    completedAt: task.completedAt,
    waiting: task.waiting,
    waitingUntil: task.waitingUntil,
    phase: task.phase,
    rounds: task.rounds?.length,
    priority: task.priority,
  };
}

/** How a task stands, in words. */
function standing(row: Row) {
  if (row.state === 'queued') {
    return (
      <>
        waits for {waitsFor(row.waiting)}
        {row.waitingUntil && (
          <>
            , <Ago at={row.waitingUntil} />
          </>
        )}
      </>
    );
  }
  if (row.state === 'running') {
    if (row.phase === 'checking') return 'its check runs';
    return row.rounds ? `round ${row.rounds + 1}` : 'running';
  }
  if (row.state === 'completed') return row.verified ? 'done, and checked' : 'done';
  const reason = endReason(row.reason) || row.state;
  return row.error ? `${reason}: ${row.error}` : reason;
}

function Elapsed({ since }: { since: string | null }) {
  const now = useClock();
  return <>{since ? span(now - Date.parse(since)) : 'starting'}</>;
}

function RowView({ row, project, withActions = true }: { row: Row; project: Project; withActions?: boolean }) {
  const { id, state } = row;
  const client = project.client;
  return (
    <div class={`row row-${state}`}>
      <Glyph state={state} />
      <div class="row-what">
        <a class="row-prompt" href={to('task', id)}>
          <span class="unseen">{state}: </span>
          {row.prompt || '(blank)'}
        </a>
        <div class="row-meta">
          <span class="id">{id}</span>
          {row.rule && <span>{row.rule}</span>}
          {row.agent && <span>{row.agent}</span>}
          {row.lane && <span>lane {row.lane}</span>}
          <span class={`standing ${state}`}>{standing(row)}</span>
        </div>
      </div>
      <div class="row-figures">
        <span class="figure">
          {state === 'running' ? (
            <Elapsed since={row.startedAt} />
          ) : row.completedAt && row.startedAt ? (
            span(Date.parse(row.completedAt) - Date.parse(row.startedAt))
          ) : null}
        </span>
        <span class="figure faint">
          {row.completedAt ? <Moment at={row.completedAt} /> : row.createdAt ? <Moment at={row.createdAt} /> : null}
        </span>
        <span class="figure">{usd(row.costUsd)}</span>
      </div>
      {withActions && (
        <div class="row-acts">
          {(state === 'running' || state === 'queued') && (
            <Act
              class="quiet"
              label={`Cancel ${id}`}
              sure="Cancel it?"
              act={() => client.task.cancel({ taskId: id }).then(({ state }) => cancelled(id, state))}
            >
              Cancel
            </Act>
          )}
          {state !== 'running' && state !== 'queued' && state !== 'completed' && (
            <Act
              class="quiet"
              label={`Retry ${id}`}
              act={() =>
                client.task.retry({ taskId: id }).then(({ taskId }) => `${id} is submitted again as ${taskId}.`)
              }
            >
              Retry
            </Act>
          )}
        </div>
      )}
    </div>
  );
}

export const cancelled = (id: string, state: string) =>
  state === 'running' ? `${id} is being ended.` : `${id} is cancelled.`;

/** A row is drawn again only when its task is another one: lists are asked for anew again and again. */
export const TaskRow = memo(RowView, (a, b) => a.project === b.project && same(a.row, b.row));

function same(a: Row, b: Row): boolean {
  const keys = Object.keys(a) as (keyof Row)[];
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
