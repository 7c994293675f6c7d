import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type {
  Deployment,
  Pod,
  PodDisruptionBudget,
  Service,
  StatefulSet,
} from '../../../operator/kube/resources.ts';
import { deploymentStatus, planDeployment, type DeploymentAction } from './deployment/plan.ts';
import { planReplicas } from './deployment/replica-plan.ts';
import type { ReplicaSet } from './deployment/replica-sets.ts';
import { budgetStatus } from './disruption-status.ts';
import { endpointsOf, slicesOf } from './endpoints-of.ts';
import { claim } from './owners.ts';
import { selects } from './selector.ts';

type PodShape = {
  ready?: boolean;
  leaving?: boolean;
  ip?: string;
  phase?: string;
  spec?: Partial<NonNullable<Pod['spec']>>;
};

function aPod(
  name: string,
  { ready = true, leaving = false, ip = '127.64.0.2', phase = 'Running', spec }: PodShape = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'ns',
      uid: name,
      labels: { app: 'web' },
      ...(leaving ? { deletionTimestamp: 'now' } : {}),
    },
    spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 80 }] }], ...spec },
    status: { phase, podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

function aService(spec: Partial<NonNullable<Service['spec']>> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'ns', uid: 'service' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 8080, targetPort: 'http' }], ...spec },
  };
}

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'back' };
  const expression = (key: string, operator: string, values?: string[]) =>
    selects({ matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] }, labels);

  it('match everything when empty and nothing when absent', () => {
    assert.deepEqual([selects({}, labels), selects(undefined, labels)], [true, false]);
  });

  it('know set expressions; NotIn also holds for what has no such label', () => {
    assert.ok(expression('app', 'In', ['web', 'x']));
    assert.ok(expression('none', 'NotIn', ['web']));
    assert.ok(!expression('app', 'NotIn', ['web']));
    assert.ok(expression('tier', 'Exists') && expression('none', 'DoesNotExist'));
    assert.ok(!expression('app', 'Gt', ['1']));
  });
});

describe('a controller', () => {
  const set = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', uid: 'set' },
  } as StatefulSet;
  const selector = { matchLabels: { app: 'web' } };
  const owned = (uid: string, app = 'web'): Pod => {
    const pod = aPod('web-0');
    const reference = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid, controller: true };
    return { ...pod, metadata: { ...pod.metadata, labels: { app }, ownerReferences: [reference] } };
  };

  it('adopts matching orphans, releases what stopped matching, and takes nothing from others', () => {
    assert.equal(claim(set, selector, aPod('web-0')), 'adopt');
    assert.equal(claim(set, selector, owned('set')), 'ours');
    assert.equal(claim(set, selector, owned('set', 'other')), 'release');
    assert.equal(claim(set, selector, owned('namesake')), 'foreign');
  });

  it('adopts nothing that is on its way out, and nothing once it is itself', () => {
    assert.equal(claim(set, selector, aPod('web-0', { leaving: true })), 'foreign');
    const leaving = { ...set, metadata: { ...set.metadata, deletionTimestamp: 'now' } };
    assert.equal(claim(leaving, selector, aPod('web-0')), 'foreign');
  });
});

describe('the endpoints of a Service', () => {
  it('hold ready pods, and apart from them the ones that are not', () => {
    const { subsets } = endpointsOf(aService(), [aPod('a'), aPod('b', { ready: false, ip: '127.64.0.3' })]);
    assert.deepEqual(
      subsets?.map((one) => [one.addresses?.[0]?.ip, one.notReadyAddresses?.[0]?.ip, one.ports?.[0]?.port]),
      [['127.64.0.2', '127.64.0.3', 80]],
    );
  });

  it('hold pods that are not ready when the Service publishes them', () => {
    const service = aService({ publishNotReadyAddresses: true });
    const { subsets } = endpointsOf(service, [aPod('b', { ready: false })]);
    assert.equal(subsets?.[0]?.addresses?.length, 1);
    assert.equal(
      slicesOf(service, [aPod('b', { ready: false })])[0]?.endpoints?.[0]?.conditions?.ready,
      true,
    );
  });

  it('never hold pods without an address or pods that have ended', () => {
    const gone = [aPod('a', { ip: '' }), aPod('b', { phase: 'Failed' })];
    assert.deepEqual(endpointsOf(aService(), gone).subsets, []);
    assert.deepEqual(slicesOf(aService(), gone)[0]?.endpoints, []);
  });

  it('say of a leaving pod that it still serves but should get nothing new', () => {
    const [slice] = slicesOf(aService(), [aPod('a', { leaving: true })]);
    assert.deepEqual(slice?.endpoints?.[0]?.conditions, { ready: false, serving: true, terminating: true });
  });

  it('carry the host name of pods that belong to a headless Service', () => {
    const pod = aPod('web-0', { spec: { hostname: 'web-0', subdomain: 'web' } });
    assert.equal(slicesOf(aService(), [pod])[0]?.endpoints?.[0]?.hostname, 'web-0');
  });
});

