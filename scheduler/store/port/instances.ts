/** Instances of the store: leases, presence, and the end of the dead. See store.ts for what all verbs promise. */

export interface LeaseToken {
  readonly instanceId: string;
  readonly epoch: number;
  readonly boot: string;
  readonly podUid: string;
}

export interface PresenceRecord {
  readonly instance_id: string;
  /** Milliseconds since the Unix epoch at which the process started, not at which this was written. */
  readonly started_at: number;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  readonly state: 'serving' | 'draining';
}

export interface InstanceStore {
  /**
   * Claims the instance id for this process under a new epoch. The same pod takes over at once: its kubelet guarantees
   * that the previous container is gone. So does the same boot, which is this process. Any other holder keeps it until
   * its lease expires; an empty pod uid is nobody's.
   */
  claim(
    identity: Omit<LeaseToken, 'epoch'>,
    ttlMs: number,
  ): Promise<
    { kind: 'claimed'; token: LeaseToken } | { kind: 'held'; holder: LeaseToken; expiresInMs: number }
  >;

  /** Extends the lease if it is still exactly ours. Works in a Redis that is at maxmemory. */
  renew(token: LeaseToken, ttlMs: number): Promise<boolean>;

  /** Gives the lease up if it is still exactly ours, and the presence with it unless another process holds the id. */
  release(token: LeaseToken): Promise<void>;

  announce(presence: PresenceRecord, ttlMs: number): Promise<void>;

  /** Figures of an instance for people, as JSON the store does not read; gone after `ttlMs`. */
  publish(instanceId: string, figures: string, ttlMs: number): Promise<void>;

  /** Instances whose lease is held now, with their presence and figures when there are. */
  live(): Promise<LiveInstance[]>;

  /** Instances that claimed once, hold no lease and are reaped by nobody: their inbox waits for a reaper. */
  dead(): Promise<string[]>;

  /**
   * Becomes the reaper of a dead instance: holds its lease in its place for `ttlMs`, so that of several only one reaps,
   * and one that comes back waits as long. Asked again by the same reaper it extends that. False: it lives, or another
   * instance reaps it.
   */
  beginReaping(deadInstanceId: string, reaper: LeaseToken, ttlMs: number): Promise<boolean>;

  /**
   * Ends the reaping: when the inbox is empty, everything of the instance goes but its epoch counter, and dead letters,
   * which are kept for `deadLettersMs`. False when new entries have come, or the reaping had ended by itself.
   */
  retire(deadInstanceId: string, reaper: LeaseToken, deadLettersMs: number): Promise<boolean>;
}

export interface LiveInstance {
  readonly instanceId: string;
  /** Of its lease; higher each time it was claimed. */
  readonly epoch: number;
  readonly presence: PresenceRecord | undefined;
  /** What it last gave to `publish`. */
  readonly figures: string | undefined;
}
