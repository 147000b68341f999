// A dry run of the rules, with a form made of the topic's schema.

import type { AutomationTestParams, AutomationTested, TopicInfo } from 'aiwg';
import { useId, useState } from 'preact/hooks';

import type { Project } from '../live/project.js';
import { ofKinds, useQuery } from '../live/query.js';
import { Choice, Empty, Failure } from '../ui/basics.js';
import { Text } from '../ui/text.js';
import { SchemaForm, blank } from './schemaform.js';

type What = 'topic' | 'file' | 'schedule';

const WHATS = [
  ['topic', 'An event'],
  ['file', 'A file that changes'],
  ['schedule', 'A schedule'],
] as const;

const OUTCOMES: Record<string, string> = {
  fire: 'makes a task at once',
  debounce: 'makes a task once it is quiet',
  coalesce: 'makes a task once its own task has ended',
  refuse: 'makes no task',
  trip: 'makes no task, and trips',
  fail: 'makes a task that fails at once',
};

export function DryRun({ project }: { project: Project }) {
  const [what, setWhat] = useState<What>('topic');
  const [topic, setTopic] = useState('');
  const [payload, setPayload] = useState<unknown>(undefined);
  const [problem, setProblem] = useState('');
  const [file, setFile] = useState('');
  const [schedule, setSchedule] = useState('');
  const [tested, setTested] = useState<AutomationTested>();
  const [error, setError] = useState<Error>();
  const topics = useQuery(project, () => project.client.topic.list(), { when: ofKinds('daemon') });
  const jobs = useQuery(project, () => project.client.schedule.list(), { when: ofKinds('daemon') });
  const list = useId();
  const info = topics.data?.find(({ name }) => name === topic);

  const choose = (name: string) => {
    setTopic(name);
    const found = topics.data?.find((one) => one.name === name);
    setPayload(found ? blank(found.payload) : undefined);
    setProblem('');
  };
  const run = async (event: SubmitEvent) => {
    event.preventDefault();
    if (problem !== '') return;
    const params: AutomationTestParams =
      what === 'topic' ? { topic: topic.trim(), payload } : what === 'file' ? { file } : { schedule };
    try {
      setTested(await project.client.automation.test(params));
      setError(undefined);
    } catch (error) {
      setTested(undefined);
      setError(error as Error);
    }
  };

  return (
    <form class="dryrun" onSubmit={run}>
      <Choice label="What happens" value={what} options={WHATS} choose={setWhat} />
      {what === 'topic' && (
        <>
          <label class="field">
            <span>Topic</span>
            <input
              required
              maxLength={200}
              list={list}
              value={topic}
              placeholder="deployment:complete"
              onInput={(event) => choose(event.currentTarget.value)}
            />
            <datalist id={list}>
              {[...(topics.data ?? [])].sort(ownFirst).map(({ name }) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </label>
          {info?.description && <p class="faint">{info.description}</p>}
          <SchemaForm
            key={info?.name ?? ''}
            schema={info?.payload ?? {}}
            value={payload}
            change={setPayload}
            fault={setProblem}
          />
        </>
      )}
      {what === 'file' && (
        <label class="field">
          <span>File</span>
          <input
            required
            maxLength={4096}
            value={file}
            placeholder="src/main.ts"
            onInput={(event) => setFile(event.currentTarget.value)}
          />
        </label>
      )}
      {what === 'schedule' && (
        <label class="field">
          <span>Schedule</span>
          <select required value={schedule} onChange={(event) => setSchedule(event.currentTarget.value)}>
            <option value="">Choose one</option>
            {jobs.data?.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <div class="form-acts">
        <button type="submit" class="button primary" aria-disabled={problem !== ''}>
          Try it
        </button>
      </div>
      <Failure error={error} />
      {tested && <Tested tested={tested} />}
    </form>
  );
}

const ownFirst = (a: TopicInfo, b: TopicInfo) =>
  Number(b.source === 'project') - Number(a.source === 'project') || a.name.localeCompare(b.name);

function Tested({ tested }: { tested: AutomationTested }) {
  return (
    <div class="tested" role="status">
      {tested.notice && <p class="notice">{tested.notice}</p>}
      {tested.rules.length === 0 && <Empty>No rule matches {tested.topic}.</Empty>}
      <ul>
        {tested.rules.map(({ rule, outcome, reason, prompt }) => (
          <li key={rule}>
            <p>
              <strong>{rule}</strong>{' '}
              <span class={['fire', 'debounce', 'coalesce'].includes(outcome) ? 'good' : 'bad'}>
                {OUTCOMES[outcome] ?? outcome}
              </span>
              {reason && <span class="faint"> — {reason}</span>}
            </p>
            {prompt !== null && <Text text={prompt} label={`Prompt of ${rule}`} isProse lines={8} />}
          </li>
        ))}
      </ul>
    </div>
  );
}
