/** Lease tokens as they stand in Redis: compared whole. */
import type { LeaseToken } from '../store.ts';

export const formatToken = ({ instanceId, epoch, boot, podUid }: LeaseToken): string =>
  [instanceId, epoch, boot, podUid].join('|');

export function parseToken(text: string): LeaseToken {
  const [instanceId = '', epoch = '0', boot = '', podUid = ''] = text.split('|');
  return { instanceId, epoch: Number(epoch), boot, podUid };
}
