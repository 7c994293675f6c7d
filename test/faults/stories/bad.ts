/** Histories that break an invariant, and the verdict each must get. */
import type { Verdict } from '../checker.ts';
import { contentHash } from '../history.ts';
import { cut, outbox, payload, type Story } from './story.ts';

export const badStories: readonly (readonly [string, Verdict, (story: Story) => Story])[] = [
  ['an accepted job that nobody answers', 'lost', (s) => s.open('a').submit(1, 'a', 0).accepted(2, 'a', 0)],
  [
    'an accepted job whose session was cut off, with nothing kept for it',
    'lost',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .add(3, 'a', { ...cut, session: 'a' }),
  ],
  [
    'an answer that stands in the outbox while its session is connected and waits',
    'lost',
    (s) => s.open('a').submit(1, 'a', 0).accepted(2, 'a', 0).add(99, 'redis', outbox('a', 0)),
  ],
  [
    'an answer lost to a session that resumed',
    'lost',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .add(3, 'a', { ...cut, session: 'a' })
        .add(9, 'a', { op: 'resume', phase: 'ok', session: 'a' }),
  ],
  [
    'the second of two utterances',
    'lost',
    (s) => s.open('a').job(0, 'a', 0).submit(50, 'a', 1).accepted(60, 'a', 1),
  ],
  [
    'an answer after its bound',
    'late',
    (s) => s.open('a').submit(1, 'a', 0).accepted(2, 'a', 0).answer(20_000, 'a', 0),
  ],
  [
    'a failure told for a job that was answered with a result',
    'conflict',
    (s) => s.open('a').job(0, 'a', 0).answer(50, 'a', 0, { outcome: 'failure' }),
  ],
  [
    'two results with different content',
    'conflict',
    (s) =>
      s.open('a').job(0, 'a', 0).add(60, 'a', {
        op: 'wire',
        phase: 'info',
        session: 'a',
        job: 'job-a-0',
        outcome: 'result',
        hash: 'other',
      }),
  ],
  [
    'a result told while the outbox holds a failure',
    'conflict',
    (s) =>
      s
        .open('a')
        .job(0, 'a', 0)
        .add(60, 'redis', outbox('a', 0, 'failure')),
  ],
  [
    'a refused utterance that is answered all the same',
    'conflict',
    (s) => s.open('a').submit(1, 'a', 0).refused(2, 'a', 0).answer(9, 'a', 0),
  ],
  [
    'an accepted index that is called missing',
    'conflict',
    (s) =>
      s.open('a').submit(1, 'a', 0).accepted(2, 'a', 0).unnamed(30, 'a', 0, 'missing').answer(40, 'a', 0),
  ],
  ['a result handed over twice', 'duplicated', (s) => s.open('a').job(0, 'a', 0).answer(50, 'a', 0)],
  [
    'two entries for one job in the outbox',
    'duplicated',
    (s) =>
      s
        .open('a')
        .job(0, 'a', 0)
        .add(60, 'redis', outbox('a', 0))
        .add(61, 'redis', { ...outbox('a', 0), seq: 2 }),
  ],
  [
    'a failure handed over twice',
    'duplicated',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .unnamed(3, 'a', 0, 'failure')
        .unnamed(4, 'a', 0, 'failure'),
  ],
  [
    'one sequence number for two answers',
    'sequence',
    (s) =>
      s
        .open('a')
        .job(0, 'a', 0)
        .job(50, 'a', 1)
        .add(200, 'a', { op: 'wire', phase: 'info', session: 'a', seq: 1, job: 'job-a-0', hash: 'x' })
        .add(201, 'a', { op: 'wire', phase: 'info', session: 'a', seq: 1, job: 'job-a-1', hash: 'y' }),
  ],
  ['an answer to what was never asked', 'phantom', (s) => s.open('a').answer(5, 'a', 7)],
  ['a failure of an index never asked', 'phantom', (s) => s.open('a').unnamed(5, 'a', 7, 'failure')],
  [
    'an answer to another session',
    'wrong-session',
    (s) => s.open('a').open('b').job(0, 'a', 0).answer(50, 'b', 0, { job: 'job-a-0' }),
  ],
  [
    'content made from another payload',
    'corrupt',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .answer(5, 'a', 0, { hash: contentHash(payload('a', 1), 'job-a-0') }),
  ],
  [
    'content of the same payload for another job',
    'corrupt',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .answer(5, 'a', 0, { hash: contentHash(payload('a', 0), 'job-x') }),
  ],
  [
    'the right content under a wrong index',
    'corrupt',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .submit(1, 'a', 1)
        .answer(5, 'a', 1, { job: 'job-a-0', hash: contentHash(payload('a', 0), 'job-a-0') }),
  ],
  [
    'one request accepted as two jobs',
    'two-jobs',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .submit(3, 'a', 0)
        .accepted(4, 'a', 0, 'job-2')
        .answer(9, 'a', 0)
        .answer(10, 'a', 0, { job: 'job-2' }),
  ],
  [
    'an answer that overtakes a lower index at once',
    'out-of-order',
    (s) => s.open('a').submit(0, 'a', 0).accepted(1, 'a', 0).job(10, 'a', 1).answer(200, 'a', 0),
  ],
  [
    'an answer that overtakes after half of the hold',
    'out-of-order',
    (s) =>
      s
        .open('a')
        .submit(0, 'a', 0)
        .accepted(1, 'a', 0)
        .submit(2, 'a', 1)
        .accepted(3, 'a', 1)
        .run(4, 'n1', 'job-a-1')
        .sent(5, 'n1', 'job-a-1')
        .answer(500, 'a', 1)
        .answer(600, 'a', 0),
  ],
  [
    'one attempt that two nodes run',
    'ran-twice',
    (s) => s.open('a').job(0, 'a', 0, 'n1').run(25, 'n2', 'job-a-0', 1),
  ],
  [
    'more runs than failovers allow',
    'too-many-runs',
    (s) =>
      [1, 2, 3, 4, 5].reduce(
        (story, attempt) =>
          story
            .run(attempt * 3000, 'n1', 'job-a-0', attempt)
            .sent(attempt * 3000 + 1, 'n1', 'job-a-0', attempt),
        s.open('a'),
      ),
  ],
  [
    'a second run beside a healthy first',
    'overlap',
    (s) => s.open('a').run(0, 'n1', 'job-a-0', 1).run(500, 'n2', 'job-a-0', 2),
  ],
  [
    'a node with three jobs on two slots',
    'over-slots',
    (s) =>
      [0, 1, 2].reduce(
        (story, i) => story.run(i, 'n1', `job-${i}`),
        s.add(0, 'n1', { op: 'register', phase: 'ok', slots: 2 }),
      ),
  ],
  [
    'a slot counted free while its cancelled job still runs',
    'over-slots',
    (s) =>
      s
        .add(0, 'n1', { op: 'register', phase: 'ok', slots: 1 })
        .run(1, 'n1', 'j1', 1)
        .run(2, 'n1', 'j1', 2)
        .add(3, 'n1', { op: 'release', phase: 'ok', job: 'j1', attempt: 1, detail: 'cancel' }),
  ],
  [
    'a record left open',
    'left-open',
    (s) => s.add(9, 'redis', { op: 'record', phase: 'ok', job: 'j1', session: 'a', detail: 'dispatched' }),
  ],
  [
    'an unacknowledged hint',
    'books',
    (s) => s.add(9, 'redis', { op: 'books', phase: 'ok', detail: 'pending of A', count: 1, expected: 0 }),
  ],
  [
    'a dead letter nobody injected',
    'books',
    (s) => s.add(9, 'redis', { op: 'books', phase: 'ok', detail: 'dlq of A', count: 2, expected: 1 }),
  ],
  [
    'a process that ended by itself',
    'crash',
    (s) => s.add(9, 'A', { op: 'exit', phase: 'fail', detail: 'code 1' }),
  ],
  [
    'a request that a client said again in its next session, and nobody took on',
    'ignored',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .add(3, 'a', { ...cut, session: 'a' })
        .add(4, 'a', { op: 'open', phase: 'ok', session: 'b', instead: 'a' })
        .submit(5, 'b', 0, 'a-0'),
  ],
  [
    'an accepted request that is not said again in the next session',
    'lost',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .add(3, 'a', { ...cut, session: 'a' })
        .add(4, 'a', { op: 'open', phase: 'ok', session: 'b', instead: 'a' }),
  ],
  ['an utterance that hears nothing at all', 'ignored', (s) => s.open('a').submit(1, 'a', 0)],
  [
    'an utterance that is accepted late although nothing is broken',
    'slow-reply',
    (s) => s.open('a').submit(1, 'a', 0).accepted(1900, 'a', 0).answer(1910, 'a', 0),
  ],
  [
    'a session that nobody knows any more',
    'forgotten',
    (s) =>
      s
        .open('a')
        .add(3, 'a', { ...cut, session: 'a' })
        .add(4, 'a', { op: 'open', phase: 'ok', session: 'b', instead: 'a' }),
  ],
  [
    'a token that is not taken',
    'forgotten',
    (s) =>
      s
        .open('a')
        .add(3, 'a', { ...cut, session: 'a' })
        .add(4, 'a', { op: 'resume', phase: 'fail', session: 'a' }),
  ],
  [
    'a client that is never let in again',
    'stranded',
    (s) => s.open('a').add(3, 'a', { ...cut, session: 'a' }),
  ],
];
