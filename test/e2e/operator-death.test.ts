/** The operator dies without a warning, at many moments, and the fleet ends as if it had not. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { ownedKinds, place, type Place } from './place.ts';

const { lacks } = await target();

const operator = ['-n', 'lingua-system'];
const byName = ['-l', 'app.kubernetes.io/name=lingua-operator'];

describe('an operator killed', { skip: lacks.programs }, () => {
  let here: Place;
  before(async () => {
    here = await place();
    await here.apply({ name: 'reference', replicas: 3, keyPrefix: 'reference' });
    await here.ready('reference');
  });

  // From before its first write to after its last; a look takes a few tens of milliseconds once it leads.
  const moments = [0, 50, 150, 400, 1000];
  for (const [index, afterMs] of moments.entries()) {
    it(`${String(afterMs)} ms after an apply leaves the same fleet`, async () => {
      const name = `victim-${String(index)}`;
      await here.apply({ name, replicas: 3, keyPrefix: name });
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await killOperator(here);
      await here.ready(name);
      assert.deepEqual(await shape(here, name), await shape(here, 'reference'));
      await here.kubectl(['delete', 'lsc', name, '--timeout=180s']);
      await here.gone(name);
    });
  }

  it('in the middle of scaling still scales', async () => {
    await here.kubectl(['scale', 'lsc', 'reference', '--replicas=1']);
    await killOperator(here);
    await here.ready('reference');
    await here.kubectl(['scale', 'lsc', 'reference', '--replicas=2']);
    await killOperator(here);
    await here.ready('reference');
    // One that was drained may still be on its way out.
    await eventually('two are there', async () => (await here.pods('reference')).length === 2, 120_000);
  });

  it('while a fleet is deleted leaves nothing behind', async () => {
    await here.kubectl(['delete', 'lsc', 'reference', '--wait=false']);
    await killOperator(here);
    await here.gone('reference');
  });
});

/** SIGKILL, without a chance to give up its Lease. Its Deployment starts another. */
async function killOperator({ kubectl }: Place): Promise<void> {
  await kubectl(['delete', 'pods', ...operator, ...byName, '--grace-period=0', '--force']);
}

/** What there is, by kind and count, and what the StatefulSet runs; names and hashes that carry the cluster's name are made alike. */
async function shape({ kubectl }: Place, name: string): Promise<unknown> {
  const list = await kubectl(['get', ownedKinds, '-l', `app.kubernetes.io/instance=${name}`, '-o', 'name']);
  const names = list
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(name, 'NAME').replace(/-[0-9a-f]{8,10}$/, '-HASH'));
  const spec = await kubectl(['get', 'statefulset', name, '-o', 'jsonpath={.spec}']);
  const alike = spec.replaceAll(name, 'NAME').replaceAll(/-[0-9a-f]{8}"/g, '-HASH"');
  return { names: names.sort(), spec: JSON.parse(alike) as unknown };
}
