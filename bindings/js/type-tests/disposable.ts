// What the client gives where the runtime's types have `Symbol.asyncDispose`: Node's do, those of an old browser do not.

import { DaemonClient } from 'aiwg';

export async function disposing(): Promise<void> {
  await using client = new DaemonClient();
  await using events = client.subscribe('task:*');
  await events.ready;
  const done: Promise<void> = client[Symbol.asyncDispose]();
  await done;
}
