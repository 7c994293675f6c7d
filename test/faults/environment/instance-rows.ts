/** Instances end, freeze, are cut off or appear twice. */
import http from 'node:http';
import net from 'node:net';
import { createKeys } from '../../../scheduler/store/redis/keys.ts';
import { clientFrame, RudeClient } from '../fuzz/rude-client.ts';
import type { Instance } from '../fleet/instance.ts';
import type { Life } from '../fleet/life.ts';
import { scaled } from '../fleet/settings.ts';
import { comesTrue } from '../wait.ts';
import { readyAgain } from './ready-again.ts';
import { faultsOf, type Row } from './row.ts';

const sleep = (life: Life, ms: number) => life.fleet.clock.sleep(ms);

/** Two nodes, so that there is somewhere to go. */
const twoNodes = {
  nodes: [
    { place: 1, slots: 4 },
    { place: 2, slots: 4 },
  ],
} as const;

/** SIGTERM; right when it ends with 0 within its grace. */
async function rolled(life: Life, instance: Instance): Promise<string[]> {
  const started = life.fleet.clock.monotonic();
  const { code, signal } = await instance.stop();
  const tookMs = life.fleet.clock.monotonic() - started;
  const graceMs = scaled.drainTimeoutMs + 12_000;
  await instance.restart();
  return faultsOf(
    [code === 0, `${instance.id} ended with code ${code ?? '-'} signal ${signal ?? '-'} after SIGTERM`],
    [tookMs < graceMs, `${instance.id} took ${Math.round(tookMs)} ms to end`],
  );
}

async function rollAll(life: Life, rounds: number): Promise<string[]> {
  const faults: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const instance of life.fleet.instances) faults.push(...(await rolled(life, instance)));
  }
  return faults;
}

/** Nothing reaches Redis from this instance, or the other way. */
async function cutOff(life: Life, instance: Instance, ms: number): Promise<void> {
  life.fleet.noteFault(`${instance.id} cut off from Redis`);
  const lanes = instance.redis.flatMap(({ toInstance, toRedis }) => [toInstance, toRedis]);
  instance.forgive();
  for (const lane of lanes) lane.blackhole = true;
  await sleep(life, ms);
  for (const lane of lanes) lane.blackhole = false;
  for (const proxy of instance.redis) proxy.resetAll();
  await instance.heal();
}

