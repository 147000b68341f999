// The released clients of the Node daemon must work unchanged. This is one as they are: a socket, a line for each message, ids
// from 1, and members read by name. It uses no package, so that it stays what it is when ours change.
// Takes the socket of a daemon that runs three tasks at once and has the rule on-deployment-complete.
import assert from 'node:assert/strict';
import { connect } from 'node:net';

class Client {
  #socket;
  #pending = new Map();
  #nextId = 1;

  constructor(path) {
    let rest = '';
    this.#socket = connect(path);
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) this.#receive(JSON.parse(line));
    });
  }

  request(method, params) {
    const id = this.#nextId++;
    this.#socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  emit(topic, payload) {
    return this.request('event.emit', { topic, payload });
  }

  close() {
    this.#socket.end();
  }

  #receive({ id, result, error }) {
    const { resolve, reject } = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) reject(Object.assign(new Error(error.message), error));
    else resolve(result);
  }
}

// Shapes: what old clients read. Members that are not named are new to them, and passed over.
const string = (value) => typeof value === 'string';
const boolean = (value) => typeof value === 'boolean';
const integer = Number.isInteger;
const object = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const anything = () => true;
const exactly = (wanted) => (value) => value === wanted;
const maybe = (shape) => (value, at) => value === null || fits(value, shape, at);
const taskId = (value) => /^task-\d{4,}$/.test(value);
const time = (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value));
const prompt = (value) => string(value) && [...value].length <= 80;
const state = (value) => ['queued', 'running', 'completed', 'failed', 'cancelled', 'timeout'].includes(value);

/** Asserts that a value has a shape: a test, a list of one shape, or members by name, all of which must be there. */
function fits(value, shape, at) {
  if (Array.isArray(shape)) {
    assert.ok(Array.isArray(value), `${at} is no list: ${JSON.stringify(value)}`);
    value.forEach((item, index) => fits(item, shape[0], `${at}[${index}]`));
  } else if (typeof shape === 'object') {
    assert.ok(object(value), `${at} is no object: ${JSON.stringify(value)}`);
    for (const name of Object.keys(shape)) {
      assert.ok(Object.hasOwn(value, name), `${at} has no ${name}`);
      fits(value[name], shape[name], `${at}.${name}`);
    }
  } else {
    assert.ok(shape(value, at), `${at} is wrong: ${JSON.stringify(value)}`);
  }
  return true;
}

const TASK = {
  id: taskId,
  prompt: string,
  agent: maybe(string),
  priority: integer,
  state,
  createdAt: time,
  startedAt: maybe(time),
  completedAt: maybe(time),
  pid: maybe(integer),
  exitCode: maybe(integer),
  attempts: integer,
  result: maybe(string),
  error: maybe(string),
  output: maybe(string),
  metadata: object,
};

const STATUS = {
  pid: integer,
  uptime_seconds: integer,
  started_at: time,
  health: string,
  subsystems: {
    ipc: { clients: integer },
    supervisor: {
      running: integer,
      queued: integer,
      maxConcurrency: integer,
      tasks: {
        running: [{ id: taskId, prompt, agent: maybe(string), startedAt: maybe(time), pid: maybe(integer) }],
        queued: [{ id: taskId, prompt, agent: maybe(string), priority: integer }],
      },
    },
    automation: { enabled: boolean, ruleCount: integer },
    file_watcher: { enabled: boolean, events_received: integer },
    scheduler: { enabled: boolean, jobs: integer },
    messaging: { enabled: boolean, adapters: [string] },
  },
};

const STATS = Object.fromEntries(
  ['total', 'queued', 'running', 'completed', 'failed', 'cancelled', 'timeout'].map((name) => [name, integer]),
);

const AUTOMATION = {
  enabled: boolean,
  ruleCount: integer,
  rules: [{ id: string, trigger: anything, action: anything, enabled: boolean }],
  recentExecutions: [object],
};

const RULE = 'on-deployment-complete';
const SUBMITTED = { taskId, state };
const FIRST = { taskId: 'task-0001' };

