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
  /** Of the admin API; known after the step that provides it. */
  adminToken: string;
  /** Objects that were made and not told of yet, as `Kind name`. */
  readonly created: string[];
  /**
   * Reads that go on beside the steps, because only the pods and the status need what they find. Taken in, by calling what they answer
   * with, before the first step that takes or makes a pod.
   */
  readonly beside: Promise<() => void>[];
  /** Whether the API server itself said in this pass that the cluster is still there. */
  isConfirmed: boolean;
}

export function goBeside({ beside }: Pass, read: Promise<() => void>): void {
  // Looked at when it is taken in, or not at all when the pass ends before.
  read.catch(() => undefined);
  beside.push(read);
}

/** Waits for the reads beside; throws what the first of them failed with. */
export async function takeIn({ beside }: Pass): Promise<void> {
  for (const found of beside) (await found)();
}

/** Nothing of a pass goes on after it. */
export async function besideIsOver({ beside }: Pass): Promise<void> {
  await Promise.allSettled(beside);
}

export const viewOf = ({ cluster, seen, deps }: Pass): View => ({ cluster, seen, nowMs: deps.clock.now() });
