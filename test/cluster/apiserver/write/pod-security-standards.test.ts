import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../../operator/schema/json.ts';
import { violationsOf } from './pod-security-standards.ts';

const security = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
const calm = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
const safe = (container: JsonObject = {}, pod: JsonObject = {}): JsonObject => ({
  securityContext: calm,
  containers: [{ name: 'c', securityContext: security, ...container }],
  ...pod,
});

describe('the restricted pod level', () => {
  it('lets a careful pod pass', () => {
    assert.deepEqual(violationsOf(safe(), 'restricted'), []);
  });

  it('names everything a careless pod leaves open', () => {
    assert.deepEqual(violationsOf({ containers: [{ name: 'a' }, { name: 'b' }] }, 'restricted'), [
      'allowPrivilegeEscalation != false (containers "a", "b" must set securityContext.allowPrivilegeEscalation=false)',
      'unrestricted capabilities (containers "a", "b" must set securityContext.capabilities.drop=["ALL"])',
      'runAsNonRoot != true (pod or containers "a", "b" must set securityContext.runAsNonRoot=true)',
      'seccompProfile (pod or containers "a", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ]);
  });

  for (const [what, spec, complaint] of [
    [
      'a container that undoes the pod',
      safe({ securityContext: { ...security, runAsNonRoot: false } }),
      'runAsNonRoot',
    ],
    ['root', safe({ securityContext: { ...security, runAsUser: 0 } }), 'runAsUser=0'],
    [
      'a pod that runs as root',
      safe({}, { securityContext: { ...calm, runAsUser: 0 } }),
      'runAsUser=0 (pod ',
    ],
    [
      'host paths',
      safe({}, { volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
      'restricted volume types (volume "v" uses',
    ],
    ['the host network', safe({}, { hostNetwork: true }), 'host namespaces (hostNetwork=true)'],
    [
      'ports of the host',
      safe({ ports: [{ containerPort: 1, hostPort: 80 }] }),
      'hostPort (container "c" uses hostPort 80)',
    ],
    [
      'added capabilities',
      safe({ securityContext: { ...security, capabilities: { drop: ['ALL'], add: ['CHOWN'] } } }),
      'unrestricted capabilities (container "c" must not include "CHOWN"',
    ],
    [
      'init containers too',
      safe({}, { initContainers: [{ name: 'i' }] }),
      'allowPrivilegeEscalation != false (container "i"',
    ],
    [
      'no seccomp',
      safe({ securityContext: { ...security, seccompProfile: { type: 'Unconfined' } } }),
      'seccompProfile (container "c" must not set',
    ],
    [
      'no AppArmor',
      safe({}, { securityContext: { ...calm, appArmorProfile: { type: 'Unconfined' } } }),
      'forbidden AppArmor profile (pod',
    ],
    [
      'another SELinux type',
      safe({}, { securityContext: { ...calm, seLinuxOptions: { type: 'spc_t' } } }),
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t")',
    ],
    [
      'kernel settings',
      safe({}, { securityContext: { ...calm, sysctls: [{ name: 'kernel.msgmax' }] } }),
      'forbidden sysctls (kernel.msgmax)',
    ],
    ['an unmasked /proc', safe({ securityContext: { ...security, procMount: 'Unmasked' } }), 'procMount'],
    [
      'processes of a Windows host',
      safe({}, { securityContext: { ...calm, windowsOptions: { hostProcess: true } } }),
      'hostProcess (pod',
    ],
    [
      'probes of other hosts',
      safe({ livenessProbe: { httpGet: { port: 1, host: 'h' } } }),
      'probe or lifecycle host (container "c" uses probe or lifecycle host "h")',
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      const [said, ...more] = violationsOf(spec, 'restricted').filter((fault) => fault.startsWith(complaint));
      assert.deepEqual([said?.slice(0, complaint.length), more], [complaint, []]);
    });
  }

  it('is more than baseline asks', () => {
    assert.deepEqual(violationsOf({ containers: [{ name: 'a' }] }, 'baseline'), []);
    assert.deepEqual(
      violationsOf({ containers: [{ name: 'a', securityContext: { privileged: true } }] }, 'baseline'),
      ['privileged (container "a" must not set securityContext.privileged=true)'],
    );
  });
});
