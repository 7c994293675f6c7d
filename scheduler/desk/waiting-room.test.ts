import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../../test/fakes/clock.ts';
import type { OpenJob } from './session.ts';
import { WaitingRoom } from './waiting-room.ts';

type Wants = Pick<OpenJob, 'services' | 'languages'>;

/** Only what a waiting room looks at. */
const waiting = (jobId: string, languages: Wants['languages']): OpenJob =>
  ({ jobId, services: ['asr'], languages, moving: false }) as Partial<OpenJob> as OpenJob;

function roomFor(able: (job: OpenJob) => boolean) {
  const placed: string[] = [];
  const looked: string[] = [];
  const room = new WaitingRoom({
    clock: new FakeClock(),
    tryPlace: (job) => {
      looked.push(job.jobId);
      if (able(job)) placed.push(job.jobId);
      return able(job);
    },
    askForCapacity: () => undefined,
  });
  return { room, placed, looked };
}

const direction = (source: string, target: string) => ({ source, target });

describe('jobs that wait for a node', () => {
  it('stand in one line when they want the same: behind one that finds none, nobody looks', async () => {
    const { room, looked } = roomFor(() => false);
    for (const id of ['job-1', 'job-2']) room.enter(waiting(id, [direction('zh', 'en')]));
    room.wake();
    await settle();
    assert.deepEqual(looked, ['job-1']);
  });

  it('stand in lines of their own when they want something else, whatever a client calls a language', async () => {
    const { room, placed } = roomFor(({ jobId }) => jobId === 'job-2');
    room.enter(waiting('job-1', [direction('zh', 'en,en>zh')]));
    const both = waiting('job-2', [direction('zh', 'en'), direction('en', 'zh')]);
    room.enter(both);
    room.wake();
    await settle();
    assert.deepEqual(placed, ['job-2']);
    assert.equal(room.size, 1);
    room.leave(both);
    assert.equal(room.size, 1);
  });
});
