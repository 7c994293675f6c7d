/** Answers as they travel in a `results` hint: only small ones do, larger ones are read from the outbox. */
import type { HintOf } from '../store/hints.ts';
import type { Answer, OutboxEntry } from '../store/store.ts';

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
