// Shortens what is published of the JavaScript package, and loses nothing that a program needs or an editor shows, but what names say: the
// declarations in a directory's src, and its package.json.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = process.argv[2];

/** What begins something of its own in a comment: a tag, an item of a list, a row of a table, code, a heading. */
const OWN_LINE = /^(@|[-*+|`#>]|\d+\.| |$)/;

/** Sentences of a comment stand in one line, and it begins and ends with its text. Examples stay as they are. */
function shortComment(comment) {
  const lines = comment.slice(3, -2).split('\n').map((line) => line.replace(/^ *\* ?/, '').trimEnd());
  const kept = [];
  let isExample = false;
  for (const line of lines) {
    if (line.startsWith('@')) isExample = line.startsWith('@example');
    const last = kept.at(-1);
    if (kept.length > 1 && !isExample && !OWN_LINE.test(line) && last !== '') kept[kept.length - 1] = `${last} ${line}`;
    else kept.push(line);
  }
  if (kept.length === 1) return `/** ${kept[0].trim()} */`;
  if (kept[0].trim() === '') kept.shift();
  if (kept.at(-1).trim() === '') kept.pop();
  // A line that begins with a slash would end it.
  return `/** ${kept.map((line) => (line.startsWith('/') ? ` ${line}` : line)).join('\n*')} */`;
}

/** Code without the blanks that only a reader of the file would miss: what an editor shows is printed anew. */
function shortCode(line) {
  if (/^(\/\*\*|\*)/.test(line) || /['"`].* .*['"`]/.test(line)) return line;
  return line.replace(/ ?(=>|[:|&=?{},;<>]) ?/g, '$1');
}

/** What the name of a type says as well: `TaskGetParams`. */
const SAID_BY_NAME = /^\/\*\* The (params of|answer to) `[\w.]+`\. \*\/\n/gm;

function shortDeclarations(text) {
  return text
    .replace(/^\/\/ Generated from.*\n/gm, '')
    .replace(/^ *\/\*\*.*?\*\//gms, (comment) => shortComment(comment.trimStart()))
    .replace(/^ +/gm, (indent, at, all) => (all[at - 2] === '*' ? indent : ''))
    .replace(SAID_BY_NAME, '')
    .split('\n')
    .map(shortCode)
    .join('\n');
}

/** A long list of imported types becomes one name for all of them: each would stand there once more. */
const IMPORTS = /^import type\{([^}]*)\}from '?(\.\/types\.js)';$/m;

function shortImports(text) {
  const [list, names] = IMPORTS.exec(text) ?? [];
  const all = names?.split(/[,\s]+/).filter((name) => name !== '') ?? [];
  if (all.length < 20) return text;
  const use = new RegExp(`(?<![\\w.$])(${all.join('|')})(?![\\w$?(:])`, 'g');
  return text
    .replace(list, "import type*as t from './types.js';")
    .split(/(\/\*\*.*?\*\/)/s)
    .map((part, at) => (at % 2 === 0 ? part.replace(use, 't.$1') : part))
    .join('');
}

for (const name of readdirSync(join(directory, 'src'), { recursive: true })) {
  if (!name.endsWith('.d.ts')) continue;
  const file = join(directory, 'src', name);
  writeFileSync(file, shortImports(shortDeclarations(readFileSync(file, 'utf8'))));
}
const file = join(directory, 'package.json');
const { scripts, ...described } = JSON.parse(readFileSync(file, 'utf8'));
writeFileSync(file, JSON.stringify(described));
