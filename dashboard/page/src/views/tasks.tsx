// All tasks, however many: found by state, rule, lane or words, and loaded as the reader comes to them.

import type { Task, TaskListParams } from 'aiwg';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { number } from '../live/format.js';
import type { Project } from '../live/project.js';
import { WITHOUT_EVENT, ofKinds, useQuery } from '../live/query.js';
import { Empty, Failure, Section } from '../ui/basics.js';
import { LongList } from '../ui/list.js';
import { type Row, TaskRow, rowOfTask } from '../ui/row.js';
import { setQuery, useRoute } from '../ui/route.js';

const PAGE = 200;

/** The most that are loaded in an order other than the newest first: these orders have one page. */
const MOST_SORTED = 1000;

const STATES = ['running', 'queued', 'completed', 'failed', 'cancelled', 'timeout'] as const;
const ORDERS = [
  ['newest', 'Newest first'],
  ['oldest', 'Oldest first'],
  ['priority', 'By priority'],
  ['ended', 'Ended last'],
  ['cost', 'By cost'],
] as const;

/** What the reader looks for, as the address has it. */
function paramsOf(query: URLSearchParams): TaskListParams {
  const text = (name: string) => query.get(name)?.trim() || undefined;
  const state = STATES.find((state) => state === text('state'));
  const sort = ORDERS.find(([order]) => order === text('sort'))?.[0];
  return {
    state,
    sort,
    text: text('text')?.slice(0, 1000),
    rule: text('rule')?.slice(0, 200),
    lane: text('lane')?.slice(0, 100),
  };
}

/** The loaded part of a list that is asked for page by page. */
class Pages {
  rows: Row[] = [];
  /** True if nothing more can be loaded. */
  isWhole = false;
  error: Error | undefined;
  #isLoading = false;

  constructor(
    readonly project: Project,
    readonly params: TaskListParams,
    readonly changed: () => void,
  ) {}

