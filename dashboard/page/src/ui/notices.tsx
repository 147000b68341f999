// What the reader should know before anything else: the daemon is away, is ill, or is paused.

import type { DaemonStatus } from 'aiwg';

import { relative } from '../live/format.js';
import type { DashboardInfo, Project } from '../live/project.js';
import { useClock, useValue } from '../live/store.js';
import { Ago, Moment } from './basics.js';

/** How long a daemon may be away before it is told, in milliseconds: a restart takes less. */
const GRACE = 1200;

export function Notices(props: { info: DashboardInfo; project: Project; status: DaemonStatus | undefined }) {
  const { info, project, status } = props;
  const line = useValue(project.line);
  const now = useClock();
  const isLong = line.state === 'away' && now - line.since > GRACE;
  const supervisor = status?.subsystems.supervisor;
  return (
    <div class="notices" role="status">
      {line.state === 'ended' && <p class="notice bad">{line.reason}</p>}
      {line.state === 'away' && isLong && (
        <p class="notice bad">
          <strong>Not connected</strong> since {relative(new Date(line.since).toISOString(), now)}: {line.reason}.{' '}
          {status
            ? 'What you see is from before; where it can, this page connects again by itself.'
            : 'Where it can, this page connects by itself.'}
        </p>
      )}
      {info.readonly && <p class="notice">This dashboard only shows: it was started with --readonly.</p>}
      {info.agent && (
        <p class="notice bad">An agent has started this dashboard: nothing can be approved or decided with it.</p>
      )}
      {status?.issues.map(({ kind, message, since }) => (
        <p key={kind} class="notice bad">
          <strong>{kind}</strong>: {message}{' '}
          <span class="faint">
            since <Ago at={since} />
          </span>
        </p>
      ))}
      {supervisor?.drainingSince ? (
        <p class="notice">
          The daemon ends once no task runs; it takes no new ones since <Moment at={supervisor.drainingSince} />.
        </p>
      ) : (
        supervisor?.pausedSince && (
          <p class="notice">
            The queue is paused since <Moment at={supervisor.pausedSince} />: nothing new starts.
          </p>
        )
      )}
      {status?.subsystems.automation.enabled === false && (
        <p class="notice">All rules are switched off: events make no tasks.</p>
      )}
    </div>
  );
}
