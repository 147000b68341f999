// What goes away and comes back: the daemon, the tunnel, the dashboard; and two tabs beside each other.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { Reader, Tunnel, aiwg, emit, go, open, submit, withBrowser } from './harness.mjs';

await withBrowser(async ({ browser, dashboard }) => {
  const first = await dashboard();
  const tunnel = await Tunnel.open(first.port);
  const reader = await Reader.open(browser);
  // A browser reports connections that fail by itself.
  reader.allowed.push(/WebSocket connection to .* failed/, /Failed to load resource/);
  const page = await reader.tab();
  await open(page, first.address.replace(`:${first.port}/`, `:${tunnel.port}/`));
  await page.getByText('Nothing waits.').waitFor();

  // The daemon restarts in the middle: the page goes on, and misses nothing.
  await go(page, 'events');
  const seen = () => page.locator('.event-row .topic').allTextContents();
  await emit('before:it', {});
  await page.getByText('before:it').waitFor();
  await aiwg('daemon', 'restart');
  await emit('after:it', {});
  await page.getByText('after:it').waitFor();
  assert.deepEqual(
    (await seen()).filter((topic) => topic.endsWith(':it')),
    ['after:it', 'before:it'],
  );
  await page.getByText('Not connected').waitFor({ state: 'detached' });

  // It is away for longer: the page says so, keeps what it shows, and comes back by itself.
  await go(page, 'now');
  const kept = await submit('What was there before');
  await page.locator('.row-completed', { hasText: kept }).waitFor();
  const held = await submit('To be decided', '--approval');
  await page.getByText('May this task start?').waitFor();
  execFileSync(process.env.AIWG, ['daemon', 'stop']);
  await page.getByText('Not connected').waitFor();
  // Nothing is decided meanwhile, which is said until it is over.
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('Nothing was done: the daemon is away.').waitFor();
  await page.getByText('`aiwg daemon start` starts it').waitFor();
  await page.getByText('What you see is from before').waitFor();
  await page.locator('.row-completed', { hasText: kept }).waitFor();
  // A page that is opened now shows nothing from before.
  const late = await reader.tab();
  await late.goto(page.url());
  await late.getByText('`aiwg daemon start` starts it').waitFor();
  assert.equal(await late.getByText('What you see is from before').count(), 0);
  await late.close();
  // A new task waits for it, and says so; who closes the form does not want it any more.
  await page.getByRole('button', { name: 'New task' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Prompt').fill('Nobody wants this');
  await form.getByRole('button', { name: 'Submit' }).click();
  await form.getByText('The task is submitted once it is back').waitFor();
  await page.keyboard.press('Escape');
  await form.waitFor({ state: 'detached' });
  await page.getByText('What was typed is kept').waitFor();
  execFileSync(process.env.AIWG, ['daemon', 'start']);
  await page.getByText('Nothing was done: the daemon is away.').waitFor({ state: 'detached' });
  assert.equal((await aiwg('task', 'get', held)).waiting, 'approval');
  await aiwg('task', 'cancel', held);
  const later = await submit('What came after');
  await page.locator('.row-completed', { hasText: later }).waitFor();
  await page.getByText('Not connected').waitFor({ state: 'detached' });

  assert.ok(!(await aiwg('task', 'list')).some(({ prompt }) => prompt.startsWith('Nobody wants')));

  // One that hangs may have what it has not answered: the draft that is kept makes no second task.
  const { pid } = await aiwg('daemon', 'status');
  process.kill(pid, 'SIGSTOP');
  await page.getByRole('button', { name: 'New task' }).click();
  await form.getByLabel('Prompt').fill('Wanted once');
  await form.getByRole('button', { name: 'Submit' }).click();
  await page.keyboard.press('Escape');
  await form.waitFor({ state: 'detached' });
  process.kill(pid, 'SIGCONT');
  await page.getByRole('button', { name: 'New task' }).click();
  assert.equal(await form.getByLabel('Prompt').inputValue(), 'Wanted once');
  await form.getByRole('button', { name: 'Submit' }).click();
  await form.waitFor({ state: 'detached' });
  await go(page, 'now');
  await page.locator('.row-completed', { hasText: 'Wanted once' }).waitFor();
  assert.equal((await aiwg('task', 'list')).filter(({ prompt }) => prompt === 'Wanted once').length, 1);

  // The tunnel dies in the middle.
  await tunnel.die();
  await page.getByText('Not connected').waitFor();
  const missed = await submit('While the tunnel was down');
  await tunnel.rise();
  await page.locator('.row-completed', { hasText: missed }).waitFor();

  // What is connected gets nowhere any more, as after a night: the page notices, and connects anew.
  tunnel.freeze();
  const unseen = await submit('While nothing came through');
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.locator('.row-completed', { hasText: unseen }).waitFor();

  // Two tabs are two clients of one session.
  const other = await reader.tab();
  await other.goto(page.url());
  const both = await submit('Seen by two');
  for (const tab of [page, other]) await tab.locator('.row-completed', { hasText: both }).waitFor();
  await other.getByRole('button', { name: `New task` }).click();
  await other.getByLabel('Prompt').fill('Submitted by the other');
  await other.getByLabel('Prompt').press('Control+Enter');
  await page.locator('.row-completed', { hasText: 'Submitted by the other' }).waitFor();
  await other.close();

  // The dashboard ends, and another one takes its place: the page says what to do, and the new address works.
  await first.stop('SIGKILL');
  await page.getByText('Not connected').waitFor();
  const second = await dashboard('--port', String(first.port));
  await page.getByText('This page has been signed out.').waitFor();
  await open(page, second.address.replace(`:${second.port}/`, `:${tunnel.port}/`));
  await page.locator('.row-completed', { hasText: both }).waitFor();
  const last = await submit('Seen by the new one');
  await page.locator('.row-completed', { hasText: last }).waitFor();

  // One that is ended by hand says so itself.
  await second.stop('SIGINT');
  await page.getByText('start `aiwg dashboard` again').waitFor();
  const third = await dashboard('--port', String(first.port));
  await page.getByText('This page has been signed out.').waitFor();
  await open(page, third.address.replace(`:${third.port}/`, `:${tunnel.port}/`));
  await page.locator('.row-completed', { hasText: last }).waitFor();

  // One that only shows has nothing to press.
  const shows = await dashboard('--readonly');
  const visitor = await reader.tab();
  await open(visitor, shows.address);
  await visitor.getByText('This dashboard only shows').waitFor();
  await submit('Wait for somebody', '--approval');
  await visitor.getByText('May this task start?').waitFor();
  for (const name of ['Approve', 'Reject', 'Cancel', 'Retry', 'New task', 'Pause the queue']) {
    assert.equal(await visitor.getByRole('button', { name }).count(), 0, name);
  }
  await tunnel.die();
  reader.check();
});
