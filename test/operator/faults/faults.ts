/** Everything that can go wrong between an operator and its API, each as a rule that is planted at one numbered moment of a story. */
import type { HttpAnswer } from './http.ts';
import { refusal } from './api-server.ts';
import { lease } from './program.ts';
import type { Exchange, Rule } from './proxy.ts';
import type { Old } from './twin.ts';
import type { FaultyWorld } from './world.ts';

export interface Fault {
  readonly name: string;
  /** What is numbered: the fault strikes at each of them. */
  readonly at: 'write' | 'read' | 'line';
  readonly plant: (world: FaultyWorld, n: number) => Rule;
  /** Another operator waits for the Lease. */
  readonly hasTwo?: boolean;
  /** How long nothing may happen although something will: a sleeper wakes, a list finds what no watch told. */
  readonly quietMs?: number;
}

type Answering = (exchange: Exchange, signal: AbortSignal) => HttpAnswer | Promise<HttpAnswer> | undefined;

const kill: Answering = ({ program }) => {
  program.kill();
  return refusal(500, 'Gone');
};
const answers =
  (...answer: Parameters<typeof refusal>): Answering =>
  () =>
    refusal(...answer);
const tooMany = answers(429, 'TooManyRequests', { 'retry-after': '1' });
const breaks: Answering = () => {
  throw new Error('socket hang up');
};
/** Until the client gives up. */
const hangs: Answering = (_exchange, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('hung up'));
    });
  });

const isAt = (of: 'write' | 'read', n: number) => (exchange: Exchange) => exchange[of] === n;

/** In the place of an answer, or after the effect instead of its answer. */
const before =
  (act: Answering, of: 'write' | 'read' = 'write') =>
  (_world: FaultyWorld, n: number): Rule => ({
    onRequest: async (exchange, signal) => (isAt(of, n)(exchange) ? act(exchange, signal) : undefined),
  });
const after =
  (act: Answering) =>
  (_world: FaultyWorld, n: number): Rule => ({
    onAnswer: async (exchange, answer, signal) =>
      isAt('write', n)(exchange) ? ((await act(exchange, signal)) ?? answer) : answer,
  });
/** Something happens to the world, and the answer arrives all the same, if there is still somebody. */
const meanwhile =
  (happens: (world: FaultyWorld, exchange: Exchange) => void) =>
  (world: FaultyWorld, n: number): Rule => ({
    onAnswer: (exchange, answer) => {
      if (exchange.write === n) happens(world, exchange);
      return Promise.resolve(answer);
    },
  });

const deaths: readonly Fault[] = [
  { name: 'dies before', at: 'write', plant: before(kill) },
  { name: 'dies after', at: 'write', plant: after(kill) },
];

const refusedWrites: readonly Fault[] = [
  { name: 'is refused as overloaded (429)', at: 'write', plant: before(tooMany) },
  { name: 'is in conflict (409)', at: 'write', plant: before(answers(409, 'Conflict')) },
  { name: 'is answered 500', at: 'write', plant: before(answers(500, 'InternalError')) },
  { name: 'is answered 500 after the effect', at: 'write', plant: after(answers(500, 'InternalError')) },
  { name: 'is answered 504 after the effect', at: 'write', plant: after(answers(504, 'Timeout')) },
  { name: 'gets no answer', at: 'write', plant: before(hangs) },
  { name: 'gets no answer after the effect', at: 'write', plant: after(hangs) },
  { name: 'loses the connection', at: 'write', plant: before(breaks) },
  { name: 'loses the connection after the effect', at: 'write', plant: after(breaks) },
];

const outageMs = 30_000;

const outages: readonly Fault[] = [
  {
    name: 'finds the API away for half a minute',
    at: 'write',
    // A queue waits a minute at most before it tries again.
    quietMs: 120_000,
    plant: (world, n) => {
      let until: number | undefined;
      return {
        onRequest: ({ write }) => {
          if (write === n) {
            until ??= world.clock.monotonic() + outageMs;
            world.kube.breakWatches();
          }
          const isAway = until !== undefined && world.clock.monotonic() < until;
          return isAway ? Promise.resolve(refusal(503, 'ServiceUnavailable')) : undefined;
        },
      };
    },
  },
  {
    name: 'loses its watches and their history',
    at: 'write',
    plant: meanwhile(({ kube }) => {
      kube.expire();
      kube.breakWatches();
    }),
  },
];

