/** All checks of one custom resource, in the order in which the API reports them. */
import type { FieldError } from './field-error.ts';
import { at, numberAt, shown, type Json, type JsonObject } from './json.ts';
import type { ApiObject } from './object.ts';
import type { Schema } from './schema.ts';
import { ruleErrors } from './cel.ts';
import { schemaErrors, uniquenessErrors } from './values.ts';

/** What a definition says of one version of its kind. */
export interface CustomKind {
  readonly schema: Schema;
  readonly scale?: { readonly specReplicas: readonly string[]; readonly statusReplicas: readonly string[] };
}

/** `earlier` are the errors found in metadata: they too can keep the rules from being checked. */
export function customErrors(
  kind: CustomKind,
  object: ApiObject,
  old: ApiObject | undefined,
  earlier: readonly FieldError[],
): FieldError[] {
  const { schema } = kind;
  const body = visible(object);
  const before = old && visible(old);
  const errors = [
    ...earlier,
    ...schemaErrors(body, schema, { path: '', old: before }),
    ...scaleErrors(kind, object),
    ...uniquenessErrors(body, before, schema),
  ];
  return errors.some(blocks) ? [...errors, notChecked] : [...errors, ...ruleErrors(body, before, schema)];
}

/** Name and generateName are all that rules may see of metadata. */
function visible(object: ApiObject): JsonObject {
  const { name, generateName } = object.metadata;
  return { ...object, metadata: { name, ...(generateName ? { generateName } : {}) } };
}

/** Rules read values by their declared type, so they wait until the types are right. */
const blocking = new Set([
  'FieldValueRequired',
  'FieldValueTypeInvalid',
  'FieldValueNotSupported',
  'FieldValueTooLong',
  'FieldValueTooMany',
]);

const blocks = ({ reason }: FieldError): boolean => blocking.has(reason);

const notChecked: FieldError = {
  field: '<nil>',
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/** The scale subresource reads its numbers by path, whatever the schema says about them. */
function scaleErrors({ scale }: CustomKind, object: ApiObject): FieldError[] {
  if (!scale) return [];
  return [scale.specReplicas, scale.statusReplicas].flatMap((path) => {
    const field = `.${path.join('.')}`;
    const value: Json | undefined = at(object, ...path);
    const replicas = numberAt(object, ...path);
    if (
      value === undefined ||
      value === null ||
      (replicas !== undefined && Number.isInteger(replicas) && replicas >= 0)
    )
      return [];
    const message =
      replicas !== undefined && Number.isInteger(replicas)
        ? `Invalid value: ${replicas}: should be a non-negative integer`
        : `Invalid value: 0: ${field} accessor error: ${shown(value)} is of the type ${goType(value)}, expected int64`;
    return [{ field, reason: 'FieldValueInvalid', message }];
  });
}

const goType = (value: Json): string =>
  typeof value === 'number' ? 'float64' : typeof value === 'boolean' ? 'bool' : typeof value;