export const instanceRows: readonly Row[] = [
  {
    id: '1',
    name: 'SIGTERM for the instance of the node, with jobs running',
    failsNone: true,
    plan: twoNodes,
    strike: (life) => rolled(life, life.fleet.at(1)),
  },
  {
    id: '2',
    name: 'a rolling restart of all instances',
    failsNone: true,
    plan: twoNodes,
    strike: (life) => rollAll(life, 1),
  },
  {
    id: '2-ten',
    name: 'ten rolling restarts of all instances, one after another',
    long: true,
    failsNone: true,
    plan: twoNodes,
    strike: (life) => rollAll(life, 10),
  },
  {
    id: '8a',
    name: 'the instance of the node is cut off from Redis and fences itself',
    plan: twoNodes,
    async strike(life) {
      const instance = life.fleet.at(1);
      const cut = cutOff(life, instance, 3 * scaled.ownerTtlMs);
      await sleep(life, 2.5 * scaled.ownerTtlMs);
      const { lease, connections } = (await instance.report()) ?? {};
      await cut;
      return faultsOf(
        [lease?.held === false, 'it still believes in its lease'],
        [connections?.nodes === 0, 'it still holds its node'],
      );
    },
  },
  {
    id: '8b',
    name: 'the instance of the sessions is cut off from Redis and fences itself',
    plan: twoNodes,
    async strike(life) {
      await cutOff(life, life.fleet.at(0), 3 * scaled.ownerTtlMs);
      return [];
    },
  },
  {
    id: '16',
    name: 'a second process with the same instance id and another pod',
    failsNone: true,
    async strike(life) {
      const twin = await life.fleet.createInstance('fault-1', 'uid-of-a-twin');
      twin.forgive();
      try {
        await twin.launch();
        const ended = await comesTrue(() => twin.hasEnded(), { clock: life.fleet.clock, withinMs: 20_000 });
        const code = ended ? (await twin.exited).code : undefined;
        const first = await life.fleet.at(1).status('/readyz');
        return faultsOf(
          [code === 78, `the twin ended with ${code ?? 'nothing'}, not 78`],
          [first === 200, 'the first one is not ready any more'],
        );
      } finally {
        await twin.close();
      }
    },
  },
  {
    id: '17',
    name: 'the instance of the node is frozen with commands under way, and thawed as a zombie',
    plan: twoNodes,
    async strike(life) {
      for (let round = 0; round < 2; round++) {
        await life.fleet.at(1).freeze(2 * scaled.ownerTtlMs);
        await life.fleet.at(1).heal();
      }
      return [];
    },
  },
  {
    id: '18',
    name: 'an instance is killed and never comes back: its inbox is emptied and its keys go',
    plan: twoNodes,
    async strike(life) {
      const { direct, clock, keyPrefix } = life.fleet;
      const keys = createKeys(keyPrefix);
      await life.fleet.at(1).kill();
      const left = () => direct.exists(keys.inbox('fault-1'));
      const gone = await comesTrue(async () => (await left()) === 0, {
        clock,
        withinMs: 15_000,
        everyMs: 200,
      });
      await life.fleet.at(1).restart();
      return faultsOf([gone, 'its inbox still exists']);
    },
  },
  {
    id: '31',
    name: 'random instances are clogged one by one and released in another order, with kills between',
    plan: twoNodes,
    async strike(life) {
      const { fleet } = life;
      const random = fleet.random.fork('swizzle');
      for (let round = 0; round < 3; round++) {
        const chosen = random.shuffled(fleet.instances).slice(0, random.between(1, 3));
        for (const instance of chosen) {
          fleet.noteFault(`clog ${instance.id}`);
          for (const { toInstance } of instance.redis) toInstance.latencyMs = random.between(300, 900);
          await sleep(life, random.between(50, 300));
        }
        for (const { redis } of random.shuffled(chosen)) {
          for (const { toInstance } of redis) toInstance.latencyMs = 0;
          await sleep(life, random.between(50, 300));
        }
        const victim = fleet.at(random.between(1, 2));
        await victim.kill();
        await victim.restart();
      }
      return [];
    },
  },
  {
    id: '34',
    name: 'nobody reads the log any more, and it is told a lot worth logging',
    plan: twoNodes,
    fleet: { logLevel: 'trace', overrides: { limits: { messages_per_second: 0 } } },
    async strike(life) {
      const instance = life.fleet.at(1);
      instance.blockLog();
      const noise = makeNoise(life, instance);
      const worst = await worstLiveness(life, instance, 20);
      await noise;
      const printed = instance.printedBytes;
      instance.unblockLog();
      await life.fleet.clock.sleep(500);
      const keptBack = instance.printedBytes - printed;
      return faultsOf(
        [worst === 200, `it answered ${worst} while its log was blocked`],
        [keptBack > pipeBytes, `only ${keptBack} bytes were waiting: the pipe was never full`],
      );
    },
  },
  {
    id: '35',
    name: 'the instance of the sessions has no file descriptor left: it serves whom it has',
    failsNone: true,
    async strike(life) {
      const instance = life.fleet.at(0);
      const crowd = await useUpDescriptors(life, instance);
      const refused = !(await takesConnections(instance));
      const before = answers(life);
      await sleep(life, 1500);
      const served = answers(life) - before;
      for (const socket of crowd) socket.destroy();
      instance.limitDescriptors(undefined);
      return [
        ...faultsOf(
          [refused, 'it still took connections'],
          [served > 0, 'its sessions were not answered meanwhile'],
        ),
        ...(await readyAgain(life)),
      ];
    },
  },
];

/** Leaves it a few, and takes those with connections that say nothing. */
async function useUpDescriptors(life: Life, instance: Instance): Promise<net.Socket[]> {
  const few = 10;
  life.fleet.noteFault('descriptors used up');
  instance.limitDescriptors(few);
  const crowd = Array.from({ length: 3 * few }, () => {
    const socket = net.connect(instance.port, '127.0.0.1');
    return socket.on('error', () => undefined);
  });
  await sleep(life, 300);
  return crowd;
}

/** Over a connection of its own; `fetch` may have one left. */
function takesConnections({ port }: Instance): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = http.get({ host: '127.0.0.1', port, path: '/livez', agent: false, timeout: 1000 });
    asked.once('response', (response) => {
      response.resume();
      resolve(true);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('close', () => {
      resolve(false);
    });
    asked.on('error', () => undefined);
  });
}

const answers = ({ fleet }: Life): number =>
  fleet.history.events.filter(({ op, phase }) => op === 'answer' && phase === 'ok').length;

/** More than the operating system keeps for a reader that does not come. */
const pipeBytes = 400_000;

/** Frames that cannot be read, each worth a line in the log. */
async function makeNoise(life: Life, instance: Instance): Promise<void> {
  const client = new RudeClient(instance.port, life.fleet.clock);
  await client.upgrade('/ws/node');
  for (let i = 0; i < 3000; i++) client.write(clientFrame(`{"type":"noise ${i}"}`));
  await sleep(life, 3000);
  client.end();
}

async function worstLiveness(life: Life, instance: Instance, times: number): Promise<number> {
  let worst = 200;
  for (let i = 0; i < times; i++) {
    await sleep(life, 250);
    const status = await instance.status('/livez');
    if (status !== 200) worst = status;
  }
  return worst;
}