const refusedReads: readonly Fault[] = [
  { name: 'is refused as overloaded (429)', at: 'read', plant: before(tooMany, 'read') },
  { name: 'is answered 500', at: 'read', plant: before(answers(500, 'InternalError'), 'read') },
  { name: 'gets no answer', at: 'read', plant: before(hangs, 'read') },
  { name: 'loses the connection', at: 'read', plant: before(breaks, 'read') },
  {
    name: 'is told that it is too late (410)',
    at: 'read',
    plant: before(({ info }) => (info.verb === 'get' ? undefined : refusal(410, 'Expired')), 'read'),
  },
];

/** A reflector lists anew every ten minutes, varied by a tenth. */
const relistMs = 12 * 60_000;

/** Long enough for several looks. */
const holdMs = 20_000;

type Pieces = (world: FaultyWorld, text: string, kill: () => void) => ReturnType<NonNullable<Rule['onLine']>>;

const told =
  (tell: Pieces): Fault['plant'] =>
  (world, n) => ({
    onLine: (line) => {
      const end = () => {
        line.program.kill();
      };
      return line.n === n ? tell(world, line.text, end) : undefined;
    },
  });

const lines: readonly Fault[] = [
  { name: 'is never told', at: 'line', quietMs: relistMs, plant: told(function* () {}) },
  {
    name: 'is told late',
    at: 'line',
    plant: told(async function* (world, text) {
      await world.clock.sleep(holdMs);
      yield text;
    }),
  },
  {
    name: 'is told twice',
    at: 'line',
    plant: told(function* (_world, text) {
      yield text;
      yield text;
    }),
  },
  {
    name: 'is told by half',
    at: 'line',
    plant: told(function* (_world, text) {
      yield text.slice(0, text.length / 2);
      throw new Error('socket hang up');
    }),
  },
  {
    name: 'is the last thing it hears',
    at: 'line',
    plant: told(function* (_world, text, kill) {
      kill();
      yield text;
    }),
  },
];

/** A server that gives old lists is asked again within half a minute after it has caught up, and nothing may be written until then. */
const oldListsMs = holdMs + 60_000;

/** The world as it was when the story began. */
const twin =
  (old: Old, { alsoDies }: { alsoDies: boolean }): Fault['plant'] =>
  (world, n) => {
    const { version } = world.kube;
    let isOver = false;
    return meanwhile((_world, { program }) => {
      if (isOver) return;
      isOver = true;
      world.twin.freeze(version, old);
      world.clock.after(holdMs, () => {
        world.twin.thaw();
      });
      if (alsoDies) program.kill();
    })(world, n);
  };

const twins: readonly Fault[] = [
  {
    name: 'is moved to a server whose watches are old',
    at: 'write',
    plant: twin('watches', { alsoDies: false }),
  },
  {
    name: 'dies, and the next one meets a server whose watches are old',
    at: 'write',
    plant: twin('watches', { alsoDies: true }),
  },
  {
    name: 'is moved to a server that gives it old lists',
    at: 'write',
    quietMs: oldListsMs,
    plant: twin('lists', { alsoDies: false }),
  },
  {
    name: 'dies, and the next one begins with old lists',
    at: 'write',
    quietMs: oldListsMs,
    plant: twin('lists', { alsoDies: true }),
  },
  {
    name: 'dies, and the next one reads only what is old',
    at: 'write',
    quietMs: oldListsMs,
    plant: twin('everything', { alsoDies: true }),
  },
];

const sleepMs = 60_000;

const successions: readonly Fault[] = [
  { name: 'dies, and another one waits', at: 'write', hasTwo: true, plant: after(kill) },
  {
    name: 'is told to stop, and another one waits',
    at: 'write',
    hasTwo: true,
    quietMs: 120_000,
    plant: meanwhile((_world, { program }) => void program.terminate()),
  },
  {
    name: 'sleeps for a minute, and another one waits',
    at: 'write',
    hasTwo: true,
    quietMs: 120_000,
    plant: meanwhile((world, { program }) => {
      program.sleep();
      world.clock.after(sleepMs, () => {
        program.wake();
      });
    }),
  },
  {
    name: 'cannot reach its Lease, and another one waits',
    at: 'write',
    hasTwo: true,
    quietMs: 120_000,
    plant: (_world, n) => {
      let cutOff: Exchange['program'] | undefined;
      return {
        onRequest: ({ program, write, info }) => {
          if (write === n) cutOff ??= program;
          const isLease = info.name === lease.name && info.plural === 'leases';
          return isLease && program === cutOff
            ? Promise.resolve(refusal(503, 'ServiceUnavailable'))
            : undefined;
        },
      };
    },
  },
];

export const faults = { deaths, refusedWrites, outages, refusedReads, lines, twins, successions };
