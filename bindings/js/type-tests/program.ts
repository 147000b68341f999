// A typed program over the package: it must compile under `tsc --strict`.

import { DaemonClient, DaemonConnectionError, DaemonError, type Event, type Task } from 'aiwg';
import { DaemonClient as FromIpcClient } from 'aiwg/daemon/ipc-client';

export async function main(): Promise<number> {
  const client: FromIpcClient = new DaemonClient({ timeoutMs: 1000 });
  await client.connect();
  const { seq, rules } = await client.emit('deployment:complete', { version: '1.2.3' });
  const first: string | undefined = rules[0];
  const submitted = await client.task.submit(
    { prompt: 'Fix it', priority: 10, timeoutMinutes: 5, env: { CI: '1' } },
    { signal: AbortSignal.timeout(100) },
  );
  const task: Task = await client.task.wait({ taskId: submitted.taskId });
  const agent: string | null = task.agent;
  const depth: number | undefined = task.causedBy?.depth;
  const events: Event[] = await client.event.list({ topics: ['task:*'], since: seq });
  const status = await client.daemon.status();
  const running: number = status.subsystems.supervisor.running;
  const stats = await client.request('task.stats');
  const unknown: unknown = await client.request('not.known.yet', { any: 'thing' });
  client.onNotification(({ method }) => method.length);
  await client.disconnect();
  return [first, agent, depth, unknown].length + events.length + running + stats.total;
}

export function retry(error: unknown): boolean {
  if (error instanceof DaemonConnectionError) return error.kind === 'disconnected';
  return error instanceof DaemonError && (error.kind === 'queue_full' || error.retryable);
}
