// Why something is there, or what came of it: a drawn chain of causes and effects.

import type { WhyDirection, WhyNode } from 'aiwg';
import { useMemo, useState } from 'preact/hooks';

import { endReason, firstLine, number, usd, waitsFor } from '../live/format.js';
import type { Project } from '../live/project.js';
import { ofKinds, useQuery } from '../live/query.js';
import { Empty, Failure, Moment } from '../ui/basics.js';
import { to } from '../ui/route.js';

/** Nodes that are drawn until all are asked for. */
const FEW = 60;
const MOST = 1000;

/** Height of a node and width of a track, in pixels; the style sheet has the same. */
const ROW = 46;
const TRACK = 18;

/** The widest drawing, in tracks. */
const TRACKS = 8;

const kinds = ofKinds('task', 'approval');

export function Chain(props: { project: Project; id: string; direction: WhyDirection; isLive?: boolean }) {
  const { project, id, direction, isLive = true } = props;
  const { data, error, again } = useQuery(
    project,
    () => project.client.task.why({ id, direction }),
    isLive ? { when: kinds } : {},
    [id, direction],
  );
  const [isWhole, setWhole] = useState(false);
  if (error && !data) return <Failure error={error} again={again} />;
  if (!data) return <p class="faint">Looking…</p>;
  if (data.nodes.length === 0) return <Empty>Nothing is known of it any more.</Empty>;
  if (direction === 'effects' && data.nodes.length === 1) return <Empty>Nothing came of it.</Empty>;
  const most = isWhole ? MOST : FEW;
  // The one that was asked about is last among causes, and first among effects.
  const nodes = direction === 'causes' ? data.nodes.slice(-most) : data.nodes.slice(0, most);
  const left = data.nodes.length - nodes.length;
  return (
    <>
      {left > 0 && direction === 'causes' && <More left={left} isWhole={isWhole} show={() => setWhole(true)} />}
      <Drawing nodes={nodes} asked={data.asked} label={direction === 'causes' ? 'Why it exists' : 'What came of it'} />
      {left > 0 && direction === 'effects' && <More left={left} isWhole={isWhole} show={() => setWhole(true)} />}
      {data.cut && (
        <p class="section-note">There is more than one answer holds: `aiwg why` goes on from any of these.</p>
      )}
    </>
  );
}

function More({ left, isWhole, show }: { left: number; isWhole: boolean; show: () => void }) {
  if (isWhole) return <p class="section-note">{number(left)} more are not drawn.</p>;
  return (
    <button type="button" class="button quiet more" onClick={show}>
      Show {number(left)} more
    </button>
  );
}

/** Each node's track: its main cause's, unless another node has taken it before. */
function tracks(nodes: WhyNode[]): { track: number[]; width: number } {
  const row = new Map(nodes.map(({ id }, n) => [id, n]));
  const taken = new Set<number>();
  const track: number[] = [];
  let width = 0;
  nodes.forEach(({ causes }, n) => {
    const above = causes.map((id) => row.get(id)).find((at) => at !== undefined && at < n);
    if (above === undefined) track[n] = n === 0 ? 0 : Math.min(width, TRACKS - 1);
    else if (!taken.has(above)) track[n] = track[above]!;
    else track[n] = Math.min(track[above]! + 1, TRACKS - 1);
    if (above !== undefined) taken.add(above);
    width = Math.max(width, track[n]! + 1);
  });
  return { track, width };
}

