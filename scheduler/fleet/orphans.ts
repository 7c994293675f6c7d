/**
 * Jobs whose owner died, until each has a node, an answer or a living owner again. A client that resumes its session
 * takes its jobs along; the others are given out here as soon as a node looks able, and the sweep ends what never finds one.
 */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import type { JobStore, OpenJobRecord } from '../store/store.ts';

interface OrphanDeps {
  readonly jobs: JobStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Gives the job to a node; false: none looks able. */
  readonly rescue: (job: OpenJobRecord) => Promise<boolean>;
  /** Jobs that are looked after already, here. */
  readonly isCaredFor: (job: OpenJobRecord) => boolean;
  /** How long jobs wait for a node; after that the sweep finds them. */
  readonly forMs: number;
}

/** Jobs read in one round. */
const roundMax = 2000;

/** Given out at once, so that one dead instance does not flood the store. */
const atOnce = 32;

/** Nodes of the dead instance come back elsewhere within a moment. */
const roundEveryMs = 500;

/** Resolves when none is left, also of those whose node refused, after `forMs`, or when the signal aborts. */
export async function careForOrphans(owner: string, deps: OrphanDeps, signal: AbortSignal): Promise<void> {
  const { clock, random, log, forMs } = deps;
  const endMs = clock.monotonic() + forMs;
  while (!signal.aborted && clock.monotonic() < endMs) {
    try {
      if ((await round(owner, deps)) === 0) return;
    } catch (error) {
      log.warn({ err: error, owner }, 'orphaned jobs could not be given out; trying again');
    }
    await clock.sleep(roundEveryMs * (0.5 + random.next()), signal);
  }
}

/** How many jobs there were to be given out. */
async function round(owner: string, { jobs, rescue, isCaredFor, log }: OrphanDeps): Promise<number> {
  const orphans = (await jobs.orphans(owner, roundMax)).filter((job) => !isCaredFor(job));
  let given = 0;
  for (let first = 0; first < orphans.length; first += atOnce) {
    const outcomes = await Promise.all(orphans.slice(first, first + atOnce).map(rescue));
    given += outcomes.filter(Boolean).length;
  }
  if (given > 0) log.info({ owner, orphans: orphans.length, given }, 'jobs of a dead instance');
  return orphans.length;
}
