// Text that was meant for a terminal: colours become classes, and what moves a cursor is left out.

/** A piece of text of one look. */
export interface Piece {
  text: string;
  /** Classes of the style sheet. */
  look: string;
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/** Escape sequences, by their kinds: CSI, OSC and other strings, and short ones. */
// eslint-disable-next-line no-control-regex
const SEQUENCE =
  /\x1b\[([0-9;:?<=>]*)[ -/]*([@-~])|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|\x9b[0-9;]*[@-~]/g;

/** Other characters that show nothing, apart from tabs and line feeds. Direction marks could make text look like another. */
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A line with what a carriage return has written over left out, as a terminal ends up showing it. */
function overwritten(text: string): string {
  if (!text.includes('\r')) return text;
  return text
    .split('\n')
    .map((line) => {
      const shown = line.replace(/\r+$/, '');
      return shown.slice(shown.lastIndexOf('\r') + 1);
    })
    .join('\n');
}

/** The text without any of it. */
export function plain(text: string): string {
  return overwritten(text).replace(SEQUENCE, '').replace(CONTROLS, '');
}

/** The text in pieces, each with its look. */
export function pieces(text: string): Piece[] {
  const shown = overwritten(text);
  if (!/[\x1b\x9b]/.test(shown)) return [{ text: shown.replace(CONTROLS, ''), look: '' }];
  const found: Piece[] = [];
  const look = new Look();
  let at = 0;
  const add = (text: string) => {
    const clean = text.replace(CONTROLS, '');
    if (clean !== '') found.push({ text: clean, look: look.classes });
  };
  for (const match of shown.matchAll(SEQUENCE)) {
    add(shown.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[2] === 'm') look.apply(match[1] ?? '');
  }
  add(shown.slice(at));
  return found;
}

class Look {
  #bold = false;
  #dim = false;
  #italic = false;
  #underlined = false;
  #colour = '';

  get classes(): string {
    return [
      this.#bold && 'ansi-bold',
      this.#dim && 'ansi-dim',
      this.#italic && 'ansi-italic',
      this.#underlined && 'ansi-underlined',
      this.#colour && `ansi-${this.#colour}`,
    ]
      .filter(Boolean)
      .join(' ');
  }

  apply(codes: string) {
    const numbers = codes.split(/[;:]/).map(Number);
    for (let n = 0; n < numbers.length; n++) {
      const code = numbers[n]!;
      if (code === 0) this.#bold = this.#dim = this.#italic = this.#underlined = Boolean((this.#colour = ''));
      else if (code === 1) this.#bold = true;
      else if (code === 2) this.#dim = true;
      else if (code === 3) this.#italic = true;
      else if (code === 4) this.#underlined = true;
      else if (code === 22) this.#bold = this.#dim = false;
      else if (code === 23) this.#italic = false;
      else if (code === 24) this.#underlined = false;
      else if (code >= 30 && code <= 37) this.#colour = NAMES[code - 30]!;
      else if (code >= 90 && code <= 97) this.#colour = NAMES[code - 90]!;
      else if (code === 39) this.#colour = '';
      // Colours of a palette: their numbers are no codes of their own.
      else if (code === 38 || code === 48) n += numbers[n + 1] === 5 ? 2 : 4;
    }
  }
}
