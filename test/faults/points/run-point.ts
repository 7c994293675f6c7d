/** Runs one fault point: life begins, the fault strikes while sessions speak, everything heals, and is judged. */
import type { Judgement } from '../checker.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { Life, oneLife, type LifePlan } from '../fleet/life.ts';
import type { SeededRandom } from '../random.ts';
import { comesTrue } from '../wait.ts';
import type { FaultPoint } from './plan.ts';
import { strike, type Strike } from './strike.ts';

export interface PointResult {
  readonly point: FaultPoint;
  /** The fault struck, and sessions were speaking: only then does the point count. */
  readonly fired: boolean;
  readonly judgement: Judgement;
  readonly tookMs: number;
}

/** Larger than what may travel inside a hint. */
const largeAudioBytes = 20_000;

/** They come about once a second. */
const rareSteps: readonly number[] = [22, 24];

/** What is drawn follows from the fleet's seed and the point alone, so that it can be run again by itself. */
export async function runPoint(fleet: Fleet, point: FaultPoint): Promise<PointResult> {
  const startedAt = fleet.clock.monotonic();
  const random = fleet.random.fork(point.id);
  const life = await Life.begin(fleet, planFor(point));
  try {
    const blow = strike(fleet, point, { occurrence: occurrenceFor(point, random), random });
    const fired = await loadWhileStruck(life, blow, point);
    await blow.healed();
    const judgement = await life.judge();
    return { point, fired, judgement, tookMs: fleet.clock.monotonic() - startedAt };
  } finally {
    await life.end();
    for (const instance of fleet.instances) {
      for (const proxy of instance.redis) proxy.clearRules();
      instance.sockets.clearRules();
    }
  }
}

function planFor({ id, step }: FaultPoint): LifePlan {
  return {
    ...oneLife,
    name: id,
    ...(step.large ? { audioBytes: largeAudioBytes } : {}),
  };
}

/** Not always the first: what went before leaves other things under way. Rare steps are struck when they first come. */
function occurrenceFor({ step }: FaultPoint, random: SeededRandom): number {
  return step.whenConnecting || rareSteps.includes(step.number) ? 1 : random.between(1, 5);
}

/** Whether it struck while sessions were speaking, which they do until it has. */
async function loadWhileStruck(life: Life, blow: Strike, { id, step }: FaultPoint): Promise<boolean> {
  const struck = () => blow.fired() > 0;
  let underLoad = false;
  const loaded = life.load(struck);
  const watched = comesTrue(
    () => {
      underLoad = struck() && life.loading;
      return underLoad || !life.loading;
    },
    { clock: life.fleet.clock, withinMs: 60_000, everyMs: 5 },
  ).then(() => {
    if (underLoad) life.fleet.noteFault(id);
  });
  if (step.whenConnecting) life.join(0);
  await Promise.all([loaded, watched]);
  return underLoad;
}
