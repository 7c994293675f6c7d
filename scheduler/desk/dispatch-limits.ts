/** How long jobs wait, run and are remembered, as configured; times in milliseconds. */
export interface DispatchLimits {
  readonly pendingMs: number;
  readonly jobTimeoutMs: number;
  readonly failoverMaxAttempts: number;
  /** How long idempotency keys and finished records are remembered. */
  readonly keepMs: number;
  /** Audio up to this many bytes travels in the hint. */
  readonly inlineBytes: number;
  readonly sendCancel: boolean;
}
