/**
 * Hints that a script writes when it records jobs or their answers, without another word of what it records: one element
 * of the payload's array stands for many, and behind the array follows a line for each.
 *
 *   [{"type":"assign","from":"sched-a","jobs":["s-1/j-1","s-2/j-7"]}]
 *   1|d|0|0|0|node-1|sched-b||312|{"job_id":"j-1", … }UklGR…        the job's record, without its texts when they are large
 *   1|d|4|0|0|node-2|sched-b||
 *
 *   [{"type":"results","jobs":["s-1/j-1"],"seqs":[7],"indexes":[0]}]
 *   {"kind":"result", … }                                           the answer, nothing when it is large
 *
 * JSON as we write it holds no line feed. `luaLetters` writes this.
 */
import type { HintOf } from './hints.ts';
import { parseJob } from './job-record.ts';
import type { JobRef } from './store.ts';

type Fields = Readonly<Record<string, unknown>>;

export class HintLines {
  readonly #payload: string;
  #at: number;

  /** @param from where the first line begins in the payload */
  constructor(payload: string, from: number) {
    this.#payload = payload;
    this.#at = from;
  }

  /** Whether all lines were read, and none that is not there. */
  get spent(): boolean {
    return this.#at === this.#payload.length + 1;
  }

  /** The hints an element stands for, or itself. Of a type of another version only the lines are passed over. */
  expand(element: unknown): readonly unknown[] {
    if (typeof element !== 'object' || element === null || !('jobs' in element)) return [element];
    const { jobs } = element;
    if (!Array.isArray(jobs)) return [element];
    const lines = jobs.map(() => this.#next());
    const fields = element as Fields;
    if (fields['type'] === 'assign')
      return jobs.map((job, i) => assignOf(refOf(job), fields, lines[i] ?? ''));
    if (fields['type'] === 'results')
      return jobs.map((job, i) => resultsOf(refOf(job), fields, i, lines[i] ?? ''));
    return [element];
  }

  #next(): string {
    const end = this.#payload.indexOf('\n', this.#at);
    const line = this.#payload.slice(this.#at, end === -1 ? undefined : end);
    // One past the end after the last; beyond that, more was asked for than there is.
    this.#at = end === -1 ? Math.max(this.#payload.length, this.#at) + 1 : end + 1;
    return line;
  }
}

function refOf(job: unknown): JobRef {
  const ids = typeof job === 'string' ? job : '';
  const slash = ids.indexOf('/');
  return { sessionId: ids.slice(0, slash), jobId: ids.slice(slash + 1) };
}

/** As JSON would give it: whether it is a hint is for its reader to say. */
function assignOf(ref: JobRef, { from }: Fields, line: string) {
  const { attempt, target, assign, audio } = parseJob(ref, line, undefined);
  const about = { type: 'assign', job_id: ref.jobId, session_id: ref.sessionId, attempt } as const;
  const hint = { ...about, node_id: target?.nodeId, from };
  return assign === '' ? hint : { ...hint, assign, audio };
}

function resultsOf(
  { sessionId, jobId }: JobRef,
  { seqs, indexes }: Fields,
  i: number,
  answer: string,
): Omit<HintOf<'results'>, 'seq'> & { readonly seq: unknown } {
  const seq = (seqs as readonly number[] | undefined)?.[i];
  const hint = { type: 'results', session_id: sessionId, seq } as const;
  if (answer === '') return hint;
  const utterance_index = (indexes as readonly number[] | undefined)?.[i];
  return { ...hint, entries: [{ seq, job_id: jobId, utterance_index, answer }] } as ReturnType<
    typeof resultsOf
  >;
}
