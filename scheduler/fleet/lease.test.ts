import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { AppError } from '../../common/errors.ts';
import { FakeClock, FakeRandom } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import { createMetrics } from '../metrics.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import type { InstanceStore } from '../store/store.ts';
import { Lease } from './lease.ts';

const ttlMs = 9000;

/** A store for leases, and processes that claim in it and can be cut off from it. */
function world() {
  const clock = new FakeClock();
  const instances = openMemoryStore({ clock }).instances;
  const stops: AbortController[] = [];

  function process(boot: string, podUid = boot) {
    const stop = new AbortController();
    stops.push(stop);
    let hasEnded = false;
    const happened: string[] = [];
    const fatal: unknown[] = [];
    const store = cuttable(instances);
    const lease = new Lease({
      clock,
      random: new FakeRandom(7),
      signal: stop.signal,
      instances: store.instances,
      identity: { instanceId: 'one', boot, podUid },
      ttlMs,
      log: fakeLog().log,
      metrics: createMetrics(new Registry()),
      onLost: () => happened.push('lost'),
      onRegained: () => happened.push('regained'),
    });
    const keep = () => {
      lease.keep().then(
        () => (hasEnded = true),
        (error: unknown) => fatal.push(error),
      );
    };
    const late = (ms: number) => {
      store.late((answer) => clock.sleep(ms).then(() => answer));
    };
    return { lease, happened, fatal, keep, cut: store.cut, late, ended: () => hasEnded };
  }
  const stopAll = () => {
    for (const stop of stops) stop.abort();
  };
  return { clock, instances, process, stopAll };
}

interface Cuttable {
  readonly instances: InstanceStore;
  readonly cut: (away: boolean) => void;
  /** The next renewal is done at once, and its answer takes this way. */
  readonly late: (way: <Answer>(answer: Answer) => Promise<Answer>) => void;
}

function cuttable(real: InstanceStore): Cuttable {
  let isAway = false;
  let onTheWay: (<Answer>(answer: Answer) => Promise<Answer>) | undefined;
  const guard =
    <Given extends unknown[], Answer>(verb: (...given: Given) => Promise<Answer>) =>
    (...given: Given): Promise<Answer> =>
      isAway ? Promise.reject(new AppError('unavailable', 'away')) : verb(...given);
  const instances = {
    ...real,
    claim: guard(real.claim.bind(real)),
    renew: guard(async (...given: Parameters<InstanceStore['renew']>) => {
      const way = onTheWay;
      onTheWay = undefined;
      const answer = await real.renew(...given);
      return way ? way(answer) : answer;
    }),
    release: guard(real.release.bind(real)),
  };
  return { instances, cut: (away) => (isAway = away), late: (way) => (onTheWay = way) };
}

