/**
 * The token of the instances' admin API: made once, and known to the pass from here on. Its Secret is in no cache; a cluster on the move
 * gets many looks a second, which believe what one of them has read as long as the instances do.
 */
import type { Clock } from '../../common/clock.ts';
import { adminSecretName } from '../api/names.ts';
import { adminSecret, adminTokenIn } from '../resources/admin-secret.ts';
import type { Pass } from './pass.ts';
import { ownSecret } from './own-secret.ts';

/** Somebody may take the Secret away, and a pod that starts needs it. */
const believedMs = 10_000;

/** Tokens that were read lately, by the uid of their cluster. */
export class AdminTokens {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly token: string; readonly readAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(uid: string): string | undefined {
    const known = this.#known.get(uid);
    return known && this.#clock.monotonic() - known.readAt < believedMs ? known.token : undefined;
  }

  read(uid: string, token: string): void {
    // Only the latest are of use, and a cluster that is gone is not told.
    for (const known of this.#known.keys()) if (this.get(known) === undefined) this.#known.delete(known);
    this.#known.set(uid, { token, readAt: this.#clock.monotonic() });
  }
}

export async function provideAdminToken(pass: Pass): Promise<void> {
  const { cluster, deps, seen } = pass;
  const { uid = '' } = cluster.metadata;
  const isTaken =
    seen.instances.size > 0 && [...seen.instances.values()].every(({ kind }) => kind === 'report');
  const known = isTaken ? deps.adminTokens.get(uid) : undefined;
  pass.adminToken = known ?? (await readToken(pass));
  if (known === undefined && pass.adminToken) deps.adminTokens.read(uid, pass.adminToken);
}

/** Empty when it went away while we looked. */
async function readToken(pass: Pass): Promise<string> {
  const { cluster, deps } = pass;
  // 256 bits: an id has half as many.
  const token = () => deps.random.id() + deps.random.id();
  const secret = await ownSecret(pass, adminSecretName(cluster), () => adminSecret(cluster, token()));
  return (secret && adminTokenIn(secret)) ?? '';
}
