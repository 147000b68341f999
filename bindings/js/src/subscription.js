import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { connectable } from './discovery.js';
import { DaemonConnectionError, DaemonError, disconnected, noDaemon } from './errors.js';
import { LineSplitter } from './lines.js';

/** How long to wait before connecting again, at first and at the most, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2000;

/**
 * The events of a subscription, one by one. It has a connection of its own, which is read only as fast as the events are
 * taken: a slow reader delays no call, and holds nothing in memory.
 */
export async function* subscribe(path, topics, { since, reconnect = false, signal, onMissed } = {}) {
  let from = since;
  let pause = FIRST_PAUSE;
  for (;;) {
    signal?.throwIfAborted();
    try {
      for await (const { method, params, result } of messages(path, { topics, since: from }, signal)) {
        if (result) {
          from = result.since;
          pause = FIRST_PAUSE;
        } else if (method === 'event') {
          from = params.event.seq;
          yield params.event;
        } else if (method === 'event.missed') {
          from = params.since + params.missed;
          onMissed?.({ missed: params.missed, since: params.since });
        }
      }
      throw disconnected(path, 'it went away');
    } catch (error) {
      signal?.throwIfAborted();
      // The first time, a daemon that is not there is a mistake; later it is one that is being restarted.
      const isBack = reconnect && from !== undefined && error instanceof DaemonConnectionError;
      if (!isBack) throw error;
    }
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** Subscribes, and gives the answer and all that follows. */
async function* messages(path, params, signal) {
  const socket = await open(path);
  const abort = () => socket.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'event.subscribe', params })}\n`);
    const lines = new LineSplitter();
    for await (const chunk of socket) {
      for (const line of lines.push(chunk)) {
        const message = JSON.parse(line);
        if (message.error) throw new DaemonError(message.error);
        yield message;
      }
    }
  } catch (error) {
    throw error instanceof DaemonError ? error : disconnected(path, error.message, error);
  } finally {
    signal?.removeEventListener('abort', abort);
    socket.destroy();
  }
}

async function open(path) {
  try {
    const socket = connect(await connectable(path));
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    throw noDaemon(path, error);
  }
}
