/** A watch may be late by any time. What a controller does then must be right for what is there, not for what it remembers. */
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock as clock, systemRandom as random } from '../../../common/clock-system.ts';
import { connect, type KubeClient } from '../../../operator/kube/client.ts';
import type { KubeObject, ObjectName, Resource } from '../../../operator/kube/kube.ts';
import {
  configMaps,
  pods,
  statefulSets,
  type Pod,
  type StatefulSet,
} from '../../../operator/kube/resources.ts';
import { fakeLog } from '../../fakes/log.ts';
import { startDouble } from '../double.ts';
import { startControllers } from './controllers.ts';

const { log } = fakeLog();
const named = (name: string): ObjectName => ({ namespace: 'default', name });

interface World {
  readonly kube: KubeClient;
  /** Times the controllers asked for the set by name, past their copies. */
  readonly looks: { sets: number };
  /** From now on the controllers hear nothing more of this kind. */
  readonly deafTo: (resource: Resource) => void;
}

async function aWorld(t: TestContext): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'old-copies-'));
  const double = await startDouble({ directory, clock, log, kubelet: () => undefined });
  const client = () =>
    connect({
      kubeconfig: double.kubeconfig,
      fieldManager: 'test',
      userAgent: 'test',
      requestTimeoutMs: 30_000,
      clock,
      random,
    });
  const [kube, theirs] = [client(), client()];
  const deaf = new Set<string>();
  const looks = { sets: 0 };
  const controllers = await startControllers({
    kube: hardOfHearing(theirs, deaf, looks),
    clock,
    random,
    log,
  });
  t.after(async () => {
    await controllers.stop();
    await Promise.all([kube.close(), theirs.close()]);
    await double.stop();
    rmSync(directory, { recursive: true });
  });
  return { kube, looks, deafTo: ({ kind }) => deaf.add(kind) };
}

/** A client whose watches keep to themselves what happens to some kinds. */
function hardOfHearing(kube: KubeClient, deaf: ReadonlySet<string>, looks: { sets: number }): KubeClient {
  return new Proxy(kube, {
    get(target, property) {
      if (property === 'watch') {
        return async function* (...args: Parameters<KubeClient['watch']>) {
          for await (const event of target.watch(...args)) if (!deaf.has(args[0].kind)) yield event;
        };
      }
      if (property === 'get') {
        return <T extends KubeObject>(resource: Resource<T>, name: ObjectName) => {
          if (resource.kind === 'StatefulSet') looks.sets += 1;
          return target.get(resource, name);
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

const aSet = (name: string): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas: 1,
    serviceName: name,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'none' }] },
    },
  },
});

async function until<T>(what: string, check: () => Promise<T> | T): Promise<NonNullable<T>> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const seen = await check();
    if (seen) return seen;
    assert.ok(performance.now() < deadline, what);
    await sleep(20);
  }
}

const orphaning = (kube: KubeClient, name: string) =>
  kube.raw({
    method: 'DELETE',
    path: `/apis/apps/v1/namespaces/default/statefulsets/${name}`,
    body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Orphan' },
  });

/** What is made for an owner that is gone already is collected after everything that was there before. */
async function comesAndGoes(kube: KubeClient, { apiVersion, kind, metadata }: StatefulSet): Promise<void> {
  const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' }];
  const late = { name: 'late', namespace: 'default', ownerReferences };
  await kube.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: late });
  await until('the late one is collected', async () => !(await kube.get(configMaps, named('late'))));
}

const ownersOf = (pod: Pod | undefined): (string | undefined)[] =>
  (pod?.metadata.ownerReferences ?? []).map(({ uid }) => uid);

describe('controllers whose copies are old', () => {
  it('do not collect an orphan that they remember as owned', async (t) => {
    const { kube, deafTo } = await aWorld(t);
    await kube.create(statefulSets, aSet('web'));
    const pod = await until('the pod', () => kube.get(pods, named('web-0')));
    // The collector knows the pod when it can orphan it; a set without replicas tells that all was heard up to now.
    const known = await until('the status', async () => {
      const set = await kube.get(statefulSets, named('web'));
      return set?.status?.replicas === 1 ? set : undefined;
    });
    assert.deepEqual(ownersOf(pod), [known.metadata.uid]);
    deafTo(pods);
    await orphaning(kube, 'web');
    await until('the set is gone', async () => (await kube.get(statefulSets, named('web'))) === undefined);
    await comesAndGoes(kube, known);
    const orphan = await kube.get(pods, named('web-0'));
    assert.deepEqual([orphan?.metadata.uid, ownersOf(orphan)], [pod.metadata.uid, []]);
  });

  it('adopt nothing for a set that they do not know to be leaving', async (t) => {
    const { kube, deafTo, looks } = await aWorld(t);
    const set = await kube.create(statefulSets, aSet('web'));
    await until('the pod', () => kube.get(pods, named('web-0')));
    await kube.patch(statefulSets, named('web'), { metadata: { finalizers: ['lingua.dev/test'] } });
    deafTo(statefulSets);
    await kube.delete(statefulSets, set);
    const before = looks.sets;
    await kube.patch(pods, named('web-0'), { metadata: { ownerReferences: [] } });
    const orphan = await until('a look at the set, or an adoption', async () => {
      const seen = await kube.get(pods, named('web-0'));
      return looks.sets > before + 1 || ownersOf(seen).length > 0 ? seen : undefined;
    });
    assert.deepEqual(ownersOf(orphan), []);
  });
});
