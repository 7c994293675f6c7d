/** Histories written by hand, to see whether the checker can read. Times are milliseconds. */
import { contentHash, hashOfPayload, type HistoryEvent } from '../history.ts';

/** What is not said is as in a good run. */
export class Story {
  readonly events: HistoryEvent[] = [];

  add(at: number, actor: string, event: Omit<HistoryEvent, 'at' | 'actor'>): this {
    this.events.push({ at, actor, ...event });
    return this;
  }

  open(session: string, at = 0): this {
    return this.add(at, session, { op: 'open', phase: 'ok', session });
  }

  submit(at: number, session: string, index: number, key = `${session}-${index}`): this {
    return this.add(at, session, {
      op: 'submit',
      phase: 'invoke',
      session,
      key,
      index,
      hash: payload(session, index),
    });
  }

  accepted(
    at: number,
    session: string,
    index: number,
    job = jobOf(session, index),
    key = `${session}-${index}`,
  ): this {
    return this.add(at, session, { op: 'submit', phase: 'ok', session, key, index, job });
  }

  refused(at: number, session: string, index: number): this {
    return this.add(at, session, { op: 'submit', phase: 'fail', session, key: `${session}-${index}`, index });
  }

  answer(at: number, session: string, index: number, more: Partial<HistoryEvent> = {}): this {
    const job = more.job ?? jobOf(session, index);
    const hash = contentHash(payload(session, index), job);
    return this.add(at, session, {
      op: 'answer',
      phase: 'ok',
      session,
      index,
      job,
      hash,
      outcome: 'result',
      ...more,
    });
  }

  /** An answer that names no job, as `missing_result` does. */
  unnamed(at: number, session: string, index: number, outcome: 'failure' | 'missing'): this {
    return this.add(at, session, { op: 'answer', phase: 'ok', session, index, outcome });
  }

  run(at: number, node: string, job: string, attempt = 1): this {
    return this.add(at, node, { op: 'assign', phase: 'ok', job, attempt });
  }

  sent(at: number, node: string, job: string, attempt = 1): this {
    return this.add(at, node, { op: 'release', phase: 'ok', job, attempt, detail: 'result' }).add(at, node, {
      op: 'result',
      phase: 'invoke',
      job,
      attempt,
    });
  }

  /** Submitted, accepted, run and answered, all within 40 ms. */
  job(at: number, session: string, index: number, node = 'n1'): this {
    const job = jobOf(session, index);
    return this.submit(at, session, index)
      .accepted(at + 10, session, index)
      .run(at + 20, node, job)
      .sent(at + 30, node, job)
      .answer(at + 40, session, index);
  }
}

export const payload = (session: string, index: number): string => hashOfPayload(`${session} says ${index}`);
export const jobOf = (session: string, index: number): string => `job-${session}-${index}`;

export const outbox = (session: string, index: number, outcome: 'result' | 'failure' = 'result') =>
  ({
    op: 'outbox',
    phase: 'ok',
    session,
    job: jobOf(session, index),
    seq: index + 1,
    outcome,
    hash: contentHash(payload(session, index), jobOf(session, index)),
  }) as const;

export const cut = { op: 'cut', phase: 'info' } as const;
