// What a task has changed in its work tree: shown file by file, to the letter, and applied to the project's files.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { Reader, aiwg, go, open, repository, submit, until, withBrowser } from './harness.mjs';

const many = Array.from({ length: 60 }, (_, n) => `${n}\n`).join('');
repository({ 'cart.txt': 'one\ntwo\nthree\n', 'was.txt': many });

await withBrowser(async ({ browser, dashboard }) => {
  const reader = await Reader.open(browser);
  const page = await reader.tab();
  await open(page, (await dashboard()).address);
  const { keyboard } = page;
  const ended = (id) => until(id, async () => (await aiwg('task', 'get', id)).state === 'completed');

  // Names and lines that would be something else: markup, escapes of a terminal, a line end, a text that runs backwards.
  const hostile = String.raw`'<img src=x onerror=alert(1)>.txt'`;
  const id = await submit(
    String.raw`do: printf 'one\nTWO\nthree\n' >cart.txt; printf '<script>alert(1)</script>\n\033[2J\rhidden\n' >${hostile}; ` +
      String.raw`printf 'x\n' >"$(printf 'a\n+++ b\342\200\256.txt')"; head -c 9 /dev/zero >logo.bin; seq 2000 >many.txt; mv was.txt is.txt; echo more >>is.txt`,
    '--worktree',
  );
  await ended(id);
  await go(page, `task/${id}`);
  const changes = page.getByRole('region', { name: 'Changes' });
  await changes.getByText('7 files').waitFor();
  await changes.getByText(`refs/aiwg/tasks/${id}/1`).waitFor();
  assert.equal(await changes.locator('details').count(), 0, 'nothing is loaded before it is asked for');
  await changes.getByRole('button', { name: 'Show the changes' }).focus();
  await keyboard.press('Enter');
  const file = (name) => changes.locator('details', { has: page.locator('summary code').getByText(name, { exact: true }) });
  const shown = async (name) => {
    await file(name).locator('summary').focus();
    await keyboard.press('Enter');
    await file(name).locator('pre').first().waitFor();
    return await file(name).locator('pre').first().innerText();
  };
  assert.match(await shown('cart.txt'), /^@@ .*\n one\n-two\n\+TWO\n three/);
  const script = await shown('<img src=x onerror=alert(1)>.txt');
  assert.ok(script.includes('+<script>alert(1)</script>') && script.includes(String.raw`+\u{1b}[2J\rhidden`), script);
  assert.match(await shown(String.raw`a\n+++ b\u{202e}.txt`), /\+x/);
  // A file that was renamed is gone, and is there: both are seen before they are applied.
  assert.match(await shown('is.txt'), /\+more/);
  assert.match(await shown('was.txt'), /-59/);
  await file('logo.bin').getByText('binary', { exact: true }).waitFor();
  await file('logo.bin').locator('summary').click();
  await file('logo.bin').getByText('Binary files').waitFor();
  // Of a long one, a part is in the document.
  await shown('many.txt');
  assert.equal(await file('many.txt').locator('pre span').count(), 500);
  await file('many.txt').getByRole('button', { name: 'more lines' }).click();
  await file('many.txt').getByText('+2000', { exact: true }).waitFor();
  await file('many.txt').locator('summary').click();
  await file('many.txt').locator('pre').waitFor({ state: 'detached' });
  assert.deepEqual(await page.evaluate(() => window.pwned), []);

  // Applied by the keyboard, once that was said twice; what the page shows follows.
  const apply = changes.getByRole('button', { name: /Apply|Change the/ });
  await apply.focus();
  await keyboard.press('Enter');
  assert.equal(readFileSync('cart.txt', 'utf8'), 'one\ntwo\nthree\n');
  await changes.getByRole('button', { name: "Change the project's files?" }).waitFor();
  await keyboard.press('Enter');
  await page.getByText('7 files of the project changed.').waitFor();
  await changes.getByText("Applied to the project's files").waitFor();
  assert.equal(readFileSync('cart.txt', 'utf8'), 'one\nTWO\nthree\n');

  // A conflict is said, with its files, and nothing is changed.
  const other = await submit(String.raw`do: printf 'one\n2\nthree\n' >cart.txt`, '--worktree', '--base', 'head');
  await ended(other);
  await go(page, `task/${other}`);
  await changes.getByRole('button', { name: `Apply the changes of ${other}` }).click();
  await changes.getByRole('button', { name: "Change the project's files?" }).click();
  const conflict = changes.getByRole('alert');
  await conflict.getByText('It could not be applied, and no file was changed').waitFor();
  await conflict.getByText('cart.txt', { exact: true }).waitFor();
  assert.equal(readFileSync('cart.txt', 'utf8'), 'one\nTWO\nthree\n');

  // A task in the project's own directory has nothing of it.
  const shared = await submit('do: true');
  await ended(shared);
  await go(page, `task/${shared}`);
  assert.equal(await changes.count(), 0);

  // One that only shows shows it, and applies nothing.
  const shows = await reader.tab();
  await open(shows, (await dashboard('--readonly')).address);
  await go(shows, `task/${other}`);
  await shows.getByRole('button', { name: 'Show the changes' }).click();
  await shows.getByText('+2', { exact: true }).waitFor();
  assert.equal(await shows.getByRole('button', { name: 'Apply' }).count(), 0);
  reader.check();
});
