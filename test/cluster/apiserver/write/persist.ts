/** Create and update: everything between a decoded object and the store. */
import { randomUUID } from 'node:crypto';
import type { Api, Call } from '../api.ts';
import { trackUpdate } from '../apply/track.ts';
import { customErrors } from '../../../../operator/schema/custom-resource.ts';
import type { FieldError } from '../../../../operator/schema/field-error.ts';
import { invalidValue } from '../../../../operator/schema/field-error.ts';
import { copy, equal, type JsonObject } from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import {
  copyObject,
  timestamp,
  type ApiObject,
  type ManagedFieldsEntry,
} from '../../../../operator/schema/object.ts';
import { alreadyExists, badRequest, conflict, invalid } from '../status.ts';
import { admitCreate, admitUpdate } from './admission.ts';
import { carryServerFields, metadataErrorsOf, metadataUpdateErrors } from './metadata.ts';
import type { WriteOptions } from './options.ts';

/** How the write is entered in managedFields. Apply brings the finished list, everything else is an Update. */
export type Ownership = (before: ApiObject | undefined, after: ApiObject) => ManagedFieldsEntry[];

export interface Write {
  readonly api: Api;
  readonly call: Call;
  readonly kind: Kind;
  readonly options: WriteOptions;
  /** '' for the main resource, 'status' for what only its controller writes. */
  readonly subresource: string;
  readonly ownership?: Ownership;
}

/** Throws 409 when the name is taken, 422 when the object is not valid. `object` is changed and becomes the stored one. */
export function create(write: Write, object: ApiObject): ApiObject {
  const { api, call, kind, options } = write;
  prepareNew(write, object);
  admitCreate(api, kind, object, call);
  refuse(kind, object, createErrors(kind, object));
  if (api.store.get(kind.storage, namespaceOf(kind, object), object.metadata.name)) {
    throw alreadyExists(kind, object.metadata.name);
  }
  enterOwners(write, undefined, object);
  return options.dryRun ? object : fromStorage(kind, api.store.put(kind.storage, toStorage(kind, object)));
}

function prepareNew({ api, call, kind }: Write, object: ApiObject): void {
  const meta = object.metadata;
  if (meta.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  if (!meta.name && meta.generateName) meta.name = meta.generateName + suffix();
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.generation;
  if (kind.namespaced) meta.namespace ??= call.info.namespace;
  else delete meta.namespace;
  meta.uid = randomUUID();
  meta.creationTimestamp = timestamp(api.clock.now());
  if (kind.hasGeneration) meta.generation = 1;
  if (kind.custom && kind.hasStatus) Reflect.deleteProperty(object, 'status');
  kind.strategy.prepareForCreate?.(object);
}

/** Five characters without vowels, so that no words appear. */
function suffix(): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const bytes = Buffer.from(randomUUID().replaceAll('-', ''), 'hex');
  return Array.from(bytes.subarray(0, 5), (byte) => alphabet[byte % alphabet.length]).join('');
}

/** Throws 409 when `object` was read before the last change. Returns the stored object, which is `old` if nothing changed. */
export function update(write: Write, object: ApiObject, old: ApiObject): ApiObject {
  const { kind, call, api } = write;
  checkVersion(kind, object, old);
  keepOtherHalf(write, object, old);
  carryServerFields(object.metadata, old.metadata);
  if (write.subresource === '') kind.strategy.prepareForUpdate?.(object, old);
  bumpGeneration(kind, object, old);
  admitUpdate(api, kind, object, old, call);
  refuse(kind, object, updateErrors(write, object, old));
  enterOwners(write, old, object);
  return store(write, object, old);
}

function createErrors(kind: Kind, object: ApiObject): FieldError[] {
  const meta = metadataErrorsOf(kind, object);
  return kind.custom
    ? customErrors(kind, object, undefined, meta)
    : [...meta, ...(kind.strategy.validate?.(object) ?? [])];
}

function updateErrors({ kind, subresource }: Write, object: ApiObject, old: ApiObject): FieldError[] {
  const { validate, validateUpdate, validateStatusUpdate } = kind.strategy;
  const meta = [...metadataErrorsOf(kind, object), ...metadataUpdateErrors(object, old.metadata)];
  if (kind.custom) return customErrors(kind, object, old, meta);
  if (subresource !== '') return [...meta, ...(validateStatusUpdate?.(object, old) ?? [])];
  return [...meta, ...(validate?.(object) ?? []), ...(validateUpdate?.(object, old) ?? [])];
}

