/**
 * Ids that this scheduler gives out, with the original's prefixes. They carry 128 bits: a session id must not be
 * guessed, and 32 bits collide within a day of traffic.
 */
import type { Random } from '../common/clock.ts';

export const newSessionId = (random: Random): string => `s-${random.id()}`;
export const newJobId = (random: Random): string => `job-${random.id()}`;
export const newNodeId = (random: Random): string => `node-${random.id()}`;

/**
 * A session of nobody's, which only tries a route (`scheduler/probe/`). Everybody knows its jobs by this id: none reaches
 * a node, is given to another, or is counted. Clients cannot choose session ids, so no real one looks like it.
 */
export const newProbeSessionId = (random: Random): string => `probe-${random.id()}`;
export const isProbeSession = (sessionId: string): boolean => sessionId.startsWith('probe-');

/** In the shape of a UUID of version 4, which clients and their logs expect. */
export function newTraceId(random: Random): string {
  const hex = random.id();
  const variant = ((parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
