// What the generated types refuse.
import type { EventSubscribe, TaskSubmit } from './api';
import type { DeploymentComplete } from './events/DeploymentComplete';
import type { EventEmitMessage } from './events/EventEmitMessage';
import type { TaskEvent } from './events/TaskEvent';

// @ts-expect-error: the version is missing.
export const incomplete: DeploymentComplete = { environment: 'staging' };
// @ts-expect-error: there is no such environment.
export const elsewhere: DeploymentComplete = { version: '1', environment: 'nowhere' };
// @ts-expect-error: there is no such method.
export const misspelt: EventEmitMessage = { jsonrpc: '2.0', id: 1, method: 'event.emti', params: { topic: 'a' } };
// @ts-expect-error: a state is one of several words.
export const state: TaskEvent['state'] = 'asleep';
// @ts-expect-error: a prompt is a text.
export const prompt: Parameters<TaskSubmit>[0] = 7;
// @ts-expect-error: the answer says since when.
export const since: Awaited<ReturnType<EventSubscribe>> = {};
