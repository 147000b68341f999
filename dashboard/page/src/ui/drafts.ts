// What a person has typed and not sent: it is there when the view, the card or the form is shown again, until the page is left.

import { useState } from 'preact/hooks';

import type { Project } from '../live/project.js';

/** The most texts that are kept: those that were changed last. */
const MOST = 200;

const drafts = new Map<string, string>();

const keyOf = (project: Project, place: string) => `${project.info.ws} ${place}`;

/** What was typed there. */
export const draftOf = (project: Project, place: string): string => drafts.get(keyOf(project, place)) ?? '';

/** Keeps what was typed there; nothing is kept of nothing. */
export function keepDraft(project: Project, place: string, text: string) {
  const key = keyOf(project, place);
  drafts.delete(key);
  if (text !== '') drafts.set(key, text);
  if (drafts.size > MOST) drafts.delete(drafts.keys().next().value!);
}

/** Forgets what was sent, unless something else has been typed there meanwhile. True if it was forgotten. */
export function sentDraft(project: Project, place: string, text: string): boolean {
  if (draftOf(project, place) !== text) return false;
  drafts.delete(keyOf(project, place));
  return true;
}

/** The key under which a draft is sent: the same one for as long as it says the same, so that nothing is done twice. */
export function draftKey(project: Project, place: string, text: string): string {
  const [key, of] = JSON.parse(draftOf(project, place) || '[]') as [string?, string?];
  if (key !== undefined && of === text) return key;
  // Not by `randomUUID`, which a page over plain HTTP lacks elsewhere than on loopback. As the clients make keys: the time first.
  const random = crypto.getRandomValues(new Uint8Array(10));
  const figures = [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const made = Date.now().toString(16).padStart(12, '0') + figures;
  keepDraft(project, place, JSON.stringify([made, text]));
  return made;
}

/** A text that is typed there: what it is, what changes it, and what is called with it once it is sent. */
export function useDraft(
  project: Project,
  place: string,
): readonly [string, (text: string) => void, (text: string) => void] {
  const [text, setText] = useState(() => draftOf(project, place));
  const type = (text: string) => {
    keepDraft(project, place, text);
    setText(text);
  };
  const sent = (text: string) => {
    if (sentDraft(project, place, text)) setText('');
  };
  return [text, type, sent];
}
