/** A namespace of its own for each test, and a few words for what tests do in it. */
import { strict as assert } from 'node:assert';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock, systemRandom } from '../../../common/clock-system.ts';
import { connect, type KubeClient } from '../../../operator/kube/client.ts';
import type { KubeObject, Resource } from '../../../operator/kube/kube.ts';
import {
  namespaces,
  pods,
  statefulSets,
  type Pod,
  type StatefulSet,
} from '../../../operator/kube/resources.ts';
import { target, type Answer, type KubectlOptions, type Target } from '../target.ts';

type PodSpec = NonNullable<Pod['spec']>;
export type Container = PodSpec['containers'][number];

export interface Place {
  readonly namespace: string;
  readonly target: Target;
  readonly kube: KubeClient;
  /** In this namespace; fails the test when kubectl fails. Answers what it printed. */
  kubectl(...args: string[]): Promise<string>;
  /** The same, for commands that should fail. */
  tryKubectl(args: readonly string[], options?: KubectlOptions): Promise<Answer>;
  get<T extends KubeObject>(resource: Resource<T>, name: string): Promise<T | undefined>;
  /** The pods that carry a label, by name. */
  pods(labelSelector?: string): Promise<Pod[]>;
  pod(name: string): Promise<Pod | undefined>;
  /** A container in which `script` runs as JavaScript. */
  container(script: string, more?: Partial<Container>): Container;
  runPod(name: string, containers: Container[], more?: Partial<PodSpec>): Promise<Pod>;
  runSet(
    name: string,
    container: Container,
    more?: Partial<NonNullable<StatefulSet['spec']>>,
  ): Promise<StatefulSet>;
}

let client: KubeClient | undefined;
let places = 0;

/** Makes the namespace; it is deleted after the test. */
export async function openPlace(t: TestContext, labels: Record<string, string> = {}): Promise<Place> {
  const where = await target();
  const kube = (client ??= connect({
    kubeconfig: where.kubeconfig,
    fieldManager: 'conformance',
    userAgent: 'conformance',
    requestTimeoutMs: 30_000,
    clock: systemClock,
    random: systemRandom,
  }));
  const namespace = `lingua-conformance-${systemRandom.id().slice(0, 6)}-${++places}`;
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } };
  await kube.create(namespaces, object);
  t.after(() => kube.delete(namespaces, object));
  await hasDefaultAccount(kube, namespace);
  return placeIn(namespace, where, kube);
}

/** Admission refuses pods until it is there. */
async function hasDefaultAccount(kube: KubeClient, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
  await eventually(
    'the default ServiceAccount',
    async () => (await kube.raw({ method: 'GET', path })).status === 200,
  );
}

function placeIn(namespace: string, where: Target, kube: KubeClient): Place {
  const place: Place = {
    namespace,
    target: where,
    kube,
    async kubectl(...args) {
      const answer = await place.tryKubectl(args);
      assert.equal(answer.code, 0, `kubectl ${args.join(' ')}: ${answer.stderr}`);
      return answer.stdout;
    },
    tryKubectl: (args, options) => where.kubectl(['--namespace', namespace, ...args], options),
    get: (resource, name) => kube.get(resource, { namespace, name }),
    async pods(labelSelector) {
      const { items } = await kube.list(pods, { namespace, ...(labelSelector ? { labelSelector } : {}) });
      return items.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    },
    pod: (name) => kube.get(pods, { namespace, name }),
    container: (script, more) => ({
      name: 'main',
      image: where.nodeImage,
      command: ['node', '-e', script],
      ...more,
    }),
    runPod: (name, containers, more) => kube.create(pods, podOf(namespace, name, containers, more)),
    runSet: (name, container, more) => kube.create(statefulSets, setOf(namespace, name, container, more)),
  };
  return place;
}

function podOf(namespace: string, name: string, containers: Container[], more: Partial<PodSpec> = {}): Pod {
  const spec = { terminationGracePeriodSeconds: 2, containers, ...stateOf(containers), ...more };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { app: name } }, spec };
}

function setOf(
  namespace: string,
  name: string,
  container: Container,
  more: Partial<NonNullable<StatefulSet['spec']>> = {},
): StatefulSet {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      serviceName: name,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 2, containers: [container], ...stateOf([container]) },
      },
      ...more,
    },
  };
}

const state = { name: 'state', emptyDir: {} };

const stateOf = (containers: readonly Container[]): Partial<PodSpec> =>
  containers.some(({ volumeMounts }) => volumeMounts) ? { volumes: [state] } : {};

/** Runs for ever, and is ready only when its handlers are in place: a signal that comes before them would end it. */
export function readyAfter(place: Place, handlers: string): Container {
  const script = `${handlers}; require('fs').writeFileSync('/state/ready', ''); setInterval(() => {}, 1000);`;
  const look = ['node', '-e', `require('fs').accessSync('/state/ready')`];
  return place.container(script, {
    volumeMounts: [{ name: state.name, mountPath: '/state' }],
    readinessProbe: { exec: { command: look }, periodSeconds: 1, timeoutSeconds: 5 },
  });
}

/** Takes so long to end when it is asked to. */
export const slowToEnd = (place: Place, endMs: number): Container =>
  readyAfter(place, `process.on('SIGTERM', () => setTimeout(() => process.exit(0), ${String(endMs)}))`);

/** Runs for ever and ends at once when asked to. */
export const idle = `process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000);`;

/** Waits until `check` answers something true, and answers that. Fails with what it last saw. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T>,
  withinMs = 60_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await check();
    if (seen) return seen;
    if (performance.now() > deadline) assert.fail(`${what}: not within ${withinMs / 1000} s`);
    await sleep(100);
  }
}

/** Fails as soon as `check` answers false within the time: for things that must not happen. */
export async function always(what: string, check: () => Promise<boolean>, forMs = 1_000): Promise<void> {
  const deadline = performance.now() + forMs;
  while (performance.now() < deadline) {
    assert.ok(await check(), what);
    await sleep(100);
  }
}

export const isReady = (pod: Pod | undefined): boolean =>
  pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** Waits until so many pods are ready and none beyond them is there. */
export function settled(place: Place, app: string, count: number): Promise<Pod[]> {
  return eventually(`${count} ready pods of ${app}`, async () => {
    const found = await place.pods(`app=${app}`);
    const allReady = found.every((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
    return found.length === count && allReady ? found : undefined;
  });
}
