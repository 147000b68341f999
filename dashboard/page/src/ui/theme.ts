// Light, dark, or as the system has it.

import { Store } from '../live/store.js';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'aiwg-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

export const theme = new Store<Theme>('system');

/** Counts the times that the colours have changed: for what is drawn on a canvas. */
export const colours = new Store(0);

function put() {
  const isDark = theme.value === 'system' ? system.matches : theme.value === 'dark';
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
  colours.update((n) => n + 1);
}

export function setTheme(value: Theme) {
  theme.set(value);
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // A browser that keeps nothing.
  }
  put();
}

export function startTheme() {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === 'light' || kept === 'dark') theme.set(kept);
  } catch {
    // As the system has it.
  }
  system.addEventListener('change', put);
  put();
}

/** A colour of the style sheet. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
