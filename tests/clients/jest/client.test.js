// A suite as people write them for programs that use the client: CommonJS, with Jest's mocks. Jest gets the client by `require`.

const { DaemonClient, DaemonConnectionError, DaemonError } = require('aiwg');
const ipc = require('aiwg/daemon/ipc-client');

/** What such a program does. */
async function deploy(client, version) {
  const { seq } = await client.emit('deployment:complete', { version });
  const { taskId } = await client.task.submit({ prompt: `Check ${version}` });
  return { seq, taskId };
}

afterEach(() => jest.restoreAllMocks());

test('against a daemon', async () => {
  const client = new DaemonClient();
  const { emit } = client;
  const { seq } = await emit('jest:ran');
  expect(seq).toBeGreaterThan(0);
  await expect(client.task.get({ taskId: 'task-9999' })).rejects.toThrow(DaemonError);
  await expect(new DaemonClient('/nowhere').ping()).rejects.toThrow(DaemonConnectionError);
  await client.close();
});

test('both names are one client', () => {
  expect(ipc.DaemonClient).toBe(DaemonClient);
});

test('methods can be spied on and replaced', async () => {
  const client = new DaemonClient('/nowhere');
  jest.spyOn(client, 'emit').mockResolvedValue({ seq: 7, rules: [] });
  jest.spyOn(client.task, 'submit').mockResolvedValue({ taskId: 'task-0001' });
  expect(await deploy(client, '1.0')).toEqual({ seq: 7, taskId: 'task-0001' });
  expect(client.emit).toHaveBeenCalledWith('deployment:complete', { version: '1.0' });
  jest.restoreAllMocks();
  jest.spyOn(DaemonClient.prototype, 'request').mockResolvedValue({ seq: 8, taskId: 'task-0002' });
  expect(await deploy(client, '2.0')).toEqual({ seq: 8, taskId: 'task-0002' });
});

test('a Proxy is a client', async () => {
  const client = new DaemonClient('/nowhere');
  client.request = jest.fn().mockResolvedValue({ seq: 9, taskId: 'task-0003' });
  expect(await deploy(new Proxy(client, {}), '3.0')).toEqual({ seq: 9, taskId: 'task-0003' });
});

test('the module can be mocked', async () => {
  jest.resetModules();
  jest.doMock('aiwg');
  const mocked = require('aiwg');
  expect(jest.isMockFunction(mocked.DaemonClient)).toBe(true);
  const client = new mocked.DaemonClient();
  client.emit.mockResolvedValue({ seq: 10 });
  expect(await client.emit('a')).toEqual({ seq: 10 });
});
