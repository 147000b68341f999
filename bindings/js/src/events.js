'use strict';

const { EventMethods } = require('./generated/methods.js');

class Events extends EventMethods {
  async *iterate({ since = 0, ...params } = {}, options) {
    for (;;) {
      const page = await this.list({ ...params, since }, options);
      if (page.length === 0) return;
      yield* page;
      since = page.at(-1).seq;
    }
  }
}

module.exports = { Events };
