/** Deletion: preconditions, grace, finalizers, and what is to become of dependents. */
import type { Api, Call } from '../api.ts';
import { numberAt, objectAt, stringAt, type JsonObject } from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import { copyObject, timestamp, type ApiObject } from '../../../../operator/schema/object.ts';
import { conflict, invalid, success } from '../status.ts';
import { invalidValue, notSupported } from '../../../../operator/schema/field-error.ts';
import { mediaType, parseObject } from '../http/body.ts';
import { admitDelete } from './admission.ts';
import { fromStorage, isFinished } from './persist.ts';

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly graceSeconds: number | undefined;
  readonly propagation: string | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

const policies = ['Foreground', 'Background', 'Orphan'];

/** Options come in the body, as kubectl sends them, or in the query. */
export function deleteOptions({ body, info, contentType }: Call): DeleteOptions {
  const given = body.length > 0 ? parseObject(body, mediaType(contentType)) : {};
  const grace = info.query.get('gracePeriodSeconds');
  const options: DeleteOptions = {
    dryRun: info.query.getAll('dryRun').includes('All') || objectHasDryRun(given),
    graceSeconds: numberAt(given, 'gracePeriodSeconds') ?? (grace === null ? undefined : Number(grace)),
    propagation: propagationOf(given) ?? info.query.get('propagationPolicy') ?? undefined,
    uid: stringAt(given, 'preconditions', 'uid'),
    resourceVersion: stringAt(given, 'preconditions', 'resourceVersion'),
  };
  const dryRun = info.query.getAll('dryRun').filter((value) => value !== '' && value !== 'All');
  if (dryRun.length > 0) {
    throw invalid('meta.k8s.io', 'DeleteOptions', '', [notSupported('dryRun', dryRun, ['All'])]);
  }
  if (options.propagation !== undefined && !policies.includes(options.propagation)) {
    throw invalid('meta.k8s.io', 'DeleteOptions', '', [
      notSupported('propagationPolicy', options.propagation, [...policies, 'nil']),
    ]);
  }
  if (options.graceSeconds !== undefined && options.graceSeconds < 0) {
    throw invalid('meta.k8s.io', 'DeleteOptions', '', [
      invalidValue('gracePeriodSeconds', options.graceSeconds, 'must be greater than or equal to 0'),
    ]);
  }
  return options;
}

const objectHasDryRun = (given: JsonObject): boolean =>
  Array.isArray(given['dryRun']) && given['dryRun'].length > 0;

function propagationOf(given: JsonObject): string | undefined {
  if (typeof given['orphanDependents'] === 'boolean')
    return given['orphanDependents'] ? 'Orphan' : 'Background';
  return stringAt(given, 'propagationPolicy');
}

export interface Deletion {
  readonly object: ApiObject;
  /** Whether it is gone; otherwise it is marked and waits. */
  readonly gone: boolean;
}

/** Deletes `stored`, an object as it is in the store, at once or by marking it. */
export function deleteStored(api: Api, kind: Kind, stored: ApiObject, options: DeleteOptions): Deletion {
  admitDelete(kind, stored.metadata.name);
  checkPreconditions(kind, stored, options);
  const object = copyObject(stored);
  setDependentsFinalizer(object, options.propagation);
  if (goesAtOnce(kind, object)) return goAtOnce(api, kind, stored, options);
  mark(api, kind, object, options);
  if (options.dryRun) return { object: fromStorage(kind, object), gone: isFinished(kind, object) };
  if (!isFinished(kind, object)) {
    return { object: fromStorage(kind, keepMarked(api, kind, object, stored)), gone: false };
  }
  return { object: fromStorage(kind, api.store.remove(kind.storage, object)), gone: true };
}

/** Nothing holds it and nobody needs time to stop it: no mark is ever seen. */
const goesAtOnce = (kind: Kind, object: ApiObject): boolean =>
  kind.strategy.graceSeconds === undefined &&
  (object.metadata.finalizers ?? []).length === 0 &&
  !kind.strategy.isHeld?.(object);

const goAtOnce = ({ store }: Api, kind: Kind, stored: ApiObject, { dryRun }: DeleteOptions): Deletion => ({
  object: fromStorage(kind, dryRun ? stored : store.remove(kind.storage, stored)),
  gone: true,
});

function checkPreconditions(
  { group, kind }: Kind,
  { metadata }: ApiObject,
  { uid, resourceVersion }: DeleteOptions,
): void {
  const { name } = metadata;
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ''}). The object might have been deleted and then recreated`;
    throw conflict({ group, plural: kind }, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion ?? ''}). The object might have been modified`;
    throw conflict({ group, plural: kind }, name, why);
  }
}

/** Sets the marks of a deletion. A second delete may shorten the grace but never lengthen it. */
function mark({ clock }: Api, kind: Kind, object: ApiObject, options: DeleteOptions): void {
  const { metadata } = object;
  const byDefault = kind.strategy.graceSeconds?.(object);
  const grace = byDefault === undefined || byDefault === 0 ? 0 : (options.graceSeconds ?? byDefault);
  const before = metadata.deletionGracePeriodSeconds;
  if (metadata.deletionTimestamp !== undefined && (before === undefined || grace >= before)) return;
  metadata.deletionTimestamp = timestamp(clock.now() + grace * 1000);
  metadata.deletionGracePeriodSeconds = grace;
  if (metadata.generation !== undefined) metadata.generation += 1;
  if (kind.plural === 'namespaces')
    object['status'] = { ...objectAt(object, 'status'), phase: 'Terminating' };
}

/** The garbage collector takes these off again when the dependents are dealt with. */
function setDependentsFinalizer({ metadata }: ApiObject, propagation: string | undefined): void {
  if (propagation === undefined) return;
  const others = (metadata.finalizers ?? []).filter(
    (name) => name !== 'orphan' && name !== 'foregroundDeletion',
  );
  const wanted = { Orphan: ['orphan'], Foreground: ['foregroundDeletion'] }[propagation] ?? [];
  metadata.finalizers = [...others, ...wanted];
  if (metadata.finalizers.length === 0) delete metadata.finalizers;
}

function keepMarked({ store }: Api, kind: Kind, object: ApiObject, stored: ApiObject): ApiObject {
  const same =
    object.metadata.deletionTimestamp === stored.metadata.deletionTimestamp &&
    String(object.metadata.finalizers) === String(stored.metadata.finalizers);
  return same ? stored : store.put(kind.storage, object);
}

const returnsObject = new Set(['pods', 'services', 'serviceaccounts', 'persistentvolumeclaims']);

/** What the client is told: the marked object while it waits, else that it is gone. */
export function deletionAnswer(kind: Kind, { object, gone }: Deletion): JsonObject {
  if (!gone || (kind.group === '' && returnsObject.has(kind.plural))) return object;
  return success({
    name: object.metadata.name,
    ...(kind.group ? { group: kind.group } : {}),
    kind: kind.plural,
    uid: object.metadata.uid ?? '',
  });
}
