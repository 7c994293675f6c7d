/** Changes of a fleet whose pods must be restricted: a canary that passes, one that fails, a deletion in the middle, a new beginning. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { place, type Place, type PodSeen } from './place.ts';

const { kind, lacks } = await target();

const name = 'changes';
const withinMs = 120_000;
const uids = (pods: readonly PodSeen[]): string[] => pods.map(({ metadata }) => metadata.uid);

describe('a change of a fleet', { skip: lacks.programs }, () => {
  let here: Place;

  const patch = (spec: object) =>
    here.kubectl(['patch', 'lsc', name, '--type=merge', '-p', JSON.stringify({ spec })]);
  const condition = async (type: string): Promise<string> => {
    const path = `jsonpath={.status.conditions[?(@.type=="${type}")]['status','reason']}`;
    return (await here.kubectl(['get', 'lsc', name, '-o', path])).trim();
  };
  const create = async (): Promise<void> => {
    await here.apply({ name, replicas: 2, keyPrefix: name });
    const limits = { notReadySeconds: 30 };
    await patch({ rollout: { canary: { replicas: 1, soakSeconds: 2, limits } } });
    await here.ready(name);
  };

  before(async () => {
    here = await place();
    // Not in somebody's cluster; there the namespace is what its owner made it.
    if (kind !== 'external') {
      await here.kubectl(['label', 'ns', 'default', 'pod-security.kubernetes.io/enforce=restricted']);
    }
    await create();
  });

  it('of its configuration goes to one instance, soaks, and then to the other', async () => {
    const old = uids(await here.pods(name));
    await patch({ config: { scheduler: { jobTimeoutSeconds: 45 } } });
    await here.ready(name);
    const now = await here.pods(name);
    assert.equal(now.length, 2);
    assert.ok(uids(now).every((uid) => !old.includes(uid)));
  });

  it('that does not become ready is taken back, and the other instance is left alone', async () => {
    const [first] = uids(await here.pods(name));
    await patch({ image: 'lingua-absent:dev' });
    await eventually(
      'the canary has failed',
      async () => (await condition('Degraded')) === 'True CanaryFailed',
      withinMs,
    );
    await eventually(
      'both run the old image again',
      async () => {
        const path = 'jsonpath={.items[*].status.containerStatuses[*].ready}';
        const selector = ['-l', `app.kubernetes.io/instance=${name}`];
        return (await here.kubectl(['get', 'pods', ...selector, '-o', path])) === 'true true';
      },
      withinMs,
    );
    assert.equal(uids(await here.pods(name))[0], first);
    await patch({ image: 'lingua-scheduler:dev' });
    await here.ready(name);
    assert.equal(uids(await here.pods(name))[0], first);
  });

  it('ends with its fleet when that is deleted in the middle, and the next fleet is as new', async () => {
    const [, last] = uids(await here.pods(name));
    await patch({ config: { scheduler: { jobTimeoutSeconds: 50 } } });
    await eventually('the roll has begun', async () => uids(await here.pods(name))[1] !== last, withinMs);
    await here.kubectl(['delete', 'lsc', name, '--timeout=180s']);
    await here.gone(name);
    await create();
    assert.equal((await here.pods(name)).length, 2);
    await here.kubectl(['delete', 'lsc', name, '--timeout=180s']);
    await here.gone(name);
  });
});
