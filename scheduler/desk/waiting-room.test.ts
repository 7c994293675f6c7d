/** Who is tried when something becomes free, and how many are looked at for it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../../test/fakes/clock.ts';
import type { OpenJob } from './session.ts';
import { WaitingRoom } from './waiting-room.ts';

/** A room, and nodes with so many free slots for each target language. */
function roomFor(free: Record<string, number>) {
  const clock = new FakeClock();
  const placed: string[] = [];
  const asked: string[] = [];
  let looked = 0;
  const room = new WaitingRoom({
    clock,
    tryPlace: (job) => {
      looked += 1;
      const target = job.languages[0]?.target ?? '';
      const slots = free[target] ?? 0;
      if (slots === 0) return false;
      free[target] = slots - 1;
      placed.push(job.jobId);
      return true;
    },
    askForCapacity: ({ jobId }) => {
      asked.push(jobId);
    },
  });
  const job = (jobId: string, target: string): OpenJob => {
    const waiting = { jobId, services: ['asr'], languages: [{ source: 'zh', target }], moving: false };
    room.enter(waiting as unknown as OpenJob);
    return waiting as unknown as OpenJob;
  };
  const wake = () => {
    room.wake();
    return settle();
  };
  return { room, clock, placed, asked, job, wake, looked: () => looked };
}

describe('the waiting room', () => {
  it('serves first who came first, also of those who want different things', async () => {
    const { room, placed, job, wake } = roomFor({ en: 2, fr: 1 });
    job('1', 'en');
    job('2', 'fr');
    job('3', 'en');
    job('4', 'en');
    await wake();
    assert.deepEqual(placed, ['1', '2', '3']);
    assert.equal(room.size, 1);
  });

  it('lets nobody wait for a node that only another line lacks', async () => {
    const { placed, job, wake } = roomFor({ fr: 1 });
    job('1', 'en');
    job('2', 'fr');
    await wake();
    assert.deepEqual(placed, ['2']);
  });

  it('passes over a job that is being moved, and one that left', async () => {
    const { room, placed, job, wake } = roomFor({ en: 1 });
    job('1', 'en').moving = true;
    room.leave(job('2', 'en'));
    job('3', 'en');
    await wake();
    assert.deepEqual(placed, ['3']);
    assert.equal(room.size, 1);
  });

  it('has a job once that enters twice', () => {
    const { room, job } = roomFor({});
    const waiting = job('1', 'en');
    room.enter(waiting);
    room.leave(waiting);
    assert.equal(room.size, 0);
  });

  it('asks for capacity for the first of each line, and again when it still finds none', async () => {
    const { asked, job, wake } = roomFor({});
    for (const id of ['1', '2']) job(id, 'en');
    job('3', 'fr');
    assert.deepEqual(asked, ['1', '3']);
    await wake();
    assert.deepEqual(asked, ['1', '3', '1', '3']);
  });

  it('looks by itself when nobody said that something is free', async () => {
    const free: Record<string, number> = {};
    const { clock, placed, job } = roomFor(free);
    job('1', 'en');
    free['en'] = 1;
    await clock.advance(1000);
    assert.deepEqual(placed, ['1']);
  });

  it('reads only the first of a long line', async () => {
    const { room, job, wake, looked } = roomFor({ en: 3 });
    let reads = 0;
    for (let i = 0; i < 5000; i++) {
      Object.defineProperty(job(String(i), 'en'), 'moving', { get: () => (reads++, false) });
    }
    await wake();
    await wake();
    assert.equal(room.size, 4997);
    assert.equal(looked(), 5);
    assert.ok(reads <= 10, `${String(reads)} jobs were looked at`);
  });
});
