/**
 * The verbs of the store about one open job, as its owner asks them: one at a time, again while the store is away, and
 * with what the job itself knows. An answer of undefined means that the job ended meanwhile, and nothing follows.
 */
import { retrying, type Retry } from '../retry.ts';
import type {
  AcceptAnswer,
  Answer,
  JobRecord,
  JobStore,
  NewJob,
  Target,
  TellTarget,
} from '../store/store.ts';
import type { DispatchLimits } from './dispatch-limits.ts';
import type { OpenJob } from './session.ts';

interface VerbDeps {
  readonly instanceId: string;
  readonly jobs: JobStore;
  readonly retry: Retry;
  readonly limits: DispatchLimits;
  /** A verb failed for a reason that asking again does not mend; the job has no timer now. */
  readonly onFailed: (job: OpenJob) => void;
}

export type JobVerbs = ReturnType<typeof createJobVerbs>;

export function createJobVerbs({ instanceId, jobs, retry, limits, onFailed }: VerbDeps) {
  /** A hint for this instance need not travel. */
  const tellOf = (target: Target | undefined): TellTarget | undefined =>
    !target || target.instanceId === instanceId
      ? undefined
      : { from: instanceId, inlineBytes: limits.inlineBytes };

  async function ask<Reply>(job: OpenJob, verb: () => Promise<Reply>): Promise<Reply | undefined> {
    job.moving = true;
    job.cancelTimer();
    try {
      const answer = await retrying(verb, retry);
      return job.ended ? undefined : answer;
    } catch (error) {
      if (!job.ended) onFailed(job);
      throw error;
    } finally {
      job.moving = false;
    }
  }

  return {
    /** @throws AppError `unavailable` after as long as a job may wait: its client should hear of it */
    accept(job: OpenJob, target: Target | undefined): Promise<AcceptAnswer> {
      const ask = () => jobs.accept(newJob(job, target, limits), target, tellOf(target));
      return retrying(ask, retry, limits.pendingMs);
    },

    dispatch: (job: OpenJob, target: Target, countsAsFailover: boolean) => {
      const move = { ...attemptOf(job), target, deadlineMs: limits.jobTimeoutMs, countsAsFailover };
      return ask(job, () => jobs.dispatch(move));
    },

    requeue: (job: OpenJob, deadlineMs: number) => {
      const move = { ...attemptOf(job), deadlineMs: Math.max(1, Math.round(deadlineMs)) };
      return ask(job, () => jobs.requeue(move));
    },

    finish: (job: OpenJob, answer: Answer) => {
      const move = { ...attemptOf(job), answer, keepMs: limits.keepMs };
      return ask(job, () => jobs.finish(move));
    },

    /** Null when the store does not know the job. */
    read: (job: OpenJob): Promise<JobRecord | null | undefined> =>
      ask(job, async () => (await jobs.get(attemptOf(job))) ?? null),
  };
}

const attemptOf = ({ session, jobId, attempt }: OpenJob) => ({
  sessionId: session.sessionId,
  jobId,
  attempt,
});

const newJob = (job: OpenJob, target: Target | undefined, limits: DispatchLimits): NewJob => ({
  sessionId: job.session.sessionId,
  jobId: job.jobId,
  sessionEpoch: job.session.epoch,
  ...(job.requestId === undefined ? {} : { requestId: job.requestId }),
  utteranceIndex: job.index,
  assign: job.assign,
  audio: job.audio ?? '',
  deadlineMs: target ? limits.jobTimeoutMs : limits.pendingMs,
  keepMs: limits.keepMs,
});
