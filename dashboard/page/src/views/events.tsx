// Events as they come: by topic, their payloads folded, and what each has caused.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { bytes, clockSeconds, fullTime, moment, number, visible } from '../live/format.js';
import { type EventLog, type Kept, MOST_EVENTS } from '../live/events.js';
import type { Project } from '../live/project.js';
import { WITHOUT_EVENT, useQuery } from '../live/query.js';
import { Search } from '../live/search.js';
import { useValue } from '../live/store.js';
import { Empty, Failure, Section, TaskLink } from '../ui/basics.js';
import { LongList } from '../ui/list.js';
import { setQuery, to, useRoute } from '../ui/route.js';
import { Chain } from './chain.js';
import { Plain } from './output.js';
import { Words } from './tasks.js';

/** Older events that are loaded at a time. */
const OLDER = 500;

export function EventsView({ project }: { project: Project }) {
  const { id, query } = useRoute();
  const chosen = /^\d+$/.test(id) ? Number(id) : undefined;
  const topic = query.get('topic') ?? '';
  const search = useMemo(() => (topic.trim() === '' ? undefined : new Search(project, topic)), [project, topic]);
  const looked = useQuery(
    project,
    async (signal) => (await search?.look(signal), {}),
    { when: () => search !== undefined && !search.isRefused, every: search && WITHOUT_EVENT },
    [search],
  );
  const log = search?.log ?? project.log;
  useValue(log.version);
  const [paused, setPaused] = useState<EventLog>();
  const held = useRef<readonly Kept[]>([]);
  const isPaused = paused === log;

  if (!isPaused) held.current = log.events;
  const shown = held.current;
  // The log itself goes on.
  const pause = () => {
    held.current = [...log.events];
    setPaused(isPaused ? undefined : log);
  };
  const behind = isPaused ? log.countAfter(shown.at(-1)?.seq ?? 0) : 0;
  const at = (n: number) => shown[shown.length - 1 - n]!;

  return (
    <div class={`view events ${chosen === undefined ? '' : 'has-detail'}`}>
      <div class="events-list">
        <Section
          title="Events"
          count={search && looked.data && `${number(shown.length)}${search.isWhole ? '' : '+'}`}
          side={
            <button type="button" class="button" aria-pressed={isPaused} onClick={pause}>
              {isPaused ? `Go on${behind > 0 ? ` (${number(behind)} more)` : ''}` : 'Pause'}
            </button>
          }
        >
          <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
            <Words
              name="topic"
              label="Topic"
              placeholder="task:*, deployment:{started,complete}"
              query={query}
              change={(_, value) => setQuery({ topic: value })}
            />
          </form>
          {project.log.missed > 0 && (
            <p class="section-note">
              This page was too slow for {number(project.log.missed)} events: they are in the log, and not here.
            </p>
          )}
          <Failure error={looked.error} again={search?.isRefused ? undefined : looked.again} />
          {shown.length === 0 && !looked.error && (
            <Empty>
              {!search
                ? 'Nothing has happened yet.'
                : looked.data
                  ? 'No event in the log has such a topic.'
                  : 'Looking…'}
            </Empty>
          )}
          <LongList
            label="Events"
            class="short-rows"
            length={shown.length}
            id={(n) => at(n).seq}
            row={(n) => <EventRow event={at(n)} isChosen={at(n).seq === chosen} topic={topic} />}
          />
          <Older project={project} search={search} />
        </Section>
      </div>
      {chosen !== undefined && <Detail key={chosen} project={project} seq={chosen} topic={topic} />}
    </div>
  );
}

function EventRow({ event, isChosen, topic }: { event: Kept; isChosen: boolean; topic: string }) {
  return (
    <a class="event-row" href={to('events', String(event.seq), { topic })} aria-current={isChosen ? 'true' : undefined}>
      <time dateTime={event.at} title={fullTime(event.at)}>
        {clockSeconds(event.at)}
      </time>
      <span class={`topic topic-${event.topic.split(':')[0]}`}>{event.topic}</span>
      <span class="event-brief">{event.text === 'null' ? '' : visible(event.text.slice(0, 200))}</span>
      <span class="id">{event.seq}</span>
    </a>
  );
}

