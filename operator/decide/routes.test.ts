import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { among, nextTry, nothingKnown, routesSeen, withTry, type Member, type Tried } from './routes.ts';

const members = (count: number): Member[] =>
  Array.from({ length: count }, (_, i) => ({
    uid: `u${String(i)}`,
    instanceId: `demo-${String(i)}`,
    address: '',
  }));
const said = (outcome: Tried['outcome'], tookMs = 5): Tried => ({ outcome, detail: '', tookMs });

/** Tries so many routes, each with what `says` answers. */
function tried(all: readonly Member[], times: number, says: (from: string, to: string) => Tried['outcome']) {
  let known = nothingKnown;
  let waitedMs = 0;
  for (let i = 0; i < times; i += 1) {
    const { route, inMs } = nextTry(all, known)!;
    waitedMs += inMs;
    known = withTry(known, route, said(says(route.from.instanceId, route.to.instanceId)));
  }
  return { known, waitedMs, seen: routesSeen(all, known) };
}

describe('the routes between instances', () => {
  it('are known after as many tries as there are instances, within seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), (count) => {
        const all = members(count);
        const { seen, waitedMs } = tried(all, count, () => 'answered');
        assert.ok(seen.isVerified);
        assert.ok(waitedMs <= 10_000);
        assert.equal(tried(all, count - 1, () => 'answered').seen.isVerified, false);
      }),
    );
  });

  it('are tried again in turn, about one a minute, once all are known', () => {
    const all = members(3);
    const { known } = tried(all, 3, () => 'answered');
    const again = new Set<string>();
    let now = known;
    for (let i = 0; i < 3; i += 1) {
      const { route, inMs } = nextTry(all, now)!;
      assert.equal(inMs, 60_000);
      again.add(route.from.uid);
      now = withTry(now, route, said('answered'));
    }
    assert.equal(again.size, 3);
    assert.deepEqual(routesSeen(all, now), routesSeen(all, known), 'nothing new is said');
  });

  it('fail after three failures in a row and not before, and one answer mends them', () => {
    const all = members(2);
    const says = (from: string) => (from === 'demo-0' ? 'unanswered' : 'answered');
    assert.deepEqual(tried(all, 3, says).seen.failing, []);
    const { known, seen } = tried(all, 4, says);
    assert.deepEqual(seen.failing, [
      { session: 'demo-0', node: 'demo-1', outcome: 'unanswered', detail: '' },
    ]);
    const { route } = nextTry(all, known)!;
    assert.equal(route.from.instanceId, 'demo-0', 'what fails is tried first');
    const mended = routesSeen(all, withTry(known, route, said('answered')));
    assert.deepEqual([mended.failing, mended.isVerified], [[], true]);
  });

  it('that cannot be tried are a doubt and no failure', () => {
    for (const outcome of ['silent', 'refused', 'not_now'] as const) {
      const { seen } = tried(members(2), 6, () => outcome);
      assert.deepEqual(seen.failing, []);
      assert.match(seen.doubt!, new RegExp(`demo-0 to demo-1: ${outcome}`));
    }
  });

  it('of an instance that came anew are tried, and only those', () => {
    const [one, two] = members(2);
    const { known } = tried([one!, two!], 2, () => 'answered');
    const anew = { ...two!, uid: 'another' };
    const now = among(known, new Set([one!.uid, anew.uid]), [one!, anew]);
    assert.equal(routesSeen([one!, anew], now).isVerified, false);
    assert.equal(nextTry([one!, anew], now)!.inMs, 600);
  });

  it('stay known while an instance is not ready for a moment', () => {
    const all = members(3);
    const { known } = tried(all, 3, () => 'answered');
    const uids = new Set(all.map(({ uid }) => uid));
    const without = among(known, uids, all.slice(0, 2));
    assert.ok(routesSeen(all.slice(0, 2), without).isVerified);
    assert.ok(routesSeen(all, among(without, uids, all)).isVerified);
    assert.equal(nextTry(all.slice(0, 2), without)!.inMs, 600, 'the way round the gap is new');
  });

  it('with the time of the slowest answer in steps, so that it seldom changes', () => {
    const all = members(1);
    const { route } = nextTry(all, nothingKnown)!;
    const after = (...times: number[]) =>
      routesSeen(
        all,
        times.reduce((known, ms) => withTry(known, route, said('answered', ms)), nothingKnown),
      ).withinMs;
    assert.deepEqual([after(3), after(11), after(99, 3), after(3000)], [1_000, 1_000, 1_000, 10_000]);
  });
});
