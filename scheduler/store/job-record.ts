/**
 * A job's record as text: `attempt|state|index|apart|failovers|node|instance|request|rest`. Neither an id nor a number can
 * hold the bar.
 *
 *   open      rest is `<length of assign>|<assign><audio>`; large audio is kept in a key of its own, then `apart` is 1
 *   finished  rest is the sequence number of the answer; assign and audio are gone
 *
 * One string is one look-up in Redis and no parsing of a hash; the scripts know the same layout (`luaJobRecord`).
 */
import type { JobRecord, JobRef, JobState, NewJob, OpenJobRecord, Target } from './store.ts';
import { checkedId } from './ids.ts';

/** Audio of more characters than this stays out of the record, which scripts read whole. */
const inlineAudioMax = 8192;

export const isApart = (audio: string): boolean => audio.length > inlineAudioMax;

const letters: Readonly<Record<JobState, string>> = { pending: 'p', dispatched: 'd', finished: 'f' };
const states: ReadonlyMap<string, JobState> = new Map(
  Object.entries(letters).map(([state, letter]) => [letter, state as JobState]),
);

/** The record of a job that was just accepted. Throws `invalid` for a target that could not be written. */
export function formatNewJob(job: NewJob, target: Target | undefined): string {
  const { utteranceIndex, requestId = '', assign, audio } = job;
  const place = target
    ? `${checkedId(target.nodeId, 'node')}|${checkedId(target.instanceId, 'instance')}`
    : '|';
  const [attempt, state] = target ? ['1', letters.dispatched] : ['0', letters.pending];
  const apart = isApart(audio);
  const head = `${attempt}|${state}|${String(utteranceIndex)}|${apart ? '1' : '0'}|0|${place}|${requestId}`;
  return `${head}|${String(assign.length)}|${assign}${apart ? '' : audio}`;
}

/** @param audio of its own key, when there is one */
export function parseJob(job: JobRef, text: string, audio: string | undefined): JobRecord {
  const { assign, inlineAudio, ...head } = parse(text);
  return { ...common(job, head), assign, audio: audio ?? inlineAudio };
}

/** Undefined for a job that has ended. */
export function parseOpenJob(job: JobRef, text: string, deadlineInMs: number): OpenJobRecord | undefined {
  const record = parse(text);
  const known = common(job, record);
  if (known.state === 'finished') return undefined;
  const requestId = record.fields[7] === '' ? undefined : record.fields[7];
  return { ...known, assign: record.assign, requestId, deadlineInMs };
}

/** Of the answer to a finished job; 0 while there is none. */
export const seqOf = (text: string): number =>
  stateOf(text) === 'finished' ? Number(text.slice(text.lastIndexOf('|') + 1)) : 0;

export const stateOf = (text: string): JobState => states.get(parse(text).fields[1] ?? '') ?? 'finished';

function parse(text: string) {
  const fields: string[] = [];
  let at = 0;
  for (let i = 0; i < 8; i++) {
    const bar = text.indexOf('|', at);
    fields.push(text.slice(at, bar));
    at = bar + 1;
  }
  if (fields[1] === letters.finished) return { fields, assign: '', inlineAudio: '' };
  const bar = text.indexOf('|', at);
  const length = Number(text.slice(at, bar));
  return {
    fields,
    assign: text.slice(bar + 1, bar + 1 + length),
    inlineAudio: text.slice(bar + 1 + length),
  };
}

function common({ sessionId, jobId }: JobRef, { fields }: { readonly fields: readonly string[] }) {
  const [attempt, letter = '', index, , failovers, nodeId = '', instanceId = ''] = fields;
  return {
    sessionId,
    jobId,
    state: states.get(letter) ?? 'finished',
    attempt: Number(attempt),
    failovers: Number(failovers),
    utteranceIndex: Number(index),
    target: nodeId ? { nodeId, instanceId } : undefined,
  };
}
