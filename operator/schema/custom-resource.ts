/** All checks of one custom resource, in the order in which the API reports them. */
import { invalidValue, type FieldError } from './field-error.ts';
import { at, isObject, numberAt, objectAt, stringAt, type Json, type JsonObject } from './json.ts';
import type { ApiObject } from './object.ts';
import { anything, type Schema } from './schema.ts';
import { ruleErrors } from './cel.ts';
import { schemaErrors, uniquenessErrors } from './values.ts';

/** What a definition says of one version of its kind. */
export interface CustomKind {
  readonly schema: Schema;
  readonly scale?: ScalePaths;
}

export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** Where the selector stands in status as a string; built-in kinds print their spec.selector instead. */
  readonly selector?: readonly string[];
}

/** @param version an item of a definition's `spec.versions` */
export function customKindOf(version: JsonObject): CustomKind {
  const scale = scalePaths(objectAt(version, 'subresources', 'scale'));
  const schema = objectAt(version, 'schema', 'openAPIV3Schema') as Schema | undefined;
  return { schema: schema ?? anything, ...(scale ? { scale } : {}) };
}

const pathOf = (path: string | undefined): string[] =>
  (path ?? '').split('.').filter((field) => field !== '');

function scalePaths(scale: JsonObject | undefined): ScalePaths | undefined {
  if (!scale) return undefined;
  const selector = stringAt(scale, 'labelSelectorPath');
  return {
    specReplicas: pathOf(stringAt(scale, 'specReplicasPath')),
    statusReplicas: pathOf(stringAt(scale, 'statusReplicasPath')),
    ...(selector ? { selector: pathOf(selector) } : {}),
  };
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
    const parent: Json | undefined = at(object, ...path.slice(0, -1));
    if (parent !== undefined && parent !== null && !isObject(parent))
      return [wrongAccess(field, parent, 'map[string]interface{}')];
    const value: Json | undefined = at(object, ...path);
    const replicas = numberAt(object, ...path);
    if (
      value === undefined ||
      value === null ||
      (replicas !== undefined && Number.isInteger(replicas) && replicas >= 0 && replicas <= maxReplicas)
    )
      return [];
    if (replicas !== undefined && Number.isInteger(replicas)) {
      const limit = replicas < 0 ? 'a non-negative integer' : `less than or equal to ${maxReplicas}`;
      return [invalidValue(field, replicas, `should be ${limit}`)];
    }
    return [wrongAccess(field, value, 'int64')];
  });
}

const maxReplicas = 2 ** 31 - 1;

const wrongAccess = (field: string, found: Json, wanted: string): FieldError =>
  invalidValue(
    field,
    0,
    `${field} accessor error: ${goText(found)} is of the type ${goType(found)}, expected ${wanted}`,
  );

/** Values and their types as Go prints them. */
function goText(value: Json | undefined): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const fields = Object.keys(value).sort();
  return `map[${fields.map((field) => `${field}:${goText(value[field])}`).join(' ')}]`;
}

function goType(value: Json): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return '[]interface {}';
  return isObject(value) ? 'map[string]interface {}' : typeof value;
}
