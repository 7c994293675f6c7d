/** The figures of the deployment guide: its alerts, its sizing, its advice. */
export const guide = {
  inboxPendingMax: 1_000,
  dlqLengthMax: 100,
  redisRoundTripMaxMs: 10,
  instancesMin: 2,
  instancesRecommended: { from: 3, to: 5 },
  instancesMax: 10,
  /** What Redis needs at least: so much for each instance, and for each node. */
  redisMemory: { perInstanceBytes: 100 * 1024 * 1024, perNodeBytes: 10 * 1024 },
} as const;
