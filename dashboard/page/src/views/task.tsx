// A task: what it is to do, how it stands, what its agent writes, what it costs, and why it exists.

import type { Task } from 'aiwg';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { compact, endReason, number, span, usd, waitsFor } from '../live/format.js';
import type { Project } from '../live/project.js';
import { WITHOUT_EVENT, ofTask, useQuery } from '../live/query.js';
import { useClock } from '../live/store.js';
import { plain } from '../output/ansi.js';
import { Markdown } from '../output/markdown.js';
import { Act, Ago, Choice, Loading, Look, Glyph, Moment, Section, TaskLink, isReadonly } from '../ui/basics.js';
import { useDraft } from '../ui/drafts.js';
import { cancelled } from '../ui/row.js';
import { to } from '../ui/route.js';
import { Text } from '../ui/text.js';
import { Asked } from './asked.js';
import { Chain } from './chain.js';
import { OutputOf } from './output.js';
import { ResultOf } from './result.js';
import { Rounds } from './rounds.js';

export function TaskView({ project, id }: { project: Project; id: string }) {
  const {
    data: task,
    error,
    again,
  } = useQuery(project, () => project.client.task.get({ taskId: id }), {
    when: ofTask(id),
    every: WITHOUT_EVENT,
  });
  if (!task) return <Loading error={error} again={again} />;
  const isRunning = task.state === 'running';
  return (
    <article class="view task">
      <header class="task-head">
        <p class="crumbs">
          <a href={to('tasks')}>Tasks</a> <span aria-hidden="true">/</span> <span class="id">{task.id}</span>
        </p>
        <h2 class={`task-state ${task.state}`}>
          <Glyph state={task.state} /> <Standing task={task} />
        </h2>
        <Acts task={task} project={project} />
      </header>
      {task.error && <Text text={plain(task.error)} label="Why it did not complete" lines={8} />}
      <Asked project={project} taskId={id} />
      <div class="task-columns">
        <div class="task-main">
          <Section title="Prompt">
            <Text text={task.prompt} label="Prompt" isProse lines={14} />
          </Section>
          {(task.verify || task.rounds?.length || task.before) && <Rounds task={task} />}
          {task.state === 'completed' && task.result && <Result task={task} />}
          <ResultOf task={task} project={project} />
          <OutputOf project={project} taskId={id} isRunning={isRunning} />
          <Messages task={task} project={project} />
        </div>
        <aside class="task-side" aria-label="Details">
          <Facts task={task} />
          <ChainSection project={project} id={id} />
        </aside>
      </div>
    </article>
  );
}

function Standing({ task }: { task: Task }) {
  const now = useClock();
  if (task.state === 'running') {
    const since = task.startedAt ? span(now - Date.parse(task.startedAt)) : '';
    return (
      <>
        {task.phase === 'checking' ? 'Its check runs' : 'Running'}
        {since && `, for ${since}`}
      </>
    );
  }
  if (task.state === 'queued') {
    return (
      <>
        Waits for {waitsFor(task.waiting)}
        {task.waitingUntil && (
          <>
            , <Ago at={task.waitingUntil} />
          </>
        )}
      </>
    );
  }
  const took =
    task.startedAt && task.completedAt
      ? ` after ${span(Date.parse(task.completedAt) - Date.parse(task.startedAt))}`
      : '';
  if (task.state === 'completed') {
    const how = task.skipped ? 'Nothing was left to do' : task.verified ? 'Done, and checked' : 'Done';
    return (
      <>
        {how}
        {took}
      </>
    );
  }
  const reason = endReason(task.reason);
  return (
    <>
      {task.state === 'timeout' ? 'Took too long' : task.state === 'cancelled' ? 'Cancelled' : 'Failed'}
      {took}
      {reason && reason !== task.state && `: ${reason}`}
    </>
  );
}

