// What agents have cost: by day, rule and agent, with the budgets and the forecast.

import type { BudgetBound, BudgetStatus, TaskStats } from 'aiwg';
import type { ComponentChildren } from 'preact';

import { compact, moment, number, usd } from '../live/format.js';
import type { Project } from '../live/project.js';
import { ofKinds, useQuery } from '../live/query.js';
import { Ago, Empty, Failure, Section } from '../ui/basics.js';
import { Meter } from '../ui/app.js';
import { DayChart, type Mark, dayOf } from '../ui/chart.js';
import { to } from '../ui/route.js';

const changes = ofKinds('task', 'budget');

export function MoneyView({ project }: { project: Project }) {
  const budget = useQuery(project, () => project.client.budget.status(), { when: changes, every: 60_000 });
  const stats = useQuery(project, () => project.client.task.stats(), { when: changes, every: 60_000 });
  return (
    <div class="view money">
      <Failure error={budget.error ?? stats.error} again={budget.again} />
      {budget.data && (
        <>
          <Today budget={budget.data} />
          <CostByDay budget={budget.data} />
        </>
      )}
      {stats.data && <TokensByDay stats={stats.data} />}
      {budget.data && stats.data && (
        <div class="pair">
          <ByRule budget={budget.data} stats={stats.data} />
          <ByAgent budget={budget.data} />
        </div>
      )}
    </div>
  );
}

function Today({ budget }: { budget: BudgetStatus }) {
  const { bounds } = budget;
  return (
    <Section title="Today" side={<span class="faint">until {moment(budget.dayEndsAt)}</span>}>
      <dl class="tiles">
        <Tile name="Spent">{usd(budget.spentUsd)}</Tile>
        <Tile name="Set aside for what runs">{usd(budget.reservedUsd)}</Tile>
        <Tile name="Forecast for the day">{usd(budget.forecastUsd)}</Tile>
        <Tile name="Cap of one task">
          {budget.taskUsd === null ? <span class="faint">none</span> : usd(budget.taskUsd)}
        </Tile>
      </dl>
      {bounds.length > 0 ? (
        <ul class="bounds">
          {bounds.map((bound) => (
            <li key={`${bound.span} ${bound.rule}`}>
              <BoundView bound={bound} />
            </li>
          ))}
        </ul>
      ) : (
        <p class="section-note">
          No budget is set: `budget` in `.aiwg/daemon.json` sets one for a day, a month, or a rule.
        </p>
      )}
    </Section>
  );
}

