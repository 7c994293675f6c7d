import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { configMaps, namespaces, pods } from '../../../operator/kube/resources.ts';
import { target } from '../target.ts';
import { always, eventually, openPlace, settled, type Place, slowToEnd } from './place.ts';

const { lacks } = await target();

const namespaceOf = (place: Place) => place.kube.get(namespaces, { namespace: '', name: place.namespace });

const gone = (place: Place) =>
  eventually('the namespace is gone', async () => (await namespaceOf(place)) === undefined);

const map = (place: Place, name: string, finalizers: string[] = []) =>
  place.kube.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: place.namespace, finalizers },
  });

describe('a namespace that is deleted', { concurrency: true }, () => {
  it('takes its contents with it, and waits for pods to end', { skip: lacks.pods }, async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', slowToEnd(place, 1000));
    const [pod] = await settled(place, 'web', 2);
    await map(place, 'map');
    await place.target.kubectl(['delete', 'namespace', place.namespace, '--wait=false']);
    assert.equal((await namespaceOf(place))?.status?.phase, 'Terminating');
    await always(
      'it stays as long as a pod',
      async () => {
        const left = await place.kube.get(pods, { namespace: place.namespace, name: pod!.metadata.name });
        return left === undefined || (await namespaceOf(place)) !== undefined;
      },
      700,
    );
    await gone(place);
    assert.deepEqual((await place.kube.list(configMaps, { namespace: place.namespace })).items, []);
  });

  it('takes nothing new', async (t) => {
    const place = await openPlace(t);
    await map(place, 'held', ['lingua.dev/test']);
    await place.target.kubectl(['delete', 'namespace', place.namespace, '--wait=false']);
    await assert.rejects(map(place, 'new'), { code: 'forbidden' });
    await always('a finalizer holds it', async () => (await namespaceOf(place)) !== undefined, 700);
    const name = { namespace: place.namespace, name: 'held' };
    await place.kube.patch(configMaps, name, { metadata: { finalizers: [] } });
    await gone(place);
  });
});
