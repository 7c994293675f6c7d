/** The operator installed on the suite's target, a Redis for its fleets, and the words the tests are written in. */
import { execFile } from 'node:child_process';
import { after } from 'node:test';
import { promisify } from 'node:util';
import { ports } from '../../common/workload.ts';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { createKubectl, type Kubectl } from '../support/kubectl.ts';
import { clusterManifest, installOperator } from '../support/pocket.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';

export interface PodSeen {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly podIP?: string;
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

export interface Place {
  readonly kubectl: Kubectl;
  readonly redis: RedisServer;
  /** What a person types after `redis-cli`. */
  redisCli(...command: readonly string[]): Promise<string>;
  apply(
    options: Omit<Parameters<typeof clusterManifest>[0], 'redisUrl'> & { redisUrl?: string },
  ): Promise<string>;
  ready(name: string, timeoutSeconds?: number): Promise<void>;
  pods(name: string): Promise<PodSeen[]>;
  /** Nothing that belongs to the cluster is left. */
  gone(name: string): Promise<void>;
}

let opened: Promise<Place> | undefined;

/** One for each test process. */
export function place(): Promise<Place> {
  opened ??= open();
  return opened;
}

after(async () => {
  const here = await opened?.catch(() => undefined);
  await here?.redis.stop();
});

export const socketUrl = (pod: PodSeen): string => `ws://${pod.status.podIP ?? ''}:${String(ports.http)}`;

export const ownedKinds =
  'statefulsets,services,configmaps,secrets,serviceaccounts,poddisruptionbudgets,networkpolicies,ingresses,pods,controllerrevisions';

async function open(): Promise<Place> {
  const { kubeconfig } = await target();
  const kubectl = createKubectl(kubeconfig);
  await installOperator(kubectl);
  const redis = await startRedis();
  const selector = (name: string) => ['-l', `app.kubernetes.io/instance=${name}`];
  return {
    kubectl,
    redis,
    async redisCli(...command) {
      const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(redis.port), ...command]);
      return stdout.trimEnd();
    },
    apply: (options) => kubectl(['apply', '-f', '-'], clusterManifest({ redisUrl: redis.url, ...options })),
    async ready(name, timeoutSeconds = 240) {
      await kubectl(['wait', `lsc/${name}`, '--for=condition=Ready', `--timeout=${String(timeoutSeconds)}s`]);
    },
    async pods(name) {
      const { items } = await kubectl.json<{ items: PodSeen[] }>(['get', 'pods', ...selector(name)]);
      return items.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    },
    async gone(name) {
      await eventually(
        `nothing of ${name} is left`,
        async () => {
          const left = await kubectl(['get', ownedKinds, ...selector(name), '-o', 'name']);
          return left.trim() === '' ? true : undefined;
        },
        120_000,
      );
    },
  };
}
