/** Nodes and clients misbehave, or are gone. */
import type { Conduct } from '../fleet/fake-node.ts';
import type { Instance } from '../fleet/instance.ts';
import type { Life } from '../fleet/life.ts';
import { scaled } from '../fleet/settings.ts';
import { comesTrue } from '../wait.ts';
import { faultsOf, type Row } from './row.ts';
import { slowReaderRow } from './slow-reader.ts';

const twoNodes = [
  { place: 1, slots: 2 },
  { place: 2, slots: 2 },
] as const;

const sleep = (life: Life, ms: number) => life.fleet.clock.sleep(ms);

/** One node that misbehaves in every third job or so, and one that does not. */
function withConduct(conduct: Conduct): NonNullable<Row['plan']> {
  let jobs = 0;
  return {
    nodes: [
      {
        place: 1,
        slots: 2,
        lateMs: scaled.jobTimeoutMs + 500,
        conduct: () => (jobs++ % 3 === 1 ? conduct : 'good'),
      },
      { place: 2, slots: 2 },
    ],
  };
}

const conducts: readonly (readonly [Conduct, string])[] = [
  ['fails', 'a node fails jobs'],
  ['silent', 'a node accepts jobs and never answers'],
  ['twice', 'a node answers twice'],
  ['twice-differently', 'a node answers twice and not the same'],
  ['late', 'a node answers after its job was given to another'],
  ['wrong-attempt', 'a node answers for another attempt'],
  ['wrong-job', 'a node answers for a job it never had'],
  ['wrong-session', "a node answers for another's session"],
  ['dies', 'a node dies in the middle of jobs'],
  ['talks-deep', 'a node answers with details nested ten thousand deep'],
  ['talks-large', 'a node answers with 200 kB'],
  ['says-too-much', 'a node floods with partial texts and unknown messages'],
];

const conductRows = conducts.map(([conduct, name]): Row => ({
  id: `19-${conduct}`,
  name,
  plan: withConduct(conduct),
  strike: async (life) => {
    // Longer than a time-out, so that its slot is used again.
    await sleep(life, scaled.jobTimeoutMs + 1500);
    return [];
  },
}));

export const peerRows: readonly Row[] = [
  ...conductRows,
  slowReaderRow,
  {
    id: '19-flaps',
    name: 'a node whose connection ends every half second',
    plan: { nodes: twoNodes },
    async strike(life) {
      for (let i = 0; i < 8; i++) {
        await sleep(life, 500);
        life.nodes[0]?.line.drop();
      }
      return [];
    },
  },
  {
    id: '3i',
    name: 'three instances race for the slots of one node',
    plan: {
      sessions: [0, 0, 1, 1, 2, 2],
      nodes: [{ place: 1, slots: 2, workMs: [1, 30] }],
      utterances: 20,
      everyMs: 40,
    },
    strike: async (life) => {
      await sleep(life, 1500);
      return [];
    },
  },
  {
    id: '22',
    name: 'the connection of a node is half open',
    plan: { nodes: twoNodes },
    strike: (life) => halfOpen(life, life.fleet.at(1), 'nodes'),
  },
  {
    id: '22s',
    name: 'the connections of sessions are half open',
    plan: { nodes: twoNodes },
    strike: (life) => halfOpen(life, life.fleet.at(0), 'sessions'),
  },
  {
    id: '24',
    name: 'one client says a thousand things at once',
    plan: { nodes: [{ place: 1, slots: 4, workMs: [1, 10] }] },
    async strike(life) {
      const flood = life.join(0);
      await comesTrue(() => flood.ready, { clock: life.fleet.clock, withinMs: 5000 });
      for (let i = 0; i < 1000; i++) flood.speak();
      await comesTrue(() => flood.unanswered === 0, {
        clock: life.fleet.clock,
        withinMs: 60_000,
        everyMs: 100,
      });
      return faultsOf([flood.unanswered === 0, `${flood.unanswered} utterances were not answered`]);
    },
  },
  {
    id: '26',
    name: 'every utterance is sent three times under its key, some of them over another connection',
    failsNone: true,
    plan: { sessions: [0, 1, 2] },
    async strike(life) {
      for (let i = 0; i < 15; i++) {
        for (const session of life.sessions) {
          session.speak();
          session.repeat();
          if (i % 5 === 4) session.line.drop();
          await sleep(life, life.fleet.random.between(0, 60));
          session.repeat();
        }
      }
      return [];
    },
  },
  {
    id: '27',
    name: 'four times what the nodes can do, for three seconds',
    plan: { sessions: [0, 0, 2, 2], nodes: [{ place: 1, slots: 2, workMs: [40, 60] }] },
    async strike(life) {
      for (let i = 0; i < 60; i++) {
        for (const session of life.sessions) session.speak();
        await sleep(life, 40);
      }
      return [];
    },
  },
  {
    id: '28',
    name: 'all nodes go and come back',
    plan: { nodes: twoNodes },
    async strike(life) {
      life.fleet.noteFault('all nodes gone');
      for (let i = 0; i < 10; i++) {
        for (const node of life.nodes) node.die();
        await sleep(life, 100);
      }
      return [];
    },
  },
  {
    id: '7-skip',
    name: 'a client that leaves indexes out',
    failsNone: true,
    async strike(life) {
      for (let i = 0; i < 6; i++) {
        for (const session of life.sessions) session.skip();
        await sleep(life, 400);
      }
      const skipped = 6 * life.sessions.length;
      const missing = () => life.fleet.history.events.filter(({ outcome }) => outcome === 'missing').length;
      const within = { clock: life.fleet.clock, withinMs: 4 * scaled.resultHoldMs };
      const told = await comesTrue(() => missing() >= skipped, within);
      return faultsOf([told, `${missing()} of ${skipped} left-out indexes were called missing`]);
    },
  },
];

/** Nothing passes any more and nobody is told, until the instance has noticed by itself. */
async function halfOpen(life: Life, instance: Instance, side: 'sessions' | 'nodes'): Promise<string[]> {
  const { sockets } = instance;
  const blackhole = (on: boolean) => {
    sockets.toInstance.blackhole = sockets.toPeer.blackhole = on;
  };
  life.fleet.noteFault(`${side} half open`);
  blackhole(true);
  const dropped = async () => (await instance.report())?.connections[side] === 0;
  const noticed = await comesTrue(dropped, { clock: life.fleet.clock, withinMs: 6000, everyMs: 100 });
  blackhole(false);
  sockets.resetAll();
  return faultsOf([noticed, `half-open ${side} were not noticed`]);
}

/** Rows of the table that need what one machine and this test Redis do not have. */
export const notHere: readonly (readonly [string, string])[] = [
  [
    '3b in the middle',
    'Redis refuses to start with a log that is damaged there, which is row 3 for as long as it lasts',
  ],
  [
    '15 of Redis',
    'its own clock cannot be set without a library loaded into it; instances compare no clock with it',
  ],
  [
    '29 of memory',
    'the kernel ends a process over its limit with SIGKILL, which fault points do at every step',
  ],
  ['30', 'two versions: there is one'],
  ['32', 'DNS changes: addresses are literal here'],
];
