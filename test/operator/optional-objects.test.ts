/** What a fleet has only when it is asked for: it appears, follows its wish, and goes when nobody asks for it any more. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { schedulerClusters } from '../../operator/api/group.ts';
import type { KubeObject, Resource } from '../../operator/kube/kube.ts';
import {
  ingresses,
  networkPolicies,
  podDisruptionBudgets,
  statefulSets,
} from '../../operator/kube/resources.ts';
import { sampleCluster, type Wish } from './sample.ts';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => {
  world.stop();
});

const demo = { namespace: 'default', name: 'demo' };

/** What a person does with `kubectl apply` of a whole manifest. */
async function apply(wish: Wish): Promise<void> {
  const [standing] = world.kube.all(schedulerClusters);
  const wished = sampleCluster(wish);
  world.put(standing ? { ...standing, spec: wished.spec } : wished);
  await world.converge();
}

interface Story {
  readonly without: Wish;
  readonly first: Wish;
  readonly then: Wish;
  readonly resource: Resource;
  /** What of the object shows the wish. */
  readonly shows: (object: KubeObject) => unknown;
  readonly firstShown: unknown;
  readonly thenShown: unknown;
}

const specOf = (object: KubeObject) => (object as unknown as { spec: Record<string, never> }).spec;

const stories: Readonly<Record<string, Story>> = {
  NetworkPolicy: {
    without: {},
    first: { networkPolicy: { clientsFrom: [{ ipBlock: { cidr: '10.0.0.0/8' } }] } },
    then: { networkPolicy: { clientsFrom: [{ ipBlock: { cidr: '10.1.0.0/16' } }] } },
    resource: networkPolicies,
    shows: (object) => specOf(object)['ingress']![0]['from'],
    firstShown: [{ ipBlock: { cidr: '10.0.0.0/8' } }],
    thenShown: [{ ipBlock: { cidr: '10.1.0.0/16' } }],
  },
  Ingress: {
    without: {},
    first: { ingress: { host: 'a.example' } },
    then: { ingress: { host: 'b.example', tlsSecretName: 'b-tls' } },
    resource: ingresses,
    shows: (object) => [specOf(object)['rules']![0]['host'], specOf(object)['tls']],
    firstShown: ['a.example', undefined],
    thenShown: ['b.example', [{ hosts: ['b.example'], secretName: 'b-tls' }]],
  },
  PodDisruptionBudget: {
    without: { replicas: 1 },
    first: { replicas: 3 },
    then: { replicas: 3, disruptionBudget: { maxUnavailable: 2 } },
    resource: podDisruptionBudgets,
    shows: (object) => specOf(object)['maxUnavailable'],
    firstShown: 1,
    thenShown: 2,
  },
};

for (const [kind, { without, first, then, resource, shows, firstShown, thenShown }] of Object.entries(
  stories,
)) {
  const shown = (): unknown => {
    const object = world.kube.peek(resource, demo);
    return object && shows(object);
  };
  const told = (reason: string): boolean =>
    world.events.some((event) => event.reason === reason && event.note.includes(`${kind} demo`));

  it(`a ${kind} appears, changes and goes, each told by an event`, async () => {
    await apply(without);
    assert.equal(shown(), undefined);
    await apply(first);
    assert.deepEqual(shown(), firstShown);
    await apply(then);
    assert.deepEqual(shown(), thenShown);
    await apply(without);
    assert.equal(shown(), undefined);
    assert.deepEqual(['Created', 'Updated', 'Deleted'].map(told), [true, true, true]);
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it(`a ${kind} of somebody else by that name is left alone, wished for or not`, async () => {
    const { apiVersion } = resource;
    const mine = world.kube.put({ apiVersion, kind, metadata: demo, spec: { theirs: true } } as KubeObject);
    await apply(first);
    assert.equal(world.says('Degraded'), 'True ForeignObject');
    assert.match(world.condition('Degraded').message, new RegExp(`${kind} demo`));
    await apply(without);
    await world.clock.advance(31_000);
    await world.converge();
    assert.deepEqual(specOf(world.kube.peek(resource, demo)!), specOf(mine));
    assert.equal(world.says('Ready'), 'True FleetReady');
  });
}

it('affinity comes to the pods with a rollout, follows its wish, and goes with another', async () => {
  const apart = (topologyKey: string) => ({
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey, labelSelector: { matchLabels: { team: 'noisy' } } },
        ],
      },
    },
  });
  const topology = (): unknown =>
    world.kube.peek(statefulSets, demo)!.spec!.template.spec!.affinity?.podAntiAffinity
      ?.requiredDuringSchedulingIgnoredDuringExecution?.[0]?.topologyKey;
  await apply({});
  assert.equal(topology(), undefined);
  for (const key of ['zone', 'rack']) {
    await apply(apart(key));
    assert.equal(topology(), key);
    assert.equal(world.says('Progressing'), 'False Settled');
  }
  await apply({});
  assert.equal(topology(), undefined);
  assert.equal(world.says('Ready'), 'True FleetReady');
});
