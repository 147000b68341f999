// A program with the typed events of its project: right uses compile, and each wrong one is an error.

import { DaemonClient, type EventEmitted } from 'aiwg';
import { DaemonClient as FromIpcClient } from 'aiwg/daemon/ipc-client';

export async function right(client: DaemonClient, other: FromIpcClient): Promise<EventEmitted> {
  await client.emit('deployment:complete', { version: '1.2.3' });
  await client.emit('deployment:complete', { version: '1', environment: 'staging', hosts: [{ name: 'a' }], took: null });
  await client.emit('build:started');
  await client.emit('build:started', null, { timeoutMs: 1000 });
  await client.emit('anything:goes', ['x', 1]);
  for await (const event of client.subscribe('deployment:complete')) {
    const version: string = event.payload.version;
    const topic: 'deployment:complete' = event.topic;
    console.log(version, topic);
  }
  for await (const event of client.subscribe(['deployment:complete', 'task:completed'])) {
    console.log(event.topic === 'task:completed' ? event.payload.taskId : event.payload.environment);
  }
  for await (const event of client.subscribe('deployment:*')) {
    const payload: unknown = event.payload;
    console.log(payload);
  }
  const waited = await client.waitFor('deployment:complete', {
    where: ({ payload }) => payload.environment === 'production',
  });
  console.log(waited.payload.hosts?.[0]?.port);
  return other.emit('deployment:complete', { version: waited.payload.version });
}

export async function wrong(client: DaemonClient, topic: string): Promise<void> {
  // @ts-expect-error the version is a string
  await client.emit('deployment:complete', { version: 1 });
  // @ts-expect-error the version is missing
  await client.emit('deployment:complete', {});
  // @ts-expect-error the payload is missing
  await client.emit('deployment:complete');
  // @ts-expect-error there is no such member
  await client.emit('deployment:complete', { version: '1', versoin: '1' });
  // @ts-expect-error there is no such environment
  await client.emit('deployment:complete', { version: '1', environment: 'test' });
  // @ts-expect-error it has no payload
  await client.emit('build:started', 1);
  // @ts-expect-error the project declares all its topics, and this is none of them
  await client.emit('deploymnet:complete', { version: '1' });
  // @ts-expect-error it may be any
  await client.emit(topic, { version: '1' });
  // @ts-expect-error only the daemon emits it
  await client.emit('task:completed', {});
  // @ts-expect-error there is no such member
  void (await client.waitFor('deployment:complete')).payload.versoin;
}
