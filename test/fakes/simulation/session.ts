/** The smallest world there is: one session, and one node on the same instance. */
import assert from 'node:assert/strict';
import { settle } from '../clock.ts';
import { Talker } from './talker.ts';
import { Worker } from './worker.ts';
import { World, type Extra } from './world.ts';

export interface Place {
  readonly world: World;
  readonly worker: Worker;
  readonly talker: Talker;
}

/** One session and one node on one instance; the node works on what it gets until it is told to answer. */
export async function withSession(
  play: (place: Place) => Promise<void>,
  extra: Extra = {},
  extensions?: readonly string[],
): Promise<void> {
  const world = await World.start(1, extra);
  const worker = new Worker(world, 'n', 0);
  worker.wellBehaved = worker.holding = true;
  await settle();
  worker.beat();
  await world.clock.advance(500);
  const talker = await Talker.open(world, extensions ? { extensions } : {});
  await play({ world, worker, talker });
  assert.deepEqual(world.errors(), []);
  await world.stop();
}

export const metric = async (world: World, name: string): Promise<string> =>
  (await world.on(0).registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith(name))
    .join('\n');
