/** Checks that need to see other objects: namespaces that exist and live, service accounts, pod security. */
import type { Api, Call } from '../api.ts';
import { checkPodSecurity } from './pod-security.ts';
import { objectAt, stringAt } from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { badRequest, forbidden, notFound } from '../status.ts';

const namespaces = { group: '', plural: 'namespaces' };

/** Throws what an admission plugin would answer, and fills what it would fill. */
export function admitCreate(api: Api, kind: Kind, object: ApiObject, call: Call): void {
  if (kind.namespaced) namespaceAccepts(api, kind, object);
  if (kind.group === '' && kind.plural === 'pods') giveServiceAccount(api, object);
  checkPodSecurity(api, kind, object, call.warnings);
}

export function admitUpdate(api: Api, kind: Kind, object: ApiObject, old: ApiObject, call: Call): void {
  const { generation } = object.metadata;
  // Pods are checked when made; templates again whenever they change.
  if (kind.plural !== 'pods' && generation !== old.metadata.generation)
    checkPodSecurity(api, kind, object, call.warnings);
}

function namespaceAccepts(api: Api, kind: Kind, object: ApiObject): void {
  const name = object.metadata.namespace;
  if (!name) throw badRequest('an empty namespace may not be set during creation');
  const namespace = api.store.get('/namespaces', undefined, name);
  if (!namespace) throw notFound(namespaces, name);
  if (!namespace.metadata.deletionTimestamp) return;
  const why = `unable to create new content in namespace ${name} because it is being terminated`;
  throw forbidden(kind, object.metadata.name, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${name} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

function giveServiceAccount({ store }: Api, pod: ApiObject): void {
  const spec = objectAt(pod, 'spec');
  if (!spec) return;
  const name = stringAt(spec, 'serviceAccountName') ?? 'default';
  const namespace = pod.metadata.namespace ?? '';
  if (!store.get('/serviceaccounts', namespace, name)) {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    throw forbidden({ group: '', plural: 'pods' }, pod.metadata.name, why);
  }
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
}

const immortal = new Set(['default', 'kube-system', 'kube-public']);

export function admitDelete(kind: Kind, name: string): void {
  if (kind.group === '' && kind.plural === 'namespaces' && immortal.has(name)) {
    throw forbidden(namespaces, name, 'this namespace may not be deleted');
  }
}
