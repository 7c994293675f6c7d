/**
 * Volumes for claims, as a node's local storage gives them: a directory of the node's for each, made when a pod placed here
 * asks for it, and removed with its volume when the claim is gone.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock, Random } from '../../../common/clock.ts';
import { toAppError } from '../../../common/errors.ts';
import type { KubeClient } from '../../../operator/kube/client.ts';
import { Reflector } from '../../../operator/kube/reflector.ts';
import {
  persistentVolumeClaims,
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../../../operator/kube/resources.ts';

export interface ClaimsOptions {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly directory: string;
  readonly nodeName: string;
  readonly onChange: () => void;
}

export interface Claims {
  readonly synced: Promise<unknown>;
  /** The directory of a claim that is bound; asks for one when it is not. Undefined until then. */
  directoryOf(namespace: string, name: string): string | undefined;
  stop(): void;
}

const provisioner = 'pocket.lingua.dev/directory';
const provisionedBy = 'pv.kubernetes.io/provisioned-by';

export function watchClaims(options: ClaimsOptions): Claims {
  const query = { namespace: undefined };
  const claims = new Reflector<PersistentVolumeClaim>({
    ...options,
    resource: persistentVolumeClaims,
    query,
  });
  const volumes = new Reflector<PersistentVolume>({
    ...options,
    resource: persistentVolumes,
    query,
    onChange: (_key, _before, after) => {
      options.onChange();
      if (after && isOurs(after) && after.status?.phase === 'Released') void remove(after, options);
    },
  });
  return {
    synced: Promise.all([claims.synced, volumes.synced]),
    directoryOf(namespace, name) {
      const claim = claims.get({ namespace, name });
      const { volumeName } = claim?.spec ?? {};
      if (claim && volumeName === undefined) void provide(claim, options);
      if (volumeName === undefined || claim?.status?.phase !== 'Bound') return undefined;
      return volumes.get({ namespace: '', name: volumeName })?.spec?.hostPath?.path;
    },
    stop() {
      claims.stop();
      volumes.stop();
    },
  };
}

const isOurs = ({ metadata }: PersistentVolume): boolean =>
  metadata.annotations?.[provisionedBy] === provisioner;

/** Asking again is harmless: the volume has the name of the claim's uid. */
async function provide(claim: PersistentVolumeClaim, options: ClaimsOptions): Promise<void> {
  const { kube, directory, log } = options;
  const { name, namespace = '', uid = '' } = claim.metadata;
  const { accessModes = [], resources, storageClassName } = claim.spec ?? {};
  const path = join(directory, 'claims', uid);
  try {
    await mkdir(path, { recursive: true });
    await kube.create(persistentVolumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `pvc-${uid}`, annotations: { [provisionedBy]: provisioner } },
      spec: {
        hostPath: { path },
        capacity: { storage: resources?.requests?.['storage'] ?? '1Gi' },
        accessModes,
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
        ...(storageClassName === undefined ? {} : { storageClassName }),
      },
    });
  } catch (error) {
    if (toAppError(error).code !== 'conflict') log.warn({ claim: name, err: error }, 'no volume for a claim');
  }
}

async function remove(volume: PersistentVolume, { kube, log }: ClaimsOptions): Promise<void> {
  try {
    await kube.delete(persistentVolumes, volume);
    await rm(volume.spec?.hostPath?.path ?? '', { recursive: true, force: true });
  } catch (error) {
    log.warn({ volume: volume.metadata.name, err: error }, 'volume not removed');
  }
}
