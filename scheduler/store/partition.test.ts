import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { allPartitions, crc16, partitionOf } from './partition.ts';

describe('partitions', () => {
  it('use the checksum of Redis Cluster', () => {
    assert.equal(crc16('123456789'), 0x31c3); // the check value of CRC-16/XMODEM
    assert.equal(crc16(''), 0);
    assert.equal(crc16('foo') % 16_384, 12_182); // CLUSTER KEYSLOT foo
  });

  it('name one of 64 for any text, always the same', () => {
    assert.equal(new Set(allPartitions).size, 64);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (id) => {
        assert.ok(allPartitions.includes(partitionOf(id)));
        assert.equal(partitionOf(id), partitionOf(id));
      }),
    );
  });

  it('spread sessions evenly enough', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 6400; i++) {
      const tag = partitionOf(`s-${i.toString(16)}`);
      counts.set(tag, (counts.get(tag) ?? 0) + 1);
    }
    assert.equal(counts.size, 64);
    assert.ok(Math.max(...counts.values()) < 200);
  });
});