function Older({ project, search }: { project: Project; search: Search | undefined }) {
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const { events } = search?.log ?? project.log;
  const first = events[0]?.seq ?? 1;
  if (first <= 1 || search?.isWhole) return null;
  if (events.length >= MOST_EVENTS) {
    return (
      <p class="section-note list-end">
        This page keeps {number(MOST_EVENTS)} events; `aiwg event list` has those before.
      </p>
    );
  }
  const load = async () => {
    setBusy(true);
    try {
      const since = Math.max(0, first - 1 - OLDER);
      if (search) await search.older();
      else project.log.addOlder(await project.client.event.list({ since, limit: OLDER }));
      setError(undefined);
    } catch (error) {
      setError(error as Error);
    }
    setBusy(false);
  };
  return (
    <>
      <Failure error={error} />
      <button type="button" class="button quiet more" aria-busy={isBusy} onClick={() => void load()}>
        Load older events
      </button>
    </>
  );
}

/** One event, with its payload and what it has caused. */
function Detail({ project, seq, topic }: { project: Project; seq: number; topic: string }) {
  const here = project.log.events.find((event) => event.seq === seq);
  const [found, setFound] = useState<Kept | undefined>(here);
  const [error, setError] = useState<Error>();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    // All of it, if the page keeps only a part.
    if (found && found.cut === 0) return;
    project.client.event
      .list({ since: seq - 1, limit: 1 })
      .then(([event]) => {
        if (event?.seq !== seq) return setError(new Error(`There is no event ${seq} any more.`));
        const text = JSON.stringify(event.payload);
        setFound({ ...event, cause: event.causedBy, text, cut: 0 });
      })
      .catch(setError);
  }, [seq]);

  return (
    <section class="event-detail" aria-label={`Event ${seq}`}>
      <header class="section-head">
        <h2 ref={heading} tabIndex={-1}>
          Event {number(seq)}
        </h2>
        <a class="button quiet" href={to('events', '', { topic })}>
          Close
        </a>
      </header>
      <Failure error={found ? undefined : error} />
      {found && (
        <>
          <dl class="facts">
            <div>
              <dt>Topic</dt>
              <dd class="break">{found.topic}</dd>
            </div>
            <div>
              <dt>Time</dt>
              <dd>
                <time dateTime={found.at} title={fullTime(found.at)}>
                  {moment(found.at)}
                </time>
              </dd>
            </div>
            <div>
              <dt>Source</dt>
              <dd>{found.source}</dd>
            </div>
            {found.cause?.rule && (
              <div>
                <dt>By the rule</dt>
                <dd>
                  <a href={to('rules', found.cause.rule)}>{found.cause.rule}</a>
                </dd>
              </div>
            )}
            {found.cause?.task && (
              <div>
                <dt>By the task</dt>
                <dd>
                  <TaskLink id={found.cause.task} />
                </dd>
              </div>
            )}
          </dl>
          <details class="folded" open={found.text.length < 2000}>
            <summary>Payload, {bytes(found.text.length)}</summary>
            <Plain text={pretty(found)} />
          </details>
          <h3>What came of it</h3>
          <Chain project={project} id={`event-${seq}`} direction="effects" />
          <h3>Why it happened</h3>
          <Chain project={project} id={`event-${seq}`} direction="causes" isLive={false} />
        </>
      )}
    </section>
  );
}

/** Payloads beyond this are not laid out, in characters. */
const MOST_PRETTY = 256 * 1024;

function pretty({ text, payload, cut }: Kept): string {
  if (cut > 0) return `${text}…`;
  const laidOut = JSON.stringify(payload, null, 2) ?? 'null';
  return laidOut.length > MOST_PRETTY
    ? `${laidOut.slice(0, MOST_PRETTY)}\n… ${laidOut.length - MOST_PRETTY} more characters`
    : laidOut;
}
