/**
 * A session's record as text: `epoch|owner|connected|acknowledged|answered|token|attributes`. `answered` is 1 once there is
 * an outbox. The newest sequence number stands in the outbox itself, as the last id of its stream.
 */
import type { SessionRecord } from '../store.ts';

export function parseSession(sessionId: string, text: string): Omit<SessionRecord, 'seq'> {
  const [epoch = '', owner = '', , acknowledged = ''] = text.split('|', 4);
  return {
    sessionId,
    owner,
    epoch: Number(epoch),
    acknowledged: Number(acknowledged),
    attributes: attributesOf(text),
  };
}

export const ownerOfSession = (text: string): string => text.split('|', 2)[1] ?? '';

/** A token may hold anything; the bar would end it. */
export const storedToken = (token: string): string => encodeURIComponent(token);

function attributesOf(text: string): string {
  let at = 0;
  for (let i = 0; i < 6; i++) at = text.indexOf('|', at) + 1;
  return text.slice(at);
}
