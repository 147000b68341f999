// What people are asked for: to approve a task, to permit a tool, to answer a question.

import type { Approval, ApprovalRequest, Event, Task } from 'aiwg';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { checkText, visible } from '../live/format.js';
import type { Project } from '../live/project.js';
import { WITHOUT_EVENT, useQuery } from '../live/query.js';
import { Act, Ago, Failure, Section, TaskLink, isReadonly } from '../ui/basics.js';
import { useDraft } from '../ui/drafts.js';
import { Text, useWhole } from '../ui/text.js';

/** How many are shown with all that is known of them. */
const MOST = 30;

async function ask(project: Project, taskId?: string): Promise<{ all: Approval[]; more: number }> {
  const list = await project.client.approval.list({ limit: 1000, taskId });
  const all = await Promise.all(list.slice(0, MOST).map(({ id }) => get(project, id)));
  return { all, more: list.length - all.length };
}

/** The most requests that are kept as a whole. */
const MOST_KEPT = 2 * MOST;

/** What is asked with a request does not change: what was cut is put together once. */
const kept = new WeakMap<Project, Map<string, ApprovalRequest>>();

/** A request, with all that it is about. */
async function get(project: Project, approvalId: string): Promise<Approval> {
  const approval = await project.client.approval.get({ approvalId });
  if (!approval.request.cut) return approval;
  const known = kept.get(project) ?? new Map<string, ApprovalRequest>();
  kept.set(project, known);
  let request = known.get(approvalId);
  if (!request) {
    const task = await project.client.task.get({ taskId: approval.taskId, whole: true }).catch(() => undefined);
    request = task && completed(approval.request, task);
    if (request) known.set(approvalId, request);
    if (known.size > MOST_KEPT) known.delete(known.keys().next().value!);
  }
  return request ? { ...approval, request } : approval;
}

/** Messages that a request has at the most: the latest ones. */
const LATEST = 100;

/** A request that was cut, with the prompt and the messages of its task; nothing where the task has others by now. */
function completed(request: ApprovalRequest, { prompt, messages = [] }: Task): ApprovalRequest | undefined {
  const said = request.messages ?? [];
  const latest = said.length === 0 ? [] : messages.slice(-said.length);
  const areThese =
    prompt.startsWith(request.prompt ?? '') &&
    latest.length === said.length &&
    (latest.length === messages.length || latest.length >= LATEST) &&
    latest.every(
      ({ message, from, cut }, n) => !cut && (from ?? null) === said[n]!.from && message.startsWith(said[n]!.text),
    );
  if (!areThese) return undefined;
  return { ...request, prompt, cut: false, messages: messages.map(({ message, from = null }) => ({ text: message, from })) };
}

/** A task that ends takes back what it has asked for. */
const changes = ({ topic }: Event) => /^(approval:|task:(completed|failed|cancelled|timeout)$)/.test(topic);

/** How long the buttons rest after the cards have moved, in milliseconds: whoever was about to press one sees another card there. */
const REST = 700;

/** True for a moment after the cards have moved. */
function useMoved(cards: string | undefined): boolean {
  const before = useRef(cards);
  const [moved, setMoved] = useState<string>();
  // What is there at first has not moved.
  const isMoved = before.current !== undefined && cards !== before.current;
  useEffect(() => {
    before.current = cards;
    if (!isMoved) return;
    setMoved(cards);
    const timer = setTimeout(() => setMoved(undefined), REST);
    return () => clearTimeout(timer);
  }, [cards]);
  return isMoved || (moved !== undefined && moved === cards);
}

/**
 * Whoever decides by the keyboard goes on at the next card, and not at the top of the page. The card has the focus then, and none of its buttons: a
 * key that is pressed once more decides nothing.
 */
function useNextCard(ids: string[]) {
  const list = useRef<HTMLUListElement>(null);
  const before = useRef<{ id: string; at: number } | undefined>(undefined);
  // While this is drawn, the card that goes is still there.
  const focused = document.activeElement?.closest<HTMLElement>('[data-ask]');
  const id = focused && list.current?.contains(focused) ? focused.dataset.ask! : undefined;
  const was = id === undefined ? undefined : { id, at: before.current?.id === id ? before.current.at : ids.indexOf(id) };
  useLayoutEffect(() => {
    before.current = was && ids.includes(was.id) ? { id: was.id, at: ids.indexOf(was.id) } : undefined;
    if (!was || before.current || document.activeElement !== document.body) return;
    const cards = list.current?.querySelectorAll<HTMLElement>('[data-ask]') ?? [];
    (cards[Math.min(was.at, cards.length - 1)] ?? document.getElementById('main'))?.focus();
  });
  return list;
}

