/** What the server decides of metadata, and what an update may not change in it. */
import { forbiddenField, invalidValue, type FieldError } from '../../../../operator/schema/field-error.ts';
import type { Kind } from '../kinds/kind.ts';
import { metadataErrors } from '../../../../operator/schema/metadata.ts';
import type { ApiObject, ObjectMeta } from '../../../../operator/schema/object.ts';

/** Kinds of the core may only be held by a qualified name; custom resources and their definitions by any name. */
export const metadataErrorsOf = (kind: Kind, object: ApiObject): FieldError[] =>
  metadataErrors(object, {
    nameCheck: kind.strategy.nameCheck ?? 'subdomain',
    strictFinalizers: !kind.custom && kind.group !== 'apiextensions.k8s.io',
  });

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
