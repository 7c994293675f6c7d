/**
 * What a client is told to be safe: accepted jobs and their answers, each a group commit (`script-group.ts`). The scripts
 * know the layout of keys and arguments that is made here.
 */
import type { Argument } from './script.ts';
import { partitionOf } from '../partition.ts';
import { checkedId } from '../ids.ts';
import type { Answer, JobRef, NewJob, Target, TellOwner, TellTarget } from '../store.ts';
import { formatNewJob, isApart } from '../job-record.ts';
import type { Keys } from './keys.ts';
import { acceptScript } from './scripts/accept.ts';
import { finishScript } from './scripts/finish.ts';
import { ScriptGroup, type RunCalls, type ScriptCall } from './script-group.ts';

/** The hint that goes with a move. */
interface Letter {
  /** Who tells; of one call always the same. */
  readonly from: string;
  /** The instance. */
  readonly to: string;
  /** Whether its texts travel in it. */
  readonly whole: boolean;
}

interface Accepting {
  readonly job: NewJob;
  readonly keys: ReturnType<Keys['ofJob']>;
  readonly request: string | undefined;
  readonly record: string;
  readonly letter: Letter | undefined;
}

interface Finishing {
  readonly sessionId: string;
  readonly keys: ReturnType<Keys['ofJob']>;
  readonly attempt: number;
  readonly answer: string;
  readonly keepMs: number;
  readonly letter: Letter | undefined;
}

interface Parts {
  readonly keys: Keys;
  /** Whether one call may touch every slot. */
  readonly grouped: boolean;
  /** Whether hints may go with the moves: where they are in the same slot, and needed for nothing to be safe first. */
  readonly tells: boolean;
  readonly run: RunCalls;
  /** Of an inbox. */
  readonly maxLength: number;
}

export type Commits = ReturnType<typeof createCommits>;

export function createCommits({ keys, grouped, tells, run, maxLength }: Parts) {
  const slotOf = (session: { readonly sessionId: string }) => partitionOf(session.sessionId);
  const accepting = new ScriptGroup<Accepting>({
    run,
    script: acceptScript,
    call: (items) => acceptCall(items, keys, maxLength),
    characters: ({ record, job }) => record.length + (isApart(job.audio) ? job.audio.length : 0),
    slotOf: grouped ? undefined : ({ job }) => slotOf(job),
  });
  const finishing = new ScriptGroup<Finishing>({
    run,
    script: finishScript,
    call: (items) => finishCall(items, keys, maxLength),
    characters: ({ answer }) => answer.length,
    slotOf: grouped ? undefined : slotOf,
  });

  // A bad id must fail its own caller, not the others of this turn, so both throw `invalid` before they join them.
  return {
    accept(job: NewJob, target: Target | undefined, tell: TellTarget | undefined): Promise<string> {
      const { sessionId, jobId, requestId } = job;
      const own = keys.ofJob(sessionId, jobId);
      const request = requestId === undefined ? undefined : keys.request(sessionId, requestId);
      const record = formatNewJob(job, target);
      const letter = tells && target && tell ? assignLetter(job, target, tell) : undefined;
      return accepting.ask({ job, keys: own, request, record, letter });
    },

    finish(
      move: JobRef & { attempt: number; answer: Answer; keepMs: number },
      tell: TellOwner | undefined,
    ): Promise<string> {
      const { sessionId, jobId, attempt, keepMs } = move;
      const own = keys.ofJob(checkedId(sessionId, 'session'), jobId);
      const answer = JSON.stringify(move.answer);
      const letter = tells && tell ? resultsLetter(answer, tell) : undefined;
      return finishing.ask({ sessionId, keys: own, attempt, answer, keepMs, letter });
    },
  };
}

/** A text with a line feed has no place among lines; JSON and base64 have none. */
function assignLetter({ assign, audio }: NewJob, { instanceId }: Target, tell: TellTarget): Letter {
  const from = checkedId(tell.from, 'instance');
  const small = !isApart(audio) && assign.length + audio.length <= tell.inlineBytes;
  return { from, to: instanceId, whole: small && !audio.includes('\n') && !assign.includes('\n') };
}

const resultsLetter = (answer: string, { owner, inlineBytes }: TellOwner): Letter => ({
  from: '',
  to: checkedId(owner, 'instance'),
  whole: answer.length <= inlineBytes,
});

function acceptCall(items: readonly Accepting[], keys: Keys, maxLength: number): ScriptCall {
  const requests: Argument[] = [];
  const audios: Argument[] = [];
  const requestKeys: string[] = [];
  const audioKeys: string[] = [];
  const jobs: Argument[] = [];
  const instances = new Instances(keys);
  for (const [i, { job, request, record, keys: own, letter }] of items.entries()) {
    jobs.push(job.sessionEpoch, record, job.deadlineMs, instances.numberOf(letter));
    if (request !== undefined) {
      requestKeys.push(request);
      requests.push(i + 1, job.keepMs);
    }
    if (isApart(job.audio)) {
      audioKeys.push(own.audio);
      audios.push(i + 1, job.audio);
    }
  }
  const counts = [items.length, requestKeys.length, instances.count];
  return {
    keys: [
      ...items.map((item) => item.keys.job),
      ...items.map((item) => item.keys.session),
      ...requestKeys,
      ...items.map((item) => item.keys.due),
      ...audioKeys,
      ...instances.keys(),
    ],
    args: [
      ...counts,
      keys.idsInJobKey + 1,
      maxLength,
      instances.from,
      ...jobs,
      ...requests,
      ...audios,
      ...instances.names,
    ],
  };
}

function finishCall(items: readonly Finishing[], keys: Keys, maxLength: number): ScriptCall {
  const instances = new Instances(keys);
  const jobs: Argument[] = [];
  for (const { attempt, answer, keepMs, letter } of items) {
    jobs.push(attempt, answer, keepMs, instances.numberOf(letter));
  }
  const layout = [keys.idsInJobKey + 1, keys.idInSessionKey, maxLength];
  return {
    keys: [
      ...items.map((item) => item.keys.job),
      ...items.map((item) => item.keys.session),
      ...items.map((item) => item.keys.due),
      ...items.map((item) => item.keys.outbox),
      ...items.map((item) => item.keys.audio),
      ...instances.keys(),
    ],
    args: [items.length, instances.count, ...layout, ...jobs, ...instances.names],
  };
}

/** The instances that one call tells something, numbered from 1. */
class Instances {
  readonly names: string[] = [];
  from = '';
  readonly #keys: Keys;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  get count(): number {
    return this.names.length;
  }

  /** 0 for no letter, negative for one without its texts. */
  numberOf(letter: Letter | undefined): number {
    if (!letter || (this.from !== '' && this.from !== letter.from)) return 0;
    this.from = letter.from;
    const known = this.names.indexOf(letter.to);
    const number = known === -1 ? this.names.push(letter.to) : known + 1;
    return letter.whole ? number : -number;
  }

  /** Leases, then inboxes. */
  keys(): string[] {
    return [...this.names.map(this.#keys.lease), ...this.names.map(this.#keys.inbox)];
  }
}
