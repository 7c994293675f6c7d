/** The hints of every job, with the texts that are small enough to travel in them; larger ones are read from the store. */
import type { HintOf } from './hints.ts';
import type { Answer, JobRef, OutboxEntry, Target } from './store.ts';

/** @param texts undefined when they stand in the record only */
export function assignHint(
  { sessionId, jobId }: JobRef,
  { attempt, target, from }: { readonly attempt: number; readonly target: Target; readonly from: string },
  texts: { readonly assign: string; readonly audio: string } | undefined,
  inlineBytes: number,
): HintOf<'assign'> {
  const about = { type: 'assign', job_id: jobId, session_id: sessionId, attempt } as const;
  const hint = { ...about, node_id: target.nodeId, from };
  if (!texts || texts.assign.length + texts.audio.length > inlineBytes) return hint;
  return { ...hint, assign: texts.assign, audio: texts.audio };
}

export function resultsHint(sessionId: string, entry: OutboxEntry, inlineBytes: number): HintOf<'results'> {
  const answer = JSON.stringify(entry.answer);
  const hint = { type: 'results', session_id: sessionId, seq: entry.seq } as const;
  if (answer.length > inlineBytes) return hint;
  const { seq, jobId, utteranceIndex } = entry;
  return { ...hint, entries: [{ seq, job_id: jobId, utterance_index: utteranceIndex, answer }] };
}

export function outboxEntries({ entries = [] }: HintOf<'results'>): OutboxEntry[] {
  return entries.map(({ seq, job_id, utterance_index, answer }) => ({
    seq,
    jobId: job_id,
    utteranceIndex: utterance_index,
    answer: JSON.parse(answer) as Answer,
  }));
}
