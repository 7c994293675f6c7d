/** What every handler works with. */
import type { Logger } from 'pino';
import type { Clock } from '../../../common/clock.ts';
import type { Upgrade } from '../refuse-upgrade.ts';
import type { RequestInfo } from './http/request-info.ts';
import type { Tokens } from './auth/tokens.ts';
import type { Registry } from './kinds/registry.ts';
import type { Store } from './storage/store.ts';
import type { ApiObject } from '../../../operator/schema/object.ts';

export interface PodLogQuery {
  readonly pod: ApiObject;
  readonly container: string;
  readonly previous: boolean;
  readonly tailLines: number | undefined;
  /** Ends a followed log when the client goes away. */
  readonly signal: AbortSignal;
  readonly follow: boolean;
}

export interface ExecQuery {
  readonly pod: ApiObject;
  readonly container: string;
  readonly command: readonly string[];
  readonly streams: Readonly<Record<'stdin' | 'stdout' | 'stderr', boolean>>;
  /** A connection that speaks no HTTP from here on. */
  readonly upgrade: Upgrade;
}

/** What lies outside an API server and is lent to it. */
export interface Hooks {
  /** The log of a pod as text chunks; undefined when the pod has not written any. */
  readonly podLog?: (query: PodLogQuery) => AsyncIterable<string | Buffer> | undefined;
  /** Runs a command in a container and takes the connection over; false when it does not run. */
  readonly podExec?: (query: ExecQuery) => boolean;
}

export interface Api {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hooks: Hooks;
  readonly tokens: Tokens;
}

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

/** One request after authentication. `warnings` become headers of the answer. */
export interface Call {
  readonly info: RequestInfo;
  readonly user: User;
  readonly accept: string;
  readonly contentType: string;
  readonly userAgent: string;
  readonly body: Buffer;
  readonly warnings: string[];
}
