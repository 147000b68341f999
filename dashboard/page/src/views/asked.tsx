// What people are asked for: to approve a task, to permit a tool, to answer a question.

import type { Approval } from 'aiwg';
import { useState } from 'preact/hooks';

import { visible } from '../live/format.js';
import type { Project } from '../live/project.js';
import { ofKinds, useQuery } from '../live/query.js';
import { Act, Ago, Failure, Section, TaskLink, isReadonly } from '../ui/basics.js';
import { Text } from '../ui/text.js';

/** How many are shown with all that is known of them. */
const MOST = 30;

async function ask(project: Project, taskId?: string): Promise<{ all: Approval[]; more: number }> {
  const list = await project.client.approval.list({ limit: 1000, taskId });
  const all = await Promise.all(list.slice(0, MOST).map(({ id }) => project.client.approval.get({ approvalId: id })));
  return { all, more: list.length - all.length };
}

const changes = ofKinds('approval');

/** All that is to be decided, of one task or of all. */
export function Asked({ project, taskId }: { project: Project; taskId?: string }) {
  const { data, error, again } = useQuery(project, () => ask(project, taskId), { when: changes, every: 60_000 }, [
    taskId,
  ]);
  if (error && !data) return <Failure error={error} again={again} />;
  if (!data || data.all.length === 0) return null;
  return (
    <Section title="For you to decide" count={data.all.length + data.more} class="asked">
      <ul class="asks">
        {data.all.map((approval) => (
          <li key={approval.id}>
            <Ask approval={approval} project={project} isAlone={taskId !== undefined} />
          </li>
        ))}
      </ul>
      {data.more > 0 && <p class="section-note">And {data.more} more, once these are decided.</p>}
    </Section>
  );
}

const TITLES: Record<string, string> = {
  task: 'May this task start?',
  permission: 'May the agent use this tool?',
  question: 'An agent asks',
};

function Ask({ approval, project, isAlone }: { approval: Approval; project: Project; isAlone: boolean }) {
  const { id, kind, request, taskId } = approval;
  return (
    <article class={`ask ask-${kind}`} aria-label={`${TITLES[kind] ?? kind} ${id}`}>
      <header>
        <h3>{TITLES[kind] ?? kind}</h3>
        <span class="faint">
          {!isAlone && <TaskLink id={taskId} />} asked <Ago at={approval.requestedAt} />
          {approval.expiresAt && (
            <>
              , counts as {approval.onTimeout === 'approve' ? 'approved' : 'rejected'} <Ago at={approval.expiresAt} />
            </>
          )}
        </span>
      </header>
      {kind === 'question' ? (
        <Question approval={approval} project={project} />
      ) : (
        <Verdict approval={approval} project={project} />
      )}
      {request.cut && <p class="faint">It is longer than this: the task has all of it.</p>}
    </article>
  );
}

function Verdict({ approval, project }: { approval: Approval; project: Project }) {
  const { id, kind, request, summary } = approval;
  const [reason, setReason] = useState('');
  const params = { approvalId: id, ...(reason.trim() ? { reason } : {}) };
  return (
    <>
      {kind === 'permission' ? (
        <>
          <p class="ask-tool">{visible(request.tool ?? summary)}</p>
          <Text text={JSON.stringify(request.input, null, 2) ?? ''} label="What the tool would get" lines={12} />
        </>
      ) : (
        <>
          <Text text={request.prompt ?? summary} label="Prompt" isProse lines={12} />
          <p class="faint">
            {[
              request.rule && `by the rule ${request.rule}`,
              request.agent && `agent ${request.agent}`,
              request.lane && `lane ${request.lane}`,
              request.env && `with ${Object.keys(request.env).join(', ')} in its environment`,
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
          {request.messages?.map(({ text, from }, n) => (
            <Text
              key={n}
              text={text}
              label={`Message ${from ? `of ${from}` : 'that goes with it'}`}
              isProse
              lines={6}
            />
          ))}
        </>
      )}
      {!isReadonly.value && (
        <div class="ask-acts">
          <Act
            class="primary"
            label={`Approve ${id}`}
            act={() => project.client.approval.approve(params).then(() => `${id} is approved.`)}
          >
            {kind === 'permission' ? 'Allow it, once' : 'Approve'}
          </Act>
          <Act
            class="danger"
            label={`Reject ${id}`}
            act={() => project.client.approval.reject(params).then(() => `${id} is rejected.`)}
          >
            Reject
          </Act>
          <label class="ask-reason">
            <span class="unseen">Reason, which is kept</span>
            <input
              type="text"
              maxLength={4096}
              placeholder="Reason (may be left out)"
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
        </div>
      )}
    </>
  );
}

function Question({ approval, project }: { approval: Approval; project: Project }) {
  const { id, request, summary } = approval;
  const [answer, setAnswer] = useState('');
  const give = (answer: string) => () =>
    project.client.approval.answer({ approvalId: id, answer }).then(() => `${id} is answered.`);
  const options = request.options ?? [];
  return (
    <>
      <Text text={request.question ?? summary} label="Question" isProse lines={20} />
      {!isReadonly.value && (
        <div class="ask-acts">
          {options.map((option) => (
            <Act key={option} class="plain" act={give(option)}>
              {visible(option)}
            </Act>
          ))}
          {options.length === 0 && (
            <>
              <label class="ask-reason">
                <span class="unseen">Your answer</span>
                <textarea
                  rows={2}
                  maxLength={65_536}
                  placeholder="Your answer"
                  value={answer}
                  onInput={(event) => setAnswer(event.currentTarget.value)}
                />
              </label>
              <Act class="primary" disabled={answer === ''} act={give(answer)}>
                Answer
              </Act>
            </>
          )}
          <Act
            class="danger"
            label={`Refuse to answer ${id}`}
            act={() => project.client.approval.reject({ approvalId: id }).then(() => `${id} is refused.`)}
          >
            Refuse
          </Act>
        </div>
      )}
    </>
  );
}
