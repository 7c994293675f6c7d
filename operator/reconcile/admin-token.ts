/** The token of the instances' admin API: made once, and known to the pass from here on. */
import { adminSecretName } from '../api/names.ts';
import { adminSecret, adminTokenIn } from '../resources/admin-secret.ts';
import type { Pass } from './pass.ts';
import { ownSecret } from './own-secret.ts';

export async function provideAdminToken(pass: Pass): Promise<void> {
  const { cluster, deps } = pass;
  const secret = await ownSecret(pass, adminSecretName(cluster), () =>
    adminSecret(cluster, deps.random.id()),
  );
  if (secret) pass.adminToken = adminTokenIn(secret) ?? '';
}
