// The typed events of a project whose names and schemas are as awkward as they can be.

import { DaemonClient } from 'aiwg';

export async function right(client: DaemonClient): Promise<void> {
  await client.emit('a:b', 'x');
  await client.emit('a.b', 1);
  await client.emit('ab');
  await client.emit('__proto__', { ['__proto__']: 'x' });
  await client.emit('member:names', {
    from: '', class: '', type: '', self: '', list: [], int: 1, '': '', 'not declared': 1, 'größe': '', 'a\nb': '',
  });
  await client.emit('other:topic', 3);
  await client.emit('tree', { value: '', right: null, pair: [{ value: '' }, 'x'], byName: { a: { value: '' } } });
  await client.emit('json', { a: [1, 'x', { b: null }] });
  await client.emit('union:tagged', { kind: 'circle', radius: 1 });
  await client.emit('union:shared', { id: 1, text: '' });
  await client.emit('tuples', { exact: [1, 'x'], short: [1], long: [1, 'a', 'b'], nullable: ['a', null] });
  await client.emit('open', { a: '', b: 1 });
  await client.emit('value', null);
}

export async function wrong(client: DaemonClient): Promise<void> {
  // @ts-expect-error another topic's payload
  await client.emit('a:b', 1);
  // @ts-expect-error another topic's payload
  await client.emit('a.b', 'x');
  // @ts-expect-error no payload fits
  await client.emit('-', null);
  // @ts-expect-error a circle has a radius
  await client.emit('union:tagged', { kind: 'circle', side: 1 });
  // @ts-expect-error one item is missing
  await client.emit('tuples', { exact: [1] });
  // @ts-expect-error deep within a tree
  await client.emit('tree', { value: '', children: [{ value: '', left: { value: 1 } }] });
}
