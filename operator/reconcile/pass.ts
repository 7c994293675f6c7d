/** What the steps of one reconciliation share. */
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { View } from '../decide/leaving.ts';
import type { Seen } from '../decide/seen.ts';
import type { Deps } from './deps.ts';

/** One look at one cluster, and what it found out on the way. */
export interface Pass {
  readonly cluster: SchedulerCluster;
  readonly deps: Deps;
  /** Brought up to date with the answers to our own writes. */
  seen: Seen;
  /** Of the admin API; known after the first step. */
  adminToken: string;
  /** Objects that were made and not told of yet, as `Kind name`. */
  readonly created: string[];
  /** Whether the API server itself said in this pass that the cluster is still there. */
  isConfirmed: boolean;
}

export const viewOf = ({ cluster, seen, deps }: Pass): View => ({ cluster, seen, nowMs: deps.clock.now() });
