/** The operator's Role allows what the operator does, and nothing that it never does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { schedulerClusters } from '../../operator/api/group.ts';
import { pods, services } from '../../operator/kube/resources.ts';
import { sampleCluster } from './sample.ts';
import { ownedKinds } from './surroundings.ts';
import { World } from './world.ts';

interface Role {
  readonly kind: string;
  readonly rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[];
}

function roleIn(path: string, kind: string): Role {
  const documents = parseAllDocuments(
    readFileSync(new URL(`../../manifests/${path}`, import.meta.url), 'utf8'),
  );
  return documents.map((document) => document.toJS() as Role).find((role) => role.kind === kind)!;
}

const role = roleIn('install/rbac.yaml', 'ClusterRole');
const plurals = new Map([...ownedKinds, pods, schedulerClusters].map(({ kind, plural }) => [kind, plural]));

/** What each verb of the port asks of the API server. An apply creates what is not there. */
const needs: Readonly<Record<string, readonly string[]>> = {
  apply: ['create', 'patch'],
  applyStatus: ['patch'],
};

function used(world: World): Set<string> {
  const rights = world.kube.requests.flatMap(({ verb, kind }) =>
    (needs[verb] ?? [verb]).map((right) => {
      const plural = plurals.get(kind)!;
      return `${right} ${verb === 'applyStatus' ? `${plural}/status` : plural}`;
    }),
  );
  return new Set(rights);
}

const granted = (): Set<string> =>
  new Set(
    role.rules.flatMap(({ resources, verbs }) =>
      resources.flatMap((name) => verbs.map((verb) => `${verb} ${name}`)),
    ),
  );

async function fullLife(): Promise<World> {
  const world = new World();
  await world.start();
  world.put(sampleCluster());
  await world.converge();
  world.kube.remove(world.kube.peek(services, { namespace: 'default', name: 'demo' })!);
  await world.converge();
  world.edit((spec) => (spec.config.scheduler.jobTimeoutSeconds = 60));
  await world.converge();
  world.edit((spec) => (spec.replicas = 1));
  await world.look();
  world.edit((spec) => (spec.replicas = 2));
  await world.converge();
  world.edit((spec) => (spec.replicas = 1));
  await world.converge();
  const network = { networkPolicy: {}, ingress: { host: 'scheduler.example.com' }, monitoring: {} };
  world.put(sampleCluster({ redis: undefined, ...network }, { name: 'own', uid: 'uid-of-own' }));
  await world.converge();
  world.edit((spec) => {
    spec.redis.url = 'redis://elsewhere:6379';
    delete spec.networkPolicy;
    delete spec.ingress;
    delete spec.monitoring;
  }, 'own');
  await world.converge();
  world.stop();
  return world;
}

it('allows exactly what a cluster needs through its life', async () => {
  const rights = used(await fullLife());
  const events = new Set(['create events', 'patch events']);
  assert.deepEqual(
    [...rights].filter((right) => !granted().has(right)),
    [],
    'forbidden but needed',
  );
  assert.deepEqual(
    [...granted()].filter((right) => !rights.has(right) && !events.has(right)),
    [],
    'granted but never used',
  );
});

it('never lists Secrets, and never changes or removes one', () => {
  const rule = role.rules.find(({ resources }) => resources.includes('secrets'))!;
  assert.deepEqual(rule.verbs, ['get', 'create']);
  assert.ok(!JSON.stringify(role.rules).includes('*'));
});

it('is the same for one namespace as for all', () => {
  assert.deepEqual(roleIn('install-namespaced/rbac.yaml', 'Role').rules, role.rules);
});
