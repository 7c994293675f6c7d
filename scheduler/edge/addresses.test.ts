import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Addresses } from './addresses.ts';

describe('connections of one address', () => {
  it('are counted up to the limit, and a connection that ends makes room once', () => {
    const addresses = new Addresses(2);
    const [a, b] = [{}, {}];
    addresses.add(a, '10.0.0.1');
    assert.ok(!addresses.full('10.0.0.1'));
    addresses.add(b, '10.0.0.1');
    assert.ok(addresses.full('10.0.0.1'));
    assert.ok(!addresses.full('10.0.0.2'));
    addresses.remove(a);
    addresses.remove(a);
    assert.ok(!addresses.full('10.0.0.1'));
    addresses.add(a, '10.0.0.1');
    assert.ok(addresses.full('10.0.0.1'));
  });

  it('are not counted when there is no limit', () => {
    const addresses = new Addresses(0);
    for (let n = 0; n < 100; n++) addresses.add({}, '10.0.0.1');
    assert.ok(!addresses.full('10.0.0.1'));
  });
});
