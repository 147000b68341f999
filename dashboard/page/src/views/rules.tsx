// The rules: on or off, why each rests, what it has done, and what it would do.

import type { AutomationStatus, Condition, RuleStatus, Trigger } from 'aiwg';
import { useEffect, useRef } from 'preact/hooks';

import { number, plural, span } from '../live/format.js';
import type { Project } from '../live/project.js';
import { useQuery } from '../live/query.js';
import { Act, Ago, Choice, Empty, Loading, Moment, Section, TaskLink, isReadonly } from '../ui/basics.js';
import { setQuery, to, useRoute } from '../ui/route.js';
import { Text } from '../ui/text.js';
import { DryRun } from './dryrun.js';
import { Words } from './tasks.js';

const STATES = [
  ['', 'All'],
  ['ready', 'Ready'],
  ['rests', 'Rest'],
] as const;

/** True if a rule is one of those that are looked for: by the words of its id, its occasion, its agent and its prompt, and by what it does now. */
function fits(rule: RuleStatus, words: string, state: string): boolean {
  if (state !== '' && rule.active !== (state === 'ready')) return false;
  const all = [rule.id, rule.trigger.type, occasion(rule.trigger), rule.action.agent ?? '', rule.action.prompt].join('\n').toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

export function RulesView({ project }: { project: Project }) {
  const { id, query } = useRoute();
  // Any event may meet a rule.
  const { data, error, again } = useQuery(project, () => project.client.automation.status(), {
    when: () => true,
    every: 30_000,
  });
  if (!data) return <Loading error={error} again={again} />;
  const [words, state] = [query.get('words') ?? '', query.get('state') ?? ''];
  const filter = (change: { words?: string; state?: string }) => setQuery({ words, state, ...change });
  const shown = data.rules.filter((rule) => fits(rule, words, state));
  return (
    <div class="view rules">
      <Section
        title="Rules"
        count={shown.length < data.rules.length ? `${shown.length} of ${data.rules.length}` : data.rules.length}
        side={
          <>
            <span class="faint">All rules</span> <AllSwitch status={data} project={project} again={again} />
          </>
        }
      >
        {data.heldBy && (
          <p class="notice">
            Changes of files wait for {data.heldBy}, since <Ago at={data.heldSince} />.
          </p>
        )}
        {data.rules.length === 0 && <Empty>There are no rules: `rules` in `.aiwg/daemon.json` has them.</Empty>}
        {data.rules.length > 1 && (
          <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
            <Words
              name="words"
              label="Words of the rule"
              placeholder="file_change, deployment, a word of the prompt"
              query={query}
              change={(_, value) => filter({ words: value })}
            />
            <Choice
              label="Which rules"
              value={STATES.find(([value]) => value === state)?.[0] ?? ''}
              options={STATES}
              choose={(value) => filter({ state: value })}
            />
          </form>
        )}
        {data.rules.length > 0 && shown.length === 0 && <Empty>No rule is so.</Empty>}
        <ul class="rule-list">
          {shown.map((rule) => (
            <li key={rule.id}>
              <Rule rule={rule} status={data} project={project} again={again} isChosen={rule.id === id} />
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Try it">
        <p class="section-note">
          What the rules would make of an event, now. Nothing is published, and no task is made.
        </p>
        <DryRun project={project} />
      </Section>
      <Recent status={data} />
    </div>
  );
}

function Switch(props: { label: string; isOn: boolean; turn: (on: boolean) => Promise<void> }) {
  const { label, isOn, turn } = props;
  if (isReadonly.value) return <span class="faint">{isOn ? 'on' : 'off'}</span>;
  return (
    <span class={`switch ${isOn ? 'is-on' : ''}`}>
      <Act class="switch-button" label={`${isOn ? 'On' : 'Off'}: ${label}`} act={() => turn(!isOn)}>
        <span class="switch-track" aria-hidden="true" />
        {isOn ? 'On' : 'Off'}
      </Act>
    </span>
  );
}

function AllSwitch({ status, project, again }: { status: AutomationStatus; project: Project; again: () => void }) {
  const { enable, disable } = project.client.automation;
  return (
    <Switch
      label="All rules"
      isOn={status.enabled}
      turn={async (on) => {
        await (on ? enable({}) : disable({}));
        again();
      }}
    />
  );
}

function occasion(trigger: Trigger): string {
  switch (trigger.type) {
    case 'event':
      return `on the event ${(trigger.topics ?? [trigger.topic]).join(', ')}`;
    case 'file_change':
      return `when files change: ${(trigger.patterns ?? [trigger.pattern]).join(', ')}`;
    case 'schedule':
      return `at ${trigger.cron}`;
  }
}

function settling(condition: Condition): string {
  return condition.type === 'debounce' ? `, once it is quiet for ${span(condition.interval_ms)}` : '';
}

function Rule(props: {
  rule: RuleStatus;
  status: AutomationStatus;
  project: Project;
  again: () => void;
  isChosen: boolean;
}) {
  const { rule, status, project, again, isChosen } = props;
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isChosen) ref.current?.scrollIntoView({ block: 'center' });
  }, [isChosen]);
  const last = status.recentExecutions.find((execution) => execution.rule === rule.id);
  const { enable, disable } = project.client.automation;
  const isRule = status.rules.indexOf(rule) < status.ruleCount;
  return (
    <article ref={ref} class={`rule ${rule.active ? '' : 'rests'} ${isChosen ? 'is-chosen' : ''}`} aria-label={rule.id}>
      <header>
        <h3>{rule.id}</h3>
        <p class="rule-when">
          {occasion(rule.trigger)}
          {settling(rule.condition)}
        </p>
        {(isRule || !rule.enabled) && (
          <Switch
            label={rule.id}
            isOn={rule.enabled}
            turn={async (on) => {
              await (on ? enable : disable)({ ruleId: rule.id });
              again();
            }}
          />
        )}
      </header>
      <div class="rule-now">
        {rule.active ? (
          <span class="good">Ready</span>
        ) : (
          <span class="bad">
            Rests: {rule.reason}
            {rule.trippedAt && (
              <>
                {' '}
                (<Ago at={rule.trippedAt} />)
              </>
            )}
          </span>
        )}
        {rule.trippedAt && rule.enabled && (
          <Act
            label={`Reset it: ${rule.id}`}
            act={async () => {
              await enable({ ruleId: rule.id });
              again();
              return `${rule.id} is in force again.`;
            }}
          >
            Reset it
          </Act>
        )}
        {rule.busy > 0 && <span>{plural(rule.busy, 'task')} under way</span>}
        {rule.pending && (
          <span>
            {plural(rule.pending.matches, 'match', 'matches')} waiting{' '}
            {rule.pending.dueAt ? <Ago at={rule.pending.dueAt} /> : 'for its task to end'}
          </span>
        )}
        {last && (
          <span>
            last <TaskLink id={last.task} />, <Ago at={last.at} />
          </span>
        )}
        {rule.lastRefusal && (
          <span class="faint">
            last refusal{' '}
            <a href={to('events', String(rule.lastRefusal.event))}>event {number(rule.lastRefusal.event)}</a>:{' '}
            {rule.lastRefusal.reason}
          </span>
        )}
      </div>
      <details class="folded">
        <summary>
          What it has an agent do
          <span class="faint">
            {rule.action.agent && ` · ${rule.action.agent}`}
            {rule.action.priority !== 0 && ` · priority ${rule.action.priority}`}
          </span>
        </summary>
        <Text text={rule.action.prompt} label={`Prompt of ${rule.id}`} isProse />
      </details>
    </article>
  );
}

function Recent({ status }: { status: AutomationStatus }) {
  const recent = status.recentExecutions;
  if (recent.length === 0) return null;
  return (
    <Section title="Lately" count={recent.length}>
      <div class="scroll-x" tabIndex={0} role="group" aria-label="Tasks that rules have made lately">
        <table class="table">
          <thead>
            <tr>
              <th>Rule</th>
              <th>Task</th>
              <th>Event</th>
              <th>Matches</th>
              <th>Time</th>
            </tr>
          </thead>
          <tbody>
            {recent.map(({ rule, at, event, matches, task }) => (
              <tr key={task}>
                <th scope="row">{rule}</th>
                <td>
                  <TaskLink id={task} />
                </td>
                <td>
                  <a href={to('events', String(event))}>{number(event)}</a>
                </td>
                <td>{number(matches)}</td>
                <td>
                  <Moment at={at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
