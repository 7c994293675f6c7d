/**
 * What is left in Redis and in the instances when a run is over: records and outboxes of the sessions in the history, and
 * the figures that must be zero when all is quiet.
 */
import type { Answer } from '../../../scheduler/store/store.ts';
import { allPartitions } from '../../../scheduler/store/partition.ts';
import { decodeAttributes } from '../../../scheduler/desk/attributes.ts';
import { seqOf, stateOf } from '../../../scheduler/store/job-record.ts';
import { createKeys } from '../../../scheduler/store/redis/keys.ts';
import { parseSession } from '../../../scheduler/store/redis/session-record.ts';
import { connectedAtEnd, groupBy } from '../checks/ledger.ts';
import type { HistoryEvent } from '../history.ts';
import { comesTrue } from '../wait.ts';
import type { Fleet } from './fleet.ts';

export interface Figure {
  readonly actor: string;
  readonly detail: string;
  readonly count: number;
  readonly expected: number;
}

/** Dead letters that a run has put there on purpose, by instance id. */
export type Injected = Readonly<Record<string, number>>;

/** Waits until every figure is as it should be, at the longest `withinMs`, and returns them as they are then. */
export async function settle(fleet: Fleet, withinMs: number, injected: Injected = {}): Promise<Figure[]> {
  let figures: Figure[] = [];
  await comesTrue(
    async () => {
      figures = await readFigures(fleet, injected);
      return figures.every(({ count, expected }) => count === expected);
    },
    { clock: fleet.clock, withinMs, everyMs: 100 },
  );
  return figures;
}

async function readFigures(fleet: Fleet, injected: Injected): Promise<Figure[]> {
  const keys = createKeys(fleet.keyPrefix);
  const { direct } = fleet;
  const due = await Promise.all(allPartitions.map((tag) => direct.zcard(keys.dueOfPartition(tag))));
  const figures: Figure[] = [
    { actor: 'redis', detail: 'deadlines', count: due.reduce((sum, count) => sum + count, 0), expected: 0 },
  ];
  for (const { id } of fleet.instances) {
    const expected = injected[id] ?? 0;
    figures.push(
      { actor: 'redis', detail: `inbox of ${id}`, count: await direct.xlen(keys.inbox(id)), expected: 0 },
      {
        actor: 'redis',
        detail: `unacknowledged of ${id}`,
        count: await pendingOf(fleet, keys.inbox(id)),
        expected: 0,
      },
      {
        actor: 'redis',
        detail: `dead letters of ${id}`,
        count: await direct.xlen(keys.deadLetters(id)),
        expected,
      },
    );
  }
  return [...figures, ...(await instanceFigures(fleet))];
}

async function pendingOf(fleet: Fleet, inbox: string): Promise<number> {
  const summary = (await fleet.direct.call('XPENDING', inbox, 'scheduler').catch(() => [0])) as unknown[];
  return Number(summary[0]);
}

async function instanceFigures(fleet: Fleet): Promise<Figure[]> {
  const reports = await Promise.all(fleet.instances.map((instance) => instance.report()));
  return reports.flatMap((report, place) => {
    const actor = fleet.at(place).id;
    if (!report) return [{ actor, detail: 'reports', count: 0, expected: 1 }];
    return [
      { actor, detail: 'jobs waiting', count: report.jobs.waiting, expected: 0 },
      { actor, detail: 'jobs running', count: report.jobs.running, expected: 0 },
    ];
  });
}

/** Writes what Redis holds of the history's sessions and jobs, and the figures, into the history. */
export async function writeBooks(fleet: Fleet, figures: readonly Figure[]): Promise<void> {
  const { history } = fleet;
  const seen = groupBy(history.events, ({ session }) => session);
  const connected = connectedAtEnd(history.events);
  for (const [session, events] of seen) {
    if (session !== '') await writeSession(fleet, session, { events, isConnected: connected.has(session) });
  }
  for (const figure of figures) history.add({ op: 'books', phase: 'ok', ...figure });
}

async function writeSession(
  fleet: Fleet,
  session: string,
  seen: { readonly events: readonly HistoryEvent[]; readonly isConnected: boolean },
): Promise<void> {
  const keys = createKeys(fleet.keyPrefix);
  const { direct, history } = fleet;
  const jobs = new Set(seen.events.flatMap(({ job }) => job ?? []));
  const answered = new Set<number>();
  // Some time after a job has ended, or by what was done to Redis.
  let forgotten = 0;
  for (const job of jobs) {
    const record = await direct.get(keys.ofJob(session, job).job);
    if (record === null) {
      forgotten += 1;
      continue;
    }
    history.add({ actor: 'redis', op: 'record', phase: 'ok', session, job, detail: stateOf(record) });
    if (seqOf(record) > 0) answered.add(seqOf(record));
  }
  const sessionRecord = await direct.get(keys.session(session));
  if (sessionRecord === null) return;
  // A client that did not come back may not have heard of all its jobs.
  if (seen.isConnected) {
    const count = await newestSeq(fleet, keys.outbox(session));
    // Each of the forgotten may have had an answer or not.
    const expected = Math.min(Math.max(count, answered.size), answered.size + forgotten);
    const figure = { detail: `answers of ${session}`, count, expected };
    history.add({ actor: 'redis', op: 'books', phase: 'ok', ...figure });
  }
  // An outbox that began anew, because the store lost the first, is counted on by its session.
  const { seqBase = 0 } = decodeAttributes(parseSession(session, sessionRecord).attributes) ?? {};
  for (const [id, fields] of await direct.xrange(keys.outbox(session), '-', '+')) {
    const field = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
    const answer = JSON.parse(field('answer')) as Answer;
    history.add({
      ...{ actor: 'redis', op: 'outbox', phase: 'ok', session, job: field('job') },
      seq: seqBase + Number(id.split('-')[1]),
      index: Number(field('index')),
      outcome: answer.kind,
      ...(answer.kind === 'result' ? { hash: answer.textTranslated } : {}),
    });
  }
}

/** How many answers a session ever got: its outbox counts on past those that are trimmed. */
async function newestSeq(fleet: Fleet, outbox: string): Promise<number> {
  const facts = (await fleet.direct.call('XINFO', 'STREAM', outbox).catch(() => [])) as unknown[];
  const id = facts[facts.indexOf('last-generated-id') + 1];
  return typeof id === 'string' ? Number(id.split('-')[1]) : 0;
}
