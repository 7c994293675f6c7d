import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { target } from '../target.ts';
import { eventually, idle, isReady, openPlace } from './place.ts';

const { lacks } = await target();

const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };

const tight = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  runAsUser: 65532,
  seccompProfile: { type: 'RuntimeDefault' },
};

describe('a namespace for restricted pods', { concurrency: true }, () => {
  it('refuses a pod that asks for more, naming what it may not', async (t) => {
    const place = await openPlace(t, restricted);
    await assert.rejects(
      place.runPod('loose', [place.container(idle)]),
      (error: { code: string; message: string }) => {
        assert.equal(error.code, 'forbidden');
        assert.match(error.message, /violates PodSecurity "restricted:latest"/);
        assert.match(error.message, /allowPrivilegeEscalation != false/);
        assert.match(error.message, /runAsNonRoot != true/);
        return true;
      },
    );
  });

  it('runs a pod that asks for nothing', { skip: lacks.pods }, async (t) => {
    const place = await openPlace(t, restricted);
    await place.runPod('tight', [place.container(idle, { securityContext: tight })]);
    await eventually('the pod runs', async () => isReady(await place.pod('tight')));
  });

  it('takes a workload but not its pods, and an event says so', async (t) => {
    const place = await openPlace(t, restricted);
    await place.runSet('web', place.container(idle), { replicas: 1 });
    await eventually('the event', async () => {
      const events = await place.kubectl(
        'get',
        'events',
        '--field-selector',
        'reason=FailedCreate',
        '-o',
        'jsonpath={.items[*].message}',
      );
      return events.includes('violates PodSecurity');
    });
    assert.deepEqual(await place.pods(), []);
  });
});
