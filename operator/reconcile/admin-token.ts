/**
 * The token of the instances' admin API: made once, and known to the pass from here on. Its Secret is in no cache; a cluster on the move
 * gets many looks a second, which believe what one of them has read as long as the instances do. Who takes the token needs no reading:
 * then the Secret is looked at beside the steps, to be there again before a pod mounts it.
 */
import type { Clock } from '../../common/clock.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import { adminSecretName, keyOf } from '../api/names.ts';
import { adminSecret, adminTokenIn } from '../resources/admin-secret.ts';
import { goBeside, type Pass } from './pass.ts';
import { ownSecret } from './own-secret.ts';

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

export async function provideAdminToken(pass: Pass): Promise<void> {
  const { seen, deps, cluster } = pass;
  const isTaken =
    seen.instances.size > 0 && [...seen.instances.values()].every(({ kind }) => kind === 'report');
  const known = isTaken ? deps.adminTokens.of(cluster) : undefined;
  pass.adminToken = known?.token ?? (await readToken(pass));
  if (known && !known.isFresh) goBeside(pass, lookBeside(pass));
}

async function lookBeside(pass: Pass): Promise<() => void> {
  const token = await readToken(pass);
  return () => {
    pass.adminToken = token;
  };
}

/** Empty when it went away while we looked. */
async function readToken(pass: Pass): Promise<string> {
  const { cluster, deps } = pass;
  // 256 bits: an id has half as many.
  const make = () => deps.random.id() + deps.random.id();
  const secret = await ownSecret(pass, adminSecretName(cluster), () => adminSecret(cluster, make()));
  const token = (secret && adminTokenIn(secret)) ?? '';
  deps.adminTokens.read(cluster, token);
  return token;
}
