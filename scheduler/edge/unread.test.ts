import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { relieve, type Reader } from './unread.ts';

interface Fake extends Reader {
  unreadBytes: number;
  closed: boolean;
  gone: boolean;
}

function reader(unreadBytes: number, closed = false): Fake {
  const fake: Fake = {
    unreadBytes,
    closed,
    gone: false,
    close() {
      fake.closed = true;
    },
    cut() {
      fake.gone = true;
      fake.unreadBytes = 0;
    },
  };
  return fake;
}

describe('unread answers of all connections together', () => {
  it('are left alone while they are within the bound', () => {
    const some = [reader(50), reader(50)];
    relieve(some, 100);
    assert.ok(some.every(({ closed }) => !closed));
  });

  it('beyond it cost those their connection that leave most, and no more of them than it takes', () => {
    const [small, large, middle] = [reader(10), reader(80), reader(40)];
    relieve([small, large, middle], 60);
    assert.deepEqual([small.closed, large.closed, middle.closed], [false, true, false]);
  });

  it('of who was closed and does not read that either are given up', () => {
    const deaf = reader(200, true);
    const fine = reader(90);
    relieve([fine, deaf], 100);
    assert.deepEqual([deaf.gone, fine.closed], [true, false]);
  });

  it('are within the bound after two looks, whatever they were', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 50 }), fc.nat(5000), (sizes, maxBytes) => {
        const all = sizes.map((size) => reader(size));
        relieve(all, maxBytes);
        relieve(all, maxBytes);
        const sum = all.reduce((total, { unreadBytes }) => total + unreadBytes, 0);
        assert.ok(sum <= maxBytes, `${String(sum)} of ${String(maxBytes)}`);
      }),
    );
  });
});
