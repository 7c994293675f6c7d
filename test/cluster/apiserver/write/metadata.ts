/** The rules of metadata that hold for every kind. */
import { forbiddenField, invalidValue, required, type FieldError } from '../field-error.ts';
import type { Kind } from '../kinds/kind.ts';
import { annotationErrors, labelErrors, nameErrors, qualifiedNameErrors } from '../kinds/names.ts';
import type { ApiObject, ObjectMeta } from '../object.ts';

export function metadataErrors(kind: Kind, { metadata }: ApiObject): FieldError[] {
  const check = kind.strategy.nameCheck ?? 'subdomain';
  const name = metadata.name;
  return [
    ...(name
      ? nameErrors(check, name, 'metadata.name')
      : [required('metadata.name', 'name or generateName is required')]),
    ...labelErrors(metadata.labels ?? {}, 'metadata.labels'),
    ...annotationErrors(metadata.annotations ?? {}, 'metadata.annotations'),
    ...finalizerErrors(kind, metadata.finalizers ?? []),
    ...ownerErrors(metadata),
  ];
}

const standardFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/** Kinds of the core may only be held by a qualified name; custom resources and their definitions by any name. */
function finalizerErrors({ custom, group }: Kind, finalizers: readonly string[]): FieldError[] {
  const strict = !custom && group !== 'apiextensions.k8s.io';
  return finalizers.flatMap((finalizer, index) => {
    const errors = qualifiedNameErrors(finalizer, 'metadata.finalizers');
    if (errors.length > 0 || !strict || finalizer.includes('/') || standardFinalizers.has(finalizer))
      return errors;
    const detail = 'name is neither a standard finalizer name nor is it fully qualified';
    return [invalidValue(`metadata.finalizers[${index}]`, finalizer, detail)];
  });
}

function ownerErrors({ ownerReferences = [] }: ObjectMeta): FieldError[] {
  const controllers = ownerReferences.filter((owner) => owner.controller);
  const faults = ownerReferences.flatMap((owner, index) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((field) => !owner[field])
      .map((field) =>
        invalidValue(`metadata.ownerReferences[${index}].${field}`, '', `${field} must not be empty`),
      ),
  );
  if (controllers.length < 2) return faults;
  const [first, second] = controllers;
  const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first?.kind ?? ''}/${first?.name ?? ''} and ${second?.kind ?? ''}/${second?.name ?? ''}`;
  return [
    ...faults,
    { field: 'metadata.ownerReferences', reason: 'FieldValueInvalid', message: `Invalid value: ${detail}` },
  ];
}

const fixedFields = ['name', 'namespace', 'uid', 'creationTimestamp'] as const;

/** What the server decided once stays; what a client leaves out of these is taken from the old object. */
export function carryServerFields(meta: ObjectMeta, old: ObjectMeta): void {
  meta.uid ??= old.uid ?? '';
  meta.creationTimestamp ??= old.creationTimestamp ?? null;
  if (old.namespace !== undefined) meta.namespace ??= old.namespace;
  if (old.deletionTimestamp === undefined) {
    delete meta.deletionTimestamp;
    delete meta.deletionGracePeriodSeconds;
  } else {
    meta.deletionTimestamp = old.deletionTimestamp;
    if (old.deletionGracePeriodSeconds !== undefined)
      meta.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds;
  }
  if (old.generation === undefined) delete meta.generation;
  else meta.generation = old.generation;
  if (meta.generateName === undefined && old.generateName !== undefined) meta.generateName = old.generateName;
}

export function metadataUpdateErrors({ metadata }: ApiObject, old: ObjectMeta): FieldError[] {
  const changed = fixedFields.filter((field) => metadata[field] !== old[field]);
  return [
    ...changed.map((field) => invalidValue(`metadata.${field}`, metadata[field], 'field is immutable')),
    ...lateFinalizers(metadata, old),
  ];
}

/** An object on its way out takes no new finalizers. */
function lateFinalizers(metadata: ObjectMeta, old: ObjectMeta): FieldError[] {
  if (old.deletionTimestamp === undefined) return [];
  const added = (metadata.finalizers ?? []).filter((finalizer) => !old.finalizers?.includes(finalizer));
  if (added.length === 0) return [];
  const found = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  return [
    forbiddenField(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${found}}`,
    ),
  ];
}
