import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../../operator/schema/json.ts';
import { violationsOf } from './pod-security.ts';

const security = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
const safe = (container: JsonObject = {}, pod: JsonObject = {}): JsonObject => ({
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
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

  for (const [what, spec] of [
    ['a container that undoes the pod', safe({ securityContext: { ...security, runAsNonRoot: false } })],
    ['root', safe({ securityContext: { ...security, runAsUser: 0 } })],
    ['host paths', safe({}, { volumes: [{ name: 'v', hostPath: { path: '/' } }] })],
    ['the host network', safe({}, { hostNetwork: true })],
    [
      'added capabilities',
      safe({ securityContext: { ...security, capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } } }),
    ],
    ['init containers too', safe({}, { initContainers: [{ name: 'i' }] })],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.notDeepEqual(violationsOf(spec, 'restricted'), []);
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