function Tile({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function BoundView({ bound }: { bound: BudgetBound }) {
  const { span, rule, limitUsd, spentUsd, reservedUsd, leftUsd, endsAt } = bound;
  const name = `${rule === null ? 'All tasks' : rule}, ${span === 'day' ? 'this day' : span === 'month' ? 'this month' : span}`;
  return (
    <>
      <span class="bound-name">{rule === null ? name : <a href={to('rules', rule)}>{name}</a>}</span>
      <span>
        {usd(spentUsd)} of {usd(limitUsd)}
        <span class="faint">
          {reservedUsd > 0 && `, ${usd(reservedUsd)} set aside`}, {usd(Math.max(0, leftUsd))} left, anew{' '}
          <Ago at={endsAt} />
        </span>
      </span>
      <Meter value={spentUsd + reservedUsd} of={limitUsd} label={`Budget of ${name}`} />
    </>
  );
}

/** All days from the first to the last one, those without anything as well. */
function allDays(known: string[], last: string): string[] {
  const sorted = [...known, last].sort();
  const days: string[] = [];
  const end = Date.parse(`${sorted.at(-1)}T00:00:00Z`);
  const first = Math.max(Date.parse(`${sorted[0]}T00:00:00Z`), end - 30 * 86_400_000);
  // A few days at the least: one bar alone says little.
  for (let at = Math.min(first, end - 6 * 86_400_000); at <= end; at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

function CostByDay({ budget }: { budget: BudgetStatus }) {
  const byDay = new Map(budget.byDay.map(({ day, spentUsd }) => [day, spentUsd]));
  const days = allDays([...byDay.keys()], budget.day);
  const cost = days.map((day) => byDay.get(day) ?? (day === budget.day ? budget.spentUsd : 0));
  const forecast = days.map((day, n) => (day === budget.day ? Math.max(0, budget.forecastUsd - cost[n]!) : 0));
  const bound = budget.bounds.find(({ span, rule }) => span === 'day' && rule === null);
  const marks: Mark[] = bound ? [{ name: 'Budget of a day', value: bound.limitUsd, colour: 'bad' }] : [];
  return (
    <Section title="Cost by day">
      <div class="beside">
        <DayChart
          label="Cost by day, as in the table beside it"
          days={days}
          series={[
            { name: 'Spent', values: cost, colour: 'accent' },
            { name: 'Still expected today', values: forecast, colour: 'soft' },
          ]}
          marks={marks}
          format={axisUsd}
        />
        <Figures head={['Day', 'Cost']} label="Cost by day">
          {days
            .map((day, n) => ({ day, cost: cost[n]! }))
            .reverse()
            .map(({ day, cost }) => (
              <tr key={day}>
                <th scope="row">{dayOf(day)}</th>
                <td>{usd(cost)}</td>
              </tr>
            ))}
        </Figures>
      </div>
    </Section>
  );
}

const axisUsd = (value: number) => (value >= 1000 ? `$${compact(value)}` : `$${Number(value.toPrecision(3))}`);

function TokensByDay({ stats }: { stats: TaskStats }) {
  const byDay = new Map(stats.usage.byDay.map(({ day, usage }) => [day, usage]));
  if (byDay.size === 0) return null;
  const days = allDays([...byDay.keys()], new Date().toISOString().slice(0, 10));
  const of = (member: 'inputTokens' | 'outputTokens' | 'cacheReadTokens' | 'cacheCreationTokens') =>
    days.map((day) => byDay.get(day)?.[member] ?? 0);
  return (
    <Section title="Tokens by day" side={<span class="faint">days in UTC</span>}>
      <div class="beside">
        <DayChart
          label="Tokens by day, as in the table beside it"
          days={days}
          series={[
            { name: 'Written', values: of('outputTokens'), colour: 'accent' },
            { name: 'Read', values: of('inputTokens'), colour: 'wait' },
            { name: 'Put into the cache', values: of('cacheCreationTokens'), colour: 'run' },
            { name: 'Read from the cache', values: of('cacheReadTokens'), colour: 'soft' },
          ]}
          format={compact}
        />
        <Figures head={['Day', 'Tasks', 'Read', 'Written', 'Cache']} label="Tokens by day">
          {[...days].reverse().map((day) => {
            const usage = byDay.get(day);
            return (
              <tr key={day}>
                <th scope="row">{dayOf(day)}</th>
                <td>{number(usage?.tasks ?? 0)}</td>
                <td>{compact(usage?.inputTokens ?? 0)}</td>
                <td>{compact(usage?.outputTokens ?? 0)}</td>
                <td>{compact((usage?.cacheReadTokens ?? 0) + (usage?.cacheCreationTokens ?? 0))}</td>
              </tr>
            );
          })}
        </Figures>
      </div>
    </Section>
  );
}

function Figures(props: { head: string[]; label: string; children: ComponentChildren }) {
  return (
    <div class="scroll-both" tabIndex={0} role="group" aria-label={`${props.label}, table`}>
      <table class="table figures">
        <thead>
          <tr>
            {props.head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}

/** A share of the largest, as a bar behind a figure. */
function Share({ value, most }: { value: number; most: number }) {
  return (
    <span class="share" aria-hidden="true">
      <span style={{ width: `${most > 0 ? (value / most) * 100 : 0}%` }} />
    </span>
  );
}

function ByRule({ budget, stats }: { budget: BudgetStatus; stats: TaskStats }) {
  const tokens = new Map(stats.usage.byRule.map(({ rule, usage }) => [rule, usage]));
  const most = Math.max(...budget.byRule.map(({ monthUsd }) => monthUsd), 0);
  return (
    <Section title="By rule">
      {budget.byRule.length === 0 ? (
        <Empty>Nothing was spent this month.</Empty>
      ) : (
        <Figures head={['Rule', 'This month', 'Today', 'Tokens, in all']} label="Cost by rule">
          {budget.byRule.map(({ rule, dayUsd, monthUsd }) => {
            const usage = tokens.get(rule);
            return (
              <tr key={rule ?? ''}>
                <th scope="row">
                  {rule === null ? <span class="faint">no rule</span> : <a href={to('rules', rule)}>{rule}</a>}
                </th>
                <td>
                  {usd(monthUsd)} <Share value={monthUsd} most={most} />
                </td>
                <td>{usd(dayUsd)}</td>
                <td>
                  {usage
                    ? compact(
                        usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheCreationTokens,
                      )
                    : '—'}
                </td>
              </tr>
            );
          })}
        </Figures>
      )}
    </Section>
  );
}

function ByAgent({ budget }: { budget: BudgetStatus }) {
  const most = Math.max(...budget.byAgent.map(({ monthUsd }) => monthUsd), 0);
  return (
    <Section title="By agent">
      {budget.byAgent.length === 0 ? (
        <Empty>Nothing was spent this month.</Empty>
      ) : (
        <Figures head={['Agent', 'This month', 'Today', 'Set aside']} label="Cost by agent">
          {budget.byAgent.map(({ agent, dayUsd, monthUsd, reservedUsd }) => (
            <tr key={agent ?? ''}>
              <th scope="row">{agent ?? <span class="faint">the default one</span>}</th>
              <td>
                {usd(monthUsd)} <Share value={monthUsd} most={most} />
              </td>
              <td>{usd(dayUsd)}</td>
              <td>{usd(reservedUsd)}</td>
            </tr>
          ))}
        </Figures>
      )}
    </Section>
  );
}
