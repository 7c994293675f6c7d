/** With which credentials the instances log in to Redis, compared with what the Secrets say now. */
import type { Pod } from '../kube/resources.ts';
import { isAlive, reportOf } from './pods.ts';
import type { Seen } from './seen.ts';

export interface LoginsSeen {
  /** Instances that say what they log in with. */
  readonly asked: number;
  /** Those that do not log in with what the Secrets say now. */
  readonly behind: readonly { readonly name: string; readonly refused: string | null }[];
}

/** Undefined while nothing can be compared. */
export function loginsOf(seen: Seen, pods: readonly Pod[]): LoginsSeen | undefined {
  const { credentialsDigest } = seen;
  if (credentialsDigest === undefined) return undefined;
  const logins = pods.filter(isAlive).flatMap((pod) => {
    const login = reportOf(seen, pod)?.redis.login;
    return login ? [{ name: pod.metadata.name, ...login }] : [];
  });
  if (logins.length === 0) return undefined;
  return { asked: logins.length, behind: logins.filter(({ digest }) => digest !== credentialsDigest) };
}

/** What all instances log in with; what they did before while they differ. */
export function credentialsInUse(
  seen: Seen,
  pods: readonly Pod[],
  before: string | undefined,
): string | undefined {
  const logins = loginsOf(seen, pods);
  return logins?.behind.length === 0 ? seen.credentialsDigest : before;
}
