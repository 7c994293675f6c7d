/** Jobs in memory: the same transitions as the scripts, by the same rules. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../common/clock.ts';
import { checkedId } from '../ids.ts';
import { assignHint, resultsHint } from '../job-hints.ts';
import type { Hint } from '../hints.ts';
import type {
  AcceptAnswer,
  Answer,
  JobRecord,
  JobRef,
  JobStore,
  MoveAnswer,
  NewJob,
  OpenJobRecord,
  SendAnswer,
  Target,
  TellOwner,
  TellTarget,
} from '../store.ts';
import { ExpiringMap } from './expiring-map.ts';
import { JobTable, type MemoryJob } from './job-table.ts';
import { appendAnswer, type MemorySession, type MemorySessions } from './sessions.ts';

export interface MemoryJobs extends JobStore {
  /** For whoever takes a session over. */
  readonly openOf: (sessionId: string) => OpenJobRecord[];
}

interface Table {
  readonly clock: Clock;
  readonly sessions: MemorySessions;
  readonly jobs: JobTable;
  /** Job id by session and request. */
  readonly requests: ExpiringMap<string>;
  readonly deliver: Deliver;
}

/** Puts a hint into an inbox, in the same step. */
type Deliver = (instanceId: string, hint: Hint) => SendAnswer;

type Move<Verb extends keyof JobStore> = Parameters<JobStore[Verb]>[0];
type Moved<Verb extends keyof JobStore> = Awaited<ReturnType<JobStore[Verb]>>;

export function createMemoryJobs(clock: Clock, sessions: MemorySessions, deliver: Deliver): MemoryJobs {
  const jobs = new JobTable(clock);
  const table = { clock, sessions, jobs, requests: new ExpiringMap<string>(clock), deliver };
  return {
    async accept(job, target, tell) {
      return Promise.resolve(accept(table, job, target, tell));
    },
    async dispatch(move) {
      return Promise.resolve(dispatch(table, move));
    },
    async requeue(move) {
      return Promise.resolve(requeue(table, move));
    },
    async finish(move, tell) {
      return Promise.resolve(finish(table, move, tell));
    },
    async get(ref) {
      return Promise.resolve(jobs.get(ref)?.record);
    },
    async overdue(graceMs, limit) {
      return Promise.resolve(overdue(table, clock.monotonic() - graceMs).slice(0, limit));
    },
    async orphans(instanceId, limit) {
      const orphans = openJobs(table).filter((job) => isOrphanOf(instanceId, sessions, job));
      return Promise.resolve(orphans.slice(0, limit));
    },
    openOf: (sessionId) => openJobs(table).filter((job) => job.sessionId === sessionId),
  };
}

function accept(
  table: Table,
  job: NewJob,
  target: Target | undefined,
  tell: TellTarget | undefined,
): AcceptAnswer {
  const { clock, sessions, jobs, requests } = table;
  const { sessionId, requestId } = job;
  const record = newRecord(job, target);
  const request = requestId === undefined ? undefined : requestKey(job, requestId);
  const known = jobs.get(job);
  if (sessions.records.get(sessionId)?.epoch !== job.sessionEpoch) return { kind: 'fenced' };
  if (known) return { kind: 'accepted' };
  const first = request === undefined ? undefined : requests.get(request);
  if (first !== undefined) {
    const state = jobs.get({ sessionId, jobId: first })?.record.state ?? 'finished';
    return { kind: 'duplicate', jobId: first, state };
  }
  const dueAt = clock.monotonic() + job.deadlineMs;
  jobs.set(job, { record, requestId, dueAt, seq: 0 });
  if (request !== undefined) requests.set(request, job.jobId, job.keepMs);
  if (!target || !tell) return { kind: 'accepted' };
  const hint = assignHint(job, { attempt: 1, target, from: tell.from }, job, tell.inlineBytes);
  return { kind: 'accepted', told: table.deliver(target.instanceId, hint) };
}

function dispatch(table: Table, move: Move<'dispatch'>): Moved<'dispatch'> {
  const { attempt, deadlineMs, countsAsFailover } = move;
  const target = checkedTarget(move.target);
  const next = attempt + 1;
  const known = table.jobs.get(move)?.record;
  if (known?.state === 'dispatched' && known.attempt === next && isDeepStrictEqual(known.target, target)) {
    return { kind: 'dispatched', attempt: next };
  }
  return moveJob(table, move, ({ record, requestId }) => {
    const failovers = record.failovers + (countsAsFailover ? 1 : 0);
    const dueAt = table.clock.monotonic() + deadlineMs;
    const moved: JobRecord = { ...record, state: 'dispatched', attempt: next, target, failovers };
    table.jobs.set(move, { record: moved, requestId, dueAt, seq: 0 });
    return { kind: 'dispatched', attempt: next };
  });
}

