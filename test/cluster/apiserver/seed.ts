/** What a cluster has before anybody writes to it: namespaces, their default accounts, and the standard roles. */
import { randomUUID } from 'node:crypto';
import type { Api } from './api.ts';
import { bootstrapBindings, bootstrapRoles } from './auth/bootstrap.ts';
import type { JsonObject } from '../../../operator/schema/json.ts';
import { timestamp, type ApiObject } from '../../../operator/schema/object.ts';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const rbac = 'rbac.authorization.k8s.io';

/** Fills the store, and from then on gives every new namespace its `default` ServiceAccount at once. */
export function seed(api: Api): void {
  api.store.subscribe('/namespaces', ({ type, object }) => {
    if (type === 'ADDED') put(api, '/serviceaccounts', defaultAccount(object.metadata.name));
  });
  for (const name of namespaces) put(api, '/namespaces', namespace(name));
  for (const role of bootstrapRoles()) put(api, `${rbac}/clusterroles`, role);
  for (const binding of bootstrapBindings()) put(api, `${rbac}/clusterrolebindings`, binding);
  // A watch from before the beginning must be told that it is too old, as by any server that has lived for a while.
  api.store.compact();
}

const namespace = (name: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
});

const defaultAccount = (inNamespace: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default', namespace: inNamespace },
});

function put({ store, clock }: Api, resource: string, object: JsonObject): void {
  const given = object as ApiObject;
  const metadata = { ...given.metadata, uid: randomUUID(), creationTimestamp: timestamp(clock.now()) };
  store.put(resource, { ...given, metadata });
}
