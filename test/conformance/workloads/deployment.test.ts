import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { deployments, pods, type Deployment } from '../../../operator/kube/resources.ts';
import { target } from '../target.ts';
import { eventually, idle, openPlace, settled, type Place } from './place.ts';

const { lacks } = await target();

function deploy(place: Place, strategy: string): Promise<Deployment> {
  const labels = { app: 'web' };
  return place.kube.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: place.namespace },
    spec: {
      replicas: 2,
      strategy: { type: strategy },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 2, containers: [place.container(idle)] },
      },
    },
  });
}

const rolledOut = (place: Place) => place.kubectl('rollout', 'status', 'deployment/web', '--timeout=180s');

describe('a Deployment', { concurrency: true, skip: lacks.pods }, () => {
  for (const strategy of ['RollingUpdate', 'Recreate']) {
    it(`replaces its pods when the template changes (${strategy})`, async (t) => {
      const place = await openPlace(t);
      await deploy(place, strategy);
      await rolledOut(place);
      const before = await settled(place, 'web', 2);
      await place.kubectl('rollout', 'restart', 'deployment/web');
      await rolledOut(place);
      const after = await settled(place, 'web', 2);
      const kept = after.filter(({ metadata }) => before.some((old) => old.metadata.uid === metadata.uid));
      assert.deepEqual(kept, []);
    });
  }

  it('replaces a pod that was deleted, scales, and takes all with it', async (t) => {
    const place = await openPlace(t);
    await deploy(place, 'RollingUpdate');
    const [first] = await settled(place, 'web', 2);
    await place.kube.delete(pods, first!);
    await settled(place, 'web', 2);
    await place.kubectl('scale', 'deployment/web', '--replicas=3');
    await settled(place, 'web', 3);
    await place.kubectl('scale', 'deployment/web', '--replicas=1');
    await settled(place, 'web', 1);
    await place.kubectl('delete', 'deployment', 'web');
    await eventually('no pods', async () => (await place.pods('app=web')).length === 0);
  });
});