  /** Loads what comes after what is there. */
  more = async () => {
    if (this.#isLoading || this.isWhole) return;
    this.#isLoading = true;
    try {
      const isNewest = !this.params.sort || this.params.sort === 'newest';
      const cursor = isNewest ? this.rows.at(-1)?.id : undefined;
      const page = await this.project.client.task.list({ ...this.params, cursor, limit: isNewest ? PAGE : MOST_SORTED });
      this.add(page);
      this.isWhole = page.length === 0 || !isNewest;
      this.error = undefined;
    } catch (error) {
      this.error = error as Error;
    }
    this.#isLoading = false;
    this.changed();
  };

  add(page: Task[]) {
    const known = new Set(this.rows.slice(-PAGE).map(({ id }) => id));
    for (const task of page) if (!known.has(task.id)) this.rows.push(rowOfTask(task));
  }

  /** Takes in what has changed at its beginning. */
  async refresh() {
    const isNewest = !this.params.sort || this.params.sort === 'newest';
    const page = await this.project.client.task.list({ ...this.params, limit: isNewest ? PAGE : MOST_SORTED });
    const fresh = page.map(rowOfTask);
    const last = fresh.at(-1)?.id;
    const at = last === undefined ? -1 : this.rows.findIndex(({ id }) => id === last);
    // What no longer fits below the first page stays until it is loaded anew.
    this.rows = isNewest && at >= 0 ? [...fresh, ...this.rows.slice(at + 1)] : fresh;
    this.isWhole = !isNewest || page.length === 0 || (this.isWhole && at >= 0);
    this.error = undefined;
    // Few are counted to the end at once.
    if (!this.isWhole && this.rows.length < PAGE) await this.more();
  }

  /** True if tasks fit that are not loaded, or may. */
  get isCut(): boolean {
    const isNewest = !this.params.sort || this.params.sort === 'newest';
    return isNewest ? !this.isWhole : this.rows.length >= MOST_SORTED;
  }
}

export function TasksView({ project }: { project: Project }) {
  const { query } = useRoute();
  const key = query.toString();
  const [, again] = useState({});
  const pages = useRef<Pages | undefined>(undefined);
  if (!pages.current || pages.current.project !== project || keyOf(pages.current.params) !== keyOf(paramsOf(query))) {
    pages.current = new Pages(project, paramsOf(query), () => again({}));
  }
  const here = pages.current;
  const fresh = useQuery(project, async () => (await here.refresh(), {}), {
    // What a task waits for is another after these, too.
    when: ofKinds('task', 'approval', 'daemon', 'budget', 'agent'),
    every: WITHOUT_EVENT,
  }, [here]);
  const stats = useQuery(project, () => project.client.task.stats(), { when: ofKinds('task') });
  const nearEnd = useCallback(() => void here.more(), [here]);
  const change = (name: string, value: string) => {
    const next = Object.fromEntries(new URLSearchParams(key));
    setQuery({ ...next, [name]: value });
  };
  const isAll = keyOf(here.params) === '{}';
  const total = isAll ? stats.data?.total : undefined;
  const found = fresh.data && `${number(here.rows.length)}${here.isCut ? '+' : ''}`;
  return (
    <div class="view">
      <Section title="Tasks" count={total === undefined ? found : number(total)}>
        <Filters query={query} change={change} />
        <Failure error={here.error ?? fresh.error} again={fresh.again} />
        {here.rows.length === 0 && fresh.data && (
          <Empty>{isAll ? 'There has been no task yet.' : 'No task fits this.'}</Empty>
        )}
        <LongList
          label="Tasks"
          length={here.rows.length}
          total={total}
          id={(n) => here.rows[n]!.id}
          row={(n) => <TaskRow row={here.rows[n]!} project={project} />}
          nearEnd={nearEnd}
        />
        {here.rows.length > 0 && (
          <p class="section-note list-end" aria-live="off">
            {!here.isCut
              ? `These are all ${number(here.rows.length)}.`
              : here.isWhole
                ? `These are the first ${number(here.rows.length)}.`
                : `${number(here.rows.length)} loaded; more as you scroll.`}
          </p>
        )}
      </Section>
    </div>
  );
}

const keyOf = (params: TaskListParams) => JSON.stringify(params);

function Filters({ query, change }: { query: URLSearchParams; change: (name: string, value: string) => void }) {
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <Words name="text" label="Words of the prompt" query={query} change={change} />
      <label>
        <span>State</span>
        <select value={query.get('state') ?? ''} onChange={(event) => change('state', event.currentTarget.value)}>
          <option value="">Any</option>
          {STATES.map((state) => (
            <option key={state} value={state}>
              {state}
            </option>
          ))}
        </select>
      </label>
      <Words name="rule" label="Rule" query={query} change={change} />
      <Words name="lane" label="Lane" query={query} change={change} />
      <label>
        <span>Order</span>
        <select value={query.get('sort') ?? 'newest'} onChange={(event) => change('sort', event.currentTarget.value)}>
          {ORDERS.map(([order, text]) => (
            <option key={order} value={order}>
              {text}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}

/** How long nobody may type before it is looked for, in milliseconds. */
const SETTLES = 250;

/** A field whose content takes effect once the reader has stopped to type. */
export function Words(props: {
  name: string;
  label: string;
  query: URLSearchParams;
  change: (name: string, value: string) => void;
  placeholder?: string;
}) {
  const { name, label, query, change } = props;
  const given = query.get(name) ?? '';
  const [text, setText] = useState(given);
  const latest = useRef(change);
  latest.current = change;
  useEffect(() => {
    if (text === given) return;
    const timer = setTimeout(() => latest.current(name, text), SETTLES);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label>
      <span>{label}</span>
      <input
        type="search"
        value={text}
        maxLength={1000}
        placeholder={props.placeholder}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}
