/** What the Redis store can be told. Durations are milliseconds. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../../common/clock.ts';

export interface RedisStoreOptions {
  readonly mode: 'single' | 'cluster';
  /** `redis://[user:password@]host:port[/db]` or `rediss://`; in cluster mode used when `clusterUrls` is empty. */
  readonly url: string;
  readonly clusterUrls?: readonly string[];
  readonly keyPrefix: string;
  /** Paths of files that win over what the URL says; read again before each new connection. */
  readonly files?: {
    readonly username?: string | undefined;
    readonly password?: string | undefined;
    /** Certificates in PEM, of whom the server's certificate must be; needs `rediss://`. */
    readonly authorities?: string | undefined;
  };

  /** Consumer group of the inboxes. */
  readonly group: string;
  /** How long the inbox reader waits for entries before it looks after unacknowledged ones. */
  readonly blockMs: number;
  /** Most entries read at once. */
  readonly count: number;
  /** An inbox of this length answers `busy`. */
  readonly maxLength: number;
  /** Unacknowledged entries are yielded again after this long. */
  readonly reclaimIdleMs: number;
  readonly dlq: DeadLetterOptions;

  /** No verb takes longer than this to answer or to fail. Default 5000. */
  readonly commandTimeoutMs?: number;

  /** `replicated`: an accept or finish is answered when a replica has it too. Default `redis`. */
  readonly durability?: 'redis' | 'replicated';
  /** How long a commit waits for a replica. Default 1000, and never more than half of `commandTimeoutMs`. */
  readonly replicaTimeoutMs?: number;

  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly observe?: Observe;
}

export interface DeadLetterOptions {
  /** When false, entries are retried for ever and undecodable ones are dropped. */
  readonly enabled: boolean;
  /** About how many dead letters are kept. */
  readonly maxLength: number;
  /** An entry delivered this often is not delivered again. */
  readonly maxDeliveries: number;
  /** An entry younger than this is not dead-lettered for its deliveries yet. */
  readonly minIdleMs: number;
  /** How often unacknowledged entries are looked after. */
  readonly scanIntervalMs: number;
  /** Most unacknowledged entries looked at in one scan; the next one goes on from there. */
  readonly scanCount: number;
}

/**
 * Told of each operation for metrics. `op` is a Redis command in lower case as in the guide (`xadd`, `xreadgroup`,
 * `xack`, ...) or the name of a verb's script (`accept`, `finish`, ...).
 */
export type Observe = (op: string, result: 'ok' | 'err', seconds: number) => void;
