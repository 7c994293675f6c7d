/** Binds a claim to the volume that was made for it, and lets the volume go when the claim is gone. */
import {
  persistentVolumeClaims,
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../../../operator/kube/resources.ts';
import { startQueue, writeStatus, type Controller, type ControllerContext } from './controller.ts';

export function startVolumes(context: ControllerContext): Controller {
  const { kube, informers } = context;
  const claims = informers.of(persistentVolumeClaims);
  const volumes = informers.of(persistentVolumes);

  const queue = startQueue(context, 'persistentvolume-binder', async ({ name }) => {
    const volume = volumes.get({ namespace: '', name });
    if (!volume) return {};
    const claim = claimOf(volume);
    if (claim) await bind(volume, claim);
    else await writeStatus(kube, persistentVolumes, volume, { phase: phaseWithout(volume) });
    return {};
  });

  /** A claim that was made anew under the name is another claim. */
  function claimOf({ spec }: PersistentVolume): PersistentVolumeClaim | undefined {
    const { namespace = '', name = '', uid } = spec?.claimRef ?? {};
    const claim = claims.get({ namespace, name });
    return claim && (uid === undefined || claim.metadata.uid === uid) ? claim : undefined;
  }

  async function bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
    const { name, namespace = '', uid = '' } = claim.metadata;
    const { claimRef, accessModes = [], capacity = {} } = volume.spec ?? {};
    let owned = volume;
    if (claimRef?.uid !== uid) {
      owned = await kube.patch(persistentVolumes, placeOf(volume), { spec: { claimRef: { uid } } });
    }
    let bound = claim;
    if (claim.spec?.volumeName === undefined) {
      const spec = { volumeName: volume.metadata.name };
      bound = await kube.patch(persistentVolumeClaims, { namespace, name }, { spec });
    }
    await writeStatus(kube, persistentVolumes, owned, { phase: 'Bound' });
    await writeStatus(kube, persistentVolumeClaims, bound, { phase: 'Bound', accessModes, capacity });
  }

  volumes.onChange((_before, after) => {
    if (after) queue.add(after.metadata.name);
  });
  claims.onChange((before, after) => {
    const { namespace, name } = (after ?? before)!.metadata;
    for (const { metadata, spec } of volumes.list()) {
      const { claimRef } = spec ?? {};
      if (claimRef?.name === name && claimRef.namespace === namespace) queue.add(metadata.name);
    }
  });
  return { stop: () => queue.stop() };
}

/** One that had a claim holds the data of that claim. */
const phaseWithout = ({ spec }: PersistentVolume): string =>
  spec?.claimRef?.uid === undefined ? 'Available' : 'Released';

const placeOf = ({ metadata }: PersistentVolume) => ({ namespace: '', name: metadata.name });
