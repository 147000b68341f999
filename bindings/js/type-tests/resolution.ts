// Both ways into the package are found, and are the same, with whatever resolution and however lax the options.

import { DaemonClient, type Task } from 'aiwg';
import { DaemonClient as FromIpcClient } from 'aiwg/daemon/ipc-client';

export async function first(): Promise<Task | undefined> {
  const client: FromIpcClient = new DaemonClient();
  return (await client.task.list({ limit: 1 }))[0];
}
