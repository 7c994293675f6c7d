/** Tells one story, with one fault or none, and says how it ended. */
import assert from 'node:assert/strict';
import type { Story } from '../stories.ts';
import type { Fault } from './faults.ts';
import { isTelling, type Logged } from './proxy.ts';
import { FaultyWorld } from './world.ts';

export interface Ending {
  /** Everything owned, as it is in the end. */
  readonly owned: unknown[];
  readonly ready: string;
  readonly podsMade: number;
  /** How often each object was made and removed on the way. */
  readonly lives: Readonly<Record<string, string>>;
}

export interface Told {
  readonly ending: Ending;
  /** What was numbered on the way. */
  readonly counts: { readonly write: number; readonly read: number; readonly line: number };
}

export async function tell(story: Story, planted?: { fault: Fault; n: number }): Promise<Told> {
  const { fault, n = 0 } = planted ?? {};
  const hasTwo = fault?.hasTwo ?? false;
  const world = new FaultyWorld({ hasElection: hasTwo });
  world.start();
  await world.look();
  if (hasTwo) world.start();
  await story.before(world);
  const madeBefore = world.controller.made;
  world.proxy.arm(fault?.plant(world, n));
  story.change(world);
  await world.converge(fault?.quietMs);
  const { writes, reads, lines } = world.proxy.counts;
  if (hasTwo) assertFenced(world);
  const ending = {
    owned: world.owned(),
    ready: world.says('Ready'),
    podsMade: world.controller.made - madeBefore,
    lives: world.lives(),
  };
  assert.deepEqual(world.controller.complaints, []);
  await assertSettled(world, fault ? 1 : 3);
  world.stop();
  return { ending, counts: { write: writes, read: reads, line: lines } };
}

/** On the log of requests: whoever looks at it anew finds nothing to do. */
async function assertSettled(world: FaultyWorld, resyncs: number): Promise<void> {
  world.proxy.arm();
  for (let n = 0; n < resyncs; n += 1) await world.resync();
  assert.deepEqual(world.proxy.writes(), [], 'a settled world is left alone');
}

/** Of two operators, the one that lost the lead has written nothing after the other began. */
function assertFenced({ proxy }: FaultyWorld): void {
  const done = proxy.log.filter(
    (logged) => logged.write > 0 && logged.status !== undefined && !isEvent(logged),
  );
  const writers = done.map(({ program }) => program.name);
  const inTurns = writers.filter((name, index) => name !== writers[index - 1]);
  assert.deepEqual(inTurns, [...new Set(writers)], 'two operators wrote in turns');
}

const isEvent = (logged: Logged): boolean => isTelling(logged) && logged.info.subresource !== 'status';
