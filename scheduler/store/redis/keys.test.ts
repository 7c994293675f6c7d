import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { crc16 } from '../partition.ts';
import { createKeys } from './keys.ts';

const keys = createKeys('lingua-prod');
const id = fc.stringMatching(/^[A-Za-z0-9_.:-]{1,128}$/);

/** The slot as Redis Cluster computes it: of what stands in the first braces. */
function slotOf(key: string): number {
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key;
  return crc16(tag) % 16_384;
}

const oneSlot = (all: readonly string[]) => new Set(all.map(slotOf)).size === 1;

describe('keys', () => {
  it('are the names that the guide prints', () => {
    assert.equal(keys.inbox('scheduler-1'), 'lingua-prod:streams:{instance:scheduler-1}:inbox');
    assert.equal(keys.deadLetters('scheduler-1'), 'lingua-prod:streams:{instance:scheduler-1}:dlq');
    assert.equal(keys.presence('scheduler-1'), 'lingua-prod:schedulers:presence:scheduler-1');
    assert.equal(keys.nodesAll, 'lingua-prod:v1:nodes:all');
    assert.equal(keys.nodeSnapshotAlias('node-1'), 'lingua-prod:v1:nodes:snapshot:node-1');
  });

  it('share a slot where one script touches them together', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        const ofJob = Object.values(keys.ofJob(a, b));
        assert.ok(oneSlot([keys.session(a), keys.outbox(a), keys.request(a, b), ...ofJob]));
        assert.ok(oneSlot([keys.lease(a), keys.epoch(a), keys.inbox(a), keys.deadLetters(a)]));
        assert.ok(oneSlot([keys.nodeOwner(a), keys.nodePresence(a), keys.nodeSnapshot(a), keys.nodeView(a)]));
      }),
    );
  });

  it('of different things are different', () => {
    fc.assert(
      fc.property(id, id, id, id, (a, b, c, d) => {
        if (a === c && b === d) return;
        assert.notEqual(keys.request(a, b), keys.request(c, d));
        assert.notEqual(keys.ofJob(a, b).job, keys.ofJob(c, d).job);
        assert.notEqual(keys.ofJob(a, b).audio, keys.ofJob(c, d).audio);
      }),
    );
  });

  it('hold the ids where the scripts look for them', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        assert.equal(keys.ofJob(a, b).job.slice(keys.idsInJobKey), `${a}/${b}`);
        assert.equal(keys.ofJob(a, b).session, keys.session(a));
        assert.equal(keys.session(a).slice(keys.idInSessionKey), a);
      }),
    );
  });

  it('refuse what would lead elsewhere', () => {
    for (const bad of ['', '{', 'a}b', 'a b', 'a/b', 'a|b', 'a\nb', 'x'.repeat(129)]) {
      assert.throws(() => keys.session(bad), { code: 'invalid' });
      assert.throws(() => keys.ofJob('s', bad), { code: 'invalid' });
      assert.throws(() => keys.request('s', bad), { code: 'invalid' });
      assert.throws(() => keys.inbox(bad), { code: 'invalid' });
      assert.throws(() => keys.nodeOwner(bad), { code: 'invalid' });
    }
    for (const prefix of ['', 'a{b}', 'a b']) assert.throws(() => createKeys(prefix), { code: 'config' });
  });
});
