/** The smallest worlds there are: one node, with or without a session. */
import assert from 'node:assert/strict';
import { settle } from '../clock.ts';
import { Talker } from './talker.ts';
import { Worker } from './worker.ts';
import { World, type Extra } from './world.ts';

export interface Place {
  readonly world: World;
  /** On instance a, working on what it gets until it is told to answer. */
  readonly worker: Worker;
}

/** A node that is ready, and works on what it gets until it is told to answer. */
export async function holdingWorker(world: World, id: string, place: number): Promise<Worker> {
  const worker = new Worker(world, id, place);
  worker.wellBehaved = worker.holding = true;
  await settle();
  worker.beat();
  return worker;
}

/** @param play the story; the world ends with it, and must not have logged an error */
export async function withWorld(play: (place: Place) => Promise<void>, extra: Extra = {}): Promise<void> {
  const world = await World.start(1, extra);
  const worker = await holdingWorker(world, 'n', 0);
  await world.clock.advance(500);
  await play({ world, worker });
  assert.deepEqual(world.errors(), []);
  await world.stop();
}

/** The same with a session on instance a. */
export function withSession(
  play: (place: Place & { readonly talker: Talker }) => Promise<void>,
  extra: Extra = {},
  extensions?: readonly string[],
): Promise<void> {
  return withWorld(async (place) => {
    const talker = await Talker.open(place.world, extensions ? { extensions } : {});
    await play({ ...place, talker });
  }, extra);
}

export const metric = async (world: World, name: string): Promise<string> =>
  (await world.on(0).registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith(name))
    .join('\n');
