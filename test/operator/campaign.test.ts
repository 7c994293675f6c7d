/**
 * A walk through the specs that the definition allows: every property is set, changed and taken away again, often before the last
 * change has arrived, with changes in between that cannot work. History must not matter: after each stretch the world is what a
 * fresh fleet of the same spec would be.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { parse } from 'yaml';
import type { Definition, Schema } from '../../crds/typescript.ts';
import { pods, type ConfigMap } from '../../operator/kube/resources.ts';
import { FakeRandom } from '../fakes/clock.ts';
import { demoSpec, sampleCluster, type Wish } from './sample.ts';
import { World } from './world.ts';

interface Bounded extends Schema {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly 'x-kubernetes-validations'?: readonly { rule: string }[];
}

const definition = parse(
  readFileSync(new URL('../../crds/schedulercluster.yaml', import.meta.url), 'utf8'),
) as Definition;
const specSchema = definition.spec.versions[0]!.schema.openAPIV3Schema.properties!['spec']! as Bounded;

/** Texts that have a form of their own. */
const samples: Readonly<Record<string, readonly unknown[]>> = {
  image: ['lingua-scheduler:one', 'lingua-scheduler:two'],
  'redis.url': ['rediss://a:1', 'rediss://b:2/3', 'redis://c'],
  'redis.authSecretRef': [
    { name: 'user', passwordKey: 'password' },
    { name: 'user', usernameKey: 'u', passwordKey: 'p' },
  ],
  'redis.tls': [{ caSecretRef: { name: 'ca', key: 'ca.crt' } }],
  'rollout.canary.soakSeconds': [0, 60, 600],
  'config.server.allowedOrigins': [['https://a.example'], ['https://a.example', 'https://b.example:8443']],
  'config.modelHub.baseUrl': ['http://hub:5000', 'https://hub.example'],
  'config.scheduler.phase3.pools': [[{ poolId: 1, requiredServices: ['asr'] }]],
  'config.scheduler.phase3.tenantOverrides': [[{ tenantId: 't', poolId: 1 }]],
  'resources.requests.cpu': ['500m', 2],
  'resources.requests.memory': ['1Gi', '2048Mi'],
  'resources.limits.cpu': ['1', 4],
  'resources.limits.memory': ['2Gi'],
  imagePullSecrets: [[{ name: 'one' }], [{ name: 'one' }, { name: 'two' }]],
  tolerations: [[{ key: 'gpu', operator: 'Exists' }]],
  env: [[{ name: 'LOG_LEVEL', value: 'debug' }]],
  'ingress.host': ['a.example', 'b.example'],
  'ingress.annotations': [{ 'haproxy.org/timeout-tunnel': '1h' }],
  'networkPolicy.clientsFrom': [[{ ipBlock: { cidr: '10.0.0.0/8' } }], [{ podSelector: {} }]],
  'networkPolicy.monitoringFrom': [[{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }]],
  'networkPolicy.redisTo': [[{ ipBlock: { cidr: '192.168.0.0/16', except: ['192.168.1.0/24'] } }]],
  'networkPolicy.redisPorts': [[7000, 7001]],
  affinity: [
    {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'zone', labelSelector: { matchLabels: { a: 'b' } } },
        ],
      },
    },
  ],
  topologySpreadConstraints: [
    [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
    [{ topologyKey: 'zone', maxSkew: 2, whenUnsatisfiable: 'ScheduleAnyway' }],
  ],
  replicas: [0, 1, 2, 3, 4, 5],
};

/** Never changed while a fleet lives, or only together with others. */
const fixed: ReadonlySet<string> = new Set([
  'redis.mode',
  'redis.clusterUrls',
  'redis.keyPrefix',
  // Only for a fleet without addresses.
  'redis.embedded.image',
  'redis.embedded.resources.requests.cpu',
  'redis.embedded.resources.requests.memory',
  'redis.embedded.resources.limits.cpu',
  'redis.embedded.resources.limits.memory',
  'redis.embedded.storage.size',
  'redis.embedded.storage.storageClassName',
  'redis.embedded.storage.whenDeleted',
  'config.scheduler.phase2.streamGroup',
]);

interface Leaf {
  readonly path: string;
  readonly values: readonly unknown[];
  readonly isRequired: boolean;
}

function leavesOf(schema: Bounded, path = '', isRequired = false): Leaf[] {
  const entries = Object.entries(schema.properties ?? {});
  if (entries.length === 0 || samples[path])
    return fixed.has(path) ? [] : [{ path, values: valuesOf(schema, path), isRequired }];
  return entries.flatMap(([name, child]) =>
    leavesOf(child, path ? `${path}.${name}` : name, schema.required?.includes(name) ?? false),
  );
}

function valuesOf(schema: Bounded, path: string): readonly unknown[] {
  const given = samples[path];
  if (given) return given;
  if (schema.enum) return schema.enum;
  if (schema.type === 'boolean') return [true, false];
  if (schema.type === 'integer') {
    const { minimum = 0, maximum = 0 } = schema;
    return [minimum, Math.min(maximum, minimum + 7), maximum];
  }
  if (schema.type === 'string') return ['one', 'two'];
  if (schema.additionalProperties) return [{ a: 'b' }, { a: 'c', d: 'e' }];
  throw new Error(`no values are known for ${path}`);
}

const leaves = leavesOf(specSchema);

