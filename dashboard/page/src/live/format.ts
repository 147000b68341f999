// Times, amounts and words, as the reader's own place writes them.

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const seconds = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
const count = new Intl.NumberFormat();
// Not every language's short form is one: `6m` are six minutes as well.
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** The reader's time zone. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const clockTime = (at: number | Date) => time.format(at);
export const clockSeconds = (at: string) => seconds.format(new Date(at));
export const dayName = (at: number | Date) => weekday.format(at);
export const fullTime = (at: string) => full.format(new Date(at));
export const number = (value: number) => count.format(value);
export const compact = (value: number) => short.format(value);

/** The time of today, or the day and the time. */
export function moment(at: string | number): string {
  const then = new Date(at);
  const isToday = then.toDateString() === new Date().toDateString();
  return isToday ? time.format(then) : `${day.format(then)}, ${time.format(then)}`;
}

/** A length of time in a few characters. */
export function span(milliseconds: number): string {
  if (milliseconds >= 50 && milliseconds < 950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const s = Math.max(0, Math.round(milliseconds / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${String(s % 60).padStart(2, '0')} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} m`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/** The same, rounded: for what changes while one looks. */
export function about(milliseconds: number): string {
  const s = Math.max(0, milliseconds / 1000);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 129_600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}

/** How long ago, or until when. */
export function relative(at: string | null | undefined, now: number): string {
  if (!at) return '';
  const distance = Date.parse(at) - now;
  if (Math.abs(distance) < 1500) return 'now';
  return distance < 0 ? `${about(-distance)} ago` : `in ${about(distance)}`;
}

/** An amount of US dollars. */
export function usd(amount: number | null | undefined): string {
  if (amount === undefined || amount === null) return '';
  const digits = amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2;
  return `$${amount.toFixed(digits).replace(/(\.\d\d)00$/, '$1')}`;
}

/** A number of bytes. */
export function bytes(size: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let n = 0;
  for (; size >= 1024 && n < units.length - 1; n++) size /= 1024;
  return `${n === 0 ? size : size.toFixed(1)} ${units[n]}`;
}

/** `1 task`, `3 tasks`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

/** Characters that show nothing, apart from tabs and line feeds, and marks of direction: they make a text look like another. */
// eslint-disable-next-line no-control-regex
const UNSEEN =
  /\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]/g;

/** The text with such characters as their numbers: what a person decides on is what there is. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (one) => (one === '\r' ? '\\r' : `\\u{${one.charCodeAt(0).toString(16)}}`));
}

/** The first line of a text that has something in it. */
export function firstLine(text: string, most = 300): string {
  const line = text
    .slice(0, 4 * most)
    .trim()
    .split('\n', 1)[0]!;
  return visible(line.length > most ? `${line.slice(0, most)}…` : line);
}

const WAITING: Record<string, string> = {
  dependency: 'another task',
  delay: 'its time',
  hold: 'being released',
  rest: 'a rest after a failure',
  lane: 'room in its lane',
  paused: 'the queue, which is paused',
  budget: 'the budget',
  limit: "a limit of its agent's account",
  taken: 'a person, who has it',
  approval: 'a person to approve',
};

/** What a queued task waits for. */
export function waitsFor(waiting: string | undefined): string {
  return waiting === undefined ? 'a free slot' : (WAITING[waiting] ?? waiting);
}

const REASONS: Record<string, string> = {
  done: 'done',
  refused: 'refused a tool',
  deferred: 'deferred',
  limited: 'met a limit',
  overloaded: 'the model is overloaded',
  auth: 'the login was refused',
  billing: 'no credit',
  budget: 'over its budget',
  crashed: 'crashed',
  failed: 'failed',
  cancel: 'cancelled',
  rejected: 'rejected',
  expired: 'expired',
  timeout: 'took too long',
  stalled: 'was silent too long',
  stop: "the daemon's stop",
  lost: 'lost with the machine',
  not_started: 'could not be started',
  rounds: 'all rounds used up',
  stuck: 'stuck',
  check_failed_to_run: 'its check could not run',
  session_lost: 'its session is lost',
  by_hand: 'finished by a person',
};

/** Why a task ended. */
export const endReason = (reason: string | undefined) => (reason === undefined ? '' : (REASONS[reason] ?? reason));

/** A check: a command for the shell as it is; a program with its words as the list that they are, since words joined by blanks could be others. */
export const checkText = (command: string | string[]): string =>
  typeof command === 'string' ? command : JSON.stringify(command);
