/** A history, sorted into what belongs together, for the checks to read. */
import type { HistoryEvent } from '../history.ts';

export interface Limits {
  /** How long an answer may be held for one with a lower index, and must be before it may pass it. */
  readonly holdMs: number;
  /** From accepted to answered at the longest, with all time-outs and repetitions. */
  readonly boundMs: number;
  readonly jobTimeoutMs: number;
  /** Runs of a job beside its first, not counting those whose node was lost. */
  readonly extraRuns: number;
  /** What clocks and event loops may blur. */
  readonly toleranceMs: number;
  /** From sent to the first word about it, where nothing is broken meanwhile; not judged when absent. */
  readonly replyMs?: number;
  /** The store may forget sessions here, because it is emptied on purpose. */
  readonly forgets?: true;
}

export type Verdict =
  | 'lost'
  | 'ignored'
  | 'slow-reply'
  | 'forgotten'
  | 'stranded'
  | 'late'
  | 'conflict'
  | 'duplicated'
  | 'sequence'
  | 'phantom'
  | 'wrong-session'
  | 'corrupt'
  | 'two-jobs'
  | 'out-of-order'
  | 'ran-twice'
  | 'too-many-runs'
  | 'overlap'
  | 'over-slots'
  | 'left-open'
  | 'books'
  | 'crash';

export interface Violation {
  readonly verdict: Verdict;
  readonly says: string;
  /** The events that show it, and no others. */
  readonly events: readonly HistoryEvent[];
}

/** One thing a client asked for, however often it sent it. */
export interface Request {
  readonly session: string;
  readonly key: string;
  readonly index: number;
  readonly payloadHash: string;
  readonly sent: HistoryEvent[];
  readonly accepted: HistoryEvent[];
  readonly refused: HistoryEvent[];
  /** Told that nobody knows: it is sent again. */
  readonly unknown: HistoryEvent[];
}

export interface Ledger {
  readonly events: readonly HistoryEvent[];
  readonly requests: readonly Request[];
  /** Sessions whose socket was open when the history ended. */
  readonly connected: ReadonlySet<string>;
  /** Sessions that nobody knew any more, and what their clients then had instead. */
  readonly movedTo: ReadonlyMap<string, string>;
  readonly requestOfJob: ReadonlyMap<string, Request>;
  /** What each session's application was handed, in order. */
  readonly answers: ReadonlyMap<string, readonly HistoryEvent[]>;
  readonly eventsOfJob: ReadonlyMap<string, readonly HistoryEvent[]>;
  eventsOf(op: HistoryEvent['op'], phase?: HistoryEvent['phase']): readonly HistoryEvent[];
}

export function readLedger(events: readonly HistoryEvent[]): Ledger {
  const eventsOf = (op: HistoryEvent['op'], phase?: HistoryEvent['phase']) =>
    events.filter((event) => event.op === op && (phase === undefined || event.phase === phase));
  const requests = [...readRequests(eventsOf('submit')).values()];
  const answers = groupBy(eventsOf('answer', 'ok'), ({ session }) => session);
  return {
    events,
    requests,
    connected: connectedAtEnd(events),
    movedTo: new Map(
      eventsOf('open').flatMap(({ session, instead }) => (session && instead ? [[instead, session]] : [])),
    ),
    requestOfJob: jobsToRequests(requests, answers),
    answers,
    eventsOfJob: groupBy(events, ({ job }) => job),
    eventsOf,
  };
}

function readRequests(submits: readonly HistoryEvent[]): Map<string, Request> {
  const requests = new Map<string, Request>();
  for (const event of submits) {
    const { session = '', key = '', index = -1, hash = '' } = event;
    const id = `${session} ${key}`;
    const request = requests.get(id) ?? {
      session,
      key,
      index,
      payloadHash: hash,
      sent: [],
      accepted: [],
      refused: [],
      unknown: [],
    };
    requests.set(id, request);
    if (event.phase === 'invoke') request.sent.push(event);
    else if (event.phase === 'ok') request.accepted.push(event);
    else if (event.phase === 'fail') request.refused.push(event);
    else request.unknown.push(event);
  }
  return requests;
}

/** By what the session was told at acceptance; for a request nobody confirmed, by the job its answer names. */
function jobsToRequests(
  requests: readonly Request[],
  answers: ReadonlyMap<string, readonly HistoryEvent[]>,
): Map<string, Request> {
  const found = new Map<string, Request>();
  for (const request of requests) for (const { job } of request.accepted) if (job) found.set(job, request);
  for (const request of requests.filter(({ accepted }) => accepted.length === 0)) {
    const own = answers.get(request.session) ?? [];
    for (const { job, index } of own)
      if (job && index === request.index && !found.has(job)) found.set(job, request);
  }
  return found;
}

/** Sessions whose socket is open at the end of these events. */
export function connectedAtEnd(events: readonly HistoryEvent[]): Set<string> {
  const connected = new Set<string>();
  for (const { op, phase, session } of events) {
    if (session === undefined) continue;
    if ((op === 'open' || op === 'resume') && phase === 'ok') connected.add(session);
    if (op === 'cut') connected.delete(session);
  }
  return connected;
}

export function groupBy<T>(list: readonly T[], keyOf: (item: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