function Drawing({ nodes, asked, label }: { nodes: WhyNode[]; asked: string; label: string }) {
  const { lines, track, width } = useMemo(() => {
    const { track, width } = tracks(nodes);
    const row = new Map(nodes.map(({ id }, n) => [id, n]));
    const x = (n: number) => track[n]! * TRACK + TRACK / 2;
    const y = (n: number) => n * ROW + ROW / 2;
    const lines = nodes.flatMap(({ causes }, n) =>
      causes.flatMap((id, rank) => {
        const from = row.get(id);
        if (from === undefined || from === n) return [];
        const [x0, y0, x1, y1] = [x(from), y(from), x(n), y(n)];
        const path =
          x0 === x1
            ? `M${x0} ${y0}V${y1}`
            : `M${x0} ${y0}C${x0} ${y0 + ROW * 0.8} ${x1} ${y0 + 6} ${x1} ${Math.min(y1, y0 + ROW)}V${y1}`;
        return [{ path, isMain: rank === 0 }];
      }),
    );
    return { lines, track, width };
  }, [nodes]);
  return (
    <div class="chain">
      <svg width={width * TRACK} height={nodes.length * ROW} aria-hidden="true">
        {lines.map(({ path, isMain }, n) => (
          <path key={n} d={path} class={isMain ? 'main' : 'side'} />
        ))}
        {nodes.map((node, n) => (
          <Mark
            key={node.id}
            node={node}
            x={track[n]! * TRACK + TRACK / 2}
            y={n * ROW + ROW / 2}
            isAsked={node.id === asked}
          />
        ))}
      </svg>
      <ol aria-label={label}>
        {nodes.map((node) => (
          <li key={node.id} class={node.id === asked ? 'is-asked' : undefined}>
            <Node node={node} isAsked={node.id === asked} />
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Tasks are round, events are diamonds, rules are squares; what stops or waits is hollow. */
function Mark({ node, x, y, isAsked }: { node: WhyNode; x: number; y: number; isAsked: boolean }) {
  const look = `mark mark-${node.kind} ${node.state ? `glyph-${node.state}` : ''} ${isAsked ? 'is-asked' : ''}`;
  switch (node.kind) {
    case 'event':
      return <path class={look} d={`M${x} ${y - 6}l6 6l-6 6l-6-6z`} />;
    case 'rule':
    case 'approval':
      return <rect class={look} x={x - 4.5} y={y - 4.5} width={9} height={9} rx={1.5} />;
    case 'origin':
      return <path class={look} d={`M${x - 5} ${y + 4}L${x} ${y - 5}L${x + 5} ${y + 4}z`} />;
    case 'run':
      return <circle class={look} cx={x} cy={y} r={3} />;
    default:
      return <circle class={look} cx={x} cy={y} r={5.5} />;
  }
}

const KINDS: Record<string, string> = {
  origin: 'from outside',
  event: 'event',
  rule: 'rule',
  task: 'task',
  run: 'run',
  approval: 'a person was asked',
  refusal: 'came to nothing',
  wait: 'waits',
};

function linkOf(node: WhyNode): string | undefined {
  if (node.kind === 'task') return to('task', node.id);
  if (node.kind === 'event') return to('events', node.id.replace(/^event-/, ''));
  if (node.rule && (node.kind === 'rule' || node.kind === 'refusal')) return to('rules', node.rule);
  return undefined;
}

function Node({ node, isAsked }: { node: WhyNode; isAsked: boolean }) {
  const link = isAsked ? undefined : linkOf(node);
  const text = firstLine(node.text, 200) || node.id;
  const details = [
    KINDS[node.kind] ?? node.kind,
    ['task', 'event'].includes(node.kind) && node.id,
    node.state,
    node.kind === 'wait' ? waitsFor(node.reason === 'slot' ? undefined : node.reason) : endReason(node.reason),
    node.origin && originOf(node.origin),
    usd(node.costUsd),
  ].filter((part, n, all) => part && all.indexOf(part) === n);
  return (
    <>
      <span class="chain-text" aria-current={isAsked ? 'true' : undefined}>
        {link ? <a href={link}>{text}</a> : text}
      </span>
      <span class="chain-details">
        {details.join(' · ')}
        {node.at && (
          <>
            {' · '}
            <Moment at={node.at} />
          </>
        )}
      </span>
    </>
  );
}

function originOf(origin: NonNullable<WhyNode['origin']>): string {
  const { process, user, person } = origin;
  if (person) return person.name ? `${person.name} (${person.id})` : person.id;
  const program = process?.script ?? process?.program;
  return [user, program].filter(Boolean).join(', ');
}
