// The frame of the page: where one is, how the daemon is, and what stands in the middle.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { moment, number, relative, usd } from '../live/format.js';
import { type DashboardInfo, Project, type ProjectInfo } from '../live/project.js';
import { WITHOUT_EVENT, ofKinds, useQuery } from '../live/query.js';
import { SIGNED_OUT, dashboard } from '../live/session.js';
import { useClock, useValue } from '../live/store.js';
import { EventsView } from '../views/events.js';
import { MoneyView } from '../views/money.js';
import { NowView } from '../views/now.js';
import { ProjectsView } from '../views/projects.js';
import { RulesView } from '../views/rules.js';
import { Submit } from '../views/submit.js';
import { TaskView } from '../views/task.js';
import { TasksView } from '../views/tasks.js';
import { TimeView } from '../views/time.js';
import { Act, Said, isReadonly } from './basics.js';
import { Notices } from './notices.js';
import { to, useRoute } from './route.js';
import { type Theme, setTheme, theme } from './theme.js';

const VIEWS = [
  ['now', 'Now'],
  ['tasks', 'Tasks'],
  ['time', 'Time'],
  ['money', 'Money'],
  ['events', 'Events'],
  ['rules', 'Rules'],
] as const;

/** How often the list of projects is read again, in milliseconds. */
const PROJECTS_AGAIN = 5000;

export function App() {
  const [info, setInfo] = useState<DashboardInfo>();
  const [error, setError] = useState('');
  const isAll = info?.all ?? false;

  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        const found = await dashboard();
        if (isOver) return;
        if (!found) throw new Error(SIGNED_OUT);
        isReadonly.set(found.readonly);
        setInfo(found);
        setError('');
        if (!found.all) return;
      } catch (error) {
        setError((error as Error).message);
      }
      if (!isOver) timer = setTimeout(look, PROJECTS_AGAIN);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, []);

  if (!info) return <main class="start">{error ? <p role="alert">{error}</p> : <p class="faint">Connecting…</p>}</main>;
  const project = isAll ? info.projects.find(({ page }) => page === location.pathname) : info.projects[0];
  if (isAll && location.pathname === '/') return <ProjectsView info={info} />;
  if (!project) {
    return (
      <main class="start">
        <p>
          This project has no daemon any more: `aiwg daemon start` starts one there. <a href="/">All projects</a>
        </p>
      </main>
    );
  }
  return <Frame key={project.ws} info={info} projectInfo={project} />;
}

function Frame({ info, projectInfo }: { info: DashboardInfo; projectInfo: ProjectInfo }) {
  const project = useMemo(() => new Project(projectInfo), []);
  useEffect(() => () => project.close(), [project]);
  const route = useRoute();
  const [isSubmitting, setSubmitting] = useState(false);
  const status = useQuery(project, () => project.client.daemon.status(), {
    when: changesStatus,
    every: WITHOUT_EVENT,
  });
  const path = projectInfo.path ?? status.data?.project ?? '';
  const name = projectInfo.name ?? path.split('/').filter(Boolean).at(-1) ?? 'aiwg';
  const view = VIEWS.find(([key]) => key === route.view)?.[1] ?? (route.view === 'task' ? route.id : 'Now');

  useEffect(() => {
    const running = status.data?.stats.running ?? 0;
    document.title = `${running > 0 ? `(${running}) ` : ''}${view} · ${name}`;
  }, [view, name, status.data?.stats.running]);
  const place = route.view === 'task' ? `task/${route.id}` : route.view;
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    // The place that was read before is another view's.
    scrollTo(0, 0);
    // The link that was followed may be gone: whoever goes on by the keyboard goes on from here.
    if (document.activeElement === document.body) document.getElementById('main')?.focus({ preventScroll: true });
  }, [place]);

  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={(event) => focusMain(event)}>
        Skip to the content
      </a>
      <aside class="rail">
        <div class="brand">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M3 20h6l4-13 5 18 4-10h7" />
          </svg>
          <div>
            {info.all && (
              <a class="up" href="/">
                All projects
              </a>
            )}
            <strong title={path}>{name}</strong>
          </div>
        </div>
        <nav aria-label="Views">
          {VIEWS.map(([key, text]) => (
            <a key={key} href={to(key)} aria-current={current(route.view) === key ? 'page' : undefined}>
              {text}
            </a>
          ))}
        </nav>
        {!info.readonly && (
          <button type="button" class="button primary submit-button" onClick={() => setSubmitting(true)}>
            New task
          </button>
        )}
        <Vitals project={project} status={status.data} />
        <ThemeChoice />
      </aside>
      <main id="main" tabIndex={-1} data-route={`${route.view}/${route.id}`}>
        <h1 class="unseen">{view}</h1>
        <Notices info={info} project={project} status={status.data} />
        <View project={project} view={route.view} id={route.id} />
      </main>
      {isSubmitting && <Submit project={project} close={() => setSubmitting(false)} />}
      <Said />
    </div>
  );
}

