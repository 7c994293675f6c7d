/**
 * The whole product on this machine: a Redis, a pocket cluster, and the operator installed in it from the manifests that
 * people use. What the demo shows and the end-to-end tests check.
 */
import path from 'node:path';
import type { Logger } from 'pino';
import { systemClock, systemRandom } from '../../common/clock-system.ts';
import { startCluster, type Cluster } from '../cluster/cluster.ts';
import { images, root } from './images.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { startRedis, type RedisServer } from './redis.ts';

export interface Pocket {
  readonly redis: RedisServer;
  readonly cluster: Cluster;
  readonly kubectl: Kubectl;
  stop(): Promise<void>;
}

export async function startPocket({ log }: { log: Logger }): Promise<Pocket> {
  const redis = await startRedis();
  try {
    const cluster = await startCluster({
      clock: systemClock,
      random: systemRandom,
      log,
      images,
      workingDirectory: root,
      path: process.env['PATH'] ?? '',
    });
    const kubectl = createKubectl(cluster.kubeconfig);
    const stop = async () => {
      await cluster.stop();
      await redis.stop();
    };
    return { redis, cluster, kubectl, stop };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}

/** Applies the install manifests and waits until the operator leads. */
export async function installOperator(kubectl: Kubectl): Promise<void> {
  // Server-side, as the install guide says. The overlay, of which manifests/install.yaml is the flat form.
  await kubectl(['apply', '--server-side', '-k', path.join(root, 'manifests/install')]);
  await kubectl([
    'wait',
    'crd/schedulerclusters.lingua.dev',
    '--for=condition=Established',
    '--timeout=180s',
  ]);
  await kubectl(['-n', 'lingua-system', 'rollout', 'status', 'deployment/lingua-operator', '--timeout=180s']);
}

/** A busy machine is no reason to refuse what a test says. */
export const patient = { overloadDelayMs: 0 };

/** The sample that the documentation shows, on this Redis. */
export function clusterManifest(options: {
  readonly name?: string;
  readonly namespace?: string;
  readonly replicas?: number;
  readonly redisUrl: string;
  readonly keyPrefix?: string;
  readonly config?: unknown;
}): string {
  const {
    name = 'demo',
    namespace = 'default',
    replicas = 2,
    redisUrl,
    keyPrefix = 'lingua-prod',
    config,
  } = options;
  return JSON.stringify({
    apiVersion: 'lingua.dev/v1alpha1',
    kind: 'SchedulerCluster',
    metadata: { name, namespace },
    spec: {
      replicas,
      image: 'lingua-scheduler:dev',
      redis: { mode: 'single', url: redisUrl, keyPrefix },
      ...(config === undefined ? {} : { config }),
    },
  });
}
