// All projects of a user whose daemons run: `aiwg dashboard --all`.

import { useEffect, useMemo } from 'preact/hooks';

import { number, plural, usd } from '../live/format.js';
import { type DashboardInfo, Project, type ProjectInfo } from '../live/project.js';
import { ofKinds, useQuery } from '../live/query.js';
import { useValue } from '../live/store.js';
import { SpentToday } from '../ui/app.js';
import { Empty, Section } from '../ui/basics.js';

/** Projects of which the page asks for more than their names. */
const MOST = 20;

export function ProjectsView({ info }: { info: DashboardInfo }) {
  useEffect(() => void (document.title = 'Projects · aiwg'), []);
  return (
    <main id="main" class="projects">
      <h1 class="unseen">Projects</h1>
      <Section title="Projects" count={info.projects.length}>
        {info.projects.length === 0 && <Empty>No daemon runs. `aiwg daemon start` starts one in a project.</Empty>}
        <ul class="project-list">
          {info.projects.map((project, n) => (
            <li key={project.id}>
              {n < MOST && !project.notice ? (
                <Live info={project} />
              ) : (
                <Card info={project} text={project.notice ?? ''} />
              )}
            </li>
          ))}
        </ul>
      </Section>
    </main>
  );
}

function Card({ info, text }: { info: ProjectInfo; text: string }) {
  return (
    <div class="card">
      <h3>{info.notice ? info.name : <a href={info.page}>{info.name ?? info.id}</a>}</h3>
      <p class="faint break">{info.path}</p>
      <p>{text}</p>
    </div>
  );
}

function Live({ info }: { info: ProjectInfo }) {
  const project = useMemo(() => new Project(info), [info.ws]);
  useEffect(() => () => project.close(), [project]);
  const line = useValue(project.line);
  const { data } = useQuery(project, () => project.client.daemon.status(), {
    when: ofKinds('task', 'health', 'approval', 'budget'),
    every: 15_000,
  });
  if (!data) return <Card info={info} text={line.state === 'ended' || line.state === 'away' ? line.reason : ''} />;
  const { stats, subsystems, health, issues } = data;
  return (
    <div class="card">
      <h3>
        <span class={`dot ${line.state === 'connected' ? health : 'away'}`} aria-hidden="true" />
        <a href={info.page}>{info.name ?? data.project}</a>
      </h3>
      <p class="faint break">{info.path ?? data.project}</p>
      <p>
        {number(stats.running)} running, {number(stats.queued)} waiting
        {subsystems.approvals.pending > 0 && (
          <>
            , <strong>{plural(subsystems.approvals.pending, 'decision')} for you</strong>
          </>
        )}
        , {subsystems.budget ? usd(subsystems.budget.spentUsd) : <SpentToday project={project} />} today
      </p>
      {line.state !== 'connected' && 'reason' in line && <p class="failure">{line.reason}</p>}
      {issues.map(({ kind, message }) => (
        <p key={kind} class="failure">
          {message}
        </p>
      ))}
    </div>
  );
}
