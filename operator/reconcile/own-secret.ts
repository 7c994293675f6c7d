/**
 * A Secret of the operator's making. The operator may read it by its name and create it, and nothing else: it is not in any
 * cache, and it is never changed.
 */
import { toAppError } from '../../common/errors.ts';
import { secrets, type Secret } from '../kube/resources.ts';
import { stamp } from './act.ts';
import type { Pass } from './pass.ts';
import { announceWrite } from './announce.ts';
import { foreign } from './blockage.ts';
import { confirm } from './confirm.ts';
import { isOwnedBy } from './ownership.ts';

/**
 * The Secret called as `wish` says, made when there is none; undefined when it went away while we looked.
 * Throws when the name is somebody else's.
 */
export async function ownSecret(pass: Pass, name: string, wish: () => Secret): Promise<Secret | undefined> {
  const secret = (await read(pass, name)) ?? (await create(pass, wish())) ?? (await read(pass, name));
  if (secret && !isOwnedBy(secret, pass.cluster)) throw foreign({ ...secret, kind: secrets.kind });
  return secret;
}

function read({ cluster, deps }: Pass, name: string): Promise<Secret | undefined> {
  const { namespace = '' } = cluster.metadata;
  return deps.kube.get(secrets, { namespace, name });
}

/** Undefined when somebody was faster. */
async function create(pass: Pass, wish: Secret): Promise<Secret | undefined> {
  const { kube, metrics } = pass.deps;
  await confirm(pass);
  try {
    const created = await kube.create(secrets, stamp(wish));
    metrics.wrote(secrets.kind, 'create');
    announceWrite(pass, { before: undefined, after: { ...created, kind: secrets.kind }, field: undefined });
    return created;
  } catch (error) {
    if (toAppError(error).code === 'conflict') return undefined;
    throw error;
  }
}