describe('a lease', () => {
  it('is kept for as long as it can be renewed', async () => {
    const { clock, process } = world();
    const { lease, happened, keep } = process('a');
    await lease.claim();
    keep();
    await clock.advance(20 * ttlMs);
    assert.equal(lease.held, true);
    assert.deepEqual(happened, []);
  });

  it('is waited for while its holder lets it run out, and is then ours', async () => {
    const { clock, process } = world();
    await process('dead').lease.claim();
    const { lease } = process('b');
    let claimed = false;
    void lease.claim().then(() => (claimed = true));
    await clock.advance(ttlMs / 2);
    assert.equal(claimed, false);
    await clock.advance(ttlMs);
    assert.equal(claimed, true);
    assert.equal(lease.epoch, 2);
  });

  it('is refused for good when its holder still renews it after twice its life', async () => {
    const { clock, process } = world();
    const first = process('a');
    await first.lease.claim();
    first.keep();
    const refused = assert.rejects(process('b').lease.claim(), /"one" is in use by another process \(a@a\)/);
    await clock.advance(3 * ttlMs);
    await refused;
    assert.equal(first.lease.held, true);
  });

  it('is taken over at once by the same pod started anew', async () => {
    const { process } = world();
    await process('first', 'pod').lease.claim();
    const again = process('second', 'pod');
    await again.lease.claim();
    assert.equal(again.lease.held, true);
  });

  it('is given up by the process itself before it ends in the store, however long the store is away', async () => {
    const { clock, process } = world();
    const { lease, happened, keep, cut } = process('a');
    await lease.claim();
    keep();
    await clock.advance(ttlMs / 3 + 1);
    cut(true);
    await clock.advance(ttlMs * 0.9 - 2);
    assert.equal(lease.held, true);
    await clock.advance(2);
    assert.equal(lease.held, false, 'a tenth of its life is kept back');
    assert.deepEqual(happened, ['lost']);
  });

  it('is not trusted after the process slept through its life, although no timer has fired', async () => {
    const { clock, process } = world();
    const { lease } = process('a');
    await lease.claim();
    clock.monotonic = () => ttlMs;
    assert.equal(lease.held, false);
  });

  it('is claimed again when the store comes back, and whoever waits for that is told', async () => {
    const { clock, process } = world();
    const { lease, happened, keep, cut } = process('a');
    await lease.claim();
    keep();
    await clock.advance(1);
    cut(true);
    await clock.advance(3 * ttlMs);
    cut(false);
    await clock.advance(ttlMs);
    assert.equal(lease.held, true);
    assert.deepEqual(happened, ['lost', 'regained']);
  });

  it('is not ours by an answer that came after we gave it up; it is claimed again, and who waits is told', async () => {
    const { clock, process } = world();
    const { lease, happened, keep, late } = process('a');
    await lease.claim();
    late(ttlMs);
    keep();
    await clock.advance(0.9 * ttlMs + 1);
    assert.deepEqual(happened, ['lost']);
    await clock.advance(ttlMs);
    assert.deepEqual(happened, ['lost', 'regained']);
    assert.equal(lease.held, true);
  });

  it('ends the process that was away when another has its id for good', async () => {
    const { clock, process } = world();
    const old = process('a');
    await old.lease.claim();
    old.keep();
    await clock.advance(1);
    old.cut(true);
    await clock.advance(2 * ttlMs);
    const heir = process('b');
    await heir.lease.claim();
    heir.keep();
    old.cut(false);
    await clock.advance(4 * ttlMs);
    assert.equal(heir.lease.held, true);
    assert.equal(old.lease.held, false);
    assert.match(String(old.fatal[0]), /in use by another process/);
  });

  it('goes on without closing anything when the store forgot it and nobody else had it', async () => {
    const { clock, process, instances } = world();
    const { lease, happened, keep } = process('a');
    await lease.claim();
    const epoch = lease.epoch;
    keep();
    await instances.release({ instanceId: 'one', epoch, boot: 'a', podUid: 'a' });
    await clock.advance(ttlMs);
    assert.equal(lease.held, true);
    assert.deepEqual(happened, ['regained']);
  });

  it('is claimed again at once when the store came back without it, not when it is time to renew', async () => {
    const { clock, process, instances } = world();
    const { lease, happened, keep } = process('a');
    await lease.claim();
    keep();
    await clock.advance(1);
    await instances.release({ instanceId: 'one', epoch: lease.epoch, boot: 'a', podUid: 'a' });
    lease.renewSoon();
    await clock.advance(1);
    assert.deepEqual(happened, ['regained']);
    assert.deepEqual(
      (await instances.live()).map(({ instanceId }) => instanceId),
      ['one'],
    );
  });

  it('waits for a reaper of its last life as long as that takes, and is no duplicate meanwhile', async () => {
    const { clock, process, instances } = world();
    const reaper = await instances.claim({ instanceId: 'two', boot: 'r', podUid: 'r' }, 100 * ttlMs);
    assert.ok(reaper.kind === 'claimed');
    const last = await instances.claim({ instanceId: 'one', boot: 'z', podUid: 'z' }, 1);
    assert.ok(last.kind === 'claimed');
    await clock.advance(2);
    assert.equal(await instances.beginReaping('one', reaper.token, 10 * ttlMs), true);
    const { lease } = process('b');
    let claimed = false;
    void lease.claim().then(() => (claimed = true));
    await clock.advance(5 * ttlMs);
    assert.equal(claimed, false);
    assert.equal(lease.holder, 'two');
    assert.equal(await instances.retire('one', reaper.token, 1), true);
    await clock.advance(300);
    assert.equal(claimed, true, 'a moment after the reaper is done');
  });

  it('stops at once when it is told to, whatever it waits for', async () => {
    const { clock, process, stopAll } = world();
    const { lease, keep, ended } = process('a');
    await lease.claim();
    keep();
    await clock.advance(1);
    stopAll();
    await clock.advance(0);
    assert.equal(ended(), true);
  });
});