function requeue(table: Table, move: Move<'requeue'>): Moved<'requeue'> {
  return moveJob(table, move, ({ record, requestId }) => {
    if (record.state === 'dispatched') {
      const dueAt = table.clock.monotonic() + move.deadlineMs;
      const moved: JobRecord = { ...record, state: 'pending', target: undefined };
      table.jobs.set(move, { record: moved, requestId, dueAt, seq: 0 });
    }
    return { kind: 'requeued' };
  });
}

function finish(table: Table, move: Move<'finish'>, tell: TellOwner | undefined): Moved<'finish'> {
  const { attempt, answer, keepMs } = move;
  const session = table.sessions.records.get(move.sessionId);
  const owner = session && !session.released ? session.owner : undefined;
  const known = table.jobs.get(move);
  const repeated = known?.record.state === 'finished' && known.record.attempt === attempt;
  if (repeated && saidBefore(session, known.seq, answer)) return { kind: 'done', seq: known.seq, owner };
  return moveJob(table, move, ({ record, requestId }) => {
    const { jobId, utteranceIndex } = record;
    const seq = session ? appendAnswer(session, { jobId, utteranceIndex, answer }) : 0;
    const ended: JobRecord = { ...record, state: 'finished', assign: '', audio: '' };
    table.jobs.end(move, { record: ended, requestId, dueAt: Infinity, seq }, keepMs);
    if (!tell || tell.owner !== owner || seq === 0) return { kind: 'done', seq, owner };
    const hint = resultsHint(move.sessionId, { seq, jobId, utteranceIndex, answer }, tell.inlineBytes);
    return { kind: 'done', seq, owner, told: table.deliver(owner, hint) };
  });
}

/** Applies `change` to a job that is open and at the attempt the caller believes in. */
function moveJob<Done>(
  { jobs }: Table,
  move: JobRef & { readonly attempt: number },
  change: (job: MemoryJob) => Done,
): MoveAnswer<Done> {
  const job = jobs.get(move);
  if (!job) return { kind: 'unknown' };
  const { state, attempt } = job.record;
  if (state === 'finished') return { kind: 'finished' };
  return attempt === move.attempt ? change(job) : { kind: 'stale', attempt };
}

function overdue({ jobs }: Table, before: number): JobRef[] {
  const due = jobs.open().filter((job) => job.dueAt <= before);
  due.sort((a, b) => a.dueAt - b.dueAt);
  return due.map(({ record: { sessionId, jobId } }) => ({ sessionId, jobId }));
}

/** Oldest deadline first. */
function openJobs({ jobs, clock }: Table): OpenJobRecord[] {
  const open = jobs.open();
  open.sort((a, b) => a.dueAt - b.dueAt);
  return open.map(({ record, requestId, dueAt }) => {
    const { sessionId, jobId, state, attempt, failovers, utteranceIndex, target, assign } = record;
    const stands = { sessionId, jobId, state, attempt, failovers, utteranceIndex, target, assign };
    return { ...stands, requestId, deadlineInMs: dueAt - clock.monotonic() };
  });
}

function isOrphanOf(instanceId: string, sessions: MemorySessions, job: OpenJobRecord): boolean {
  if (sessions.records.get(job.sessionId)?.owner !== instanceId) return false;
  return job.state === 'pending' || job.target?.instanceId === instanceId;
}

function checkedTarget({ nodeId, instanceId }: Target): Target {
  return { nodeId: checkedId(nodeId, 'node'), instanceId: checkedId(instanceId, 'instance') };
}

function newRecord(job: NewJob, target: Target | undefined): JobRecord {
  const { sessionId, jobId, utteranceIndex, assign, audio } = job;
  const place = target
    ? ({ state: 'dispatched', attempt: 1, target: checkedTarget(target) } as const)
    : ({ state: 'pending', attempt: 0, target } as const);
  return { sessionId, jobId, utteranceIndex, assign, audio, failovers: 0, ...place };
}

const requestKey = ({ sessionId }: JobRef, requestId: string): string =>
  `${sessionId}/${checkedId(requestId, 'request')}`;

function saidBefore(session: MemorySession | undefined, seq: number, answer: Answer): boolean {
  const entry = session?.outbox.find((candidate) => candidate.seq === seq);
  return entry !== undefined && isDeepStrictEqual(entry.answer, answer);
}
