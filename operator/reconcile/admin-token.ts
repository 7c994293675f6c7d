/**
 * The token of the instances' admin API: made once, and known to the pass from here on. Its Secret is in no cache; a cluster on the move
 * gets many looks a second, which believe what one of them has read as long as the instances do. Who takes the token needs no reading:
 * then the Secret is looked at beside the steps, to be there again before a pod mounts it.
 */
import { adminSecretName } from '../api/names.ts';
import { adminSecret, adminTokenIn } from '../resources/admin-secret.ts';
import { goBeside, type Pass } from './pass.ts';
import { ownSecret } from './own-secret.ts';

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
