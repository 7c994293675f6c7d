import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { at, numberAt, objectsAt, stringAt, type JsonObject } from '../../../../operator/schema/json.ts';
import { binding, configMap, core, made, namesOf, openServer, pod, type TestServer } from '../test-client.ts';

describe('deletes', () => {
  it('of a running pod wait for the kubelet, and can only be hurried', async (t) => {
    const api = await openServer(t);
    await made(api, `${core}/pods`, pod('p'));
    await made(api, `${core}/pods/p/binding`, binding('node'));
    const marked = await api.call('DELETE', `${core}/pods/p`);
    assert.equal(numberAt(marked.body, 'metadata', 'deletionGracePeriodSeconds'), 30);
    const longer = await api.call('DELETE', `${core}/pods/p?gracePeriodSeconds=60`);
    assert.equal(numberAt(longer.body, 'metadata', 'deletionGracePeriodSeconds'), 30);
    const hurried = await api.call('DELETE', `${core}/pods/p?gracePeriodSeconds=5`);
    assert.equal(numberAt(hurried.body, 'metadata', 'deletionGracePeriodSeconds'), 5);
    await api.call('DELETE', `${core}/pods/p?gracePeriodSeconds=0`);
    assert.equal((await api.call('GET', `${core}/pods/p`)).status, 404);
  });

  it('of a pod that runs nowhere are done at once', async (t) => {
    const api = await openServer(t);
    await made(api, `${core}/pods`, pod('p'));
    await api.call('DELETE', `${core}/pods/p`);
    assert.equal((await api.call('GET', `${core}/pods/p`)).status, 404);
  });

  it('wait for finalizers, refuse new ones, and end with the last', async (t) => {
    const api = await openServer(t);
    await made(api, `${core}/configmaps`, configMap('a', { finalizers: ['example.com/f'] }));
    const marked = await api.call('DELETE', `${core}/configmaps/a`);
    assert.ok(stringAt(marked.body, 'metadata', 'deletionTimestamp'));
    const patch = (finalizers: string[]) =>
      api.call(
        'PATCH',
        `${core}/configmaps/a`,
        { metadata: { finalizers } },
        { type: 'application/merge-patch+json' },
      );
    assert.equal((await patch(['example.com/f', 'example.com/g'])).status, 422);
    assert.equal((await patch([])).status, 200);
    assert.equal((await api.call('GET', `${core}/configmaps/a`)).status, 404);
  });

  it('leave dependents to the garbage collector by finalizer', async (t) => {
    const api = await openServer(t);
    for (const [policy, finalizer] of [
      ['Foreground', 'foregroundDeletion'],
      ['Orphan', 'orphan'],
    ] as const) {
      await made(api, `${core}/configmaps`, configMap(policy.toLowerCase()));
      const { body } = await api.call('DELETE', `${core}/configmaps/${policy.toLowerCase()}`, {
        propagationPolicy: policy,
      });
      assert.deepEqual(at(body, 'metadata', 'finalizers'), [finalizer]);
    }
  });

  it('spare another object of the same name', async (t) => {
    const api = await openServer(t);
    await made(api, `${core}/configmaps`, configMap('a'));
    const { status } = await api.call('DELETE', `${core}/configmaps/a`, { preconditions: { uid: 'other' } });
    assert.equal(status, 409);
  });

  it('of a definition take its objects along, and wait for those that are held', async (t) => {
    const api = await openServer(t);
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const version = {
      name: 'v1',
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: 'object' } },
    };
    await made(api, definitions, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'things', kind: 'Thing' },
        versions: [version],
      },
    });
    const path = '/apis/example.com/v1/namespaces/default/things';
    const thing = (name: string, finalizers: string[]): JsonObject => ({
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      metadata: { name, finalizers },
    });
    await made(api, path, thing('free', []));
    await made(api, path, thing('held', ['example.com/f']));
    await api.call('DELETE', `${definitions}/things.example.com`);
    assert.deepEqual(namesOf((await api.call('GET', path)).body), ['held']);
    await api.call(
      'PATCH',
      `${path}/held`,
      { metadata: { finalizers: null } },
      { type: 'application/merge-patch+json' },
    );
    assert.equal((await api.call('GET', `${definitions}/things.example.com`)).status, 404);
    assert.equal((await api.call('GET', path)).status, 404);
  });
});

describe('evictions', () => {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } };
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';

  async function readyPod(api: TestServer): Promise<void> {
    await made(api, `${core}/pods`, pod('p'));
    await made(api, `${core}/pods/p/binding`, binding('node'));
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    await api.call('PATCH', `${core}/pods/p/status`, { status }, { type: 'application/merge-patch+json' });
  }

  async function budget(api: TestServer, disruptionsAllowed: number): Promise<void> {
    await made(api, budgets, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b' },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'a' } } },
    });
    const status = {
      observedGeneration: 1,
      disruptionsAllowed,
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 1,
    };
    await api.call('PATCH', `${budgets}/b/status`, { status }, { type: 'application/merge-patch+json' });
  }

  it('spend what the budget allows, and then are refused', async (t) => {
    const api = await openServer(t);
    await readyPod(api);
    await budget(api, 0);
    const refused = await api.call('POST', `${core}/pods/p/eviction`, eviction);
    assert.deepEqual(
      [refused.status, objectsAt(refused.body, 'details', 'causes')[0]?.['reason']],
      [429, 'DisruptionBudget'],
    );
    await api.call(
      'PATCH',
      `${budgets}/b/status`,
      { status: { disruptionsAllowed: 1 } },
      { type: 'application/merge-patch+json' },
    );
    assert.equal((await api.call('POST', `${core}/pods/p/eviction`, eviction)).status, 201);
    const { body } = await api.call('GET', `${budgets}/b`);
    assert.equal(numberAt(body, 'status', 'disruptionsAllowed'), 0);
    assert.ok(stringAt((await api.call('GET', `${core}/pods/p`)).body, 'metadata', 'deletionTimestamp'));
  });

  it('wait for a budget whose status is behind its spec', async (t) => {
    const api = await openServer(t);
    await readyPod(api);
    await budget(api, 1);
    await api.call(
      'PATCH',
      `${budgets}/b`,
      { spec: { maxUnavailable: 2 } },
      { type: 'application/merge-patch+json' },
    );
    assert.equal((await api.call('POST', `${core}/pods/p/eviction`, eviction)).status, 429);
  });
});
