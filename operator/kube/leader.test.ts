import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Clock } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';
import { FakeClock, FakeRandom, settle } from '../../test/fakes/clock.ts';
import { FakeKube } from '../../test/fakes/kube.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import type { Kube } from './kube.ts';
import { Election } from './leader.ts';
import { microTime } from './micro-time.ts';
import { leases } from './resources.ts';

const name = { namespace: 'ns', name: 'operator' };

describe('leader election', () => {
  let kube: FakeKube;
  let clock: FakeClock;
  let led: string[];

  interface Seat {
    readonly clock?: Clock;
    readonly kube?: Pick<Kube, 'get' | 'create' | 'update'>;
    readonly random?: FakeRandom;
  }
  const candidate = (identity: string, seat: Seat = {}) =>
    new Election({
      kube,
      lease: name,
      identity,
      clock,
      random: new FakeRandom(identity.length),
      log: fakeLog().log,
      onLeading: () => void led.push(identity),
      ...seat,
    });
  const record = () => kube.peek(leases, name)?.spec;

  beforeEach(() => {
    kube = new FakeKube();
    clock = new FakeClock();
    led = [];
  });

  /** Time that a process saw pass at once, because it was not running meanwhile. */
  const asleepFor = (skew: () => number): Clock => ({
    now: () => clock.now() + skew(),
    monotonic: () => clock.monotonic() + skew(),
    after: (ms, action) => clock.after(ms, action),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  });

  it('makes the first candidate the leader and writes a complete record', async () => {
    const a = candidate('a');
    await settle();
    assert.equal(a.isLeader, true);
    assert.deepEqual(record(), {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    await a.stop();
  });

  it('keeps the leader while it renews, every two seconds with one request each', async () => {
    const a = candidate('a');
    const b = candidate('b');
    await clock.advance(120_000);
    assert.deepEqual(led, ['a']);
    assert.equal(b.isLeader, false);
    assert.equal(b.holder, 'a');
    kube.forget();
    const idle = candidate('a2');
    await idle.stop();
    kube.forget();
    await b.stop();
    await clock.advance(20_000);
    assert.equal(kube.requests.length, 10);
    await a.stop();
  });

  it('hands over within a second and a quarter when the leader stops', async () => {
    const a = candidate('a');
    await settle();
    const b = candidate('b');
    await settle();
    await a.stop();
    assert.equal(a.isLeader, false);
    assert.equal(a.lost.aborted, true);
    assert.equal(record()?.holderIdentity, '');
    await clock.advance(1_250);
    assert.equal(b.isLeader, true);
    assert.equal(record()?.leaseTransitions, 1);
    await b.stop();
    assert.equal(clock.pending, 0);
  });

  it('lets the lease of a dead leader expire before another takes it', async () => {
    const dead = candidate('dead', { kube: deafAfter(kube, 1) });
    await settle();
    assert.equal(dead.isLeader, true);
    const b = candidate('b');
    await clock.advance(14_900);
    assert.equal(b.isLeader, false);
    assert.equal(dead.isLeader, false, 'gave up before anyone could take over');
    await clock.advance(3_000);
    assert.equal(b.isLeader, true);
    assert.ok(dead.lost.aborted);
    await b.stop();
  });

  it('does not trust the clock of the holder: a record from the past is as good as any', async () => {
    kube.put({
      apiVersion: leases.apiVersion,
      kind: leases.kind,
      metadata: { ...name },
      spec: {
        holderIdentity: 'other',
        leaseDurationSeconds: 15,
        renewTime: microTime(clock.now() - 3_600_000),
        leaseTransitions: 4,
      },
    });
    const a = candidate('a');
    await clock.advance(14_000);
    assert.equal(a.isLeader, false);
    await clock.advance(4_000);
    assert.equal(a.isLeader, true);
    assert.equal(record()?.leaseTransitions, 5);
    await a.stop();
  });

  it('loses as soon as it sees that another holds the lease', async () => {
    const a = candidate('a');
    await settle();
    const lease = kube.peek(leases, name)!;
    kube.put({
      ...lease,
      spec: { ...lease.spec, holderIdentity: 'thief', renewTime: microTime(clock.now()) },
    });
    await clock.advance(4_100);
    assert.equal(a.isLeader, false);
    assert.ok(a.lost.aborted);
    await clock.advance(60_000);
    assert.equal(record()?.holderIdentity, 'thief', 'and does not try again: an election is one term');
    await a.stop();
    assert.equal(record()?.holderIdentity, 'thief', 'nor gives back what is not its own');
  });

  it('goes on after a renewal that was executed but not answered', async () => {
    const a = candidate('a');
    await settle();
    kube.forget();
    kube.failWrite(1, 'after');
    await clock.advance(30_000);
    assert.equal(a.isLeader, true);
    assert.deepEqual(led, ['a']);
    await a.stop();
  });

  it('takes what it took without knowing: a first write executed but not answered', async () => {
    kube.failWrite(1, 'after');
    const a = candidate('a');
    await settle();
    assert.equal(a.isLeader, false);
    await clock.advance(3_000);
    assert.equal(a.isLeader, true);
    assert.equal(record()?.leaseTransitions, 0);
    await a.stop();
  });

  it('gives up a renewal that hangs in time for another, and goes on leading', async () => {
    const a = candidate('a');
    await settle();
    kube.forget();
    kube.before = ({ write }) => (write === 1 ? new Promise(() => {}) : undefined);
    await clock.advance(60_000);
    assert.equal(a.isLeader, true);
    assert.deepEqual(led, ['a']);
    await a.stop();
  });

  it('stops leading on time when every request hangs', async () => {
    const a = candidate('a');
    await settle();
    kube.before = () => new Promise(() => {});
    await clock.advance(9_999);
    assert.equal(a.isLeader, true);
    await clock.advance(1);
    assert.ok(a.lost.aborted);
    assert.equal(a.isLeader, false);
    await clock.advance(5_000);
    assert.equal(clock.pending, 0);
  });

  it('is no leader when it slept so long over its first write that others may lead by now', async () => {
    let skew = 0;
    const sleepy = asleepFor(() => skew);
    kube.after = ({ write }) => {
      if (write === 1) skew = 12_000;
    };
    const a = candidate('a', { clock: sleepy });
    await settle();
    assert.equal(a.isLeader, false);
    assert.deepEqual(led, []);
    await clock.advance(3_000);
    assert.equal(a.isLeader, true, 'the next renewal makes it one');
    await a.stop();
  });

  it('knows without any timer that it slept through its deadline', async () => {
    let skew = 0;
    const sleepy = asleepFor(() => skew);
    const a = candidate('a', { clock: sleepy });
    await settle();
    skew = 12_000;
    assert.equal(a.isLeader, false);
    skew = 0;
    await a.stop();
  });

  it('leaves the lease alone when it stops before it leads', async () => {
    const a = candidate('a');
    await settle();
    const b = candidate('b');
    await settle();
    kube.forget();
    await b.stop();
    assert.deepEqual(kube.writes(), []);
    assert.equal(b.lost.aborted, false);
    await a.stop();
  });

  it('has at most one leader at any moment, whatever is slow, lost, or paused', async () => {
    let changes = 0;
    for (let seed = 1; seed <= 60; seed++) changes += await stormyRun(seed);
    assert.ok(changes > 120, `the storm is strong enough to change leaders: ${changes}`);
  });

  /** Candidates whose requests are delayed, lost before and after their effect, and whose processes pause. */
  async function stormyRun(seed: number): Promise<number> {
    kube = new FakeKube();
    clock = new FakeClock();
    led = [];
    const random = new FakeRandom(seed);
    const disturb = async () => {
      if (random.next() < 0.3) await clock.sleep(random.next() * 8_000);
      if (random.next() < 0.25) throw new AppError('unavailable', 'chance');
    };
    kube.before = kube.after = disturb;
    const running = new Map<string, Election>();
    let born = 0;
    for (let step = 0; step < 120; step++) {
      while (running.size < 3) {
        const identity = `p${born++}`;
        running.set(identity, candidate(identity, { random }));
      }
      await clock.advance(random.next() * 3_000);
      const leaders = [...running].filter(([, { isLeader }]) => isLeader).map(([id]) => id);
      assert.ok(leaders.length <= 1, `seed ${seed}, step ${step}: leaders ${leaders.join(' and ')}`);
      for (const [id, election] of running) {
        if (election.lost.aborted) running.delete(id);
        else if (random.next() < 0.01) {
          running.delete(id);
          void election.stop();
        }
      }
    }
    const stopping = Promise.all([...running.values()].map((election) => election.stop()));
    kube.before = kube.after = undefined;
    await clock.advance(60_000);
    await stopping;
    return led.length;
  }
});

/** A server that a process can no longer reach after so many writes. */
function deafAfter(kube: FakeKube, writes: number): Pick<Kube, 'get' | 'create' | 'update'> {
  let done = 0;
  const guard = () => {
    if (done >= writes) throw new AppError('unavailable', 'unreachable');
  };
  return {
    get: (resource, at) => (guard(), kube.get(resource, at)),
    create: (resource, object) => (guard(), done++, kube.create(resource, object)),
    update: (resource, object) => (guard(), done++, kube.update(resource, object)),
  };
}
