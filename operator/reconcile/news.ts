/**
 * When a status is worth a write, by what it says that the last one did not. A verdict is told at once; how far things are is told
 * twice a second at most, because a fleet on the move passes through ten states in that time; figures alone once a minute.
 */
import { isDeepStrictEqual } from 'node:util';
import type { SchedulerClusterStatus } from '../api/schedulercluster.gen.ts';
import { withoutFigures } from '../decide/instance-list.ts';

const progressEveryMs = 500;
const figuresEveryMs = 60_000;

/**
 * In how many milliseconds to write `next`, 0 for at once; undefined when it says nothing new, or nothing that is not asked for again
 * anyway.
 *
 * @param sinceMs how long ago the last write was
 */
export function dueInMs(
  before: SchedulerClusterStatus | undefined,
  next: SchedulerClusterStatus,
  sinceMs: number,
): number | undefined {
  if (!before) return 0;
  if (isDeepStrictEqual(sorted(withoutFigures(before)), sorted(withoutFigures(next))))
    return sinceMs >= figuresEveryMs && !isDeepStrictEqual(sorted(before), sorted(next)) ? 0 : undefined;
  if (!isDeepStrictEqual(verdicts(before), verdicts(next))) return 0;
  return Math.max(0, progressEveryMs - sinceMs);
}

/** Lists that are merged by key come back in any order. */
function sorted(status: SchedulerClusterStatus): SchedulerClusterStatus {
  return {
    ...status,
    conditions: (status.conditions ?? []).toSorted((a, b) => (a.type < b.type ? -1 : 1)),
    instances: (status.instances ?? []).toSorted((a, b) => a.ordinal - b.ordinal),
  };
}

/** All but how far things are: people and programs wait for these, and the operator itself goes by what it wrote of a drain or a rollout. */
function verdicts(status: SchedulerClusterStatus): SchedulerClusterStatus {
  const { conditions = [], instances = [], ...rest } = sorted(status);
  return {
    ...rest,
    ...{ replicas: 0, readyReplicas: 0, updatedReplicas: 0 },
    conditions: conditions.map((condition) => ({ ...condition, message: '' })),
    instances: instances.filter(({ drain }) => drain).map((leaver) => ({ ...leaver, ...unsaid })),
  };
}

const unsaid = { ready: true, state: 'Draining', sessions: 0, nodes: 0, jobs: 0 } as const;
