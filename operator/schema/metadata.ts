/** What every object says of itself: its form, and the rules that hold for every kind. */
import { invalidValue, required, type FieldError } from './field-error.ts';
import { annotationErrors, labelErrors, nameErrors, qualifiedNameErrors, type NameCheck } from './names.ts';
import type { ApiObject, ObjectMeta } from './object.ts';
import { anything, type Schema } from './schema.ts';

const text: Schema = { type: 'string' };
const texts: Schema = { type: 'object', additionalProperties: text };
const count: Schema = { type: 'integer', format: 'int64' };
const time: Schema = { type: 'string', format: 'date-time' };
const flag: Schema = { type: 'boolean' };

const models: Readonly<Record<string, Schema>> = {
  V1ObjectMeta: {
    type: 'object',
    properties: {
      name: text,
      generateName: text,
      namespace: text,
      labels: texts,
      annotations: texts,
      finalizers: { type: 'array', items: text },
      ownerReferences: { type: 'array', items: { $ref: 'V1OwnerReference' } },
      managedFields: { type: 'array', items: anything },
      uid: text,
      resourceVersion: text,
      selfLink: text,
      generation: count,
      creationTimestamp: time,
      deletionTimestamp: time,
      deletionGracePeriodSeconds: count,
    },
  },
  V1OwnerReference: {
    type: 'object',
    properties: {
      ...{ apiVersion: text, kind: text, name: text, uid: text },
      ...{ controller: flag, blockOwnerDeletion: flag },
    },
  },
};

/** Knows no other references than those of metadata; a custom resource has no others. */
export const resolveMetadata = (schema: Schema): Schema => models[schema.$ref ?? ''] ?? schema;

const emptiable = ['labels', 'annotations', 'finalizers', 'ownerReferences', 'managedFields'] as const;

/** Empty maps and lists of metadata are not written out, and so not different from absent ones. */
export function tidyMetadata({ metadata }: ApiObject): void {
  for (const field of emptiable) {
    const value = metadata[field];
    if (value && Object.keys(value).length === 0) Reflect.deleteProperty(metadata, field);
  }
  for (const field of ['namespace', 'resourceVersion', 'generateName', 'uid', 'creationTimestamp'] as const) {
    if (metadata[field] === '' || metadata[field] === null) Reflect.deleteProperty(metadata, field);
  }
  Reflect.deleteProperty(metadata, 'selfLink');
}

interface MetadataRules {
  readonly nameCheck: NameCheck;
  /** Whether finalizers must be fully qualified or well known. */
  readonly strictFinalizers: boolean;
}

/** The rules for metadata of custom resources. */
export const customRules: MetadataRules = { nameCheck: 'subdomain', strictFinalizers: false };

export function metadataErrors({ metadata }: ApiObject, rules: MetadataRules): FieldError[] {
  const name = metadata.name;
  return [
    ...(name
      ? nameErrors(rules.nameCheck, name, 'metadata.name')
      : [required('metadata.name', 'name or generateName is required')]),
    ...labelErrors(metadata.labels ?? {}, 'metadata.labels'),
    ...annotationErrors(metadata.annotations ?? {}, 'metadata.annotations'),
    ...finalizerErrors(metadata.finalizers ?? [], rules),
    ...ownerErrors(metadata),
  ];
}

const standardFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

function finalizerErrors(
  finalizers: readonly string[],
  { strictFinalizers: strict }: MetadataRules,
): FieldError[] {
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
  const faults = ownerReferences.flatMap((owner) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((field) => !owner[field])
      .map((field) => {
        const detail = field === 'apiVersion' ? 'version must not be empty' : 'must not be empty';
        return invalidValue(`metadata.ownerReferences.${field}`, '', detail);
      }),
  );
  if (controllers.length < 2) return faults;
  const [first, second] = controllers;
  const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first?.kind ?? ''}/${first?.name ?? ''} and ${second?.kind ?? ''}/${second?.name ?? ''}`;
  return [
    ...faults,
    { field: 'metadata.ownerReferences', reason: 'FieldValueInvalid', message: `Invalid value: ${detail}` },
  ];
}
