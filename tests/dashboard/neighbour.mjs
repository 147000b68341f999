// A page on another port of this machine, as an agent's development server would serve it: the browser sends it the dashboard's cookie, and
// neither it nor whoever has the cookie comes in. And the ways by which a person comes in: a file, as `--open` makes it, and a link.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { submit, until, withBrowser } from './harness.mjs';

await withBrowser(async ({ browser, dashboard }) => {
  const own = await dashboard();
  const base = own.address.split('?')[0];
  const used = own.address;
  const context = await browser.newContext();
  const page = await context.newPage();

  // A person comes from a file.
  const file = resolve('open.html');
  writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${used}">`);
  await page.goto(pathToFileURL(file).href);
  await page.locator('main .view').first().waitFor();
  assert.equal(page.url().split('#')[0], base);
  assert.equal(await page.evaluate(() => document.referrer), '');

  // The neighbour gets the cookie.
  let cookie;
  const server = createServer((request, response) => {
    cookie = request.headers.cookie ?? cookie;
    response.setHeader('content-type', 'text/html').end('<p>A page of an agent');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const neighbour = await context.newPage();
  await neighbour.goto(`http://127.0.0.1:${server.address().port}/`);
  assert.match(cookie, /aiwg-dashboard-/);

  // By itself the cookie opens nothing: not even with an origin that is made up, as only a program can.
  const headers = { cookie, origin: base.slice(0, -1) };
  const status = async (path, more) => (await fetch(base + path, { headers, redirect: 'manual', ...more })).status;
  assert.equal(await status('key', { method: 'POST' }), 401);
  assert.equal(await status('dashboard.json'), 401);

  // The neighbour's page can ask for nothing by the browser.
  const tried = await neighbour.evaluate(async (base) => {
    const opened = new Promise((done) => {
      const socket = new WebSocket(`${base.replace('http', 'ws')}ws`, ['aiwg', 'key.guessed']);
      socket.onopen = () => done('open');
      socket.onclose = () => done('refused');
    });
    const fetched = async (path, options) =>
      await fetch(base + path, { credentials: 'include', ...options }).then(
        (answer) => answer.type,
        () => 'refused',
      );
    const framed = new Promise((done) => {
      const frame = document.createElement('iframe');
      frame.onload = () => done(frame.contentDocument === null ? 'refused' : 'open');
      frame.src = base;
      document.body.append(frame);
    });
    return [
      await opened,
      await fetched('key', { method: 'POST' }),
      await fetched('key', { method: 'POST', mode: 'no-cors' }),
      await fetched('dashboard.json', { headers: { 'aiwg-key': 'guessed' } }),
      await fetched('dashboard.json', { mode: 'no-cors' }),
      await framed,
    ];
  }, base);
  for (const outcome of tried) assert.equal(outcome, 'refused', JSON.stringify(tried));

  // A link there leads a person in, who has a session.
  await neighbour.evaluate((base) => (location.href = base), base);
  await neighbour.locator('main .view').first().waitFor();
  const task = await submit('true');
  await neighbour.locator('.row-completed', { hasText: task }).waitFor();

  // And with an address, whoever has none.
  await until('the address for a link', () => own.address !== used);
  const linked = await (await browser.newContext()).newPage();
  await linked.goto(`http://127.0.0.1:${server.address().port}/`);
  await linked.setContent(`<a href="${own.address}">The dashboard</a>`);
  const spent = own.address;
  await linked.getByText('The dashboard').click();
  await linked.locator('main .view').first().waitFor();
  await until('an address after that', () => own.address !== spent);

  // Another browser comes in by the next address only.
  const other = await (await browser.newContext()).newPage();
  await other.goto(used);
  await other.getByText('This address does not count any more').waitFor();
  await other.goto(base);
  await other.getByText('This dashboard does not know your browser').waitFor();
  await until('the next address', () => own.address !== used);
  await other.goto(own.address);
  await other.locator('main .view').first().waitFor();
  server.close();
});
