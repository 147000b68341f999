// 100,000 tasks, and events faster than anybody reads: the document stays small, memory bounded, and what is last is there.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { Reader, aiwg, go, open, submit, until, wire, withBrowser } from './harness.mjs';

const TASKS = 100_000;
const EVENTS = 8000;

/** Rows in the document: as many as are seen, and a few around them. */
const MOST_ROWS = 80;

const first = await submit('do: head -c 9000000 /dev/zero | tr "\\0" x; echo; echo the end of it');
await until('the end of the first task', async () => (await aiwg('task', 'get', first)).completedAt !== null);
execFileSync(process.env.AIWG, ['daemon', 'stop']);
const fill = new URL('fill.py', import.meta.url).pathname;
execFileSync('python3', [fill, '.aiwg/daemon/daemon.db', String(TASKS)]);
execFileSync(process.env.AIWG, ['daemon', 'start']);

await withBrowser(async ({ browser, dashboard }) => {
  const reader = await Reader.open(browser);
  const page = await reader.tab();
  await open(page, (await dashboard()).address);
  const rows = () => page.locator('.long-row').count();
  const heap = async () => {
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    return usedSize / 1024 / 1024;
  };

  await page.getByText(/^In the last 24 hours/).waitFor();
  assert.ok((await rows()) < MOST_ROWS, `${await rows()} rows`);
  await go(page, 'tasks');
  await page.locator('.row', { hasText: `task-${TASKS}` }).waitFor();
  await page.getByRole('heading', { name: /Tasks.*100[,.\s]?000/ }).waitFor();
  // As far down as one likes.
  let lowest = TASKS;
  // Each look may find a page of them or half of one.
  for (let n = 0; n < 12 || lowest >= TASKS - 1500; n++) {
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await until('more tasks', async () => {
      const ids = await page.locator('.row .id').allTextContents();
      const last = Math.min(...ids.map((id) => Number(id.slice('task-'.length))));
      return last < lowest && ((lowest = last), true);
    });
    assert.ok((await rows()) < MOST_ROWS, `${await rows()} rows`);
  }
  await page.getByLabel('Words of the prompt').fill(`Task ${TASKS - 20_000} of`);
  await page.locator('.row', { hasText: `task-${TASKS - 20_000}` }).waitFor();
  await go(page, 'time');
  await page.locator('.gantt .bar').first().waitFor();
  assert.ok((await page.locator('.gantt .bar').count()) < 3000);

  // Output of one line that never ends is cut, and says so; its end is there.
  await go(page, `task/${first}`);
  await page
    .getByText(/This line is cut|bytes are not shown here/)
    .first()
    .waitFor();
  await page.locator('.output').getByText('the end of it').first().waitFor();

  // A flood of events, which is seen to its last one.
  await go(page, 'events?topic=flood:*');
  const daemon = await wire();
  const before = await heap();
  let sent = 0;
  const flood = async (number) => {
    const end = sent + number;
    while (sent < end) {
      const batch = Array.from({ length: 100 }, () =>
        daemon.call('event.emit', { topic: `flood:${sent % 7}`, payload: { n: ++sent, text: 'x'.repeat(200) } }),
      );
      await Promise.all(batch);
    }
    await page.locator('.event-row').first().getByText(`"n":${sent},`).waitFor();
    assert.ok((await rows()) < MOST_ROWS, `${await rows()} rows`);
  };
  await flood(EVENTS);
  const once = await heap();
  await flood(EVENTS);
  const twice = await heap();
  assert.ok(
    twice < once * 1.3 + 5,
    `${before} MiB before, ${once} after ${EVENTS} events, ${twice} after twice as many`,
  );
  assert.ok(twice < 120, `${twice} MiB`);
  daemon.close();
  reader.check();
});
