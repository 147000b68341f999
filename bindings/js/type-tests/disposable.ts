// The client's disposal in runtimes whose types have `Symbol.asyncDispose`: Node's do, those of an old browser do not.

import { DaemonClient } from 'aiwg';

export async function disposing(): Promise<void> {
  await using client = new DaemonClient();
  await using events = client.subscribe('task:*');
  await events.ready;
  const done: Promise<void> = client[Symbol.asyncDispose]();
  await done;
}
