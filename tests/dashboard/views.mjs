// Every view shows what there is, live, and does what its buttons say.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';

import { Reader, aiwg, emit, go, open, submit, until, wire, withBrowser } from './harness.mjs';

const state = async (id) => (await aiwg('task', 'get', id)).state;

await withBrowser(async ({ browser, dashboard }) => {
  const { address } = await dashboard();
  const reader = await Reader.open(browser);
  const page = await reader.tab();
  const see = (text) => page.getByText(text, { exact: false }).first().waitFor();

  await open(page, address);
  await see('No agent works at the moment.');
  assert.ok(!page.url().includes('token'), page.url());

  // Now: a task comes, runs and ends, without a reload.
  writeFileSync('wait', '');
  const running = await submit('do: while [ -e wait ]; do sleep 0.05; done');
  const row = page.locator('.row', { hasText: running });
  await page.locator('.row-running', { hasText: running }).waitFor();
  const waiting = await submit('A task that waits', '--after', running);
  await page.locator('.row-queued', { hasText: waiting }).getByText('waits for another task').waitFor();
  rmSync('wait');
  await page.locator('.row-completed', { hasText: running }).waitFor();
  await page.locator('.row-completed', { hasText: waiting }).waitFor();
  await row.locator('.standing').getByText('done').waitFor();

  // Submitted and cancelled on the page.
  await page.getByRole('button', { name: 'New task' }).click();
  await page.getByLabel('Prompt').fill('do: sleep 600');
  await page.getByRole('button', { name: 'Submit' }).click();
  await see('Running, for');
  const [, ours] = /task\/(task-\d+)/.exec(page.url());
  await go(page, 'now');
  await page.getByRole('button', { name: `Cancel ${ours}` }).click();
  await page.getByRole('button', { name: 'Cancel it?' }).click();
  await page.locator('.row-cancelled', { hasText: ours }).waitFor();
  assert.equal(await state(ours), 'cancelled');

  // A task that failed is retried.
  const failed = await submit('do: echo broken >&2; [ -e mended ] && exit 0; exit 3');
  await page.locator('.row-failed', { hasText: failed }).waitFor();
  writeFileSync('mended', '');
  await page.getByRole('button', { name: `Retry ${failed}` }).click();
  await see(`${failed} is submitted again as`);
  await go(page, `task/${failed}`);
  await page.getByRole('heading', { name: 'Failed after' }).waitFor();
  await page.getByRole('radio', { name: 'Standard error' }).check();
  await page.locator('.is-stderr').getByText('broken').waitFor();

  // What is done elsewhere is seen at once, and not with the next look: the page looks every 10 seconds.
  const timeout = 5000;
  await go(page, 'now');
  const paused = page.getByText('The queue is paused since');
  for (let n = 0; n < 2; n++) {
    await aiwg('daemon', 'pause');
    await paused.waitFor({ timeout });
    await aiwg('daemon', 'resume');
    await paused.waitFor({ state: 'detached', timeout });
  }
  const edited = await submit('What it was', '--delay', '1h');
  await page.locator('.row-queued', { hasText: edited }).getByText('What it was').waitFor();
  for (const prompt of ['What it became', 'What it was then', 'What it is']) {
    await aiwg('task', 'edit', edited, '--prompt', prompt);
    await page.locator('.row-queued', { hasText: edited }).getByText(prompt).waitFor({ timeout });
  }
  await go(page, `task/${edited}`);
  for (const prompt of ['By hand', 'By another hand', 'By the last hand']) {
    await aiwg('task', 'edit', edited, '--prompt', prompt);
    await page.locator('.task-main').getByText(prompt, { exact: true }).waitFor({ timeout });
  }
  await aiwg('task', 'cancel', edited);
  await aiwg('daemon', 'pause');
  const held = await submit('Held back');
  await go(page, `task/${held}`);
  await page.getByRole('button', { name: 'Hold' }).waitFor();
  for (let n = 0; n < 2; n++) {
    await aiwg('task', 'hold', held);
    await page.getByRole('button', { name: 'Release' }).waitFor({ timeout });
    await aiwg('task', 'release', held);
    await page.getByRole('button', { name: 'Hold' }).waitFor({ timeout });
  }
  await aiwg('task', 'cancel', held);
  await aiwg('daemon', 'resume');

  // What the page itself does is seen at once.
  const began = Date.now();
  for (let n = 0; n < 4; n++) {
    await page.getByRole('button', { name: 'Pause the queue' }).click();
    await paused.waitFor();
    await page.getByRole('button', { name: 'Resume the queue' }).click();
    await paused.waitFor({ state: 'detached' });
  }
  assert.ok(Date.now() - began < 15_000, `${Date.now() - began} ms`);

  // A person decides: approve, reject.
  await go(page, 'now');
  const [good, bad] = [await submit('Deploy it', '--approval'), await submit('Drop it', '--approval')];
  const ask = (id) => page.locator('.ask', { hasText: id });
  // The buttons rest when a card comes: a press in the same moment decides nothing.
  await ask(bad).waitFor();
  await ask(good).getByRole('button', { name: 'Approve' }).click();
  await until('the approved task', async () => (await state(good)) === 'completed');
  await ask(bad).getByPlaceholder('Reason').fill('not on a Friday');
  await ask(bad).getByRole('button', { name: 'Reject' }).click();
  await page.locator('.row-cancelled', { hasText: bad }).getByText('rejected').waitFor();
  const decided = (await aiwg('approval', 'list', '--state', 'rejected'))[0];
  assert.match(JSON.stringify(await aiwg('approval', 'show', decided.id)), /not on a Friday/);

  // A press that was meant for one card does not decide another that has moved into its place.
  const first = await submit('First', '--approval', '--env', 'TARGET=shop', '--verify', 'make test');
  const second = await submit('Second', '--approval');
  for (const fact of ['TARGET=shop', 'make test']) await ask(first).getByText(fact).waitFor();
  await ask(second).waitFor();
  await page.evaluate((id) => {
    const press = (mutations, observer) => {
      if (!mutations.some(({ removedNodes }) => removedNodes.length > 0)) return;
      observer.disconnect();
      const card = [...document.querySelectorAll('.ask')].find((one) => one.textContent.includes(id));
      card.querySelector('button.primary').click();
      window.hasPressed = true;
    };
    new MutationObserver(press).observe(document.querySelector('.asks'), { childList: true });
  }, second);
  const { id: itsApproval } = (await aiwg('approval', 'list')).find(({ taskId }) => taskId === first);
  await aiwg('approval', 'reject', itsApproval);
  await page.waitForFunction(() => window.hasPressed);
  await ask(second).getByRole('button', { name: 'Reject' }).click();
  await page.locator('.row-cancelled', { hasText: second }).getByText('rejected').waitFor();

  // What a task has asked for goes with it.
  const third = await submit('Third', '--approval');
  await ask(third).waitFor();
  await aiwg('task', 'cancel', third);
  await ask(third).waitFor({ state: 'detached', timeout });

  // An agent asks, and gets the answer.
  const asking = await submit(
    `do: ${process.env.AIWG} ask "Which of the two?" --option SQLite --option PostgreSQL > answer`,
  );
  await ask(asking).getByText('Which of the two?').waitFor();
  await ask(asking).getByRole('button', { name: 'SQLite' }).click();
  await until('the end of who has asked', async () => (await state(asking)) === 'completed');

  // Output as it comes, and why the task is there.
  writeFileSync('wait', '');
  await emit('deployment:complete', { version: '1.2.3' });
  const made = await until('the task of the rule', async () =>
    (await aiwg('task', 'list')).find(({ causedBy }) => causedBy?.rule === 'smoke'),
  );
  await go(page, `task/${made.id}`);
  await page.locator('.output .says').getByText('first words').waitFor();
  await page.getByText('The agent works').waitFor();
  rmSync('wait');
  await page.locator('.output .says').getByText('last words').waitFor();
  await page.getByRole('heading', { name: 'Done after' }).waitFor();
  const chain = page.locator('.chain');
  await chain.getByText('deployment:complete').waitFor();
  await chain.getByText(made.id).waitFor();
  assert.ok((await chain.locator('svg path').count()) > 2);

  // Events: filtered, and from one to what it caused.
  await go(page, 'events');
  await page.getByLabel('Topic').fill('deployment:*');
  const event = page.locator('.event-row', { hasText: 'deployment:complete' });
  await event.waitFor();
  await until('the filter', async () => (await page.locator('.event-row').count()) === 1);
  await event.click();
  const detail = page.locator('.event-detail');
  await detail.getByText('"version": "1.2.3"').waitFor();
  await detail.getByRole('list', { name: 'What came of it' }).getByText(made.id).waitFor();
  await emit('deployment:started', { to: 'production' });
  await page.locator('.event-row', { hasText: 'deployment:started' }).waitFor();
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await emit('deployment:paused', {});
  await page.getByRole('button', { name: 'Go on (' }).click();
  await page.locator('.event-row', { hasText: 'deployment:paused' }).waitFor();

  // The filter reaches what is not loaded, page by page, and says what is no pattern.
  const far = await wire();
  await far.call('event.emit', { topic: 'rare:one', payload: {} });
  for (let n = 0; n < 700; n += 100) {
    const some = Array.from({ length: 100 }, () => far.call('event.emit', { topic: 'noise:much', payload: {} }));
    await Promise.all(some);
  }
  await page.reload();
  await go(page, 'events');
  const events = page.getByRole('heading', { level: 2, name: /^Events/ });
  await page.locator('.event-row', { hasText: 'noise:much' }).first().waitFor();
  assert.equal(await page.locator('.event-row', { hasText: 'rare:one' }).count(), 0);
  await page.getByLabel('Topic').fill('rare:*');
  await page.locator('.event-row', { hasText: 'rare:one' }).waitFor();
  assert.equal(await events.textContent(), 'Events1');
  await far.call('event.emit', { topic: 'rare:two', payload: {} });
  await page.locator('.event-row', { hasText: 'rare:two' }).waitFor();
  await page.getByLabel('Topic').fill('noise:*');
  await until('the newest ones', async () => (await events.textContent()) === 'Events300+');
  await page.getByRole('button', { name: 'Load older events' }).click();
  await until('all of them', async () => (await events.textContent()) === 'Events700');
  await page.getByRole('button', { name: 'Load older events' }).waitFor({ state: 'detached' });
  await page.getByLabel('Topic').fill('{');
  await see('This is no pattern of topics: "{"');
  await page.getByLabel('Topic').fill('nothing:*');
  await see('No event in the log has such a topic.');
  far.close();

  // Rules: off and on, and a dry run with the form of the topic's schema.
  await go(page, 'rules');
  const rule = page.getByRole('article', { name: 'smoke' });
  await rule.getByText('Ready').waitFor();
  await rule.getByRole('button', { name: 'On: smoke' }).click();
  await rule.getByText('Rests:').waitFor();
  await rule.getByRole('button', { name: 'Off: smoke' }).click();
  await rule.getByText('Ready').waitFor();
  const rules = page.getByRole('heading', { level: 2, name: /^Rules/ });
  await page.getByLabel('Words of the rule').fill('ANNOUNCE version');
  await until('the rule that fits', async () => (await rules.textContent()) === 'Rules1 of 2');
  await page.getByRole('article', { name: 'announce' }).waitFor();
  await page.getByRole('radio', { name: 'Rest' }).check();
  await see('No rule is so.');
  await page.getByRole('radio', { name: 'All' }).check();
  await page.getByLabel('Words of the rule').fill('');
  await rule.waitFor();
  await page.getByLabel('Topic').fill('deployment:complete');
  await page.getByLabel('version').fill('9.9.9');
  await page.getByRole('checkbox', { name: 'environment' }).check();
  await page.getByRole('combobox', { name: 'environment' }).selectOption('production');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.locator('.tested').getByText('makes a task at once').first().waitFor();
  await page.locator('.tested').getByText('9.9.9').waitFor();

  // Time and money.
  await go(page, 'time');
  await page.locator('.gantt .bar').first().waitFor();
  assert.ok((await page.locator('.gantt a').count()) >= 5);
  await page.getByRole('row', { name: 'nightly' }).waitFor();
  await page.getByText('When nothing ran').waitFor();
  await go(page, 'money');
  await page.getByText('Budget of a day $25').waitFor();
  await page.locator('.chart canvas').first().waitFor();
  await page.getByRole('link', { name: 'smoke' }).first().waitFor();

  // All tasks, by words.
  await go(page, 'tasks');
  await page.getByLabel('Words of the prompt').fill('Deploy it');
  await until('the one that fits', async () => (await page.locator('.row').count()) === 1);
  await page.locator('.row', { hasText: good }).waitFor();
  const heading = page.getByRole('heading', { level: 2, name: /^Tasks/ });
  await until('the number of what fits', async () => (await heading.textContent()) === 'Tasks1');
  await go(page, 'now');
  const ended = page.getByRole('heading', { level: 2, name: /^Ended/ });
  const all = await ended.textContent();
  await page.getByRole('radio', { name: 'Failed' }).check();
  await until('the number of those that failed', async () => {
    const shown = await page.getByRole('list', { name: 'Tasks that have ended' }).getByRole('listitem').count();
    const text = await ended.textContent();
    return text !== all && text === `Ended${shown}`;
  });

  reader.check();
});
