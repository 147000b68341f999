// A CommonJS program: what `require` gives is typed, and its classes are those that `import` gives.

import aiwg = require('aiwg');
import ipc = require('aiwg/daemon/ipc-client');

export async function first(): Promise<aiwg.Task | undefined> {
  const client: aiwg.DaemonClient = new ipc.DaemonClient({ timeoutMs: 1000 });
  const [task] = await client.task.list({ limit: 1 });
  await client.close();
  return task;
}

export function kindOf(error: unknown): string | undefined {
  return error instanceof aiwg.DaemonError || error instanceof ipc.DaemonConnectionError ? error.kind : undefined;
}
