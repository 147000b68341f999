// A client whose types are all generated elsewhere: it emits an event of the project's own, and asks for the daemon's status.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

import type { DaemonStatus, Ping } from './api';
import type { DeploymentComplete } from './events/DeploymentComplete';
import type { EventEmitAnswer } from './events/EventEmitAnswer';
import type { EventEmitMessage } from './events/EventEmitMessage';
import type { EventListAnswer } from './events/EventListAnswer';

type Answer<Method extends (...params: never[]) => Promise<unknown>> = { result?: Awaited<ReturnType<Method>> };

const socket = createConnection(process.argv[2] ?? '');
const lines = createInterface({ input: socket });

async function ask<Answer>(request: object): Promise<Answer> {
  socket.write(`${JSON.stringify(request)}\n`);
  const [line] = (await once(lines, 'line')) as [string];
  return JSON.parse(line) as Answer;
}

async function main(): Promise<void> {
  const payload: DeploymentComplete = { version: '1.2.3', environment: 'staging' };
  const request: EventEmitMessage = {
    jsonrpc: '2.0',
    id: 1,
    method: 'event.emit',
    params: { topic: 'deployment:complete', payload },
  };
  const emitted = await ask<EventEmitAnswer>(request);
  const seq: number | undefined = emitted.result?.seq;
  if (seq === undefined) throw new Error(`not emitted: ${JSON.stringify(emitted.error ?? emitted)}`);
  const listed = await ask<EventListAnswer>({ jsonrpc: '2.0', id: 2, method: 'event.list', params: { since: seq - 1 } });
  if (listed.result?.[0]?.topic !== 'deployment:complete') throw new Error(JSON.stringify(listed));
  const pong = await ask<Answer<Ping>>({ jsonrpc: '2.0', id: 3, method: 'ping' });
  const status = await ask<Answer<DaemonStatus>>({ jsonrpc: '2.0', id: 4, method: 'daemon.status' });
  if (pong.result?.pong !== true || status.result === undefined) throw new Error('no status');
  const health: 'healthy' | 'degraded' = status.result.health;
  console.log(`typescript: event ${seq}, a ${health} daemon of protocol ${status.result.protocol_version}`);
  socket.end();
}

void main();
