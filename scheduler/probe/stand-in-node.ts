/**
 * The node of a probe: it answers at once, with what it was asked. It is registered nowhere, so nobody can choose it for a
 * job, and its jobs are known by their session.
 */
import type { Post } from '../fleet/post.ts';
import { resultsHint } from '../store/job-hints.ts';
import type { HintOf } from '../store/hints.ts';
import type { Answer, JobStore } from '../store/store.ts';

export interface StandInNodeDeps {
  readonly instanceId: string;
  readonly jobs: JobStore;
  readonly send: Post['send'];
  readonly isDraining: () => boolean;
}

/** How long the record of a probe's job is kept once it has ended, for a repetition that did not hear the answer. */
export const probeKeepMs = 1000;

/** What the session knows its answer by. */
export const probeAnswer = (traceId: string): Answer => ({
  kind: 'result',
  textAsr: '',
  textTranslated: 'probe',
  ttsAudio: '',
  ttsFormat: '',
  traceId,
});

/** The way of a real result: the record first, then a hint to whoever owns the session. */
export async function answerProbe(hint: HintOf<'assign'>, deps: StandInNodeDeps): Promise<void> {
  const { instanceId, jobs, send, isDraining } = deps;
  const { job_id: jobId, session_id: sessionId, attempt } = hint;
  if (isDraining()) {
    const { from, ...job } = hint;
    await send(from, refusalOf(job, instanceId));
    return;
  }
  const answer = probeAnswer(jobId);
  const done = await jobs.finish({ sessionId, jobId, attempt, answer, keepMs: probeKeepMs });
  if (done.kind !== 'done' || done.owner === undefined) return;
  // Without its answer in it: the session reads the outbox, so that this is tried too.
  await send(done.owner, resultsHint(sessionId, { seq: done.seq, jobId, utteranceIndex: 0, answer }, 0));
}

const refusalOf = (job: Omit<HintOf<'assign'>, 'from'>, from: string): HintOf<'refused'> => ({
  type: 'refused',
  job_id: job.job_id,
  session_id: job.session_id,
  attempt: job.attempt,
  node_id: job.node_id,
  reason: 'draining',
  from,
});
