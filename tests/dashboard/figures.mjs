// What the page costs in a real browser: the time to its first view, its frames while 1,000 events come in a second, and its memory. Prints each
// figure as a line of JSON with what it may be at most. Run by `scripts/bench page`, and by hand as the tests are.

import { Reader, go, open, submit, until, wire, withBrowser } from './harness.mjs';

/** Time for which the frames of each view, and the memory, are looked at, in milliseconds. */
const FRAMES_FOR = Number(process.env.BENCH_PAGE_SECONDS ?? 12) * 1000;
const MEMORY_FOR = Number(process.env.BENCH_PAGE_MINUTES ?? 10) * 60_000;

/** Events in a second, and bytes of the text of each. */
const RATE = 1000;
const TEXT = 'y'.repeat(100);

const VIEWS = ['now', 'tasks', 'time', 'money', 'events', 'rules'];

/** Rounds of a first view, of which the median counts. */
const ROUNDS = 9;

const print = (what, measured, most) => console.log(JSON.stringify({ what, measured, most }));

const quantile = (numbers, part) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * part)] ?? 0;

/** Emits events for so long, and gives how many have come in a second. */
async function flood(daemon, milliseconds, meanwhile = async () => {}) {
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < milliseconds) {
    const due = ((performance.now() - began) * RATE) / 1000;
    for (; sent < due; sent++) {
      // What the daemon refuses fails the run.
      void daemon.call('event.emit', { topic: 'flood:x', payload: { n: sent, text: TEXT } });
    }
    await meanwhile(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return (sent * 1000) / (performance.now() - began);
}

/** Watches the page's frames: the time between two, and the work that each takes on the page's thread. */
async function watchFrames(page) {
  await page.evaluate(() => {
    window.frames_ = { between: [], work: [] };
    let last;
    const channel = new MessageChannel();
    let began = 0;
    // A message comes once the frame is laid out and painted.
    channel.port1.onmessage = () => window.frames_.work.push(performance.now() - began);
    const frame = (time) => {
      if (last !== undefined) window.frames_.between.push(time - last);
      last = time;
      began = performance.now();
      channel.port2.postMessage(0);
      window.watching = requestAnimationFrame(frame);
    };
    window.watching = requestAnimationFrame(frame);
  });
}

async function framesOf(page) {
  return await page.evaluate(() => (cancelAnimationFrame(window.watching), window.frames_));
}

for (let n = 0; n < 20; n++) await submit(`a task, number ${n}`);

await withBrowser(async ({ browser, dashboard }) => {
  const reader = await Reader.open(browser);
  const page = await reader.tab();
  const site = await dashboard();
  await open(page, site.address);
  await page.getByText(/^In the last 24 hours/).waitFor();

  // From the start of the navigation until its first view is painted, with the daemon's answers in it, by the page's own clock: what Playwright needs
  // to notice it is nobody's waiting.
  await page.addInitScript(() => {
    window.firstView_ = new Promise((resolve) => {
      const seen = new MutationObserver(() => {
        if (!/In the last 24 hours/.test(document.body?.textContent ?? '')) return;
        seen.disconnect();
        const channel = new MessageChannel();
        channel.port1.onmessage = () => resolve(performance.now());
        // A message comes once the frame is laid out and painted.
        requestAnimationFrame(() => channel.port2.postMessage(0));
      });
      seen.observe(document, { subtree: true, childList: true, characterData: true });
    });
  });
  const first = [];
  const noticed = [];
  for (let round = 0; round < ROUNDS; round++) {
    await page.goto('about:blank');
    const began = performance.now();
    await page.goto(`http://127.0.0.1:${site.port}/#/now`, { waitUntil: 'commit' });
    first.push(await page.evaluate(() => window.firstView_));
    noticed.push(performance.now() - began);
  }
  console.error(`the first view, with Playwright's own time: ${quantile(noticed, 0.5).toFixed(0)} ms at the median`);
  print('the first view on loopback, median ms', quantile(first, 0.5), 300);

  const daemon = await wire();
  for (const view of VIEWS) {
    await go(page, view);
    await until('what it shows', async () => (await page.getByText('Looking…').count()) === 0);
    await watchFrames(page);
    const rate = await flood(daemon, FRAMES_FOR);
    const { between, work } = await framesOf(page);
    console.error(
      `${view}: ${Math.round(rate)} events a second, ${between.length} frames; between two: median ` +
        `${quantile(between, 0.5).toFixed(1)} ms, 95% ${quantile(between, 0.95).toFixed(1)} ms`,
    );
    print(`${view}: work of a frame at ${RATE} events/s, 95%, ms`, quantile(work, 0.95), 16);
  }

  if (MEMORY_FOR > 0) {
    await go(page, 'events');
    const session = await page.context().newCDPSession(page);
    const used = async () => {
      await session.send('HeapProfiler.collectGarbage');
      return (await session.send('Runtime.getHeapUsage')).usedSize / 1048576;
    };
    const seen = [];
    let next = 0;
    await flood(daemon, MEMORY_FOR, async (since) => {
      if (since < next) return;
      next = since + MEMORY_FOR / 20;
      seen.push(await used());
      console.error(`${Math.round(since / 1000)} s: ${seen.at(-1).toFixed(1)} MiB`);
    });
    // What it has once its lists are full, and what it has at the end.
    const half = seen.slice(Math.floor(seen.length / 4), Math.floor(seen.length / 2));
    const growth = quantile(seen.slice(-Math.ceil(seen.length / 4)), 0.5) / quantile(half, 0.5);
    print(`memory after ${MEMORY_FOR / 60_000} minutes of events, MiB`, seen.at(-1), 64);
    print('its growth from the second quarter to the last', growth, 1.05);
  }
  daemon.close();
  reader.check();
});
