// Who may use the dashboard: a browser that has its cookie, and a page that has its key. Browsers send a cookie to all ports of a
// machine; what they keep for an address with its port, they give to no other.

import type { DashboardInfo } from './project.js';

const KEPT = 'aiwg-dashboard-key';

/** What one reads who has neither. */
export const SIGNED_OUT = 'Open a new address: the terminal in which `aiwg dashboard` runs shows it.';

let inMemory = '';

function kept(): string {
  try {
    return localStorage.getItem(KEPT) ?? inMemory;
  } catch {
    return inMemory;
  }
}

function keep(key: string) {
  inMemory = key;
  try {
    localStorage.setItem(KEPT, key);
  } catch {
    // A browser that keeps nothing: it holds for this page.
  }
}

/** The subprotocols that open a WebSocket. */
export const protocols = () => ['aiwg', `key.${kept()}`];

async function ask(): Promise<Response> {
  return await fetch('/dashboard.json', { cache: 'no-store', headers: { 'Aiwg-Key': kept() } });
}

/** The dashboard's own answer; undefined where this page is signed out. Fails where nobody answers. */
export async function dashboard(): Promise<DashboardInfo | undefined> {
  let answer = kept() === '' ? undefined : await ask();
  if (!answer || answer.status === 401) {
    // A new session has a key to give, once; another tab may have fetched it.
    const given = await fetch('/key', { method: 'POST' });
    if (given.ok) keep((await given.json()).key);
    answer = await ask();
  }
  if (answer.status === 401 || answer.status === 403) return undefined;
  if (!answer.ok) throw new Error(`The dashboard answers with ${answer.status}.`);
  return await answer.json();
}
