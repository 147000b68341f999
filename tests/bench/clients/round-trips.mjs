// How long the packaged JavaScript client takes for a call, beside plain sockets to a raw echo: node round-trips.mjs DAEMON ECHO
import { once } from 'node:events';
import { createConnection } from 'node:net';

import { DaemonClient } from 'aiwg/daemon/ipc-client';

const [daemonSocket, echoSocket] = process.argv.slice(2);
const line = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
const SEQUENTIAL = 3000;
const BATCHES = 300;
const IN_FLIGHT = 64;

/** Calls per second of `calls` calls. */
async function rate(calls, run) {
  const began = process.hrtime.bigint();
  await run();
  return calls / (Number(process.hrtime.bigint() - began) / 1e9);
}

const client = new DaemonClient({ socketPath: daemonSocket });
await client.connect();
const echo = createConnection(echoSocket);
await once(echo, 'connect');

async function echoed(text) {
  let left = text.length;
  const done = new Promise((resolve) => {
    const take = (chunk) => {
      left -= chunk.length;
      if (left <= 0) resolve(echo.off('data', take));
    };
    echo.on('data', take);
  });
  echo.write(text);
  await done;
}

const measures = {
  sequential: [
    () => rate(SEQUENTIAL, async () => { for (let n = 0; n < SEQUENTIAL; n++) await client.ping(); }),
    () => rate(SEQUENTIAL, async () => { for (let n = 0; n < SEQUENTIAL; n++) await echoed(line); }),
  ],
  pipelined: [
    () => rate(BATCHES * IN_FLIGHT, async () => {
      for (let n = 0; n < BATCHES; n++) await Promise.all(Array.from({ length: IN_FLIGHT }, () => client.ping()));
    }),
    () => rate(BATCHES * IN_FLIGHT, async () => {
      const lines = Buffer.concat(Array.from({ length: IN_FLIGHT }, () => line));
      for (let n = 0; n < BATCHES; n++) await echoed(lines);
    }),
  ],
};
const rates = {};
for (const [name, [daemon, raw]] of Object.entries(measures)) {
  await daemon();
  rates[name] = [];
  for (let round = 0; round < 3; round++) rates[name].push([await daemon(), await raw()]);
}
echo.destroy();
await client.disconnect();
console.log(JSON.stringify(rates));
