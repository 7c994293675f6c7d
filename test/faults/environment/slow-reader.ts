/**
 * A session that does not read, and is told a lot, beside others that do. How fast the machine is does not matter: the
 * one is told more until it is closed, and the others never have two answers under way, of which the bound allows one.
 */
import type { FakeSession } from '../fleet/fake-session.ts';
import type { Life } from '../fleet/life.ts';
import { comesTrue } from '../wait.ts';
import { faultsOf, type Row } from './row.ts';

/** More than one answer of the node, less than two. */
const sendQueueBytes = 262_144;
/** Told at once, and so often at most: what proxies and kernels hold between the two ends is about half of it. */
const batch = 10;
const batches = 24;

export const slowReaderRow: Row = {
  id: '21',
  name: 'a session that does not read, and is told a lot',
  quiet: true,
  failsNone: true,
  fleet: {
    overrides: {
      limits: { send_queue_bytes: sendQueueBytes, ping_interval_seconds: 0 },
      // What it said is known by its keys when it comes back, however long that takes.
      scheduler: { task_binding: { lease_seconds: 3600 } },
    },
  },
  plan: {
    sessions: [0, 0],
    nodes: [{ place: 1, slots: 4, conduct: () => 'talks-large', workMs: [1, 10] }],
  },
  limits: { boundMs: 60_000 },
  async strike(life) {
    const readers = [...life.sessions];
    const slow = life.join(0);
    await comesTrue(() => slow.ready, { clock: life.fleet.clock, withinMs: 15_000 });
    slow.line.stopReading();
    let closed = false;
    for (let i = 0; i < batches && !closed; i++) {
      await tell(life, slow, readers);
      closed = /code="1013"/.test(await life.fleet.at(0).metrics());
    }
    if (!closed) {
      life.sessions.pop();
      await slow.end();
      return ['a client that does not read was not closed with 1013'];
    }
    const cutOff = life.fleet.history.events.filter(
      ({ op, session }) => op === 'cut' && session !== slow.sessionId,
    );
    // It finds out when it looks, comes back, and reads.
    slow.line.drop();
    const within = { clock: life.fleet.clock, withinMs: 60_000, everyMs: 50 };
    const caughtUp = await comesTrue(() => slow.ready && slow.unanswered === 0, within);
    return faultsOf(
      [cutOff.length === 0, `clients that read were cut off ${cutOff.length} times`],
      [caughtUp, `it came back, and ${slow.unanswered} answers did not`],
    );
  },
};

/** A batch for the slow one, of which a node hears all, and one utterance for each of the others, who hear the answer. */
async function tell(life: Life, slow: FakeSession, readers: readonly FakeSession[]): Promise<void> {
  const { history, clock } = life.fleet;
  const given = () =>
    history.events.filter(({ op, session }) => op === 'assign' && session === slow.sessionId).length;
  const before = given();
  for (let i = 0; i < batch; i++) slow.speak();
  for (const reader of readers) reader.speak();
  const over = () => given() >= before + batch && readers.every(({ unanswered }) => unanswered === 0);
  await comesTrue(over, { clock, withinMs: 30_000, everyMs: 20 });
}
