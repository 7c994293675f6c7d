/** What happens to a Redis cluster in the course of its life: masters fail over, slots move. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Redis } from 'ioredis';
import { connect } from '../../support/redis.ts';
import type { Life } from '../fleet/life.ts';
import { comesTrue } from '../wait.ts';
import { readyAgain } from './ready-again.ts';
import { faultsOf, type Row } from './row.ts';

const run = promisify(execFile);

/** The node's time-out is two seconds; a replica asks for votes after it, and instances must hear of it. */
const failoverWithinMs = 15_000;

export const clusterRows: readonly Row[] = [
  {
    id: '5',
    name: 'each master of a Redis cluster is killed in turn, and its replica takes over',
    redis: 'cluster',
    fleet: { replicated: true },
    async strike(life) {
      const faults: string[] = [];
      const { ports } = life.fleet.cluster;
      for (const place of [0, 1, 2]) faults.push(...(await failOver(life, ports[place]!, ports[place + 3]!)));
      return [...faults, ...(await readyAgain(life))];
    },
  },
  {
    id: '7',
    name: 'a master of a Redis cluster is frozen until its replica has taken over, and thawed with commands under way',
    redis: 'cluster',
    fleet: { replicated: true },
    async strike(life) {
      const { ports } = life.fleet.cluster;
      const faults = await thawedLate(life, ports[0]!, ports[3]!);
      return [...faults, ...(await readyAgain(life))];
    },
  },
  {
    id: '13',
    name: 'half of the slots of one master move to another, and back',
    redis: 'cluster',
    failsNone: true,
    async strike(life) {
      const [from = 0, to = 0] = life.fleet.cluster.ports;
      for (const [source, target] of [
        [from, to],
        [to, from],
      ] as const) {
        life.fleet.noteFault(`slots move from ${String(source)} to ${String(target)}`);
        await moveSlots(source, target, 2730);
      }
      return readyAgain(life);
    },
  },
];

/** The killed one comes back as the replica of the one that took over, and has its data again before the next dies. */
async function failOver(life: Life, port: number, replica: number): Promise<string[]> {
  const { cluster, clock } = life.fleet;
  life.fleet.noteFault(`Redis master ${String(port)} SIGKILL`);
  await cluster.kill(port);
  const within = { clock, withinMs: failoverWithinMs, everyMs: 100 };
  const tookOver = await comesTrue(() => asked(replica, isMasterOfAll), within);
  await cluster.revive(port);
  const follows = await comesTrue(() => asked(port, isReplicaInSync), within);
  return faultsOf(
    [tookOver, `no replica took over from ${String(port)}`],
    [follows, `${String(port)} did not come back as a replica`],
  );
}

/** It takes what was sent to it before it hears that it is no master any more; nobody may have counted on that. */
async function thawedLate(life: Life, port: number, replica: number): Promise<string[]> {
  const { cluster, clock } = life.fleet;
  const within = { clock, withinMs: failoverWithinMs, everyMs: 100 };
  life.fleet.noteFault(`Redis master ${String(port)} SIGSTOP`);
  cluster.pause(port);
  const tookOver = await comesTrue(() => asked(replica, isMasterOfAll), within);
  await clock.sleep(1000);
  cluster.resume(port);
  const follows = await comesTrue(() => asked(port, isReplicaInSync), within);
  return faultsOf(
    [tookOver, `no replica took over from ${String(port)}`],
    [follows, `${String(port)} did not become a replica`],
  );
}

async function asked<T>(port: number, question: (server: Redis) => Promise<T>): Promise<T> {
  const server = connect(port);
  try {
    return await question(server);
  } finally {
    server.disconnect();
  }
}

const isMasterOfAll = async (server: Redis): Promise<boolean> => {
  const [replication, cluster] = [await server.info('replication'), await server.call('CLUSTER', 'INFO')];
  return replication.includes('role:master') && String(cluster).includes('cluster_state:ok');
};

const isReplicaInSync = async (server: Redis): Promise<boolean> => {
  const replication = await server.info('replication');
  return replication.includes('role:slave') && replication.includes('master_link_status:up');
};

const idOf = (port: number): Promise<string> =>
  asked(port, async (server) => String(await server.call('CLUSTER', 'MYID')));

/** As an administrator does it: `redis-cli` moves slot after slot with the keys in it, while both serve. */
async function moveSlots(from: number, to: number, slots: number): Promise<void> {
  const [source, target] = await Promise.all([idOf(from), idOf(to)]);
  const place = `127.0.0.1:${String(from)}`;
  const which = ['--cluster-from', source, '--cluster-to', target, '--cluster-slots', String(slots)];
  await run('redis-cli', ['--cluster', 'reshard', place, ...which, '--cluster-yes'], {
    maxBuffer: 16 * 1024 * 1024,
    timeout: 120_000,
  });
}
