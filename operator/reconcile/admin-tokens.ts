/** What a process has read of the admin tokens, so that a cluster on the move does not ask for its Secret in every look. */
import type { Clock } from '../../common/clock.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import { keyOf } from '../api/names.ts';

/** Somebody may take the Secret away, and a pod that starts needs it. */
const believedMs = 10_000;

interface Known {
  /** Of the cluster: another one of its name has another token. */
  readonly uid: string | undefined;
  readonly token: string;
  readonly readAt: number;
}

/** Tokens as they were last read, by the key of their cluster. */
export class AdminTokens {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined when it was not read yet. */
  of(cluster: SchedulerCluster): { readonly token: string; readonly isFresh: boolean } | undefined {
    const known = this.#known.get(keyOf(cluster));
    if (!known || known.uid !== cluster.metadata.uid) return undefined;
    return { token: known.token, isFresh: this.#clock.monotonic() - known.readAt < believedMs };
  }

  read(cluster: SchedulerCluster, token: string): void {
    const { uid } = cluster.metadata;
    if (token) this.#known.set(keyOf(cluster), { uid, token, readAt: this.#clock.monotonic() });
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}