/** All that is to be decided, of one task or of all. */
export function Asked({ project, taskId }: { project: Project; taskId?: string }) {
  const { data, error, again } = useQuery(project, () => ask(project, taskId), {
    when: changes,
    every: WITHOUT_EVENT,
  }, [taskId]);
  const ids = data?.all.map(({ id }) => id) ?? [];
  const hasMoved = useMoved(data && ids.join());
  const list = useNextCard(ids);
  if (error && !data) return <Failure error={error} again={again} />;
  if (!data || data.all.length === 0) return null;
  return (
    <Section title="For you to decide" count={data.all.length + data.more} class="asked">
      <ul class="asks" ref={list}>
        {data.all.map((approval) => (
          <li key={approval.id}>
            <Ask approval={approval} project={project} isAlone={taskId !== undefined} rests={hasMoved} />
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

function Ask(props: { approval: Approval; project: Project; isAlone: boolean; rests: boolean }) {
  const { approval, project, isAlone, rests } = props;
  const { id, kind, request, taskId } = approval;
  return (
    <article class={`ask ask-${kind}`} data-ask={id} tabIndex={-1} aria-label={`${TITLES[kind] ?? kind} ${id}`}>
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
        <Question approval={approval} project={project} rests={rests} />
      ) : (
        <Verdict approval={approval} project={project} rests={rests} />
      )}
      {request.cut && (
        <p class="faint">It is longer than this: `aiwg task get --whole {taskId}` shows what the task is now.</p>
      )}
    </article>
  );
}

/** One on a line: a line end in a value would look like another variable. */
const variables = (env: Record<string, string>) =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${value.replaceAll('\n', '\\n')}`)
    .join('\n');

/** What is missing before a decision counts: nobody agrees to what he has not seen. */
function Unseen({ labels }: { labels: readonly string[] }) {
  if (labels.length === 0 || isReadonly.value) return null;
  return <p class="faint">Show all of it first, to its end: {labels.join(', ')}.</p>;
}

function Verdict({ approval, project, rests }: { approval: Approval; project: Project; rests: boolean }) {
  const { id, kind, request, summary } = approval;
  const [reason, setReason, wasSent] = useDraft(project, `reason for ${id}`);
  const decided = (text: string) => () => (wasSent(reason), text);
  const params = { approvalId: id, ...(reason.trim() ? { reason } : {}) };
  const [unseen, whole] = useWhole();
  return (
    <>
      {kind === 'permission' ? (
        <>
          <p class="ask-tool">{visible(request.tool ?? summary)}</p>
          <Text
            text={JSON.stringify(request.input, null, 2) ?? ''}
            label="What the tool would get"
            lines={12}
            shown={whole('what the tool would get')}
          />
        </>
      ) : (
        <>
          <Text text={request.prompt ?? summary} label="Prompt" isProse lines={12} shown={whole('the prompt')} />
          <p class="faint">
            {[
              request.rule && `by the rule ${request.rule}`,
              request.agent && `agent ${request.agent}`,
              request.lane && `lane ${request.lane}`,
            ]
              .filter(Boolean)
              .map((fact) => visible(fact as string))
              .join(' · ')}
          </p>
          {request.env && (
            <>
              <p class="faint">With these variables in its environment:</p>
              <Text
                text={variables(request.env)}
                label="Variables of its environment"
                lines={8}
                shown={whole('the variables')}
              />
            </>
          )}
          {request.verify?.command && (
            <>
              <p class="faint">Done when this check succeeds:</p>
              <Text text={checkText(request.verify.command)} label="Check" lines={6} shown={whole('the check')} />
            </>
          )}
          {request.messages?.map(({ text, from }, n) => (
            <Text
              key={n}
              text={text}
              label={`Message ${from ? `of ${from}` : 'that goes with it'}`}
              isProse
              lines={6}
              shown={whole(`message ${n + 1}`)}
            />
          ))}
        </>
      )}
      <Unseen labels={unseen} />
      {!isReadonly.value && (
        <div class="ask-acts">
          <Act
            class="primary"
            disabled={rests || unseen.length > 0}
            label={`Approve ${id}`}
            act={() => project.client.approval.approve(params).then(decided(`${id} is approved.`))}
          >
            {kind === 'permission' ? 'Allow it, once' : 'Approve'}
          </Act>
          <Act
            class="danger"
            disabled={rests}
            label={`Reject ${id}`}
            act={() => project.client.approval.reject(params).then(decided(`${id} is rejected.`))}
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

function Question({ approval, project, rests }: { approval: Approval; project: Project; rests: boolean }) {
  const { id, request, summary } = approval;
  const [answer, setAnswer, wasSent] = useDraft(project, `answer to ${id}`);
  const give = (answer: string) => () =>
    project.client.approval.answer({ approvalId: id, answer }).then(() => (wasSent(answer), `${id} is answered.`));
  const options = request.options ?? [];
  const [unseen, whole] = useWhole();
  return (
    <>
      <Text
        text={request.question ?? summary}
        label="Question"
        isProse
        lines={20}
        shown={whole('the question')}
      />
      <Unseen labels={unseen} />
      {!isReadonly.value && (
        <div class="ask-acts">
          {options.map((option) => (
            <Act key={option} class="plain" disabled={rests || unseen.length > 0} act={give(option)}>
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
              <Act class="primary" disabled={rests || unseen.length > 0 || answer === ''} act={give(answer)}>
                Answer
              </Act>
            </>
          )}
          <Act
            class="danger"
            disabled={rests}
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
