/** What a StatefulSet's pods keep: a claim for each, which is bound, outlives its pod, and goes with the set only when it says so. */
import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { persistentVolumeClaims, statefulSets } from '../../../operator/kube/resources.ts';
import { target } from '../target.ts';
import { eventually, openPlace, settled, type Place } from './place.ts';

const { lacks } = await target();

/** Notes each of its starts in the volume, and tells how many there were. */
const countsStarts = `
  const file = '/data/starts';
  fs.appendFileSync(file, 'x');
  console.log('start ' + fs.readFileSync(file).length);
  process.on('SIGTERM', () => process.exit(0));
  setInterval(() => {}, 1000);`;

const template = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
};

function runSet(place: Place, whenDeleted: 'Retain' | 'Delete') {
  const container = place.container(countsStarts);
  const mounted = { ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  const pod = { terminationGracePeriodSeconds: 2, containers: [mounted] };
  return place.runSet('kept', container, {
    volumeClaimTemplates: [template],
    persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: 'Retain' },
    template: { metadata: { labels: { app: 'kept' } }, spec: pod },
  });
}

const claims = async ({ kube, namespace }: Place): Promise<string[]> => {
  const { items } = await kube.list(persistentVolumeClaims, { namespace });
  return items.map(({ metadata, status }) => `${metadata.name} ${status?.phase ?? ''}`).sort();
};

const hasTold = (place: Place, pod: string, what: string): Promise<boolean> =>
  eventually(`${pod} tells ${what}`, async () => (await place.kubectl('logs', pod)).trim() === what);

/** Each pod has written into its volume: it is ready before that. */
async function running(place: Place): Promise<void> {
  await settled(place, 'kept', 2);
  for (const pod of ['kept-0', 'kept-1']) await hasTold(place, pod, 'start 1');
}

async function deleteSet({ kube, namespace }: Place): Promise<void> {
  const name = { namespace, name: 'kept' };
  await kube.delete(statefulSets, { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: name });
  await eventually('the set is gone', async () => (await kube.get(statefulSets, name)) === undefined);
}

const skip = lacks.programs || lacks.logs;

describe('a claim', { concurrency: 2, skip }, () => {
  it('is made and bound for each pod, and a pod that is made anew finds its data', async (t) => {
    const place = await openPlace(t);
    await runSet(place, 'Retain');
    await running(place);
    assert.deepEqual(await claims(place), ['data-kept-0 Bound', 'data-kept-1 Bound']);
    await place.kubectl('delete', 'pod', 'kept-0');
    await settled(place, 'kept', 2);
    await hasTold(place, 'kept-0', 'start 2');
    await hasTold(place, 'kept-1', 'start 1');
  });

  it('stays when the set is deleted, with what is in it', async (t) => {
    const place = await openPlace(t);
    await runSet(place, 'Retain');
    await running(place);
    await deleteSet(place);
    await eventually('its pods are gone', async () => (await place.pods('app=kept')).length === 0);
    assert.deepEqual(await claims(place), ['data-kept-0 Bound', 'data-kept-1 Bound']);
    await runSet(place, 'Retain');
    await settled(place, 'kept', 2);
    await hasTold(place, 'kept-0', 'start 2');
  });

  it('goes with the set that says so, once its pod is gone', async (t) => {
    const place = await openPlace(t);
    await runSet(place, 'Delete');
    await settled(place, 'kept', 2);
    await deleteSet(place);
    await eventually('the claims are gone', async () => (await claims(place)).length === 0);
  });
});