function focusMain(event: Event) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

const current = (view: string) => (view === 'task' ? 'tasks' : view);

const changesStatus = ofKinds('task', 'daemon', 'health', 'approval', 'automation', 'budget', 'schedule');

function View({ project, view, id }: { project: Project; view: string; id: string }) {
  switch (view) {
    case 'task':
      return <TaskView key={id} project={project} id={id} />;
    case 'tasks':
      return <TasksView project={project} />;
    case 'time':
      return <TimeView project={project} />;
    case 'money':
      return <MoneyView project={project} />;
    case 'events':
      return <EventsView project={project} />;
    case 'rules':
      return <RulesView project={project} />;
    default:
      return <NowView project={project} />;
  }
}

type Status = Awaited<ReturnType<Project['client']['daemon']['status']>>;

/** The few numbers that are always there. */
function Vitals({ project, status }: { project: Project; status: Status | undefined }) {
  const line = useValue(project.line);
  const now = useClock();
  if (!status) return <div class="vitals" />;
  const { supervisor, budget, scheduler } = status.subsystems;
  const elsewhere = supervisor.runningElsewhere ?? 0;
  const bound = budget?.bounds.find(({ span, rule }) => span === 'day' && rule === null);
  const isUp = line.state === 'connected';
  return (
    <div class="vitals">
      <dl>
        <div>
          <dt>Daemon</dt>
          <dd>
            <span class={`dot ${isUp ? status.health : 'away'}`} aria-hidden="true" />
            {isUp ? status.health : line.state === 'connecting' ? 'connecting' : 'away'}
          </dd>
        </div>
        <div>
          <dt>Running</dt>
          <dd>
            {number(supervisor.running - elsewhere)}{' '}
            <span class="faint">
              of {number(supervisor.maxConcurrency)}
              {elsewhere > 0 && `, ${number(elsewhere)} on other hosts`}
            </span>
          </dd>
        </div>
        <div>
          <dt>Waiting</dt>
          <dd>{number(status.stats.queued)}</dd>
        </div>
        <div>
          <dt>Today</dt>
          <dd>
            {budget ? usd(budget.spentUsd) : <SpentToday project={project} />}{' '}
            {bound && <span class="faint">of {usd(bound.limitUsd)}</span>}
            {bound && (
              <Meter value={bound.spentUsd + bound.reservedUsd} of={bound.limitUsd} label="Budget of today" />
            )}
          </dd>
        </div>
        {scheduler.next_at && (
          <div>
            <dt>Next</dt>
            <dd title={moment(scheduler.next_at)}>{relative(scheduler.next_at, now)}</dd>
          </div>
        )}
      </dl>
      <div class="pause">
        {supervisor.pausedSince ? (
          <Act class="quiet" act={() => project.client.daemon.resume().then(() => 'The queue goes on.')}>
            Resume the queue
          </Act>
        ) : (
          <Act
            class="quiet"
            act={() => project.client.daemon.pause().then(() => 'The queue is paused; what runs goes on.')}
          >
            Pause the queue
          </Act>
        )}
      </div>
    </div>
  );
}

/** What is spent today where no budget is set, so that the daemon's status does not tell it. */
export function SpentToday({ project }: { project: Project }) {
  const { data } = useQuery(project, () => project.client.budget.status(), {
    when: ofKinds('task', 'budget'),
    every: 60_000,
  });
  return <>{usd(data?.spentUsd)}</>;
}

/** A part of a whole, as a bar. */
export function Meter({ value, of, label }: { value: number; of: number; label: string }) {
  const share = of > 0 ? Math.min(1, value / of) : 1;
  return (
    <span
      class={`meter ${share >= 1 ? 'is-full' : share > 0.8 ? 'is-high' : ''}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <span style={{ width: `${share * 100}%` }} />
    </span>
  );
}

function ThemeChoice() {
  const value = useValue(theme);
  return (
    <label class="theme">
      <span class="unseen">Colours</span>
      <select value={value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
