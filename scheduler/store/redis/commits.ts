/**
 * What a client is told to be safe: accepted jobs and their answers, each a group commit (`script-group.ts`). The scripts
 * know the layout of keys and arguments that is made here.
 */
import { partitionOf } from '../partition.ts';
import { checkedId } from '../ids.ts';
import type { Answer, JobRef, NewJob, Target } from '../store.ts';
import type { Argument } from './connection.ts';
import { formatNewJob, isApart } from './job-record.ts';
import type { Keys } from './keys.ts';
import { acceptScript } from './scripts/accept.ts';
import { finishScript } from './scripts/finish.ts';
import { ScriptGroup, type RunCalls, type ScriptCall } from './script-group.ts';

interface Accepting {
  readonly job: NewJob;
  readonly keys: ReturnType<Keys['ofJob']>;
  readonly request: string | undefined;
  readonly record: string;
}

interface Finishing {
  readonly sessionId: string;
  readonly keys: ReturnType<Keys['ofJob']>;
  readonly attempt: number;
  readonly answer: string;
  readonly keepMs: number;
}

export type Commits = ReturnType<typeof createCommits>;

/** @param grouped whether one call may touch every slot; @param run runs calls that were gathered in one turn */
export function createCommits(keys: Keys, grouped: boolean, run: RunCalls) {
  const accepting = new ScriptGroup<Accepting>({
    run,
    script: acceptScript,
    call: (items) => acceptCall(items, keys),
    characters: ({ record, job }) => record.length + (isApart(job.audio) ? job.audio.length : 0),
    slotOf: grouped ? undefined : ({ job }) => partitionOf(job.sessionId),
  });
  const finishing = new ScriptGroup<Finishing>({
    run,
    script: finishScript,
    call: (items) => finishCall(items, keys),
    characters: ({ answer }) => answer.length,
    slotOf: grouped ? undefined : ({ sessionId }) => partitionOf(sessionId),
  });

  return {
    // A bad id must fail its own caller, not the others of this turn: everything is checked before it joins them.
    async accept(job: NewJob, target: Target | undefined): Promise<string> {
      const { sessionId, jobId, requestId } = job;
      return accepting.ask({
        job,
        keys: keys.ofJob(sessionId, jobId),
        request: requestId === undefined ? undefined : keys.request(sessionId, requestId),
        record: formatNewJob(job, target),
      });
    },

    async finish(move: JobRef & { attempt: number; answer: Answer; keepMs: number }): Promise<string> {
      const { sessionId, jobId, attempt, answer, keepMs } = move;
      return finishing.ask({
        sessionId: checkedId(sessionId, 'session'),
        keys: keys.ofJob(sessionId, jobId),
        attempt,
        answer: JSON.stringify(answer),
        keepMs,
      });
    },
  };
}

function acceptCall(items: readonly Accepting[], keys: Keys): ScriptCall {
  const requests: Argument[] = [];
  const audios: Argument[] = [];
  const requestKeys: string[] = [];
  const audioKeys: string[] = [];
  const jobs: Argument[] = [];
  for (const [i, { job, request, record, keys: own }] of items.entries()) {
    jobs.push(job.sessionEpoch, record, job.deadlineMs);
    if (request !== undefined) {
      requestKeys.push(request);
      requests.push(i + 1, job.keepMs);
    }
    if (isApart(job.audio)) {
      audioKeys.push(own.audio);
      audios.push(i + 1, job.audio);
    }
  }
  return {
    keys: [
      ...items.map((item) => item.keys.job),
      ...items.map((item) => item.keys.session),
      ...requestKeys,
      ...items.map((item) => item.keys.due),
      ...audioKeys,
    ],
    args: [items.length, requestKeys.length, keys.idsInJobKey + 1, ...jobs, ...requests, ...audios],
  };
}

function finishCall(items: readonly Finishing[], keys: Keys): ScriptCall {
  return {
    keys: [
      ...items.map((item) => item.keys.job),
      ...items.map((item) => item.keys.session),
      ...items.map((item) => item.keys.due),
      ...items.map((item) => item.keys.outbox),
      ...items.map((item) => item.keys.audio),
    ],
    args: [
      keys.idsInJobKey + 1,
      keys.idInSessionKey,
      ...items.flatMap(({ attempt, answer, keepMs }) => [attempt, answer, keepMs]),
    ],
  };
}
