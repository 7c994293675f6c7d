import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { ExpiringMap } from './expiring-map.ts';

describe('a map whose entries end', () => {
  let clock: FakeClock;
  let map: ExpiringMap<string>;
  beforeEach(() => {
    clock = new FakeClock();
    map = new ExpiringMap(clock);
  });

  it('gives an entry until it ends', async () => {
    map.set('a', 'one', 100);
    await clock.advance(99);
    assert.equal(map.get('a'), 'one');
    assert.equal(map.remainingMs('a'), 1);
    await clock.advance(1);
    assert.equal(map.get('a'), undefined);
    assert.equal(map.remainingMs('a'), 0);
    assert.equal(map.extend('a', 100), false);
  });

  it('does not keep what nobody asks for any more', async () => {
    for (let i = 0; i < 1000; i++) {
      map.set(`key-${String(i)}`, 'gone soon', 100);
      await clock.advance(10);
    }
    assert.ok(map.size <= 11, String(map.size));
  });

  it('does not keep it either where others are renewed for ever', async () => {
    map.set('kept', 'lasting', 100);
    for (let i = 0; i < 1000; i++) {
      map.set(`key-${String(i)}`, 'gone soon', 100);
      await clock.advance(10);
      assert.ok(map.extend('kept', 100));
    }
    assert.equal(map.get('kept'), 'lasting');
    assert.ok(map.size <= 12, String(map.size));
  });

  it('keeps what has no end', async () => {
    map.set('a', 'one');
    await clock.advance(1e9);
    map.set('b', 'two', 1);
    assert.deepEqual(map.live(), [
      ['a', 'one'],
      ['b', 'two'],
    ]);
  });

  it('lists what has not ended, and drops the rest', async () => {
    map.set('a', 'one', 10);
    map.set('b', 'two', 1000);
    map.set('c', 'three', 10);
    await clock.advance(10);
    assert.deepEqual(map.live(), [['b', 'two']]);
    assert.equal(map.size, 1);
  });
});
