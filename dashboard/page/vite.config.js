import { readFileSync, readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vite';

const here = dirname(fileURLToPath(import.meta.url));
const client = resolve(here, '../../bindings/js/src');

/**
 * The generated client reaches a daemon through the module `socket.js`. In the page, a WebSocket stands there instead, and nothing
 * can be spooled: there is no disk.
 */
function transport() {
  const instead = {
    [resolve(client, 'socket.js')]: resolve(here, 'src/transport/socket.js'),
    [resolve(client, 'spool.js')]: resolve(here, 'src/transport/spool.js'),
  };
  return {
    name: 'aiwg-transport',
    enforce: 'pre',
    resolveId(source, importer) {
      if (!source.startsWith('.') || !importer?.startsWith(client)) return null;
      return instead[resolve(dirname(importer), source)] ?? null;
    },
  };
}

/** What is built holds these packages: their licences go with it, as they ask for. */
function licences() {
  const packages = ['preact', 'uplot', 'marked'];
  const text = (name) => {
    const folder = resolve(here, 'node_modules', name);
    const file = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
    return `${name}\n\n${readFileSync(resolve(folder, file), 'utf8').trim()}\n`;
  };
  return {
    name: 'aiwg-licences',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: packages.map(text).join('\n\n') });
    },
  };
}

export default defineConfig({
  root: here,
  base: '/',
  plugins: [transport(), licences()],
  resolve: { alias: { aiwg: resolve(client, 'index.js') } },
  define: { 'process.env': '({})' },
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
});
