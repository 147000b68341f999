// A unified diff, taken apart by file. Whoever has made it may have named the files, and written the lines, to be taken for something else.

export interface DiffPart {
  path: string;
  /** What is to be known of the file itself: that it is new, or binary. */
  notes: string[];
  /** The lines with their signs, from the first hunk on. */
  lines: string[];
}

const HEADER = 'diff --git ';

/** The parts of a diff, in its order. A file that becomes one of another kind has two. */
export function partsOf(diff: string): DiffPart[] {
  const parts: DiffPart[] = [];
  let [part, isInHunk] = [undefined as DiffPart | undefined, false];
  for (const line of diff.split('\n')) {
    // Lines of files have a sign before them: this is none of theirs.
    if (line.startsWith(HEADER)) {
      part = { path: pathIn(line.slice(HEADER.length)), notes: [], lines: [] };
      isInHunk = false;
      parts.push(part);
    } else if (part) {
      isInHunk ||= line.startsWith('@@');
      if (isInHunk) part.lines.push(line);
      else if (!/^(index |--- |\+\+\+ |$)/.test(line)) part.notes.push(line);
    }
  }
  for (const { lines } of parts) if (lines.at(-1) === '') lines.pop();
  return parts;
}

/** The path in a header, which has it twice: `a/x b/x`, or both in quotes. */
function pathIn(names: string): string {
  const first = names.slice(0, (names.length - 1) / 2);
  return first.startsWith('"') ? unquoted(first.slice(1, -1)).slice(2) : first.slice(2);
}

const ESCAPES: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 };

/** A name without git's escapes: figures stand for bytes. */
function unquoted(text: string): string {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const [piece, octal, letter] of text.matchAll(/\\([0-7]{3})|\\(.)|[^\\]+/gs)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (letter !== undefined) bytes.push(ESCAPES[letter] ?? letter.charCodeAt(0));
    else bytes.push(...encoder.encode(piece));
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
