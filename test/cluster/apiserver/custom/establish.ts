/**
 * Keeps the registry in step with the stored CustomResourceDefinitions: a definition is served as soon as it is written,
 * and a deleted one takes its objects with it.
 */
import type { Api } from '../api.ts';
import { equal } from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import { copyObject, timestamp, type ApiObject } from '../../../../operator/schema/object.ts';
import type { Change } from '../storage/store.ts';
import { deleteStored } from '../write/delete.ts';
import { trackUpdate } from '../apply/track.ts';
import { cleanupFinalizer, established, kindsOf } from './definition.ts';

const definitions = 'apiextensions.k8s.io/customresourcedefinitions';

export function keepEstablished(api: Api): () => void {
  const served = new Map<string, Kind[]>();
  const onChange = ({ type, object }: Change): void => {
    const name = object.metadata.name;
    if (type === 'DELETED') stopServing(api, served, name);
    else if (object.metadata.deletionTimestamp) cleanUp(api, object);
    else serve(api, served, object);
  };
  return api.store.subscribe(definitions, onChange);
}

function serve(api: Api, served: Map<string, Kind[]>, definition: ApiObject): void {
  stopServing(api, served, definition.metadata.name);
  const kinds = kindsOf(definition);
  served.set(definition.metadata.name, kinds);
  for (const kind of kinds) api.registry.add(kind);
  writeStatus(api, definition);
}

function stopServing({ registry }: Api, served: Map<string, Kind[]>, name: string): void {
  for (const kind of served.get(name) ?? []) registry.remove(kind);
  served.delete(name);
}

/** The server itself is the one who accepts names; it says so as its own field manager. */
function writeStatus({ store, registry, clock }: Api, definition: ApiObject): void {
  const next = established(definition, clock.now());
  if (
    equal(next['status'], definition['status']) &&
    equal(next.metadata.finalizers, definition.metadata.finalizers)
  )
    return;
  const kind = registry.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
  if (!kind) return;
  next.metadata.managedFields = trackUpdate(kind, definition, next, {
    manager: 'kube-apiserver',
    subresource: 'status',
    time: timestamp(clock.now()),
  });
  store.put(definitions, next);
}

const immediately = {
  dryRun: false,
  graceSeconds: 0,
  propagation: undefined,
  uid: undefined,
  resourceVersion: undefined,
};

/** Deletes the objects of a definition on its way out; the last one to go lets the definition go. */
function cleanUp(api: Api, definition: ApiObject): void {
  const [kind] = kindsOf(definition);
  if (!kind || !definition.metadata.finalizers?.includes(cleanupFinalizer)) return;
  for (const object of api.store.list(kind.storage)) {
    if (!object.metadata.deletionTimestamp) deleteStored(api, kind, object, immediately);
  }
  const release = (): boolean => {
    if (api.store.list(kind.storage).length > 0) return false;
    letGo(api, definition.metadata.name);
    return true;
  };
  if (release()) return;
  const stop = api.store.subscribe(kind.storage, () => {
    if (release()) stop();
  });
}

function letGo({ store }: Api, name: string): void {
  const stored = store.get(definitions, undefined, name);
  if (!stored) return;
  const next = copyObject(stored);
  const finalizers = (next.metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer);
  if (finalizers.length > 0) store.put(definitions, { ...next, metadata: { ...next.metadata, finalizers } });
  else {
    delete next.metadata.finalizers;
    store.remove(definitions, next);
  }
}
