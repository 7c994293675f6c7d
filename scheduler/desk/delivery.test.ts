/** Answers that are kept until their client has handled them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withWorld } from '../../test/fakes/simulation/session.ts';
import { Talker } from '../../test/fakes/simulation/talker.ts';
import type { Worker } from '../../test/fakes/simulation/worker.ts';
import type { World } from '../../test/fakes/simulation/world.ts';

describe('acknowledgement', () => {
  const outbox = (world: World, talker: Talker) =>
    world.store.sessions
      .readOutbox(talker.sessionId, 0, 100)
      .then((entries) => entries.map(({ seq }) => seq));

  async function answered(world: World, worker: Worker, talker: Talker, count: number): Promise<void> {
    worker.holding = false;
    for (let index = 0; index < count; index++) talker.say(index);
    await world.clock.advance(5000);
  }

  it('trims what was acknowledged and nothing else', () =>
    withWorld(async ({ world, worker }) => {
      const talker = await Talker.open(world);
      await answered(world, worker, talker, 4);
      assert.deepEqual(await outbox(world, talker), [1, 2, 3, 4]);
      talker.acknowledge(2);
      await world.clock.advance(2000);
      assert.deepEqual(await outbox(world, talker), [3, 4]);
      talker.send({ type: 'client_heartbeat', timestamp: 1, last_seq: 3 });
      await world.clock.advance(2000);
      assert.deepEqual(await outbox(world, talker), [4]);
      assert.equal(talker.ofType('server_heartbeat').length, 1);
      talker.acknowledge(1);
      await world.clock.advance(2000);
      assert.deepEqual(await outbox(world, talker), [4], 'an old one changes nothing');
    }));

  it('of more than was sent does not lose what was not', () =>
    withWorld(async ({ world, worker }) => {
      const talker = await Talker.open(world);
      for (const index of [0, 1]) talker.say(index);
      await world.clock.advance(100);
      worker.answer(1);
      await world.clock.advance(100);
      talker.acknowledge(1_000_000);
      await world.clock.advance(2000);
      assert.deepEqual(talker.answers(), []);
      assert.deepEqual(await outbox(world, talker), [1], 'held back for index 0, so not handled');
      await talker.cut({ noticed: true });
      const back = await Talker.open(world, { place: 1, token: talker.token, lastSeq: 1_000_000 });
      worker.answer(0);
      await world.clock.advance(100);
      const countedOn = [
        { index: 0, seq: 1_000_002, result: true },
        { index: 1, seq: 1_000_001, result: true },
      ];
      assert.deepEqual(back.answers(), countedOn, 'by numbers that it has not had');
      await back.cut({ noticed: true });
      const again = await Talker.open(world, { place: 0, token: talker.token, lastSeq: 1_000_000 });
      await world.clock.advance(100);
      assert.deepEqual(again.answers(), back.answers(), 'and by the same numbers on the next instance');
    }));

  it('is not asked of a client of the original: what it was sent is trimmed, and carries no number', () =>
    withWorld(async ({ world, worker }) => {
      const talker = await Talker.open(world, { extensions: [] });
      await answered(world, worker, talker, 3);
      assert.deepEqual(await outbox(world, talker), []);
      assert.deepEqual(
        talker.answers().map(({ seq }) => seq),
        [undefined, undefined, undefined],
      );
    }));
});

describe('a client that comes back to much', () => {
  it('is given the next of it when it has read what it got', () =>
    withWorld(
      async ({ world, worker }) => {
        const before = await Talker.open(world);
        worker.holding = false;
        for (let index = 0; index < 60; index++) before.say(index);
        await world.clock.advance(60_000);
        assert.equal(before.answers().length, 60);
        await before.cut({ noticed: true });
        const { token } = before;
        const after = await Talker.open(world, { place: 1, token, lastSeq: 0, unread: 30_000 });
        await world.clock.advance(1000);
        const got = after.answers().length;
        assert.ok(got >= 1 && got < 60, `${String(got)} answers`);
        assert.equal(after.closeCode, undefined);
        after.socket.bufferedAmount = 0;
        await world.clock.advance(1000);
        assert.deepEqual(
          after.indexes().sort((a, b) => a - b),
          before.indexes().sort((a, b) => a - b),
        );
      },
      { limits: 'send_queue_bytes = 65536' },
    ));
});

describe('a client that comes back to large answers and reads slowly', () => {
  const limits = 'send_queue_bytes = 65536';
  const indexes = Array.from({ length: 20 }, (_, index) => index);

  async function backTo(world: World, worker: Worker): Promise<Talker> {
    const before = await Talker.open(world);
    worker.holding = false;
    worker.textLength = 15_000;
    for (const index of indexes) before.say(index);
    await world.clock.advance(30_000);
    assert.equal(before.answers().length, indexes.length);
    await before.cut({ noticed: true });
    return Talker.open(world, { place: 1, token: before.token, lastSeq: 0, isSlow: true });
  }

  const ascending = (a: number, b: number) => a - b;

  const reads = async (world: World, talker: Talker): Promise<void> => {
    await world.clock.advance(50);
    assert.ok(talker.socket.bufferedAmount < 65_536, `${String(talker.socket.bufferedAmount)} bytes unread`);
    talker.socket.bufferedAmount = 0;
  };

  it('is given one after the other', () =>
    withWorld(
      async ({ world, worker }) => {
        const after = await backTo(world, worker);
        for (let round = 0; round < indexes.length; round++) await reads(world, after);
        assert.deepEqual(after.indexes().toSorted(ascending), indexes);
      },
      { limits },
    ));

  it('has what is answered meanwhile wait behind them', () =>
    withWorld(
      async ({ world, worker }) => {
        const after = await backTo(world, worker);
        const more = [20, 21, 22, 23, 24];
        for (const index of more) after.say(index);
        await world.clock.advance(5000);
        const { pending } = await world.store.inbox.stats('b');
        assert.equal(pending, 0, 'no hint waits with them');
        for (let round = 0; round < 2 * indexes.length; round++) await reads(world, after);
        assert.deepEqual(after.indexes().toSorted(ascending), [...indexes, ...more]);
      },
      { limits },
    ));
});

describe('the time that jobs take', () => {
  const observed = async (world: World, place: number, stage: string): Promise<number> => {
    const text = await world.on(place).registry.metrics();
    const line = new RegExp(`^scheduler_job_duration_seconds_count\\{stage="${stage}"\\} (\\d+)$`, 'm');
    return Number(line.exec(text)?.[1] ?? 0);
  };

  it('is measured by the instance that read the utterance, and by no other', () =>
    withWorld(async ({ world, worker }) => {
      const before = await Talker.open(world);
      for (const index of [0, 1]) before.say(index);
      await world.clock.advance(100);
      worker.answer(0);
      await world.clock.advance(100);
      await before.cut({ noticed: true });
      const after = await Talker.open(world, { place: 1, token: before.token, lastSeq: 0 });
      worker.answer(1);
      await world.clock.advance(100);
      assert.equal(after.answers().length, 2);
      const stages = ['accepted', 'dispatched', 'answered', 'delivered'];
      const counts = (place: number) => Promise.all(stages.map((stage) => observed(world, place, stage)));
      assert.deepEqual(await counts(0), [2, 2, 1, 1]);
      assert.deepEqual(await counts(1), [0, 0, 0, 0], 'it does not know when they began');
      const [result] = after.ofType('ui_event');
      assert.equal(result && 'elapsed_ms' in result, false);
    }));
});
