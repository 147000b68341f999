import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LineSplitter } from '../src/lines.js';

/** What comes out when the text is cut into pieces of this many bytes. */
function split(text, size) {
  const bytes = Buffer.from(text);
  const splitter = new LineSplitter();
  const lines = [];
  for (let at = 0; at < bytes.length; at += size) {
    lines.push(...splitter.push(bytes.subarray(at, at + size)));
  }
  return lines;
}

test('lines come whole, however they are cut', () => {
  const text = 'one\n\nzwei ü 🙂\nthree\nunfinished';
  for (let size = 1; size <= 40; size++) {
    assert.deepEqual(split(text, size), ['one', '', 'zwei ü 🙂', 'three'], `pieces of ${size}`);
  }
});
