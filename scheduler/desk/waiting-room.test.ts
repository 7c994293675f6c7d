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
      const isAble = able(job);
      if (isAble) placed.push(job.jobId);
      return isAble;
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

  it('are placed in the order they came, whichever line they stand in, as long as there are slots', async () => {
    let slots = 4;
    const { room, placed } = roomFor(() => slots > 0 && slots-- > 0);
    for (const [id, language] of Object.entries({ 1: 'en', 2: 'ja', 3: 'en', 4: 'en', 5: 'ja', 6: 'ko' }))
      room.enter(waiting(`job-${id}`, [direction('zh', language)]));
    room.wake();
    await settle();
    assert.deepEqual(placed, ['job-1', 'job-2', 'job-3', 'job-4']);
    assert.equal(room.size, 2);
  });

  it('that are being moved are passed over, and not forgotten', async () => {
    const { room, placed } = roomFor(() => true);
    const moved = { ...waiting('job-1', [direction('zh', 'en')]), moving: true };
    room.enter(moved);
    room.enter(waiting('job-2', [direction('zh', 'en')]));
    room.wake();
    await settle();
    assert.deepEqual(placed, ['job-2']);
    moved.moving = false;
    room.wake();
    await settle();
    assert.deepEqual(placed, ['job-2', 'job-1']);
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
