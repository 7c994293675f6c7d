import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { eventually, openPlace, type Place } from '../workloads/place.ts';
import { createFrom, json } from './place-words.ts';

const bob = 'bob@example.com';

async function reader(place: Place, ...args: string[]): Promise<void> {
  await place.kubectl('create', 'role', 'reader', ...args);
  await place.kubectl('create', 'rolebinding', 'reader', '--role=reader', `--user=${bob}`);
}

const canI = async (place: Place, ...args: string[]): Promise<string> =>
  (await place.tryKubectl(['auth', 'can-i', ...args], { as: bob })).stdout.trim();

describe('access', { concurrency: 2 }, () => {
  it('is refused in the words clients match on', async (t) => {
    const place = await openPlace(t);
    const { code, stderr } = await place.tryKubectl(['get', 'pods'], { as: bob });
    assert.equal(code, 1);
    const words = `pods is forbidden: User "${bob}" cannot list resource "pods" in API group "" in the namespace "${place.namespace}"`;
    assert.ok(stderr.includes(words), stderr);
  });

  it('is what the roles in a namespace say', async (t) => {
    const place = await openPlace(t);
    await reader(place, '--verb=get,list', '--resource=configmaps');
    await place.tryKubectl(['get', 'configmaps'], { as: bob }).then(({ code, stderr }) => {
      assert.equal(code, 0, stderr);
    });
    assert.equal((await place.tryKubectl(['create', 'configmap', 'x'], { as: bob })).code, 1);
    assert.deepEqual(
      [
        await canI(place, 'list', 'configmaps'),
        await canI(place, 'list', 'secrets'),
        await canI(place, 'list', 'configmaps', '-n', 'default'),
      ],
      ['yes', 'no', 'no'],
    );
  });

  it('may be to one object by name', async (t) => {
    const place = await openPlace(t);
    await place.kubectl('create', 'configmap', 'mine');
    await place.kubectl('create', 'configmap', 'other');
    await reader(place, '--verb=get', '--resource=configmaps', '--resource-name=mine');
    assert.equal((await place.tryKubectl(['get', 'cm', 'mine'], { as: bob })).code, 0);
    assert.equal((await place.tryKubectl(['get', 'cm', 'other'], { as: bob })).code, 1);
    assert.equal((await place.tryKubectl(['get', 'cm'], { as: bob })).code, 1);
  });

  it('to an object is not access to its status', async (t) => {
    const place = await openPlace(t);
    await reader(place, '--verb=patch', '--resource=statefulsets.apps/status');
    assert.deepEqual(
      [
        await canI(place, 'patch', 'statefulsets.apps', '--subresource=status'),
        await canI(place, 'patch', 'statefulsets.apps'),
      ],
      ['yes', 'no'],
    );
  });

  it('of a ServiceAccount comes with its token', async (t) => {
    const place = await openPlace(t);
    await place.kubectl('create', 'serviceaccount', 'robot');
    await place.kubectl('create', 'role', 'robot', '--verb=create', '--resource=configmaps');
    await place.kubectl(
      'create',
      'rolebinding',
      'robot',
      '--role=robot',
      `--serviceaccount=${place.namespace}:robot`,
    );
    const user = `system:serviceaccount:${place.namespace}:robot`;
    const kubeconfig = await place.target.kubeconfigFor(user);
    const who = await place.tryKubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], {
      kubeconfig,
    });
    assert.equal(who.stdout, user);
    assert.equal((await place.tryKubectl(['create', 'configmap', 'made'], { kubeconfig })).code, 0);
    assert.equal((await place.tryKubectl(['get', 'configmap', 'made'], { kubeconfig })).code, 1);
  });

  it('to a role is not the right to change what it refers to', async (t) => {
    const place = await openPlace(t);
    await reader(place, '--verb=get', '--resource=configmaps');
    const patch = '{"roleRef":{"name":"other"}}';
    const { code, stderr } = await place.tryKubectl([
      'patch',
      'rolebinding',
      'reader',
      '--type=merge',
      '-p',
      patch,
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /cannot change roleRef/);
  });

  it('is gathered: what a role adds to `view`, editors and administrators have too', async (t) => {
    const place = await openPlace(t);
    const name = `${place.namespace}-more`;
    const grant = ['create', 'clusterrole', name, '--verb=get', '--resource=pods/ephemeralcontainers'];
    await place.kubectl('create', 'rolebinding', 'editor', '--clusterrole=edit', `--user=${bob}`);
    const may = async () =>
      (await canI(place, 'get', 'pods', '--subresource=ephemeralcontainers')) === 'yes' || undefined;
    await place.kubectl(...grant);
    t.after(() => place.tryKubectl(['delete', 'clusterrole', name]));
    assert.equal(await may(), undefined);
    const label = 'rbac.authorization.k8s.io/aggregate-to-view';
    await place.kubectl('label', 'clusterrole', name, `${label}=true`);
    await eventually('the editor may', may);
    assert.equal(await canI(place, 'list', 'pods', '-n', 'default'), 'no');
    assert.equal(await canI(place, 'create', 'configmaps'), 'yes');
    await place.kubectl('label', 'clusterrole', name, `${label}-`);
    await eventually('the editor may no more', async () => (await may()) === undefined);
  });

  it("that a role gathers is nobody's to write by hand", async (t) => {
    const place = await openPlace(t);
    const name = `${place.namespace}-all`;
    const gathered = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
    const byHand = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
    const role = (own: string, more: object) =>
      createFrom(place, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: own, labels: { [own]: 'yes' } },
        ...more,
      });
    t.after(() => place.tryKubectl(['delete', 'clusterrole', name, `${name}-part`]));
    assert.equal((await role(`${name}-part`, { rules: [gathered] })).code, 0);
    const selector = { matchLabels: { [`${name}-part`]: 'yes' } };
    const aggregationRule = { clusterRoleSelectors: [selector] };
    assert.equal((await role(name, { aggregationRule, rules: [byHand] })).code, 0);
    await eventually('the rules are those of the role it asks for', async () => {
      const { rules } = await json<{ rules: unknown[] | null }>(place, 'get', 'clusterrole', name);
      return isDeepStrictEqual(rules, [gathered]);
    });
  });
});
