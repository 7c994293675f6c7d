/** Sessions that come back, on two instances that share a store, on a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../test/fakes/clock.ts';
import { withWorld } from '../../test/fakes/simulation/session.ts';
import { oneEach, Talker } from '../../test/fakes/simulation/talker.ts';
import { Worker } from '../../test/fakes/simulation/worker.ts';

describe('a session that is resumed', () => {
  for (const [where, place] of [
    ['the same instance', 0],
    ['another instance', 1],
  ] as const) {
    it(`gets what was finished while nobody listened, and what is finished later, on ${where}`, () =>
      withWorld(async ({ world, worker }) => {
        const before = await Talker.open(world);
        before.say(0);
        before.say(1);
        await world.clock.advance(100);
        await before.cut({ noticed: true });
        worker.answer(0);
        await world.clock.advance(100);
        const after = await Talker.open(world, { place, token: before.token });
        const [ack] = after.received;
        assert.equal(ack?.type, 'session_init_ack');
        assert.equal(ack['resumed'], true);
        assert.equal(after.sessionId, before.sessionId);
        worker.answer(1);
        await world.clock.advance(100);
        assert.deepEqual(after.answers(), oneEach(0, 1));
        assert.deepEqual(after.accepted(), ['1:true'], 'only what is open is accepted still');
        assert.deepEqual(after.errors(), []);
      }));

    it(`is told the same again until it acknowledges, on ${where}`, () =>
      withWorld(async ({ world, worker }) => {
        const first = await Talker.open(world);
        for (const index of [0, 1]) first.say(index);
        await world.clock.advance(100);
        worker.answer();
        await world.clock.advance(100);
        assert.deepEqual(first.answers(), oneEach(0, 1));
        await first.cut({ noticed: true });
        const second = await Talker.open(world, { place, token: first.token, lastSeq: 0 });
        await world.clock.advance(100);
        const results = (talker: Talker) => talker.ofType('translation_result');
        assert.deepEqual(results(second), results(first), 'content and numbers are the same');
        second.acknowledge(1);
        await world.clock.advance(2000);
        await second.cut({ noticed: true });
        const third = await Talker.open(world, { place: 0, token: first.token });
        await world.clock.advance(100);
        assert.deepEqual(third.answers(), [{ index: 1, seq: 2, result: true }]);
      }));

    it(`takes the place of a socket that seems to be alive, on ${where}`, () =>
      withWorld(async ({ world, worker }) => {
        const old = await Talker.open(world);
        old.say(0);
        await world.clock.advance(100);
        await old.cut({ noticed: false });
        const young = await Talker.open(world, { place, token: old.token });
        assert.equal(old.closeCode, 4009, 'it is closed at once, not when somebody looks');
        old.say(1);
        worker.answer();
        await world.clock.advance(100);
        assert.deepEqual(young.answers(), oneEach(0));
        assert.deepEqual(worker.working, [], 'the old socket has no say any more');
        assert.equal(world.on(0).desk.sessionCount + world.on(1).desk.sessionCount, 1);
      }));
  }

  it('begins after what the client has had', () =>
    withWorld(async ({ world, worker }) => {
      const before = await Talker.open(world);
      for (const index of [0, 1, 2]) before.say(index);
      await world.clock.advance(100);
      worker.answer();
      await world.clock.advance(100);
      worker.answer();
      await world.clock.advance(100);
      await before.cut({ noticed: true });
      const after = await Talker.open(world, { place: 1, token: before.token, lastSeq: 2 });
      await world.clock.advance(100);
      assert.deepEqual(after.answers(), [{ index: 2, seq: 3, result: true }]);
    }));

  it('hears its answers in the order of its utterances, though many wait', () =>
    withWorld(async ({ world, worker }) => {
      const before = await Talker.open(world);
      await before.cut({ noticed: false });
      for (let index = 0; index < 150; index++) before.say(index);
      worker.holding = false;
      await world.clock.advance(100_000);
      const after = await Talker.open(world, { place: 1, token: before.token, lastSeq: 0 });
      await world.clock.advance(1000);
      assert.deepEqual(
        after.indexes(),
        Array.from({ length: 150 }, (_, index) => index),
      );
    }));

  it('has its jobs placed while nobody is connected', () =>
    withWorld(async ({ world, worker }) => {
      worker.disconnect();
      await world.clock.advance(2000);
      const before = await Talker.open(world);
      before.say(0);
      await world.clock.advance(100);
      await before.cut({ noticed: true });
      worker.connect(1);
      await settle();
      worker.beat();
      await world.clock.advance(2000);
      assert.deepEqual(worker.working, [0]);
      worker.answer();
      const after = await Talker.open(world, { place: 1, token: before.token });
      await world.clock.advance(100);
      assert.deepEqual(after.answers(), oneEach(0));
    }));

  it('has its jobs timed while nobody is connected, and by the time that had passed before', () =>
    withWorld(async ({ world, worker }) => {
      worker.disconnect();
      await world.clock.advance(2000);
      const before = await Talker.open(world);
      before.say(0);
      await world.clock.advance(15_000);
      await before.cut({ noticed: true });
      const after = await Talker.open(world, { place: 1, token: before.token });
      await world.clock.advance(4500);
      assert.deepEqual(after.answers(), []);
      await world.clock.advance(1000);
      assert.deepEqual(after.answers(), [{ index: 0, seq: 1, result: false }]);
      assert.deepEqual(after.errors(), ['NODE_UNAVAILABLE']);
    }));

  it('keeps a job on its node when its session moves, and is told when the node is lost', () =>
    withWorld(async ({ world, worker }) => {
      const before = await Talker.open(world);
      before.say(0);
      await world.clock.advance(100);
      await before.cut({ noticed: true });
      const after = await Talker.open(world, { place: 1, token: before.token });
      await world.clock.advance(100);
      assert.deepEqual(worker.working, [0]);
      const other = new Worker(world, 'n-2', 1);
      other.wellBehaved = true;
      await settle();
      other.beat();
      worker.disconnect();
      await world.clock.advance(3000);
      assert.deepEqual(after.answers(), oneEach(0), 'long before its time on the lost node was up');
    }));

  it('does not take for skipped what was answered and acknowledged before', () =>
    withWorld(async ({ world, worker }) => {
      const before = await Talker.open(world);
      worker.holding = false;
      for (const index of [0, 1, 2, 3]) before.say(index);
      await world.clock.advance(3000);
      before.acknowledge(4);
      worker.holding = true;
      before.say(4);
      await world.clock.advance(100);
      await before.cut({ noticed: true });
      const after = await Talker.open(world, { place: 1, token: before.token, lastSeq: 4 });
      after.say(5);
      await world.clock.advance(100);
      worker.answer(5);
      await world.clock.advance(1000);
      assert.deepEqual(after.answers(), [], 'index 4 is open and comes first');
      worker.answer(4);
      await world.clock.advance(1000);
      assert.deepEqual(after.indexes(), [4, 5]);
      await world.clock.advance(100_000);
      assert.deepEqual(after.indexes(), [4, 5], 'nothing is missing');
    }));

  it('is one session however many connections resume it at once', () =>
    withWorld(async ({ world, worker }) => {
      const before = await Talker.open(world);
      before.say(0);
      await world.clock.advance(100);
      await before.cut({ noticed: false });
      const token = before.token;
      const racers = await Promise.all(
        [0, 1, 0, 1, 1, 0].map((place) => Talker.open(world, { place, token })),
      );
      await world.clock.advance(20_000);
      worker.answer();
      await world.clock.advance(1000);
      const alive = racers.filter(({ closeCode }) => closeCode === undefined);
      assert.equal(alive.length, 1);
      assert.deepEqual(alive[0]?.answers().length, 1);
      for (const racer of racers) if (racer !== alive[0]) assert.equal(racer.closeCode, 4009);
      assert.equal(world.on(0).desk.sessionCount + world.on(1).desk.sessionCount, 1);
    }));

  it('belongs to the younger connection, also when the store’s answer to the older one comes later', () =>
    withWorld(async ({ world, worker }) => {
      const before = await Talker.open(world);
      before.say(0);
      await world.clock.advance(100);
      await before.cut({ noticed: true });
      world.slow.set('takeOver', [300, 0]);
      const older = await Talker.open(world, { token: before.token });
      const younger = await Talker.open(world, { token: before.token });
      await world.clock.advance(1000);
      assert.deepEqual([older.closeCode, younger.closeCode], [4009, undefined]);
      worker.answer();
      await world.clock.advance(100);
      assert.deepEqual(younger.answers(), oneEach(0));
    }));

  it('hears that its node was lost though the news goes to its last owner', () =>
    withWorld(async ({ world, worker }) => {
      const before = await Talker.open(world);
      before.say(0);
      await world.clock.advance(100);
      await before.cut({ noticed: true });
      world.lost.add('assign');
      const after = await Talker.open(world, { place: 1, token: before.token });
      await world.clock.advance(100);
      world.lost.clear();
      const other = new Worker(world, 'n-2', 1);
      other.wellBehaved = true;
      await settle();
      other.beat();
      worker.disconnect();
      await world.clock.advance(3000);
      assert.deepEqual(after.answers(), oneEach(0));
    }));

  it('lets go of the old socket at the next renewal when it could not be told', () =>
    withWorld(async ({ world }) => {
      world.lost.add('superseded');
      const old = await Talker.open(world);
      await old.cut({ noticed: false });
      await Talker.open(world, { place: 1, token: old.token });
      await world.clock.advance(1000);
      assert.equal(old.closeCode, undefined);
      await world.clock.advance(20_000);
      assert.equal(old.closeCode, 4009);
    }));

  it('goes on counting when the store lost the answers it had counted', () =>
    withWorld(async ({ world, worker }) => {
      const before = await Talker.open(world);
      for (const index of [0, 1]) before.say(index);
      await world.clock.advance(100);
      worker.answer();
      await world.clock.advance(100);
      await world.store.sessions.release({
        sessionId: before.sessionId,
        epoch: 1,
        owner: 'a',
        keepMs: 1,
      });
      await world.clock.advance(20_000);
      before.say(2);
      await world.clock.advance(100);
      worker.answer();
      await world.clock.advance(100);
      assert.deepEqual(before.answers(), oneEach(0, 1, 2));
      await before.cut({ noticed: true });
      const after = await Talker.open(world, { place: 1, token: before.token, lastSeq: 2 });
      await world.clock.advance(100);
      assert.deepEqual(after.answers(), [{ index: 2, seq: 3, result: true }]);
    }));
});

describe('a session that cannot be resumed', () => {
  it('is begun anew when the client had closed it', () =>
    withWorld(async ({ world, worker }) => {
      const before = await Talker.open(world);
      before.say(0);
      await world.clock.advance(100);
      before.send({ type: 'session_close' });
      // No time passes: what the acknowledgement says is true when it is said.
      await settle();
      assert.deepEqual(before.ofType('session_close_ack').length, 1);
      assert.deepEqual(before.errors(), ['SESSION_CLOSED']);
      assert.deepEqual(worker.working, [], 'its node was told to stop');
      const after = await Talker.open(world, { token: before.token, lastSeq: 1 });
      assert.equal(after.received[0]?.['resumed'], false);
      assert.notEqual(after.sessionId, before.sessionId);
      assert.equal(before.closeCode, undefined);
    }));

  it('is begun anew when it was kept for long enough', () =>
    withWorld(
      async ({ world }) => {
        const before = await Talker.open(world);
        await before.cut({ noticed: true });
        assert.equal(world.on(0).desk.detachedCount, 1);
        await world.clock.advance(9000);
        const within = await Talker.open(world, { place: 1, token: before.token });
        assert.equal(within.received[0]?.['resumed'], true);
        await within.cut({ noticed: true });
        await world.clock.advance(11_000);
        assert.equal(world.on(1).desk.detachedCount, 0, 'nobody is waited for any more');
        await world.clock.advance(50_000);
        const late = await Talker.open(world, { place: 1, token: before.token });
        assert.equal(late.received[0]?.['resumed'], false);
      },
      { scheduler: 'session_keep_seconds = 10' },
    ));

  it('tells nobody what is wrong with a token, and the connection may go on', () =>
    withWorld(async ({ world }) => {
      const mine = await Talker.open(world);
      const other = await Talker.open(world, { place: 1 });
      const [id = '', secret = ''] = mine.token.split('.');
      const [, foreign = ''] = other.token.split('.');
      const flipped = `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`;
      const wrong = [`${id}.${foreign}`, `${id}.${flipped}`, `${id}.`, id, '.', 'x', `${id}.${secret}0`];
      const told = new Set<string>();
      for (const token of wrong) {
        const thief = await Talker.open(world, { place: 1, token });
        assert.deepEqual(thief.errors(), ['INVALID_SESSION'], token);
        told.add(JSON.stringify(thief.received));
        thief.greet({});
        await settle();
        assert.equal(thief.ofType('session_init_ack').length, 1);
      }
      assert.equal(told.size, 1);
      assert.equal(mine.closeCode, undefined);
    }));

  it('of a client that never asked for it ends with its connection, as ever', () =>
    withWorld(async ({ world, worker }) => {
      const old = await Talker.open(world, { extensions: [] });
      old.say(0);
      await world.clock.advance(100);
      await old.cut({ noticed: true });
      assert.equal(world.on(0).desk.detachedCount, 0);
      assert.deepEqual(world.on(0).desk.jobCounts, { waiting: 0, running: 0 });
      worker.answer();
      await world.clock.advance(100);
      const back = await Talker.open(world, { place: 1, token: old.token });
      await world.clock.advance(100);
      assert.deepEqual(back.answers(), oneEach(0), 'its token works all the same');
    }));

  it('is let go of first, of many, when it has waited longest', () =>
    withWorld(
      async ({ world }) => {
        for (let count = 0; count < 3; count++) {
          const talker = await Talker.open(world);
          await talker.cut({ noticed: true });
        }
        assert.equal(world.on(0).desk.detachedCount, 2);
      },
      { limits: 'max_sessions = 2' },
    ));
});
