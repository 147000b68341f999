// What the tests of the page have in common: a project with its daemon, the real `aiwg dashboard`, and a real browser. Run by
// tests/e2e/dashboard_page.rs in the project's directory, with AIWG and MODULES in the environment.

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const { AIWG, MODULES, PAGE } = process.env;
const require = createRequire(join(MODULES, 'package.json'));
const { chromium } = require('playwright-core');

/** How long anything may take, in milliseconds: tests run beside many others. */
export const PATIENCE = Number(process.env.PATIENCE_MS ?? 60_000);

/** Runs the command in the project, and gives what it prints as JSON. */
export async function aiwg(...args) {
  const { stdout } = await promisify(execFile)(AIWG, [...args, '--json'], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}

export const submit = async (prompt, ...args) => (await aiwg('task', 'submit', prompt, ...args)).taskId;
export const emit = async (topic, payload) => await aiwg('event', 'emit', topic, JSON.stringify(payload));

/** Makes the project a repository of git, with these files committed. */
export function repository(files) {
  const git = (...args) => execFileSync('git', ['-c', 'user.name=me', '-c', 'user.email=me@localhost', ...args]);
  writeFileSync('.gitignore', '/.aiwg/\n/state-home/\n.stand-in-*\n');
  for (const [name, text] of Object.entries(files)) writeFileSync(name, text);
  git('init', '-q');
  git('add', '.gitignore', ...Object.keys(files));
  git('commit', '-qm', 'first');
}

/** Waits until the function gives something that is true. */
export async function until(what, look) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** A client of the daemon's socket: many messages, without a process for each. */
export async function wire() {
  const socket = createConnection('.aiwg/daemon/daemon.sock');
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const answers = new Map();
  createInterface({ input: socket }).on('line', (line) => {
    const { id, result, error } = JSON.parse(line);
    if (error) answers.get(id)?.reject(new Error(error.message));
    else answers.get(id)?.resolve(result);
    answers.delete(id);
  });
  let last = 0;
  return {
    call(method, params) {
      const id = ++last;
      const answer = new Promise((resolve, reject) => answers.set(id, { resolve, reject }));
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      return answer;
    },
    close: () => socket.destroy(),
  };
}

/** `aiwg dashboard`, until it is stopped. */
export class Dashboard {
  static async start(...args) {
    const child = spawn(AIWG, ['dashboard', '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data) => (said += data));
    const lines = createInterface({ input: child.stdout });
    const dashboard = new Dashboard();
    dashboard.addresses = [];
    lines.on('line', (line) => dashboard.addresses.push(JSON.parse(line)));
    dashboard.child = child;
    dashboard.ended = new Promise((resolve) => child.once('exit', resolve));
    await until('the address of the dashboard', () => {
      assert.equal(child.exitCode, null, said);
      return dashboard.addresses[0];
    });
    return dashboard;
  }

  /** The address that counts at the moment: each counts once. */
  get address() {
    return this.addresses.at(-1).address;
  }

  get port() {
    return Number(new URL(this.address).port);
  }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    await this.ended;
  }
}

/** A tunnel to a port, which can die and come back. */
export class Tunnel {
  #sockets = new Set();

  static async open(to) {
    const tunnel = new Tunnel();
    tunnel.to = to;
    await tunnel.rise(0);
    return tunnel;
  }

  async rise(port = this.port) {
    this.server = createServer((near) => {
      const far = createConnection(this.to, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => (near.destroy(), far.destroy()));
      }
      near.pipe(far).pipe(near);
    });
    await new Promise((resolve, reject) => this.server.once('error', reject).listen(port, '127.0.0.1', resolve));
    this.port = this.server.address().port;
  }

  /** What goes through it gets nowhere any more, and nobody is told; new connections work. */
  freeze() {
    for (const socket of this.#sockets) socket.pause();
  }

  async die() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** The page of a browser in which nothing may go wrong: no error, no message on the console, no request to elsewhere. */
export class Reader {
  static async open(browser, options = {}) {
    const reader = new Reader();
    reader.problems = [];
    // What a browser says of the header with which a session begins.
    reader.allowed = [/^Clear-Site-Data header/];
    reader.context = await browser.newContext({
      viewport: { width: 1280, height: 860 },
      reducedMotion: 'reduce',
      ...options,
    });
    await reader.context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) =>
        console.error(`refused by the policy: ${event.violatedDirective} ${event.blockedURI}`),
      );
      // What scripts that came in with data would do.
      window.pwned = [];
      window.alert = window.confirm = window.prompt = (text) => window.pwned.push(String(text));
    });
    if (PAGE) await reader.context.route(/\/($|\?|assets\/|favicon)/, servePage);
    return reader;
  }

  /** Another tab. */
  async tab() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => this.problems.push(`error: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() !== 'log' && !this.allowed.some((one) => one.test(text)))
        this.problems.push(`console: ${text}`);
    });
    page.on('dialog', (dialog) => (this.problems.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
    page.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (!['127.0.0.1', 'localhost'].includes(hostname) && protocol !== 'blob:')
        this.problems.push(`request to ${request.url()}`);
    });
    return page;
  }

  check() {
    assert.deepEqual(this.problems, []);
  }
}

/** With PAGE, the page that is served is the one in that folder: so it can be tried without building the program. */
async function servePage(route) {
  const { pathname } = new URL(route.request().url());
  const response = await route.fetch({ maxRedirects: 0 });
  if (response.status() >= 300 && response.status() < 400) return route.fulfill({ response });
  const file = join(PAGE, pathname === '/' ? 'index.html' : pathname);
  // What the page behind the redirect asks for, which is the program's own.
  if (!existsSync(file)) return route.fulfill({ response });
  const type = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }[
    file.split('.').at(-1)
  ];
  const headers = { ...response.headers(), 'content-type': type };
  delete headers['content-encoding'];
  delete headers['content-length'];
  await route.fulfill({ status: 200, headers, body: readFileSync(file) });
}

/** Opens the address that the dashboard has printed. */
export async function open(page, address) {
  await page.goto(address);
  if (!PAGE) return;
  // A page behind a redirect is not replaced; and it gets its key once.
  await page.waitForFunction(() => localStorage.getItem('aiwg-dashboard-key'));
  await page.reload();
}

/** Goes to a view, by its part of the address. */
export async function go(page, route) {
  await page.evaluate((route) => (location.hash = `#/${route}`), route);
  const [view, id = ''] = route.split('?')[0].split('/');
  await page.locator(`main[data-route="${view}/${id}"] .view`).first().waitFor();
}

/** Runs the test with a browser, and ends it whatever comes. */
export async function withBrowser(test) {
  // Its sandbox needs user namespaces, which not every machine of tests has; what it loads is ours.
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  // What stands in for a page does not count as one of this machine.
  if (PAGE) args.push('--disable-features=LocalNetworkAccessChecks');
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args, timeout: PATIENCE });
  const dashboards = [];
  const dashboard = async (...args) => {
    const one = await Dashboard.start(...(args.includes('--port') ? args : ['--port', '0', ...args]));
    dashboards.push(one);
    return one;
  };
  try {
    await test({ browser, dashboard });
    console.log('all as it should be');
  } finally {
    await browser.close();
    for (const one of dashboards) await one.stop('SIGKILL');
  }
}
