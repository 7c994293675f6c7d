/** Histories that look odd and break nothing. */
import { contentHash } from '../history.ts';
import { cut, outbox, payload, type Story } from './story.ts';

export const legalStories: readonly (readonly [string, (story: Story) => Story])[] = [
  ['nothing at all', (s) => s],
  ['one job', (s) => s.open('a').job(0, 'a', 0)],
  [
    'an utterance nobody accepted, of a client that left',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .add(3, 'a', { ...cut, session: 'a', detail: 'left' }),
  ],
  [
    'an utterance that nobody knows anything about, said again and accepted',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .add(900, 'a', { op: 'submit', phase: 'info', session: 'a', key: 'a-0', index: 0 })
        .job(1200, 'a', 0),
  ],
  [
    'an utterance that is accepted late because something was broken',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .add(5, 'driver', { op: 'fault', phase: 'info', detail: 'stop A' })
        .accepted(1900, 'a', 0)
        .answer(1910, 'a', 0),
  ],
  ['a refused utterance', (s) => s.open('a').submit(1, 'a', 0).refused(2, 'a', 0)],
  [
    'a refused utterance that is sent again and accepted',
    (s) => s.open('a').submit(1, 'a', 0).refused(2, 'a', 0).job(10, 'a', 0),
  ],
  [
    'an answer that comes although nobody said accepted',
    (s) => s.open('a').submit(1, 'a', 0).answer(9, 'a', 0),
  ],
  [
    'the same request sent three times for one job',
    (s) => s.open('a').submit(1, 'a', 0).submit(2, 'a', 0).job(3, 'a', 0).accepted(99, 'a', 0),
  ],
  [
    'a failure in the middle',
    (s) =>
      s
        .open('a')
        .job(0, 'a', 0)
        .submit(50, 'a', 1)
        .accepted(51, 'a', 1)
        .unnamed(60, 'a', 1, 'failure')
        .job(70, 'a', 2),
  ],
  [
    'a skipped index that is called missing',
    (s) => s.open('a').job(0, 'a', 0).unnamed(1500, 'a', 1, 'missing').job(1600, 'a', 2),
  ],
  [
    'an index called missing and submitted later',
    (s) => s.open('a').job(0, 'a', 0).unnamed(1500, 'a', 1, 'missing').job(1600, 'a', 2).job(1700, 'a', 1),
  ],
  [
    'a client that left, its answer kept in the outbox',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .add(3, 'a', { ...cut, session: 'a', detail: 'left' })
        .add(90, 'redis', outbox('a', 0)),
  ],
  [
    'a session cut off and resumed, answered afterwards',
    (s) =>
      s
        .open('a')
        .submit(1, 'a', 0)
        .accepted(2, 'a', 0)
        .add(3, 'a', { ...cut, session: 'a' })
        .add(9, 'a', { op: 'resume', phase: 'ok', session: 'a' })
        .answer(10, 'a', 0),
  ],
  [
    'the same numbered answer twice on the wire and once to the application',
    (s) =>
      s
        .open('a')
        .job(0, 'a', 0)
        .add(50, 'a', {
          op: 'wire',
          phase: 'info',
          session: 'a',
          seq: 1,
          job: 'job-a-0',
          outcome: 'result',
          hash: contentHash(payload('a', 0), 'job-a-0'),
        })
        .add(51, 'a', {
          op: 'wire',
          phase: 'info',
          session: 'a',
          seq: 1,
          job: 'job-a-0',
          outcome: 'result',
          hash: contentHash(payload('a', 0), 'job-a-0'),
        }),
  ],
  [
    'an answer that passes a lower index after the hold',
    (s) =>
      s
        .open('a')
        .submit(0, 'a', 0)
        .accepted(1, 'a', 0)
        .submit(2, 'a', 1)
        .accepted(3, 'a', 1)
        .run(4, 'n1', 'job-a-1')
        .sent(5, 'n1', 'job-a-1')
        .answer(1010, 'a', 1)
        .answer(1500, 'a', 0),
  ],
  [
    'a failure told at once that may have waited since it was submitted',
    (s) =>
      s
        .open('a')
        .submit(0, 'a', 0)
        .accepted(1, 'a', 0)
        .submit(2, 'a', 1)
        .accepted(1500, 'a', 1)
        .answer(1501, 'a', 1, { outcome: 'failure' })
        .answer(1600, 'a', 0),
  ],
  [
    'an index that was passed before it was accepted is passed again afterwards',
    (s) =>
      s
        .open('a')
        .submit(0, 'a', 0)
        .job(10, 'a', 1)
        .accepted(100, 'a', 0)
        .job(110, 'a', 2)
        .answer(300, 'a', 0),
  ],
  [
    'later answers pass the same index without a hold of their own',
    (s) =>
      s
        .open('a')
        .submit(0, 'a', 0)
        .accepted(1, 'a', 0)
        .submit(2, 'a', 1)
        .accepted(3, 'a', 1)
        .run(4, 'n1', 'job-a-1')
        .sent(5, 'n1', 'job-a-1')
        .answer(1010, 'a', 1)
        .job(1020, 'a', 2)
        .answer(1500, 'a', 0),
  ],
  [
    'one whose hold ended takes a younger one with a lower index along',
    (s) =>
      s
        .open('a')
        .submit(0, 'a', 0)
        .accepted(1, 'a', 0)
        .submit(2, 'a', 1)
        .accepted(3, 'a', 1)
        .submit(2, 'a', 2)
        .accepted(3, 'a', 2)
        .run(4, 'n1', 'job-a-2')
        .sent(5, 'n1', 'job-a-2')
        .run(4, 'n1', 'job-a-1')
        .sent(900, 'n1', 'job-a-1')
        .answer(1010, 'a', 1)
        .answer(1011, 'a', 2)
        .answer(1500, 'a', 0),
  ],
  [
    'answers out of order between two sessions',
    (s) => s.open('a').open('b').submit(0, 'a', 0).accepted(1, 'a', 0).job(5, 'b', 1).answer(90, 'a', 0),
  ],
  [
    'a lower index that was accepted only after the higher was answered',
    (s) => s.open('a').submit(0, 'a', 0).job(10, 'a', 1).accepted(99, 'a', 0).answer(120, 'a', 0),
  ],
  [
    'the same attempt done once more by a node that had lost it',
    (s) =>
      s
        .open('a')
        .submit(0, 'a', 0)
        .accepted(1, 'a', 0)
        .run(2, 'n1', 'job-a-0', 1)
        .add(10, 'n1', { op: 'release', phase: 'ok', job: 'job-a-0', attempt: 1, detail: 'lost' })
        .run(20, 'n1', 'job-a-0', 1)
        .sent(30, 'n1', 'job-a-0', 1)
        .answer(40, 'a', 0),
  ],
  [
    'a second attempt after the node was lost',
    (s) =>
      s
        .open('a')
        .submit(0, 'a', 0)
        .accepted(1, 'a', 0)
        .run(2, 'n1', 'job-a-0', 1)
        .add(10, 'n1', { op: 'release', phase: 'ok', job: 'job-a-0', attempt: 1, detail: 'lost' })
        .run(20, 'n2', 'job-a-0', 2)
        .sent(30, 'n2', 'job-a-0', 2)
        .answer(40, 'a', 0),
  ],
  [
    'a second attempt after the job time-out',
    (s) => s.open('a').run(0, 'n1', 'job-a-0', 1).run(2000, 'n2', 'job-a-0', 2),
  ],
  [
    'a second attempt beside a first whose instance was frozen',
    (s) =>
      s
        .open('a')
        .run(0, 'n1', 'job-a-0', 1)
        .add(5, 'driver', { op: 'fault', phase: 'info', detail: 'stop A' })
        .run(500, 'n2', 'job-a-0', 2),
  ],
  [
    'the same attempt told twice to its node, which ignores it',
    (s) =>
      s.open('a').job(0, 'a', 0).add(22, 'n1', { op: 'assign', phase: 'info', job: 'job-a-0', attempt: 1 }),
  ],
  [
    'as many jobs at once as there are slots, again and again',
    (s) =>
      s
        .add(0, 'n1', { op: 'register', phase: 'ok', slots: 2 })
        .run(1, 'n1', 'j1')
        .run(2, 'n1', 'j2')
        .sent(3, 'n1', 'j1')
        .run(4, 'n1', 'j3'),
  ],
  [
    'five runs of which three were lost with their nodes',
    (s) =>
      [1, 2, 3, 4, 5].reduce(
        (story, attempt) =>
          story.run(attempt * 100, 'n1', 'j1', attempt).add(attempt * 100 + 50, 'n1', {
            op: 'release',
            phase: 'ok',
            job: 'j1',
            attempt,
            detail: attempt < 4 ? 'lost' : 'result',
          }),
        s,
      ),
  ],
  [
    'a finished record, and books that balance',
    (s) =>
      s
        .add(9, 'redis', { op: 'record', phase: 'ok', job: 'j', detail: 'finished' })
        .add(9, 'A', { op: 'books', phase: 'ok', detail: 'slots', count: 0 }),
  ],
];
