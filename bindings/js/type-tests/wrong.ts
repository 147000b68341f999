// Wrong uses: each of them must be a type error.

import { DaemonClient, type DaemonError, type Task } from 'aiwg';

export async function wrong(client: DaemonClient, error: DaemonError, task: Task): Promise<void> {
  // @ts-expect-error the topic is a string
  await client.emit(1);
  // @ts-expect-error the prompt is missing
  await client.task.submit({});
  // @ts-expect-error there is no such member
  await client.task.submit({ prompt: 'x', promtp: 'y' });
  // @ts-expect-error there is no such state
  await client.task.list({ state: 'finished' });
  // @ts-expect-error no params
  await client.ping({ loud: true });
  // @ts-expect-error the params of a known method are checked here too
  await client.request('task.get', { id: 'task-0001' });
  // @ts-expect-error there is no such kind
  if (error.kind === 'task_missing') return;
  // @ts-expect-error what is null is no string
  task.agent.toUpperCase();
  // @ts-expect-error what may be absent may be undefined
  task.causedBy.depth.toFixed();
}
