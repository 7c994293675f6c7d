/** Every instance sweeps about once a second for as long as it lives, so what a sweep asks of Redis is counted. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemRandom } from '../../common/clock-system.ts';
import type { Random } from '../../common/clock.ts';
import { jobOf, openSession, until } from './harness.ts';
import { redisFixture } from './redis-fixture.ts';

const redis = redisFixture();
const sessions = Array.from({ length: 40 }, (_, i) => `s-${String(i)}`);

describe('a sweep of a single Redis', () => {
  it('is one call, whatever is overdue', () =>
    redis.withRedis(async (harness, observed) => {
      const { store } = harness;
      const sweeps = () => observed.filter(({ op }) => op === 'overdue').length;
      assert.deepEqual(await store.jobs.overdue(0, 100), []);
      assert.equal(sweeps(), 1);
      for (const sessionId of sessions) {
        await openSession(store, sessionId);
        await store.jobs.accept(jobOf(sessionId, { deadlineMs: -5000 }));
      }
      await until(harness, 'all of them', async () => (await store.jobs.overdue(0, 100)).length === 40);
      const before = sweeps();
      await store.jobs.overdue(0, 100);
      assert.equal(sweeps() - before, 1);
    }));

  it('that takes less than there is begins at any partition', () =>
    redis.withRedis(
      async ({ store }) => {
        for (const sessionId of sessions) {
          await openSession(store, sessionId);
          await store.jobs.accept(jobOf(sessionId, { deadlineMs: -5000 }));
        }
        const first = new Set<string>();
        for (let i = 0; i < 64; i++) {
          const [job] = await store.jobs.overdue(0, 1);
          first.add(job?.sessionId ?? '');
        }
        assert.ok(first.size > 10, `only ${[...first].join(' ')} came first`);
      },
      { random: countingUp(64) },
    ));
});

/** Each of so many equal parts in turn. */
function countingUp(parts: number): Random {
  let drawn = 0;
  return { ...systemRandom, next: () => (drawn++ % parts) / parts };
}
