import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProbeReport } from '../../common/admin-api.ts';
import { settle } from '../../test/fakes/clock.ts';
import { metric, withWorld } from '../../test/fakes/simulation/session.ts';
import type { World } from '../../test/fakes/simulation/world.ts';

/** From instance a, while time goes on as it must. */
async function probe(world: World, target: string, notNow: string[] = []): Promise<ProbeReport | undefined> {
  const tried = world.on(0).probe.run(target, notNow);
  await world.clock.advance(6000);
  return tried;
}

/** Jobs that nobody has ended. */
const openJobs = async (world: World) => {
  await world.clock.advance(60_000);
  return world.store.jobs.overdue(0, 100);
};

describe('the probe of a route', () => {
  it('goes to the other instance and back, and is told with both names', () =>
    withWorld(async ({ world }) => {
      const report = await probe(world, 'b');
      assert.deepEqual(
        { ...report, tookMs: 0 },
        {
          ...{ session: 'a', node: 'b', outcome: 'answered', detail: '', tookMs: 0 },
        },
      );
    }));

  it('of an instance alone goes through its own inbox', () =>
    withWorld(async ({ world }) => {
      world.lost.add('assign');
      assert.equal((await probe(world, 'a'))?.outcome, 'unanswered');
      world.lost.clear();
      assert.equal((await probe(world, 'a'))?.outcome, 'answered');
    }));

  it('never comes to a real node, and shows in no figure of sessions, nodes or jobs', () =>
    withWorld(async ({ world, worker }) => {
      const figures = async () => [
        await metric(world, 'scheduler_jobs'),
        await metric(world, 'scheduler_sessions'),
        await metric(world, 'scheduler_node'),
      ];
      const [before, known] = [await figures(), world.on(0).directory.nodes.length];
      for (const target of ['a', 'b']) await probe(world, target);
      assert.deepEqual(await figures(), before);
      assert.equal(world.on(0).directory.nodes.length, known);
      assert.equal(worker.mostAtOnce, 0);
    }));

  const faults: readonly [title: string, lost: string, outcome: string][] = [
    ['whose job never arrives', 'assign', 'unanswered'],
    ['whose answer never arrives', 'results', 'unanswered'],
  ];
  for (const [title, lost, outcome] of faults) {
    it(`${title} is given up in time and leaves no job`, () =>
      withWorld(async ({ world, worker }) => {
        world.lost.add(lost);
        assert.equal((await probe(world, 'b'))?.outcome, outcome);
        assert.deepEqual(await openJobs(world), []);
        assert.equal(worker.mostAtOnce, 0);
      }));
  }

  it('to an instance that drains is refused', () =>
    withWorld(async ({ world }) => {
      void world.on(1).drain.begin();
      await settle();
      const { outcome, detail } = (await probe(world, 'b'))!;
      assert.deepEqual([outcome, detail], ['refused', 'draining']);
    }));

  it('to an instance that is not there says that nobody holds its lease', () =>
    withWorld(async ({ world }) => {
      assert.equal((await probe(world, 'c'))?.outcome, 'no_owner');
      assert.deepEqual(await openJobs(world), []);
    }));

  it('through a store that does not answer says so', () =>
    withWorld(async ({ world }) => {
      world.mute.add('accept');
      assert.equal((await probe(world, 'b'))?.outcome, 'unavailable');
      world.mute.clear();
      assert.deepEqual(await openJobs(world), []);
    }));

  it('of an instance that is not ready tries nothing', () =>
    withWorld(async ({ world }) => {
      const { outcome, detail } = (await probe(world, 'b', ['draining']))!;
      assert.deepEqual([outcome, detail], ['not_now', 'draining']);
    }));

  it('is one at a time, and not at once again', () =>
    withWorld(async ({ world }) => {
      const { probe: route } = world.on(0);
      const first = route.run('b', []);
      assert.equal(await route.run('b', []), undefined);
      await settle();
      await first;
      assert.equal(await route.run('b', []), undefined);
      await world.clock.advance(500);
      const third = route.run('b', []);
      await settle();
      assert.equal((await third)?.outcome, 'answered');
    }));

  for (const [title, target] of [
    ['on the way to another', 'b'],
    ['on the way to itself', 'a'],
  ] as const) {
    it(`that loses its instance ${title} is ended by those that are left, and given to no node`, () =>
      withWorld(async ({ world, worker }) => {
        worker.connect(1);
        world.lost.add('assign');
        void world.on(0).probe.run(target, []);
        await settle();
        world.kill(0);
        world.lost.clear();
        worker.beat();
        assert.deepEqual(await openJobs(world), []);
        assert.equal(worker.mostAtOnce, 0);
      }));
  }
});
