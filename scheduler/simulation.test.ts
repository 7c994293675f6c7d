/**
 * Two whole instances in one process, on a clock that is moved by hand and a store that fails now and then, sometimes
 * before and sometimes after it did what it was asked, and hints are lost. Nodes are slow, fail, hang up and come back;
 * clients are cut off and resume anywhere, sometimes while their old socket still seems to be alive. Whatever happens,
 * every utterance has exactly one terminal answer, and no node ever has more jobs than slots.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { settle } from '../test/fakes/clock.ts';
import { OldClient, ResumingClient, type Client } from '../test/fakes/simulation/clients.ts';
import { Worker } from '../test/fakes/simulation/worker.ts';
import { World, slots } from '../test/fakes/simulation/world.ts';

/** @param mortal instances die and come back; then all clients must be able to resume */
async function story(seed: number, mortal: boolean): Promise<void> {
  const world = await World.start(seed);
  const third = mortal ? new ResumingClient(world, 0) : new OldClient(world, 0);
  const clients = [third, new ResumingClient(world, 1), new ResumingClient(world, 0)];
  const workers = [0, 1, 2].map((place) => new Worker(world, `n${String(place)}`, place));
  await settle();
  for (const worker of workers) worker.beat();
  await world.clock.advance(500);
  await trouble(world, clients, workers, mortal ? 0.08 : 0);
  await calm(world, workers, clients);
  assertAllAnswered(world, clients, workers);
  await world.stop();
}

/** At most one is dead at a time. */
async function lifeAndDeath(world: World, workers: readonly Worker[], deaths: number): Promise<void> {
  for (const place of [0, 1]) if (!world.isAlive(place) && world.chance(0.15)) await world.raise(place);
  const place = world.chance(0.5) ? 0 : 1;
  if (!world.chance(deaths) || !world.isAlive(1 - place) || !world.isAlive(place)) return;
  world.kill(place);
  for (const worker of workers) if (worker.place === place) worker.cutOff();
}

async function trouble(
  world: World,
  clients: readonly Client[],
  workers: readonly Worker[],
  deaths: number,
): Promise<void> {
  world.failing = 0.15;
  for (let step = 0; step < 40; step++) {
    const pick = Math.floor(world.dice.next() * 3);
    if (world.chance(0.6)) clients[pick]!.say(world.chance(0.2) ? 2000 : 10);
    if (world.chance(0.08)) workers[pick]!.disconnect();
    if (world.chance(0.15)) workers[pick]!.connect(world.chance(0.5) ? 0 : 1);
    for (const worker of workers) worker.beat();
    for (const client of clients) client.turn();
    await lifeAndDeath(world, workers, deaths);
    await world.clock.advance(Math.floor(world.dice.next() * 600));
  }
}

async function calm(
  world: World,
  workers: readonly Worker[],
  clients: readonly Client[] = [],
): Promise<void> {
  world.failing = 0;
  for (const client of clients) client.heal();
  // Dead ones come back at once, or after they have been mourned.
  const back = world.chance(0.5) ? 0 : 10;
  for (const [place, worker] of workers.entries()) {
    worker.wellBehaved = true;
    worker.connect(place);
  }
  for (let turn = 0; turn < 40; turn++) {
    for (const place of [0, 1]) if (turn === back && !world.isAlive(place)) await world.raise(place);
    await settle();
    for (const worker of workers) worker.beat();
    for (const client of clients) client.turn();
    await world.clock.advance(6000);
  }
}

function assertAllAnswered(world: World, clients: readonly Client[], workers: readonly Worker[]): void {
  for (const [place, client] of clients.entries()) {
    const expected = Array.from({ length: client.said }, (_, index) => index);
    const answers = client.answers().sort((a, b) => a - b);
    assert.deepEqual(answers, expected, `client ${String(place)}: one answer each`);
  }
  for (const { mostAtOnce } of workers) assert.ok(mostAtOnce <= slots, `${String(mostAtOnce)} jobs at once`);
  for (const instance of world.instances) {
    assert.deepEqual(instance.desk.jobCounts, { waiting: 0, running: 0 }, 'nothing is left open');
    assert.equal(instance.desk.detachedCount, 0, 'nobody is waited for any more');
    assert.equal(instance.floor.runningCount, 0, 'no slot is left taken');
  }
  assert.deepEqual(world.errors(), []);
}

describe('two instances, flaky nodes and a flaky store', () => {
  it('give every utterance exactly one answer, and no node more jobs than slots', async () => {
    const seeds = fc.integer({ min: 1, max: 1_000_000 });
    const alive = (seed: number) => story(seed, false);
    await fc.assert(fc.asyncProperty(seeds, alive), { numRuns: 6, endOnFailure: true });
  });

  it('do so though instances die in the middle of anything, for clients that come back', async () => {
    const seeds = fc.integer({ min: 1, max: 1_000_000 });
    const mortal = (seed: number) => story(seed, true);
    await fc.assert(fc.asyncProperty(seeds, mortal), { numRuns: 6, endOnFailure: true });
  });
});

describe('a hint that is lost', () => {
  for (const type of ['assign', 'results', 'requeued', 'refused', 'capacity', 'cancel']) {
    it(`costs a wait and nothing else: ${type}`, async () => {
      const world = await World.start(1);
      world.lost.add(type);
      const client = new OldClient(world, 1);
      const worker = new Worker(world, 'n', 0);
      await settle();
      worker.wellBehaved = true;
      worker.beat();
      await world.clock.advance(500);
      for (let said = 0; said < 4; said++) client.say(10);
      await world.clock.advance(100);
      worker.disconnect();
      await world.clock.advance(1000);
      worker.connect(0);
      await calm(world, [worker]);
      assertAllAnswered(world, [client], [worker]);
      await world.stop();
    });
  }
});
