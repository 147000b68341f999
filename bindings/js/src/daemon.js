'use strict';

const { DaemonMethods } = require('./generated/methods.js');
const { waiting } = require('./waiting.js');

class Daemon extends DaemonMethods {
  async *followLogs({ lines } = {}, options) {
    const { waitMs, ...patient } = waiting(options);
    let page = await this.logs({ lines }, options);
    for (;;) {
      yield* page.lines;
      page = await this.logs({ cursor: page.cursor, waitMs }, patient);
    }
  }
}

module.exports = { Daemon };