describe('a disruption budget', () => {
  const now = new Date('2026-01-01T00:10:00Z');
  const budget = (
    spec: Partial<NonNullable<PodDisruptionBudget['spec']>>,
    disruptedPods = {},
  ): PodDisruptionBudget => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', generation: 3 },
    spec,
    status: { disruptedPods },
  });
  const healthy = ['a', 'b', 'c'].map((name) => aPod(name));
  const allowed = (spec: Parameters<typeof budget>[0], pods = healthy, expected = 3, disrupted = {}) =>
    budgetStatus(budget(spec, disrupted), pods, expected, now).disruptionsAllowed;

  it('counts from what the workload wants, in numbers and rounded-up shares', () => {
    assert.equal(allowed({ maxUnavailable: 1 }), 1);
    assert.equal(allowed({ maxUnavailable: '34%' }), 2);
    assert.equal(allowed({ minAvailable: 2 }), 1);
    assert.equal(allowed({ minAvailable: '50%' }), 1);
    assert.equal(allowed({ maxUnavailable: 1 }, healthy, 0), 0);
  });

  it('counts neither unready nor leaving pods as healthy', () => {
    const weak = [aPod('a'), aPod('b', { ready: false }), aPod('c', { leaving: true })];
    assert.equal(allowed({ maxUnavailable: 2 }, weak), 0);
  });

  it('counts an eviction that was let through until its pod goes, for two minutes at most', () => {
    assert.equal(allowed({ maxUnavailable: 1 }, healthy, 3, { a: '2026-01-01T00:09:30Z' }), 0);
    assert.equal(allowed({ maxUnavailable: 1 }, healthy, 3, { a: '2026-01-01T00:07:00Z' }), 1);
    assert.equal(allowed({ maxUnavailable: 1 }, healthy, 3, { gone: '2026-01-01T00:09:30Z' }), 1);
    const left = budgetStatus(budget({}, { gone: '2026-01-01T00:09:30Z' }), healthy, 3, now).disruptedPods;
    assert.deepEqual(left, {});
  });
});

describe('a Deployment', () => {
  const template = (image: string) => ({
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image }] },
  });
  const deployment = (image: string, strategy = 'RollingUpdate'): Deployment => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'ns', uid: 'deployment', generation: 2 },
    spec: {
      replicas: 2,
      strategy: { type: strategy },
      selector: { matchLabels: { app: 'web' } },
      template: template(image),
    },
  });
  const made = (of: Deployment): ReplicaSet => {
    const [action] = planDeployment(of, []);
    assert.ok(action?.kind === 'create');
    return action.set;
  };
  const running = (set: ReplicaSet, available: number, replicas = 2): ReplicaSet => ({
    ...set,
    spec: { ...set.spec!, replicas },
    status: { replicas: available, availableReplicas: available },
  });
  const told = (actions: readonly DeploymentAction[]) =>
    actions.map((action) => (action.kind === 'scale' ? `scale to ${action.replicas}` : action.kind));

  it('recognises its own ReplicaSet and leaves a settled world alone', () => {
    const set = made(deployment('a:1'));
    assert.match(set.metadata.name, /^web-[a-z0-9]+$/);
    assert.deepEqual(planDeployment(deployment('a:1'), [running(set, 2)]), []);
  });

  it('keeps the old pods until the new ones are available', () => {
    const old = running(made(deployment('a:1')), 2);
    const next = deployment('a:2');
    assert.deepEqual(told(planDeployment(next, [old])), ['create']);
    assert.deepEqual(told(planDeployment(next, [old, running(made(next), 1)])), []);
    assert.deepEqual(told(planDeployment(next, [old, running(made(next), 2)])), ['scale to 0']);
  });

  it('ends the old pods first with Recreate', () => {
    const old = running(made(deployment('a:1')), 2);
    const next = deployment('a:2', 'Recreate');
    const [create, scale] = planDeployment(next, [old]);
    assert.ok(create?.kind === 'create' && create.set.spec?.replicas === 0);
    assert.ok(scale?.kind === 'scale' && scale.replicas === 0);
    const empty = { ...running(old, 0, 0), status: { replicas: 0 } };
    assert.deepEqual(told(planDeployment(next, [empty, running(made(next), 0, 0)])), ['scale to 2']);
  });

  it('is complete only when nothing old is left', () => {
    const old = running(made(deployment('a:1')), 1);
    const next = deployment('a:2');
    const reason = (sets: ReplicaSet[]) =>
      deploymentStatus(next, sets, 'now').conditions?.find(({ type }) => type === 'Progressing')?.reason;
    assert.equal(reason([old, running(made(next), 2)]), 'ReplicaSetUpdated');
    assert.equal(reason([running(made(next), 2)]), 'NewReplicaSetAvailable');
  });

  it('removes the least useful pods first when it shrinks', () => {
    const set = { ...made(deployment('a:1')), spec: { ...made(deployment('a:1')).spec!, replicas: 1 } };
    const placed = { spec: { nodeName: 'n' } };
    const pods = [aPod('ready', placed), aPod('unplaced'), aPod('unready', { ...placed, ready: false })];
    assert.deepEqual(
      planReplicas(set, pods).remove.map(({ metadata }) => metadata.name),
      ['unplaced', 'unready'],
    );
    assert.equal(
      planReplicas(set, [aPod('leaving', { leaving: true }), aPod('failed', { phase: 'Failed' })]).create,
      1,
    );
  });
});
