'use strict';

// The transport: all that the client asks of the system to reach a daemon. Where there are no Unix sockets, as in a browser, another
// module stands here, and everything above it is the same: `open` gives what has the members of a socket that the client uses, and
// `LineSplitter` takes its chunks apart.

const { once } = require('node:events');
const { connect } = require('node:net');

const { connectable, discover } = require('./discovery.js');
const { DaemonConnectionError, notConnected } = require('./errors.js');
const { LineSplitter } = require('./lines.js');
const { sleep } = require('./sleep.js');

/** First and longest pause before asking a busy daemon again, in milliseconds. */
const FIRST_PAUSE = 2;
const LONGEST_PAUSE = 50;

/**
 * A connected socket. A daemon that has more callers waiting than the system holds for it is there, if busy: it is asked
 * again, until the signal aborts.
 */
async function open(address, signal) {
  let pause = FIRST_PAUSE;
  for (;;) {
    try {
      return await connected(connectable(address), signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof DaemonConnectionError) throw error;
      if (error.code !== 'EAGAIN') throw notConnected(address.path, error);
    }
    await sleep(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

async function connected(path, signal) {
  const socket = connect(path);
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

module.exports = { byteLength: Buffer.byteLength, discover, open, LineSplitter };
