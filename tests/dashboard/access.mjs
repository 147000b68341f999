// The page for everybody: axe finds nothing in any view, in both themes and on a small screen, and nothing is wider than that.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { Reader, aiwg, emit, go, open, repository, submit, until, withBrowser } from './harness.mjs';

const require = createRequire(join(process.env.MODULES, 'package.json'));
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

await withBrowser(async ({ browser, dashboard }) => {
  // Something of everything.
  const answer =
    '#### Result\n\nIt is **done**: [here](https://example.com/).\n\n> # Quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |';
  const done = await submit(`do: tool "echo one"; answer "${answer}"`);
  const failed = await submit('do: echo broken >&2; exit 3');
  const checked = await submit('Make it pass', '--verify', 'false', '--max-rounds', '1');
  const running = await submit('do: said=hello; speak; sleep 600');
  const asked = await submit('Deploy it', '--approval');
  const held = await submit('Later', '--delay', '1h');
  repository({ 'cart.txt': 'one\ntwo\n' });
  const apart = await submit("do: echo three >>cart.txt; sed -i s/one/1/ cart.txt", '--worktree');
  const { seq } = await emit('deployment:complete', { version: '1.2.3' });
  for (const id of [done, failed, checked, apart])
    await until(`the end of ${id}`, async () => (await aiwg('task', 'get', id)).completedAt !== null);

  const views = [
    'now',
    `task/${done}`,
    `task/${failed}`,
    `task/${checked}`,
    `task/${running}`,
    `task/${asked}`,
    `task/${held}`,
    `task/${apart}`,
    'tasks',
    'time',
    'money',
    'events',
    `events/${seq}`,
    'rules',
  ];
  const all = { type: 'tag', values: RULES };
  // The themes differ in nothing but their colours.
  const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
  for (const [colorScheme, width, runOnly] of [
    ['light', 1280, all],
    ['dark', 1280, colours],
    ['light', 360, all],
  ]) {
    // The policy of the page lets in no script of a judge's either.
    const reader = await Reader.open(browser, { colorScheme, viewport: { width, height: 780 }, bypassCSP: true });
    const page = await reader.tab();
    await open(page, (await dashboard()).address);
    await page.evaluate(axe);
    const judge = async (view) => {
      const { violations } = await page.evaluate(
        (runOnly) => window.axe.run(document, { runOnly, resultTypes: ['violations'] }),
        runOnly,
      );
      const found = violations.map(
        ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
      );
      assert.deepEqual(found, [], `${view}, ${colorScheme}, ${width}`);
      const { scrolls, is } = await page.evaluate(() => ({
        scrolls: document.documentElement.scrollWidth,
        is: innerWidth,
      }));
      assert.ok(scrolls <= is, `${view} is ${scrolls} wide where ${is} fit`);
    };
    for (const view of views) {
      await go(page, view);
      await page.locator('main .section').first().waitFor();
      if (view.includes(done)) for (const step of await page.locator('.output summary').all()) await step.click();
      if (view.includes(apart)) {
        await page.getByRole('button', { name: 'Show the changes' }).click();
        await page.locator('.diff .added').first().waitFor();
      }
      if (view === 'rules') await page.getByLabel('Topic').fill('deployment:complete');
      await judge(view);
    }
    await page.getByRole('button', { name: 'New task' }).click();
    await page.getByText('More', { exact: true }).click();
    await judge('new task');
    reader.check();
    await reader.context.close();
  }
});
