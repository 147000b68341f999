// The page by the keyboard alone, in the reader's colours and time zone.

import assert from 'node:assert/strict';

import { Reader, aiwg, open, submit, until, go, withBrowser } from './harness.mjs';

await withBrowser(async ({ browser, dashboard }) => {
  const done = await submit('do: echo done');
  const running = await submit('do: said=hello; speak; sleep 600');
  const asked = await submit('Deploy it', '--approval');
  const reader = await Reader.open(browser);
  const page = await reader.tab();
  await open(page, (await dashboard()).address);
  await page.locator('.row-running').waitFor();
  const { keyboard } = page;
  const focused = () =>
    page.evaluate(() =>
      document.activeElement === document.body
        ? ''
        : `${document.activeElement?.getAttribute('aria-label') ?? ''} ${document.activeElement?.textContent ?? ''}`,
    );
  /** Goes on with Tab until what has the focus says this. */
  const tabTo = async (text) => {
    for (let n = 0; n < 200; n++) {
      await keyboard.press('Tab');
      if ((await focused()).includes(text)) {
        // Whatever has the focus shows it.
        const outline = await page.evaluate(() => {
          const { activeElement } = document;
          const shown = activeElement.matches('.choice input')
            ? activeElement.nextElementSibling
            : (activeElement.querySelector('.bar') ?? activeElement);
          const style = getComputedStyle(shown);
          return style.outlineStyle !== 'none' || style.stroke !== 'none';
        });
        assert.ok(outline, `${text} does not show that it has the focus`);
        return;
      }
    }
    assert.fail(`the keyboard does not reach ${text}`);
  };
  await keyboard.press('Tab');
  assert.match(await focused(), /Skip to the content/);
  await keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await tabTo(`Cancel ${running}`);
  await keyboard.press('Enter');
  assert.match(await focused(), /Cancel it\?/);
  await keyboard.press('Escape');
  assert.match(await focused(), /Cancel$/);
  await keyboard.press('Enter');
  await keyboard.press('Enter');
  await page.locator('.row-cancelled', { hasText: running }).waitFor();

  await page.evaluate(() => document.activeElement.blur());
  await tabTo('New task');
  await keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'TEXTAREA');
  await keyboard.type('do: echo by');
  await page.getByText('More', { exact: true }).click();
  await page.getByLabel('Priority').fill('7');
  await keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.match(await focused(), /New task/);
  // What was typed is still there, until it is submitted.
  await keyboard.press('Enter');
  assert.equal(await page.getByLabel('Priority').inputValue(), '7');
  await keyboard.press('Control+End');
  await keyboard.type(' hand');
  await keyboard.press('Control+Enter');
  await page.getByRole('heading', { name: 'Done after' }).waitFor();
  await page.locator('.task-main').getByText('do: echo by hand', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'New task' }).click();
  assert.equal(await page.getByRole('dialog').getByLabel('Prompt').inputValue(), '');
  await keyboard.press('Escape');

  // Whoever decides goes on at the next request: a key that is pressed once more decides nothing.
  const further = [await submit('Deploy this, too', '--approval'), await submit('And this', '--approval')];
  await page.evaluate(() => (location.hash = '#/now'));
  const cards = page.getByRole('article', { name: 'May this task start?' });
  await until('the requests', async () => (await cards.count()) === 3);
  const name = async (n) => await cards.nth(n).getAttribute('aria-label');
  const second = await name(1);
  await tabTo('Approve');
  await keyboard.press('Enter');
  await until('the approved task', async () => (await aiwg('task', 'get', asked)).state === 'completed');
  await until('the next request', async () => (await focused()).startsWith(second));
  await keyboard.press('Enter');
  // Buttons rest for a moment after the cards have moved.
  const awake = () => until('the buttons', () => page.evaluate(() => document.activeElement.ariaDisabled !== 'true'));
  await tabTo('Approve');
  await awake();
  await keyboard.press('Enter');
  await until('the second task', async () => (await aiwg('task', 'get', further[0])).state === 'completed');
  await until('the last request', async () => (await focused()).startsWith('May this task start?'));
  assert.equal((await aiwg('task', 'get', further[1])).state, 'queued');
  await tabTo('Reject');
  await awake();
  await keyboard.press('Enter');
  await until('the end of all', async () => await page.evaluate(() => document.activeElement.id === 'main'));
  for (const view of ['Tasks', 'Time', 'Money', 'Events', 'Rules']) {
    await tabTo(view);
    await keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: view, includeHidden: true }).waitFor();
  }
  await tabTo('On: smoke');
  await keyboard.press(' ');
  await page.getByRole('article', { name: 'smoke' }).getByText('Rests:').waitFor();

  // Colours as the reader has chosen, kept over a reload.
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.getByLabel('Colours').selectOption('dark');
  await page.reload();
  await page.locator('main .view').waitFor();
  assert.equal(await theme(), 'dark');
  await page.getByLabel('Colours').selectOption('light');
  assert.equal(await theme(), 'light');

  // Times are those of the reader's zone.
  const tokyo = await Reader.open(browser, { timezoneId: 'Asia/Tokyo', locale: 'en-GB' });
  const abroad = await tokyo.tab();
  await open(abroad, (await dashboard()).address);
  await go(abroad, `task/${done}`);
  const { createdAt } = await aiwg('task', 'get', done);
  const there = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Tokyo' }).format(
    new Date(createdAt),
  );
  await abroad.locator('.facts time', { hasText: there }).first().waitFor();
  reader.check();
  tokyo.check();
});