/** Sets or, without a value, takes away what is at a path; sections that are left empty go too. */
function put(spec: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const [name = '', ...rest] = path.split('.');
  const inner =
    rest.length === 0 ? value : put((spec[name] ?? {}) as Record<string, unknown>, rest.join('.'), value);
  const isGone = inner === undefined || (rest.length > 0 && Object.keys(inner as object).length === 0);
  const others = Object.entries(spec).filter(([key]) => key !== name);
  return Object.fromEntries(isGone ? others : [...others, [name, inner]]);
}

class Walk {
  readonly world = new World();
  readonly random: FakeRandom;
  wish: Record<string, unknown> = { ...demoSpec };

  constructor(seed: number) {
    this.random = new FakeRandom(seed);
    this.world.behave = (pod) =>
      pod.spec!.containers[0]!.image === broken
        ? { phase: 'Pending', conditions: [], containerStatuses: [cannotPull] }
        : undefined;
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random.next() * from.length)]!;
  }

  /** What a person does with `kubectl apply`. */
  apply(): void {
    const { metadata, status } = this.world.cluster();
    const { spec } = sampleCluster(this.wish);
    this.world.put({ ...sampleCluster(), metadata, ...(status ? { status } : {}), spec });
  }

  change({ path, values, isRequired }: Leaf): void {
    const isTakenAway = !isRequired && path !== 'image' && path !== 'redis.url' && this.random.next() < 0.25;
    this.wish = put(this.wish, path, isTakenAway ? undefined : this.pick(values));
    const { url, tls } = this.wish['redis'] as { url: string; tls?: unknown };
    if (tls && !url.startsWith('rediss:')) this.wish = put(this.wish, 'redis.tls', undefined);
    this.apply();
  }

  /** Not as far as it would go. */
  async aLittle(): Promise<void> {
    for (let step = Math.floor(this.random.next() * 4); step > 0; step -= 1) {
      await this.world.look();
      this.world.controller.step();
    }
  }

  /** Until nothing moves, canaries and their soaking included. */
  async arrive(): Promise<void> {
    for (let round = 0; round < 12; round += 1) {
      await this.world.converge();
      const progress = this.world.says('Progressing');
      if (progress.startsWith('False')) return;
      if (progress.endsWith('AwaitingPromotion')) {
        this.world.annotate('lingua.dev/promote', this.world.cluster().status!.rollout!.revision);
      }
      await this.world.clock.advance(300_000);
      this.world.resync();
    }
  }
}

const broken = 'registry.example/nowhere:1';
const cannotPull = {
  ...{ name: 'scheduler', ready: false, restartCount: 0, image: '', imageID: '' },
  state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } },
};

/** What must not depend on history: files of ordinals that are gone stay, and a ConfigMap may wait to be removed. */
function portraitOf(world: World, replicas: number): unknown {
  const current = world.cluster().status!.configMapName;
  const objects = (world.owned() as (ConfigMap & { name: string })[]).filter(
    ({ kind, name }) => kind !== 'ConfigMap' || name === current,
  );
  const comparable = objects.map((object) => {
    if (object.kind !== 'ConfigMap') return object;
    const kept = Object.entries(object.data ?? {}).filter(
      ([key]) => Number(/-(\d+)\.toml$/.exec(key)?.[1]) < replicas,
    );
    return { ...object, data: Object.fromEntries(kept.sort()), annotations: undefined };
  });
  const running = world.kube.all(pods).map(({ metadata, spec }) => ({ name: metadata.name, spec }));
  return {
    comparable,
    running: running.sort((a, b) => (a.name < b.name ? -1 : 1)),
    ready: world.says('Ready'),
  };
}

async function freshly(wish: Wish): Promise<World> {
  const world = new World();
  await world.start();
  world.put(sampleCluster(wish));
  await world.converge();
  world.stop();
  return world;
}

const stretches = 10;
const stepsEach = 20;
const touched = new Map<string, number>();
let transitions = 0;

for (let seed = 1; seed <= 11; seed += 1) {
  it(`walk ${String(seed)} ends each stretch as a fresh fleet would`, async () => {
    const walk = new Walk(seed);
    const { world } = walk;
    await world.start();
    world.put(sampleCluster(walk.wish));
    await world.converge();
    for (let stretch = 0; stretch < stretches; stretch += 1) {
      for (let step = 0; step < stepsEach; step += 1) {
        // In turn, so that every property is touched; the others by chance.
        const leaf = step % 2 === 0 ? leaves[transitions % leaves.length]! : walk.pick(leaves);
        walk.change(leaf);
        touched.set(leaf.path, (touched.get(leaf.path) ?? 0) + 1);
        transitions += 1;
        if (walk.random.next() < 0.1) await breakAndMend(walk);
        await walk.aLittle();
      }
      await walk.arrive();
      const { replicas } = world.cluster().spec;
      const where = `walk ${String(seed)}, stretch ${String(stretch)}: ${JSON.stringify(walk.wish)}`;
      assert.deepEqual(portraitOf(world, replicas), portraitOf(await freshly(walk.wish), replicas), where);
      assert.deepEqual(world.controller.complaints, [], where);
    }
    world.stop();
  });
}

/** A step that cannot work, and the way back from it. */
async function breakAndMend(walk: Walk): Promise<void> {
  const { wish } = walk;
  walk.wish = { ...wish, image: broken };
  walk.apply();
  transitions += 1;
  await walk.aLittle();
  walk.wish = wish;
  walk.apply();
  transitions += 1;
}

it('at least 2,000 transitions were made, and every property was touched', (test) => {
  test.diagnostic(`${String(transitions)} transitions over ${String(leaves.length)} properties`);
  assert.ok(transitions >= 2_000, String(transitions));
  assert.deepEqual(
    leaves.map(({ path }) => path).filter((path) => !touched.has(path)),
    [],
  );
});
