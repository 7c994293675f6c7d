/** Every instance renews all its sessions for as long as they last, so what that asks of Redis is counted. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sessionOwnerHoldScript } from '../../scheduler/store/redis/scripts/session-owner-hold.ts';
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

  it('that comes late leaves the owner key that a later owner wrote, and its time, as they are', async () => {
    await redis.raw.set('mine', 'sched-a|2', 'PX', 1000);
    await redis.raw.set('taken', 'sched-b|3', 'PX', 1000);
    await redis.raw.eval(
      sessionOwnerHoldScript.source,
      3,
      'mine',
      'taken',
      'lost',
      'sched-a',
      60_000,
      2,
      2,
      2,
    );
    const [mine, taken, lost] = await redis.raw.mget('mine', 'taken', 'lost');
    assert.deepEqual([mine, taken, lost], ['sched-a|2', 'sched-b|3', 'sched-a|2']);
    const left = await Promise.all(['mine', 'taken', 'lost'].map((key) => redis.raw.pttl(key)));
    assert.deepEqual(
      left.map((ms) => ms > 1000),
      [true, false, true],
    );
  });
});