function checkVersion(kind: Kind, object: ApiObject, old: ApiObject): void {
  const { name, resourceVersion, uid } = object.metadata;
  if (uid !== undefined && uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`;
    throw conflict(kind, name, why);
  }
  if (resourceVersion === undefined && needsVersion(kind)) {
    throw invalid(kind.group, kind.plural, name, [
      invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
    throw conflict(kind, name);
}

const carefulKinds = new Set(['leases', 'poddisruptionbudgets', 'customresourcedefinitions']);

const needsVersion = (kind: Kind): boolean => kind.custom || carefulKinds.has(kind.plural);

/** Status is written through its own door only, and nothing else goes through that door. */
function keepOtherHalf({ kind, subresource }: Write, object: ApiObject, old: ApiObject): void {
  if (!kind.hasStatus) return;
  if (subresource !== 'status') {
    putBack(object, old, 'status');
    return;
  }
  for (const field of new Set([...Object.keys(object), ...Object.keys(old)])) {
    if (!['apiVersion', 'kind', 'metadata', 'status'].includes(field)) putBack(object, old, field);
  }
  if (!kind.custom) return;
  const managedFields = object.metadata.managedFields;
  object.metadata = copy(old.metadata as JsonObject) as ApiObject['metadata'];
  if (managedFields) object.metadata.managedFields = managedFields;
}

function putBack(object: ApiObject, old: ApiObject, field: string): void {
  if (old[field] === undefined) Reflect.deleteProperty(object, field);
  else object[field] = copy(old[field]);
}

const notDesired = new Set(['metadata', 'status', 'apiVersion', 'kind']);

/** The generation counts changes of what is wished for: everything but metadata and status. */
function bumpGeneration(kind: Kind, object: ApiObject, old: ApiObject): void {
  if (!kind.hasGeneration) return;
  const fields = new Set([...Object.keys(object), ...Object.keys(old)]);
  const isDesired = (field: string): boolean =>
    !notDesired.has(field) || (field === 'status' && !kind.hasStatus);
  const changed = [...fields].some((field) => isDesired(field) && !equal(object[field], old[field]));
  object.metadata.generation = (old.metadata.generation ?? 0) + (changed ? 1 : 0);
}

/** Writes, removes what has lost its last finalizer, and leaves the store alone when nothing changed. */
function store({ api, kind, options }: Write, object: ApiObject, old: ApiObject): ApiObject {
  const unchanged = equal(withoutVersion(object), withoutVersion(old));
  if (unchanged) return old;
  if (options.dryRun)
    return {
      ...object,
      metadata: { ...object.metadata, resourceVersion: old.metadata.resourceVersion ?? '' },
    };
  if (isFinished(kind, object))
    return fromStorage(kind, api.store.remove(kind.storage, toStorage(kind, object)));
  return fromStorage(kind, api.store.put(kind.storage, toStorage(kind, object)));
}

/** Marked for deletion, waiting for nobody: time to go. */
export const isFinished = (kind: Kind, { metadata, ...rest }: ApiObject): boolean =>
  metadata.deletionTimestamp !== undefined &&
  (metadata.finalizers ?? []).length === 0 &&
  !metadata.deletionGracePeriodSeconds &&
  !kind.strategy.isHeld?.({ metadata, ...rest });

/** Times of managedFields entries move only with a change, so they do not make one. */
function withoutVersion(object: ApiObject): JsonObject {
  const { managedFields, ...metadata } = object.metadata;
  delete metadata.resourceVersion;
  const untimed = managedFields?.map((entry) => ({ ...entry, time: '' }));
  return { ...object, metadata: { ...metadata, ...(untimed ? { managedFields: untimed } : {}) } };
}

/** An object of which nobody owns anything has no list of owners at all. */
function enterOwners(write: Write, before: ApiObject | undefined, after: ApiObject): void {
  const owners = ownersAfter(write, before, after);
  if (owners.length > 0) after.metadata.managedFields = owners;
  else delete after.metadata.managedFields;
}

function ownersAfter(write: Write, before: ApiObject | undefined, after: ApiObject): ManagedFieldsEntry[] {
  if (write.ownership) return write.ownership(before, after);
  const { kind, options, subresource, api } = write;
  return trackUpdate(kind, before, after, {
    manager: options.fieldManager,
    subresource,
    // The scale subresource is entered without a time.
    time: subresource === 'scale' ? '' : timestamp(api.clock.now()),
  });
}

function refuse(kind: Kind, object: ApiObject, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(kind.group, kind.kind, object.metadata.name, errors);
}

export const namespaceOf = (kind: Kind, object: ApiObject): string | undefined =>
  kind.namespaced ? object.metadata.namespace : undefined;

export const toStorage = (kind: Kind, object: ApiObject): ApiObject => kind.toStorage?.(object) ?? object;
export const fromStorage = (kind: Kind, object: ApiObject): ApiObject => kind.fromStorage?.(object) ?? object;

/** The stored object in this kind's form; a copy that may be changed. */
export function load(
  api: Api,
  kind: Kind,
  namespace: string | undefined,
  name: string,
): ApiObject | undefined {
  const found = api.store.get(kind.storage, kind.namespaced ? namespace : undefined, name);
  return found && copyObject(fromStorage(kind, found));
}
