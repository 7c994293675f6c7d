/** Every way we end a connection. docs/protocol.md tells clients which of them to come back after. */
export const closeCodes = {
  /** This instance is leaving; connect again, anywhere. */
  goingAway: { code: 1001, reason: 'going away' },
  /** The peer does not read what it is sent; connect again. */
  slowConsumer: { code: 1013, reason: 'slow consumer' },
  /** The peer did not answer in time; connect again. */
  silent: { code: 4008, reason: 'timed out' },
  /** A newer connection has taken this one's place, or this instance lost its right to serve it. */
  superseded: { code: 4009, reason: 'superseded' },
} as const;
export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];
