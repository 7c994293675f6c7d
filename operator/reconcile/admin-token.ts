/**
 * The Secret with the admin token. The operator may read it by its name and create it, and nothing else: it is not in any
 * cache, and it is never changed.
 */
import { toAppError } from '../../common/errors.ts';
import { adminSecretName } from '../api/names.ts';
import { secrets, type Secret } from '../kube/resources.ts';
import { adminSecret, adminTokenIn } from '../resources/admin-secret.ts';
import { confirm, stamp, type Pass } from './act.ts';
import { announceWrite } from './announce.ts';
import { foreign } from './blockage.ts';
import { isOwnedBy } from './ownership.ts';

export async function provideAdminToken(pass: Pass): Promise<void> {
  const secret = (await read(pass)) ?? (await create(pass)) ?? (await read(pass));
  if (!secret) return;
  if (!isOwnedBy(secret, pass.cluster)) throw foreign({ ...secret, kind: secrets.kind });
  pass.adminToken = adminTokenIn(secret) ?? '';
}

function read({ cluster, deps }: Pass): Promise<Secret | undefined> {
  const { namespace = '' } = cluster.metadata;
  return deps.kube.get(secrets, { namespace, name: adminSecretName(cluster) });
}

/** Undefined when somebody was faster. */
async function create(pass: Pass): Promise<Secret | undefined> {
  const { kube, random, metrics } = pass.deps;
  await confirm(pass);
  try {
    const created = await kube.create(secrets, stamp(adminSecret(pass.cluster, random.id())));
    metrics.wrote(secrets.kind, 'create');
    announceWrite(pass, { before: undefined, after: { ...created, kind: secrets.kind }, field: undefined });
    return created;
  } catch (error) {
    if (toAppError(error).code === 'conflict') return undefined;
    throw error;
  }
}
