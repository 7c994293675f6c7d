/**
 * Overdue jobs that nobody answers for: their owner died, or their session's socket is gone. Every instance sweeps, at
 * its own jittered times; all act by compare, so that only one of them has an effect.
 */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { isOutage } from '../../common/errors.ts';
import { timeUp } from '../decide/job-timing.ts';
import { wantedPairs } from '../decide/languages.ts';
import type { Wanted } from '../decide/placement.ts';
import type { NodeLookup } from '../fleet/node-lookup.ts';
import type { Post } from '../fleet/post.ts';
import { isProbeSession } from '../ids.ts';
import { resultsHint } from '../store/job-hints.ts';
import type { Metrics } from '../metrics.ts';
import { probeKeepMs } from '../probe/stand-in-node.ts';
import type { Assignment } from '../protocol/node-messages.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import type { JobRecord, JobRef, JobStore, Target } from '../store/store.ts';
import { requiredServices, type CoreServices } from './assignment.ts';
import type { DispatchLimits } from './dispatch-limits.ts';
import type { Placer } from './placer.ts';

interface SweeperDeps {
  readonly instanceId: string;
  readonly jobs: JobStore;
  readonly placer: Placer;
  readonly post: Post;
  readonly core: CoreServices;
  /** Nobody here hears of the end of a job that is given out for another. */
  readonly lookup: Pick<NodeLookup, 'askLater'>;
  /** Jobs this instance answers for have their own timers. */
  readonly owns: (jobId: string) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: DispatchLimits & { readonly sweepIntervalMs: number };
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** How long past its deadline a job must be: its owner acts first. */
const graceMs = 2000;
const sweepMax = 100;

/** Ends when the signal aborts. */
export async function sweepOverdue(deps: SweeperDeps, signal: AbortSignal): Promise<void> {
  const { clock, random, jobs, limits, log, owns } = deps;
  while (!signal.aborted) {
    await clock.sleep(limits.sweepIntervalMs * (0.5 + random.next()), signal);
    try {
      const overdue = await jobs.overdue(graceMs, sweepMax);
      for (const ref of overdue) {
        if (!owns(ref.jobId)) await sweepAlone(ref, deps);
      }
    } catch (error) {
      log.warn({ err: error }, 'overdue jobs could not be swept');
    }
  }
}

/** A job that cannot be swept, because of what stands in its record, must not keep those after it from their end. */
async function sweepAlone(ref: JobRef, deps: SweeperDeps): Promise<void> {
  try {
    await sweep(ref, deps);
  } catch (error) {
    if (isOutage(error)) throw error;
    deps.log.error({ err: error, ...ref }, 'an overdue job could not be swept');
  }
}

async function sweep(ref: JobRef, deps: SweeperDeps): Promise<void> {
  const record = await deps.jobs.get(ref);
  if (!record || record.state === 'finished') return;
  if (isProbeSession(ref.sessionId)) return endProbe(record, deps.jobs);
  const verdict = timeUp(
    { state: record.state, failovers: record.failovers },
    deps.limits.failoverMaxAttempts,
  );
  if (verdict === 'failover' && (await failOver(record, deps))) return;
  if (verdict === 'timed_out')
    await end(record, errorCodes.jobTimeout, 'The job was not finished in time', deps);
  else await end(record, errorCodes.nodeUnavailable, 'No available nodes', deps);
}

/** Its instance died in the middle. Nobody waits for it, and no node may have it. */
async function endProbe(
  { sessionId, jobId, attempt }: Pick<JobRecord, 'sessionId' | 'jobId' | 'attempt'>,
  jobs: JobStore,
): Promise<void> {
  const answer = { kind: 'failure', code: errorCodes.jobTimeout, message: '', traceId: jobId } as const;
  await jobs.finish({ sessionId, jobId, attempt, answer, keepMs: probeKeepMs });
}

/** Whether another node got the job. A refusal comes back to us, and the job is then pending until it is overdue again. */
async function failOver(record: JobRecord, deps: SweeperDeps): Promise<boolean> {
  const { placer, core, metrics } = deps;
  const failed = new Set(record.target ? [record.target.nodeId] : []);
  const target =
    placer.place(wantedOf(record, core, failed)) ?? placer.place(wantedOf(record, core, new Set()));
  if (!target) return false;
  await cancelOld(record, deps);
  if (await giveTo(target, record, true, deps)) metrics.swept.inc({ action: 'failover' });
  return true;
}

/** What it takes to give a job to a node on behalf of an owner that died. */
export type RescueDeps = Pick<
  SweeperDeps,
  'instanceId' | 'jobs' | 'placer' | 'post' | 'core' | 'lookup' | 'metrics'
> & {
  readonly limits: Pick<DispatchLimits, 'pendingMs' | 'jobTimeoutMs'>;
};

/**
 * A job whose owner died, and its node with it or before it had one: another node gets it at once. Without one it is
 * pending, and false is answered: worth trying again soon. That the instance died is not counted as the job's failure.
 */
export async function rescue(record: Omit<JobRecord, 'audio'>, deps: RescueDeps): Promise<boolean> {
  const { jobs, placer, core, limits, metrics } = deps;
  if (isProbeSession(record.sessionId)) {
    await endProbe(record, jobs);
    return true;
  }
  const target = placer.placeWaiting(wantedOf(record, core, new Set()));
  if (target) {
    const given = await giveTo(target, record, false, deps);
    if (given) metrics.swept.inc({ action: 'rescued' });
    return given;
  }
  const { sessionId, jobId, attempt, state } = record;
  if (state === 'dispatched') await jobs.requeue({ sessionId, jobId, attempt, deadlineMs: limits.pendingMs });
  return false;
}

/** Whether the job was still where the record had it. */
async function giveTo(
  target: Target,
  { sessionId, jobId, attempt }: Omit<JobRecord, 'audio'>,
  countsAsFailover: boolean,
  { jobs, placer, post, lookup, instanceId, limits }: RescueDeps,
): Promise<boolean> {
  const move = { sessionId, jobId, attempt, target, deadlineMs: limits.jobTimeoutMs, countsAsFailover };
  const answer = await jobs.dispatch(move).catch((error: unknown) => {
    placer.abandoned(target);
    throw error;
  });
  lookup.askLater(target.nodeId);
  if (answer.kind !== 'dispatched') {
    placer.abandoned(target);
    return false;
  }
  await post.send(target.instanceId, {
    type: 'assign',
    job_id: jobId,
    session_id: sessionId,
    attempt: answer.attempt,
    node_id: target.nodeId,
    from: instanceId,
  });
  return true;
}

function wantedOf(
  record: Omit<JobRecord, 'audio'>,
  core: CoreServices,
  exclude: ReadonlySet<string>,
): Wanted {
  const assignment = JSON.parse(record.assign) as Assignment;
  const services = requiredServices(core, assignment.features);
  return { services, languages: wantedPairs(assignment), exclude };
}

async function end(record: JobRecord, code: string, message: string, deps: SweeperDeps): Promise<void> {
  const { jobs, post, limits, metrics } = deps;
  const { sessionId, jobId, attempt, utteranceIndex } = record;
  const { trace_id: traceId } = JSON.parse(record.assign) as Assignment;
  const answer = { kind: 'failure', code, message, traceId } as const;
  await cancelOld(record, deps);
  const done = await jobs.finish({ sessionId, jobId, attempt, answer, keepMs: limits.keepMs });
  if (done.kind !== 'done') return;
  metrics.swept.inc({ action: 'ended' });
  const entry = { seq: done.seq, jobId, utteranceIndex, answer };
  if (done.owner) await post.send(done.owner, resultsHint(sessionId, entry, limits.inlineBytes));
}

async function cancelOld(
  { sessionId, jobId, attempt, target }: JobRecord,
  { post, limits }: SweeperDeps,
): Promise<void> {
  if (!target || !limits.sendCancel) return;
  await post.send(target.instanceId, {
    type: 'cancel',
    job_id: jobId,
    session_id: sessionId,
    attempt,
    node_id: target.nodeId,
    reason: 'job_timeout',
  });
}
