/**
 * The shared truth of all instances, as verbs. A verb is one atomic transition in one hash slot and is safe to repeat:
 * a caller that did not hear the answer calls again. Two implementations, `redis/` and `memory/`, pass one contract
 * suite (`test/contract/store.ts`).
 *
 * Every verb throws `AppError` with code `unavailable` when the store cannot answer; whether it happened is then
 * unknown, and repeating it is right. It throws `invalid` for an id that is not 1 to 128 of letters, digits, `_`, `.`,
 * `:` and `-`. Expected answers are values.
 *
 * All durations are milliseconds, and deadlines are kept by the store's own clock. See docs/design/scheduler.md.
 */
import type { InboxStore } from './port/inbox.ts';
import type { InstanceStore } from './port/instances.ts';
import type { JobStore } from './port/jobs.ts';
import type { NodeStore } from './port/nodes.ts';
import type { SessionStore } from './port/sessions.ts';

export type * from './port/inbox.ts';
export type * from './port/instances.ts';
export type * from './port/jobs.ts';
export type * from './port/nodes.ts';
export type * from './port/sessions.ts';

export interface Store {
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly nodes: NodeStore;
  readonly instances: InstanceStore;
  readonly inbox: InboxStore;

  /**
   * Calls the listener each time the store answers again after it did not, and when it is seen to have lost data: what
   * was recorded may be gone or about to expire, so renew at once. May be called more often than needed.
   */
  onReconnect(listener: () => void): void;

  /** Of credentials in files, which may change while we run; absent when there are none. */
  readonly logins?: Logins | undefined;

  /** Round trip of one ping in milliseconds. Throws `unavailable`. */
  ping(): Promise<number>;
  /** Facts about the server for people and for `scheduler doctor`. Throws `unavailable`. */
  examine(): Promise<StoreFacts>;
  close(): Promise<void>;
}

/** Follows what the files say; see `LoginState`. */
export interface Logins {
  /** Looks whether they say something new, and if so whether the server takes it. Never fails. */
  look(): Promise<void>;
  readonly state: LoginState;
}

export interface LoginState {
  /** What the connections log in with, in the order user, password, authorities. */
  readonly files: readonly (Uint8Array | undefined)[];
  /** What the server said to what the files say now, when it does not take it; null when nothing newer is there. */
  readonly refused: string | null;
}

/** What can be known of the server behind the store; undefined where it does not say (an ACL may forbid it). */
export interface StoreFacts {
  readonly kind: 'redis' | 'memory';
  readonly mode: 'single' | 'cluster' | 'none';
  /** Of each server that was asked. */
  readonly servers: readonly {
    readonly address: string;
    readonly version: string | undefined;
    /** `redis`, `valkey` or another name the server gives itself. */
    readonly flavour: string | undefined;
    readonly clusterEnabled: boolean | undefined;
    readonly maxmemoryBytes: number | undefined;
    readonly usedMemoryBytes: number | undefined;
    readonly maxmemoryPolicy: string | undefined;
    readonly appendOnly: boolean | undefined;
    /** The last write to the append-only file or the last snapshot failed. */
    readonly persistenceFailing: boolean | undefined;
    readonly connectedReplicas: number | undefined;
    /** Its clock, in milliseconds since the Unix epoch, and ours half a round trip ago. */
    readonly clockMs: number;
    readonly ourClockMs: number;
  }[];
}
