import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { OwnerReference } from '../../../operator/kube/kube.ts';
import { configMaps, secrets, statefulSets, type ConfigMap } from '../../../operator/kube/resources.ts';
import { target } from '../target.ts';
import { always, eventually, idle, openPlace, settled, type Place, slowToEnd } from './place.ts';

const { lacks } = await target();

interface Shape {
  readonly owners?: readonly ConfigMap[];
  readonly blocking?: boolean;
  readonly finalizers?: string[];
}

function reference({ metadata }: ConfigMap, blocking: boolean): OwnerReference {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: metadata.name,
    uid: metadata.uid!,
    blockOwnerDeletion: blocking,
  };
}

function make(
  place: Place,
  name: string,
  { owners = [], blocking = true, finalizers = [] }: Shape = {},
): Promise<ConfigMap> {
  const ownerReferences = owners.map((owner) => reference(owner, blocking));
  const metadata = { name, namespace: place.namespace, ownerReferences, finalizers };
  return place.kube.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
}

const exists = async (place: Place, name: string) => (await place.get(configMaps, name)) !== undefined;

const gone = (place: Place, name: string) =>
  eventually(`${name} is gone`, async () => !(await exists(place, name)));

const dropFinalizers = (place: Place, name: string) =>
  place.kube.patch(configMaps, { namespace: place.namespace, name }, { metadata: { finalizers: [] } });

const remove = (place: Place, name: string, cascade: string) =>
  place.kubectl('delete', 'configmap', name, `--cascade=${cascade}`, '--wait=false');

describe('garbage collection', { concurrency: true }, () => {
  it('deletes what an object owned, and what that owned, after the object', async (t) => {
    const place = await openPlace(t);
    const owner = await make(place, 'owner');
    const child = await make(place, 'child', { owners: [owner] });
    await make(place, 'grandchild', { owners: [child] });
    await make(place, 'bystander');
    await remove(place, 'owner', 'background');
    await gone(place, 'owner');
    await gone(place, 'child');
    await gone(place, 'grandchild');
    assert.ok(await exists(place, 'bystander'));
  });

  it('in the foreground keeps the owner until what blocks it is gone', async (t) => {
    const place = await openPlace(t);
    const owner = await make(place, 'owner');
    const child = await make(place, 'child', { owners: [owner] });
    await make(place, 'grandchild', { owners: [child], finalizers: ['lingua.dev/test'] });
    await remove(place, 'owner', 'foreground');
    await eventually('the grandchild is leaving', async () => {
      const found = await place.get(configMaps, 'grandchild');
      return found?.metadata.deletionTimestamp !== undefined;
    });
    await always(
      'all wait for it',
      async () => (await exists(place, 'owner')) && (await exists(place, 'child')),
      700,
    );
    await dropFinalizers(place, 'grandchild');
    for (const name of ['grandchild', 'child', 'owner']) await gone(place, name);
  });

  it('in the foreground does not wait for what does not block', async (t) => {
    const place = await openPlace(t);
    const owner = await make(place, 'owner');
    await make(place, 'child', { owners: [owner], blocking: false, finalizers: ['lingua.dev/test'] });
    await remove(place, 'owner', 'foreground');
    await gone(place, 'owner');
    const child = await eventually('the child', () => place.get(configMaps, 'child'));
    assert.ok(child);
    await dropFinalizers(place, 'child');
    await gone(place, 'child');
  });

  it('lets orphans live, without a reference to what is gone', async (t) => {
    const place = await openPlace(t);
    const owner = await make(place, 'owner');
    await make(place, 'child', { owners: [owner] });
    await remove(place, 'owner', 'orphan');
    await gone(place, 'owner');
    await always('the child stays', () => exists(place, 'child'));
    const child = await place.get(configMaps, 'child');
    assert.equal(child?.metadata.ownerReferences?.length ?? 0, 0);
  });

  it('keeps what still has another owner, and drops only the lost reference', async (t) => {
    const place = await openPlace(t);
    const [one, two] = [await make(place, 'one'), await make(place, 'two')];
    await make(place, 'child', { owners: [one, two] });
    await remove(place, 'one', 'background');
    await eventually('one reference', async () => {
      const found = await place.get(configMaps, 'child');
      return found?.metadata.ownerReferences?.length === 1;
    });
    await remove(place, 'two', 'background');
    await gone(place, 'child');
  });

  it('takes an owner of the same name with another uid for absent', async (t) => {
    const place = await openPlace(t);
    const owner = await make(place, 'owner');
    await remove(place, 'owner', 'background');
    await gone(place, 'owner');
    await make(place, 'owner');
    await make(place, 'late', { owners: [owner] });
    await gone(place, 'late');
    assert.ok(await exists(place, 'owner'));
  });

  it('looks for an owner in the namespace of what it owns only', async (t) => {
    const [place, other] = [await openPlace(t), await openPlace(t)];
    const foreign = await make(other, 'owner');
    await make(place, 'child', { owners: [foreign] });
    await gone(place, 'child');
  });

  it('reaches across kinds', async (t) => {
    const place = await openPlace(t);
    const owner = await make(place, 'owner');
    const metadata = { name: 'child', namespace: place.namespace, ownerReferences: [reference(owner, true)] };
    await place.kube.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata });
    await remove(place, 'owner', 'background');
    await eventually('the secret is gone', async () => (await place.get(secrets, 'child')) === undefined);
  });

  it(
    'takes the pods of a StatefulSet with it, in the foreground before it',
    { skip: lacks.pods },
    async (t) => {
      const place = await openPlace(t);
      await place.runSet('web', slowToEnd(place, 800));
      await settled(place, 'web', 2);
      await place.kubectl('delete', 'statefulset', 'web', '--cascade=foreground', '--wait=false');
      await always(
        'the set stays as long as a pod',
        async () => {
          const found = await place.get(statefulSets, 'web');
          return found !== undefined || (await place.pods('app=web')).length === 0;
        },
        600,
      );
      await eventually('the set is gone', async () => (await place.get(statefulSets, 'web')) === undefined);
      assert.deepEqual(await place.pods('app=web'), []);
    },
  );

  it('makes no new pods for a set that is going', { skip: lacks.pods }, async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', place.container(idle));
    await settled(place, 'web', 2);
    await place.kubectl('delete', 'statefulset', 'web', '--wait=true');
    await eventually('no pods', async () => (await place.pods('app=web')).length === 0);
    await always('none comes back', async () => (await place.pods('app=web')).length === 0, 600);
  });
});
