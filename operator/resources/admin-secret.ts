/** The token that the operator shows to the instances' admin API. Created once, never changed. */
import { adminTokenKey } from '../../common/workload.ts';
import { adminSecretName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { Secret } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';

/** @param token random, 256 bits */
export function adminSecret(cluster: SchedulerCluster, token: string): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedMetadata(cluster, adminSecretName(cluster), 'access'),
    type: 'Opaque',
    // Base64, which `data` wants; `stringData` would come back under another name than it was sent.
    data: { [adminTokenKey]: btoa(token) },
  };
}

/** The token in a Secret that was read; undefined when somebody emptied it. */
export function adminTokenIn(secret: Secret): string | undefined {
  const encoded = secret.data?.[adminTokenKey];
  return encoded ? atob(encoded) : undefined;
}