// Every method of the Node daemon, with params as its clients send them, in an order that works.
const METHODS = [
  { method: 'ping', params: undefined, result: { pong: exactly(true), timestamp: time } },
  { method: 'ping', params: {}, result: { pong: exactly(true), timestamp: time } },
  { method: 'daemon.status', params: undefined, result: STATUS },
  { method: 'daemon.status', params: {}, result: STATUS },
  { method: 'task.submit', params: { prompt: 'the first' }, result: SUBMITTED },
  { method: 'task.submit', params: { prompt: 'x', agent: null, priority: undefined }, result: SUBMITTED },
  { method: 'task.submit', params: { prompt: 'x', agent: null, priority: null, metadata: null }, result: SUBMITTED },
  { method: 'task.list', params: undefined, result: [TASK] },
  { method: 'task.list', params: {}, result: [TASK] },
  { method: 'task.list', params: { state: null, agent: null, limit: undefined }, result: [TASK] },
  { method: 'task.list', params: { state: 'completed', limit: 5 }, result: [{ ...TASK, state: exactly('completed') }] },
  { method: 'task.get', params: FIRST, result: { ...TASK, prompt: exactly('the first') } },
  { method: 'task.stats', params: undefined, result: STATS },
  { method: 'task.stats', params: {}, result: STATS },
  { method: 'automation.status', params: {}, result: AUTOMATION },
  { method: 'automation.disable', params: { ruleId: RULE }, result: { success: exactly(true) } },
  { method: 'automation.enable', params: { ruleId: RULE }, result: { success: exactly(true) } },
  { method: 'automation.disable', params: {}, result: { enabled: exactly(false) } },
  { method: 'automation.enable', params: { ruleId: null }, result: { enabled: exactly(true) } },
  { method: 'chat.send', params: { message: 'hello' }, result: { taskId } },
  { method: 'chat.send', params: { message: 'hello', priority: 5, conversation: null }, result: { taskId } },
];

const client = new Client(process.argv[2]);
const failure = (method, params) => client.request(method, params).then(() => assert.fail(method), (error) => error);

/** Asks until the answer is as wanted. */
async function until(method, params, isSo) {
  for (;;) {
    const answer = await client.request(method, params);
    if (isSo(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const ended = (taskId) => until('task.get', { taskId }, (task) => task.completedAt !== null);

for (const { method, params, result } of METHODS) {
  fits(await client.request(method, params), result, `${method}(${JSON.stringify(params) ?? ''})`);
}

// Events: a payload may be missing, and a rule's id tells that it was heard.
fits(await client.emit('deployment:complete', { version: '1.2.3' }), { seq: integer, rules: [exactly(RULE)] }, 'emit');
fits(await client.emit('nobody:listens'), { seq: integer, rules: [string] }, 'emit');

// A task with all that it may have, to its end.
const order = { prompt: 'hello', agent: 'tester', priority: 10, timeoutMinutes: 5, env: { A: 'b' }, metadata: { ticket: 42 } };
const done = await ended((await client.request('task.submit', order)).taskId);
fits(done, { ...TASK, state: exactly('completed'), exitCode: exactly(0), pid: exactly(null), result: string }, 'done');
assert.deepEqual([done.agent, done.priority, done.metadata, done.attempts], ['tester', 10, { ticket: 42 }, 1]);
await until('task.stats', {}, ({ queued, running }) => queued + running === 0);

// Three that run and one that waits: each shows in the status under its own names.
const submit = async (params) => (await client.request('task.submit', params)).taskId;
const running = await Promise.all([1, 2, 3].map(() => submit({ prompt: 'do: sleep 1000', agent: null })));
const queued = await submit({ prompt: 'ä'.repeat(200), priority: 7, agent: undefined });
const status = await until('daemon.status', {}, ({ subsystems }) => {
  const { tasks } = subsystems.supervisor;
  return tasks.running.length === running.length && tasks.running.every((task) => task.pid !== null);
});
fits(status, STATUS, 'daemon.status');
const { supervisor } = status.subsystems;
assert.deepEqual([supervisor.running, supervisor.queued, supervisor.maxConcurrency], [3, 1, 3]);
assert.deepEqual(supervisor.tasks.running.map((task) => task.id).sort(), [...running].sort());
const [waiting] = supervisor.tasks.queued;
assert.deepEqual([waiting.id, waiting.priority, waiting.agent], [queued, 7, null]);
assert.match(waiting.prompt, /^ä{70,80}/);
assert.equal((await client.request('task.list', { limit: 1 }))[0].id, queued, 'the newest comes first');

// Cancelling, and what cannot be cancelled.
for (const taskId of [queued, ...running]) {
  fits(await client.request('task.cancel', { taskId }), { cancelled: exactly(true) }, 'task.cancel');
}
for (const taskId of [queued, ...running]) {
  fits(await ended(taskId), { ...TASK, state: exactly('cancelled') }, taskId);
}
fits(await failure('task.cancel', { taskId: queued }), { code: integer, message: string }, 'task.cancel');
fits(await failure('task.get', { taskId: 'task-9999' }), { code: integer, message: string }, 'task.get');
const stats = await client.request('task.stats', {});
assert.equal(stats.total, stats.queued + stats.running + stats.completed + stats.failed + stats.cancelled + stats.timeout);
assert.equal(stats.cancelled, 4);

// Many at once: an answer belongs to its id.
const pongs = await Promise.all(Array.from({ length: 500 }, () => client.request('ping', {})));
assert.ok(pongs.every(({ pong }) => pong));
client.close();
console.log('works unchanged');
