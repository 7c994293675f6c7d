/** Many sessions that come at once: their line by itself, and what their clients hear of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../../test/fakes/clock.ts';
import { withWorld } from '../../test/fakes/simulation/session.ts';
import { Talker } from '../../test/fakes/simulation/talker.ts';
import type { World } from '../../test/fakes/simulation/world.ts';
import { Arrivals, type Arrival } from './arrivals.ts';

const atOnce = 64;

/** A line, and what became of those who came, by the order in which they came. */
function line() {
  const clock = new FakeClock();
  const arrivals = new Arrivals(clock);
  const begun: number[] = [];
  const gone = new Set<number>();
  const done = new Map<number, () => void>();
  const outcomes = new Map<number, Arrival<number> | 'failed'>();
  let came = 0;
  const come = (many: number, comesAgain = true) => {
    for (let i = 0; i < many; i++) {
      const number = came++;
      const begin = () => {
        begun.push(number);
        return new Promise<number>((resolve, reject) => {
          done.set(number, () => {
            if (number === 13) reject(new Error('the store is away'));
            else resolve(number);
          });
        });
      };
      void arrivals.take({ begin, isGone: () => gone.has(number), comesAgain }).then(
        (outcome) => outcomes.set(number, outcome),
        () => outcomes.set(number, 'failed'),
      );
    }
    return settle();
  };
  const finish = (...numbers: number[]) => {
    for (const number of numbers) done.get(number)?.();
    return settle();
  };
  return { clock, begun, gone, outcomes, come, finish };
}

const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, i) => from + i);

describe('sessions that arrive', () => {
  it('are begun a few at a time, in their order', async () => {
    const { begun, outcomes, come, finish } = line();
    await come(atOnce + 3);
    assert.deepEqual(begun, upTo(atOnce));
    await finish(5, 6);
    assert.deepEqual(begun, upTo(atOnce + 2));
    assert.deepEqual(outcomes.get(5), { kind: 'begun', begun: 5 });
    await finish(...upTo(atOnce + 3));
    await finish(...upTo(atOnce + 3));
    assert.equal(outcomes.size, atOnce + 3);
    await come(atOnce + 1);
    assert.equal(begun.length, 2 * atOnce + 3, 'no place was lost');
  });

  it('give their place on when they fail', async () => {
    const { begun, outcomes, come, finish } = line();
    await come(atOnce + 1);
    await finish(13);
    assert.equal(outcomes.get(13), 'failed');
    assert.deepEqual(begun, upTo(atOnce + 1));
  });

  it('cost nothing when they hung up while they waited', async () => {
    const { begun, gone, outcomes, come, finish } = line();
    await come(atOnce + 3);
    gone.add(atOnce).add(atOnce + 1);
    await finish(0);
    assert.deepEqual(begun, [...upTo(atOnce), atOnce + 2]);
    assert.deepEqual(outcomes.get(atOnce), { kind: 'gone' });
  });

  it('are told after a second when to come again, one after the other', async () => {
    const { clock, begun, outcomes, come, finish } = line();
    await come(atOnce + 30);
    await clock.advance(500);
    await finish(...upTo(10));
    await clock.advance(499);
    assert.equal(outcomes.size, 10);
    await clock.advance(1);
    const told = upTo(atOnce + 30, atOnce + 10).map((number) => outcomes.get(number));
    const later = told.map((outcome) =>
      outcome !== 'failed' && outcome?.kind === 'busy' ? outcome.retryAfterMs : 0,
    );
    // Ten were begun in that second.
    assert.deepEqual(later.slice(0, 3), [600, 700, 800]);
    assert.equal(later.at(-1), 2500);
    await finish(...upTo(atOnce + 10));
    assert.deepEqual(begun, upTo(atOnce + 10), 'whoever was sent away is not begun');
  });

  it('are not put off for longer than ten seconds, however slow the store is', async () => {
    const { clock, outcomes, come } = line();
    await come(atOnce + 50);
    await clock.advance(1000);
    assert.deepEqual(outcomes.get(atOnce + 49), { kind: 'busy', retryAfterMs: 10_000 });
  });

  it('wait longer when they know nothing of coming again', async () => {
    const { clock, outcomes, come, finish } = line();
    await come(atOnce);
    await come(2, false);
    await clock.advance(4999);
    assert.equal(outcomes.size, 0);
    await finish(0);
    await finish(atOnce);
    assert.deepEqual(outcomes.get(atOnce), { kind: 'begun', begun: atOnce });
    await clock.advance(60_000);
    assert.equal(outcomes.get(atOnce + 1), undefined, 'its turn came before that');
    await come(1, false);
    await clock.advance(5000);
    const last = outcomes.get(atOnce + 2);
    assert.equal(last !== 'failed' && last?.kind, 'busy');
  });
});

describe('a client among many that come back', () => {
  /** As many as have a turn at once, each of which keeps the store busy for so long. */
  async function others(world: World, busyMs: number): Promise<void> {
    world.slow.set(
      'takeOver',
      upTo(atOnce).map(() => busyMs),
    );
    for (const i of upTo(atOnce)) await Talker.open(world, { token: `s-${String(i)}.${'0'.repeat(32)}` });
  }

  it('is told when to come again, and may on the same connection', () =>
    withWorld(async ({ world }) => {
      const mine = await Talker.open(world);
      await mine.cut({ noticed: true });
      const { token } = mine;
      await others(world, 3000);
      const back = await Talker.open(world, { token });
      await world.clock.advance(1000);
      const [told] = back.ofType('error');
      assert.equal(told?.['code'], 'NODE_OVERLOADED');
      const { retry_after_ms: laterMs } = told['details'] as { retry_after_ms: number };
      assert.ok(laterMs >= 500 && laterMs <= 10_000, String(laterMs));
      await world.clock.advance(laterMs + 3000);
      assert.deepEqual(back.ofType('session_init_ack'), []);
      back.greet({ token });
      await world.clock.advance(100);
      assert.equal(back.ofType('session_init_ack')[0]?.['resumed'], true);
      assert.equal(back.closeCode, undefined);
    }));

  it('does not take its session with it when it hung up before its turn', () =>
    withWorld(async ({ world }) => {
      const mine = await Talker.open(world);
      const { token, sessionId } = mine;
      await others(world, 500);
      const back = await Talker.open(world, { token });
      await back.cut({ noticed: true });
      await world.clock.advance(5000);
      assert.equal(mine.closeCode, undefined, 'it was never taken over');
      assert.equal((await world.store.sessions.get(sessionId))?.epoch, 1);
    }));
});
