/**
 * What everybody saw, in the order in which they saw it. Sessions and nodes write it while a run goes on, the driver adds
 * faults and what Redis holds at the end, and the checker judges it. One line of JSON is one event.
 *
 *   op        who      phase, and what it means
 *   open      session  ok: the session has an id and a socket; `instead` of one that nobody knows any more
 *   submit    session  invoke: sent; ok: told that it is accepted, as this job; fail: told that it is not; info: told that
 *                      nobody knows
 *   answer    session  ok: handed to the application, after what the client drops as a repetition
 *   wire      session  info: an answer as it came, repetitions included
 *   cut       session  info: the socket is gone; `detail` is `left` when the client wanted that
 *   resume    session  ok: the same session on another socket; fail: its token was not taken
 *   register  node     ok: with this many slots
 *   assign    node     ok: a run begins; info: the same attempt again, which a node does not do twice
 *   release   node     ok: the run has ended; `detail` says by what
 *   result    node     invoke: sent
 *   fault     driver   info: something was broken, or mended, on purpose
 *   exit      driver   fail: a process ended that nobody ended
 *   record    redis    ok: a job's record at the end; `detail` is its state
 *   outbox    redis    ok: an answer that still stands in an outbox at the end
 *   books     any      ok: a figure at the end that must be `expected`, such as busy slots or unacknowledged hints
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../common/clock.ts';

export type Op =
  | 'open'
  | 'submit'
  | 'answer'
  | 'wire'
  | 'cut'
  | 'resume'
  | 'register'
  | 'assign'
  | 'release'
  | 'result'
  | 'fault'
  | 'exit'
  | 'record'
  | 'outbox'
  | 'books';

/** How a job ended. `missing` is for an index that was never submitted. */
export type Outcome = 'result' | 'failure' | 'missing';

export interface HistoryEvent {
  /** Monotonic milliseconds of the machine that all actors run on. */
  readonly at: number;
  readonly actor: string;
  readonly op: Op;
  readonly phase: 'invoke' | 'ok' | 'fail' | 'info';
  readonly session?: string;
  readonly job?: string;
  /** The client's idempotency key. */
  readonly key?: string;
  readonly index?: number;
  readonly seq?: number;
  readonly attempt?: number;
  /** Of a submission: of its payload. Of an answer or result: its content. */
  readonly hash?: string;
  readonly outcome?: Outcome;
  /** Of a session: the one it takes the place of. */
  readonly instead?: string;
  readonly slots?: number;
  readonly count?: number;
  readonly expected?: number;
  readonly detail?: string;
}

export class History {
  readonly events: HistoryEvent[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(event: Omit<HistoryEvent, 'at'>): void {
    this.events.push({ at: this.#clock.monotonic(), ...event });
  }
}

export const hashOfPayload = (payload: string): string => createHash('sha256').update(payload).digest('hex');

/** What a good node says of this payload for this job: nobody who has not seen both can say it. */
export const contentHash = (payloadHash: string, job: string): string =>
  createHash('sha256').update(`${payloadHash}|${job}`).digest('hex');
