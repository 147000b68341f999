// Writes the examples of the JavaScript client as TypeScript programs: the JavaScript of its README as one, the TypeScript of
// its README as one with a project's events, and each example of the package's declarations as a function.
//
//   node typescript-examples.mjs README SOURCES OUT OUT_WITH_EVENTS
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [readme, sources, out, withEvents] = process.argv.slice(2);

/** What examples use as if it were imported. */
const EXPORTED = 'DaemonClient, DaemonConnectionError, DaemonError, DaemonTimeoutError, ERROR_KINDS, PROTOCOL_VERSION, SpoolError';

const program = readFileSync(readme, 'utf8');
writeFileSync(join(out, 'readme.ts'), blocks('js').join('\n'));
writeFileSync(join(withEvents, 'readme.ts'), inFunctions(blocks('ts').map(expectErrors)));
const files = readdirSync(sources, { recursive: true }).filter((name) => name.endsWith('.d.ts'));
for (const file of files) {
  const examples = examplesOf(readFileSync(join(sources, file), 'utf8'));
  if (examples.length > 0) writeFileSync(join(out, `${file.replaceAll(/\W/g, '-')}.ts`), inFunctions(examples));
}

function blocks(language) {
  const found = [...program.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code]) => code);
  assert(found.length > 0, `${readme} has no ${language}`);
  return found;
}

/** A line that is said to be an error has to be one. */
function expectErrors(code) {
  return code.replaceAll(/^.*\/\/ an error$/gm, '// @ts-expect-error\n$&');
}

function inFunctions(examples) {
  const functions = examples.map((code, n) => `export async function example${n}(client: aiwg.DaemonClient) {\n{\n${code}\n}\n}\n`);
  return `import * as aiwg from 'aiwg';\nimport { ${EXPORTED} } from 'aiwg';\n\n${functions.join('\n')}`;
}

function examplesOf(text) {
  const found = [];
  for (const [comment] of text.matchAll(/\/\*\*.*?\*\//gs)) {
    const lines = comment.replace(/\s*\*\/$/, '').split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
    let code;
    for (const line of lines) {
      if (line.startsWith('@')) code = undefined;
      if (line === '@example') found.push((code = []));
      else code?.push(line);
    }
  }
  return found.map((code) => code.join('\n'));
}
