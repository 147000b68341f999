// What is long can be seen as a whole, and what a person has typed stays when the view is left.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';

import { Reader, aiwg, go, open, submit, until, withBrowser } from './harness.mjs';

/** A text that is longer than a request shows at first, with this at its end. */
const long = (end) => `${'A line of many words that say little.\n'.repeat(160)}${end}`;

/** What a request says, to the last character. */
const odd = ['DO EVIL\rFix\u2028x', '--approval', '--env', 'A=x\rB=y\nC=z', '--verify', 'echo a\rb'];

await withBrowser(async ({ browser, dashboard }) => {
  const reader = await Reader.open(browser);
  const page = await reader.tab();
  await open(page, (await dashboard()).address);
  const ask = (id) => page.locator('.ask', { hasText: id });
  // In the view of a task there are only its own.
  const itsOwn = page.locator('.ask');
  /** Unfolds a text, and waits for its end. */
  const unfold = async (within, label, end) => {
    const text = within.locator('.text', { has: page.getByRole('group', { name: label }) });
    await text.getByRole('button', { name: 'Show all of it' }).click();
    await text.getByText(end).waitFor();
  };

  // A request of any length is there as a whole: its prompt, and the messages that go with it.
  const asked = await submit(long('the end of the prompt'), '--approval');
  // Nobody agrees to what he has not seen.
  const approve = ask(asked).getByRole('button', { name: /^Approve/ });
  await ask(asked).getByText('Show all of it first, to its end: the prompt.').waitFor();
  assert.equal(await approve.getAttribute('aria-disabled'), 'true');
  await unfold(ask(asked), 'Prompt', 'the end of the prompt');
  // None of it is hidden in a part that scrolls.
  const prompt = ask(asked).getByRole('group', { name: 'Prompt' });
  assert.ok(await prompt.evaluate(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight + 1));
  await until('the way to approve', async () => (await approve.getAttribute('aria-disabled')) === 'false');
  await aiwg('task', 'send', asked, long('the end of the message'));
  await unfold(ask(asked), 'Message that goes with it', 'the end of the message');
  assert.equal(await page.getByText('It is longer than this').count(), 0);

  // Nothing in a request erases a part of it.
  const strange = await submit(...odd);
  for (const text of ['DO EVIL\\rFix\\u{2028}x', 'A=x\\rB=y\\nC=z', 'echo a\\rb']) {
    await ask(strange).getByText(text, { exact: true }).waitFor();
  }
  await aiwg('task', 'cancel', strange);

  // And so is a message in the view of its task: who loads all of it sees all of it.
  await go(page, `task/${asked}`);
  const messages = page.getByRole('region', { name: /^Messages to the agent/ });
  await messages.getByRole('button', { name: 'Load all of message 1' }).click();
  await messages.getByText('the end of the message').waitFor();

  // What is typed and not sent is there again: a message, a reason, an answer; in each view that shows the field.
  const message = page.getByLabel('Message to the agent');
  await message.fill('Leave the tests');
  await itsOwn.getByPlaceholder('Reason').fill('not today');
  writeFileSync('wait', '');
  const asking = await submit(`do: ${process.env.AIWG} ask "Which one?" > answer`);
  await go(page, 'now');
  await until('what was typed', async () => (await ask(asked).getByPlaceholder('Reason').inputValue()) === 'not today');
  await ask(asking).getByPlaceholder('Your answer').fill('the first');
  await go(page, 'rules');
  await go(page, `task/${asked}`);
  await until('what was typed', async () => (await message.inputValue()) === 'Leave the tests');
  assert.equal(await itsOwn.getByPlaceholder('Reason').inputValue(), 'not today');
  await go(page, `task/${asking}`);
  assert.equal(await message.inputValue(), '', 'it is another task');
  await until('what was typed', async () => (await itsOwn.getByPlaceholder('Your answer').inputValue()) === 'the first');
  await itsOwn.getByRole('button', { name: 'Answer', exact: true }).click();
  await until('the end of who has asked', async () => (await aiwg('task', 'get', asking)).state === 'completed');

  // What was sent is typed no more.
  await go(page, `task/${asked}`);
  await page.getByRole('button', { name: 'Send' }).click();
  await until('an empty field', async () => (await message.inputValue()) === '');
  await go(page, 'events');
  await go(page, `task/${asked}`);
  await messages.getByText('Leave the tests').waitFor();
  assert.equal(await message.inputValue(), '');
  reader.check();
});
