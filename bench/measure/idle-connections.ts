/** What an idle client connection costs an instance: memory while it is there, CPU to let it in. */
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy } from '../harness/deployment.ts';
import { startLoad } from '../harness/load-process.ts';
import type { Processes } from '../harness/processes.ts';
import { cpuMs, openFilesLimit, rssBytes } from '../harness/usage.ts';
import type { System } from '../systems/system.ts';

export interface IdleSample {
  readonly system: string;
  readonly round: number;
  readonly connections: number;
  /** Growth of the instance's resident memory, in kilobytes of 1000 bytes per connection. */
  readonly kilobytes: number;
  /** Microseconds of the instance's CPU to accept one connection and its first message. */
  readonly acceptCpu: number;
}

const connectLimitMs = 180_000;
/** Time for garbage of the handshakes to be collected; every system gets the same. */
const settleMs = 3000;
/** Files a process needs besides its connections. */
const otherFiles = 256;

/** @throws when this user may not open that many sockets in one process */
export function checkOpenFiles(connections: number): void {
  const limit = openFilesLimit();
  if (limit >= connections + otherFiles) return;
  const needed = String(connections + otherFiles);
  throw new Error(
    `${String(connections)} idle connections need 'ulimit -Hn' of ${needed}, it is ${String(limit)}`,
  );
}

export async function measureIdle(
  system: System,
  { round, connections, processes }: { round: number; connections: number; processes: Processes },
): Promise<IdleSample> {
  const deployment = await deploy(system, { processes, workers: 0, instances: 1 });
  const load = startLoad(processes, `clients of ${system.name}`);
  try {
    const { child } = deployment.instances[0]!;
    const { clientPort, workerPort } = deployment;
    const connect = { do: 'connect', peers: system.peers, clientPort, workerPort, workers: 0 } as const;
    await sleep(settleMs);
    const before = { rss: rssBytes(child.pid), cpu: cpuMs(child.pid) };
    const connected = load.send({ ...connect, clients: connections }, connectLimitMs);
    await Promise.race([connected, child.crashed]);
    const acceptMs = cpuMs(child.pid) - before.cpu;
    await sleep(settleMs);
    return {
      system: system.name,
      round,
      connections,
      kilobytes: (rssBytes(child.pid) - before.rss) / 1000 / connections,
      acceptCpu: (acceptMs * 1000) / connections,
    };
  } finally {
    await load.child.stop();
    await deployment.stop();
  }
}
