/** What becomes of a job whose time is up. */

export interface TimedJob {
  readonly state: 'pending' | 'dispatched';
  /** How often it was given to another node because its time was up. */
  readonly failovers: number;
}

export type TimeUp =
  /** Nobody could take it: it ends as NODE_UNAVAILABLE. */
  | 'unplaceable'
  /** Its node was too slow: another one gets it. */
  | 'failover'
  /** All nodes it was given to were too slow: it ends as JOB_TIMEOUT. */
  | 'timed_out';

export function timeUp(job: TimedJob, failoverMaxAttempts: number): TimeUp {
  if (job.state === 'pending') return 'unplaceable';
  return job.failovers < failoverMaxAttempts ? 'failover' : 'timed_out';
}
