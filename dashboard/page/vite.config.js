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

export default defineConfig({
  root: here,
  base: '/',
  plugins: [transport()],
  resolve: { alias: { aiwg: resolve(client, 'index.js') } },
  define: { 'process.env': '({})' },
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
});
