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

  it('says of each careless pod what is wrong with it', async (t) => {
    const place = await openPlace(t, { 'pod-security.kubernetes.io/enforce': 'baseline' });
    const host = '192.0.2.1';
    const careless: readonly (readonly [string, object, object?])[] = [
      ['host namespaces (hostNetwork=true, hostPID=true)', {}, { hostNetwork: true, hostPID: true }],
      [
        'privileged (container "a" must not set securityContext.privileged=true)',
        { securityContext: { privileged: true } },
      ],
      [
        'non-default capabilities (container "a" must not include "NET_ADMIN", "SYS_ADMIN" in securityContext.capabilities.add)',
        { securityContext: { capabilities: { add: ['SYS_ADMIN', 'NET_ADMIN', 'CHOWN'] } } },
      ],
      ['hostPath volumes (volume "v")', {}, { volumes: [{ name: 'v', hostPath: { path: '/' } }] }],
      ['hostPort (container "a" uses hostPort 80)', { ports: [{ containerPort: 80, hostPort: 80 }] }],
      [
        `probe or lifecycle host (container "a" uses probe or lifecycle host "${host}")`,
        { livenessProbe: { httpGet: { port: 80, host } } },
      ],
      [
        'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
        {},
        { securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u' } } },
      ],
      [
        'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
        { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      ],
      [
        'forbidden sysctls (kernel.msgmax)',
        {},
        { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
      ],
      [
        'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
        {},
        { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
      ],
      [
        'host namespaces (hostNetwork=true), hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
        {},
        { hostNetwork: true, securityContext: { windowsOptions: { hostProcess: true } } },
      ],
    ];
    for (const [complaint, container, pod] of careless) {
      const spec = { containers: [{ name: 'a', image: 'x', ...container }], ...pod };
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });
      const { stderr } = await place.tryKubectl(['create', '-f', '-', '--dry-run=server'], { input });
      assert.equal(stderr.split('violates PodSecurity "baseline:latest": ')[1]?.trim(), complaint);
    }
  });
});