function Acts({ task, project }: { task: Task; project: Project }) {
  const { id: taskId, state } = task;
  const tasks = project.client.task;
  const isOpen = state === 'queued' || state === 'running';
  const isHeld = task.waiting === 'hold' || task.waiting === 'delay' || task.waiting === 'limit';
  return (
    <div class="acts" role="group" aria-label="What can be done">
      {isOpen && (
        <Act
          class="danger"
          sure="Cancel it?"
          act={() => tasks.cancel({ taskId }).then(({ state }) => cancelled(taskId, state))}
        >
          Cancel
        </Act>
      )}
      {!isOpen && (
        <Act
          class="primary"
          act={async () => {
            const submitted = await tasks.retry({ taskId });
            location.hash = to('task', submitted.taskId);
            return `${taskId} is submitted again as ${submitted.taskId}.`;
          }}
        >
          Retry
        </Act>
      )}
      {state === 'queued' && !isHeld && (
        <Act act={() => tasks.hold({ taskId }).then(() => `${taskId} is held.`)}>Hold</Act>
      )}
      {state === 'queued' && isHeld && (
        <Act act={() => tasks.release({ taskId }).then(() => `${taskId} is released.`)}>Release</Act>
      )}
      {isOpen && task.waiting !== 'taken' && (
        <Act
          sure="Take it over?"
          act={() => tasks.take({ taskId }).then(() => `${taskId} is yours when its agent has ended.`)}
        >
          Take over
        </Act>
      )}
      {task.waiting === 'taken' && (
        <>
          <Act act={() => tasks.give({ taskId }).then(() => 'Its agent goes on.')}>Give back</Act>
          <Act sure="It is done?" act={() => tasks.give({ taskId, done: true }).then(() => `${taskId} is done.`)}>
            It is done
          </Act>
        </>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Facts({ task }: { task: Task }) {
  const { usage, causedBy } = task;
  const metadata = Object.entries(task.metadata);
  return (
    <Section title="Facts">
      <dl class="facts">
        <Fact name="Submitted">
          <Moment at={task.createdAt} />
        </Fact>
        {task.startedAt && (
          <Fact name="Started">
            <Moment at={task.startedAt} />
          </Fact>
        )}
        {task.completedAt && (
          <Fact name="Ended">
            <Moment at={task.completedAt} />
          </Fact>
        )}
        {causedBy?.rule && (
          <Fact name="Rule">
            <a href={to('rules', causedBy.rule)}>{causedBy.rule}</a>
          </Fact>
        )}
        {causedBy?.event !== undefined && (
          <Fact name="Event">
            <a href={to('events', String(causedBy.event))}>{number(causedBy.event)}</a>
          </Fact>
        )}
        {causedBy?.task && (
          <Fact name="Of the task">
            <TaskLink id={causedBy.task} />
          </Fact>
        )}
        <Fact name="Agent">{task.agent ?? <span class="faint">the default one</span>}</Fact>
        {task.lane && <Fact name="Lane">{task.lane}</Fact>}
        {task.runsOn && <Fact name="Runs on">{task.runsOn.join(", ")}</Fact>}
        {task.host && <Fact name="Host">{task.host.name}</Fact>}
        <Fact name="Priority">{task.priority}</Fact>
        {task.attempts > 1 && <Fact name="Attempts">{task.attempts}</Fact>}
        {task.exitCode !== null && <Fact name="Exit code">{task.exitCode}</Fact>}
        {task.signal !== null && <Fact name="Signal">{task.signal}</Fact>}
        {task.pid !== null && <Fact name="Process">{task.pid}</Fact>}
        {task.after.length > 0 && (
          <Fact name="After">
            {task.after.map((id, n) => (
              <span key={id}>
                {n > 0 && ', '}
                <TaskLink id={id} />
              </span>
            ))}
          </Fact>
        )}
        {task.waitsFor?.length ? (
          <Fact name="Waits for the end of">
            {task.waitsFor.map((id, n) => (
              <span key={id}>
                {n > 0 && ', '}
                <TaskLink id={id} />
              </span>
            ))}
          </Fact>
        ) : null}
        {task.timeoutMinutes !== null && <Fact name="Time limit">{task.timeoutMinutes} min</Fact>}
        {task.expiresAt && (
          <Fact name="Not wanted after">
            <Moment at={task.expiresAt} />
          </Fact>
        )}
        {task.conversation && <Fact name="Conversation">{task.conversation}</Fact>}
      </dl>
      {usage && (
        <>
          <h3>Use</h3>
          <dl class="facts">
            {usage.costUsd !== undefined && <Fact name="Cost">{usd(usage.costUsd)}</Fact>}
            <Fact name="Turns">{number(usage.turns)}</Fact>
            <Fact name="Tokens read">
              <span title={number(usage.inputTokens)}>{compact(usage.inputTokens)}</span>
            </Fact>
            <Fact name="Tokens written">
              <span title={number(usage.outputTokens)}>{compact(usage.outputTokens)}</span>
            </Fact>
            <Fact name="Read from the cache">
              <span title={number(usage.cacheReadTokens)}>{compact(usage.cacheReadTokens)}</span>
            </Fact>
            <Fact name="Put into the cache">
              <span title={number(usage.cacheCreationTokens)}>{compact(usage.cacheCreationTokens)}</span>
            </Fact>
            {usage.sessionId && (
              <Fact name="Session">
                <code class="id break">{usage.sessionId}</code>
              </Fact>
            )}
            {usage.permissionDenials.length > 0 && (
              <Fact name="Refused tools">{usage.permissionDenials.join(', ')}</Fact>
            )}
          </dl>
        </>
      )}
      {metadata.length > 0 && (
        <details class="folded">
          <summary>Notes of the submitter</summary>
          <Text text={JSON.stringify(task.metadata, null, 2)} label="Notes of the submitter" />
        </details>
      )}
    </Section>
  );
}

function Result({ task }: { task: Task }) {
  const result = plain(task.result ?? '');
  return (
    <Section title="Answer">
      <div class="answer">
        <Markdown source={result} />
      </div>
    </Section>
  );
}

const DIRECTIONS = [
  ['causes', 'Why'],
  ['effects', 'What came of it'],
] as const;

function ChainSection({ project, id }: { project: Project; id: string }) {
  const [direction, setDirection] = useState<'causes' | 'effects'>('causes');
  return (
    <Section
      title={direction === 'causes' ? 'Why it exists' : 'What came of it'}
      side={<Choice label="Direction" value={direction} options={DIRECTIONS} choose={setDirection} />}
    >
      <Chain project={project} id={id} direction={direction} />
    </Section>
  );
}

function Messages({ task, project }: { task: Task; project: Project }) {
  const [message, setMessage, wasSent] = useDraft(project, `message to ${task.id}`);
  const [whole, setWhole] = useState<ReadonlyMap<number, string>>(new Map());
  const messages = task.messages ?? [];
  const isOpen = task.state === 'queued' || task.state === 'running';
  if (messages.length === 0 && (!isOpen || isReadonly.value)) return null;
  const send = async () => {
    const { delivery } = await project.client.task.send({ taskId: task.id, message });
    wasSent(message);
    return delivery === 'live' ? 'The agent gets it while it works.' : 'The agent gets it with its next run.';
  };
  const showWhole = async () => {
    const { messages } = await project.client.task.get({ taskId: task.id, whole: true });
    setWhole(new Map(messages?.map(({ n, message }) => [n, message])));
  };
  return (
    <Section title="Messages to the agent" count={messages.length || undefined}>
      <ol class="messages">
        {messages.map(({ n, message, cut, at, from, state }) => (
          <li key={n}>
            <Text
              key={`${whole.has(n)}`}
              text={whole.get(n) ?? message}
              label={`Message ${n}`}
              isProse
              lines={8}
              opened={whole.has(n)}
            />
            {cut && !whole.has(n) && (
              <Look class="quiet" label={`Load all of message ${n}`} look={showWhole}>
                It is longer: load all of it
              </Look>
            )}
            <span class="faint">
              {state}
              {from && (
                <>
                  {' '}
                  · from <TaskLink id={from} />
                </>
              )}
              {at && (
                <>
                  {' '}
                  · <Moment at={at} />
                </>
              )}
            </span>
          </li>
        ))}
      </ol>
      {isOpen && !isReadonly.value && (
        <div class="send">
          <label>
            <span class="unseen">Message to the agent</span>
            <textarea
              rows={2}
              maxLength={65_536}
              placeholder="Say something to the agent"
              value={message}
              onInput={(event) => setMessage(event.currentTarget.value)}
            />
          </label>
          <Act disabled={message.trim() === ''} act={send}>
            Send
          </Act>
        </div>
      )}
    </Section>
  );
}
