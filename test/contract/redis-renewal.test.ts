/** Every instance renews all its sessions for as long as they last, so what that asks of Redis is counted. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openSession } from './harness.ts';
import { redisFixture } from './redis-fixture.ts';

const redis = redisFixture();

describe('the renewal of sessions in a single Redis', () => {
  it('is two calls for a hundred sessions, in whatever partitions they are', () =>
    redis.withRedis(async ({ store }, observed) => {
      const ids = Array.from({ length: 250 }, (_, i) => `s-${String(i)}`);
      await Promise.all(ids.map((id) => openSession(store, id)));
      const held = ids.map((sessionId) => ({ sessionId, epoch: 1 }));
      const before = observed.length;
      assert.deepEqual(await store.sessions.renew(held, 'sched-a', 60_000), []);
      const calls = observed.slice(before).map(({ op }) => op);
      assert.equal(calls.filter((op) => op === 'session_renew').length, 3);
      assert.equal(calls.filter((op) => op === 'session_owner_hold').length, 3);
      assert.equal(await store.sessions.ownerOf('s-249'), 'sched-a');
    }));
});
