/** Structural schema validation with the API's wording. An unchanged value is not judged again by a stricter schema. */
import {
  duplicate,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  type FieldError,
} from './field-error.ts';
import { equal, isObject, type Json, type JsonObject } from './json.ts';
import { fieldSchema, listType, type Schema } from './schema.ts';
import { hasFormat } from './formats.ts';

interface Place {
  readonly path: string;
  readonly old: Json | undefined;
}

export function schemaErrors(value: Json | undefined, schema: Schema, { path, old }: Place): FieldError[] {
  if (value === undefined || (old !== undefined && equal(value, old))) return [];
  if (value === null && schema.nullable === true) return [];
  return [
    ...typeErrors(value, schema, path),
    ...enumErrors(value, schema, path),
    ...valueErrors(value, schema, { path, old }),
    ...combined(value, schema, path),
  ];
}

function valueErrors(value: Json, schema: Schema, place: Place): FieldError[] {
  if (typeof value === 'string') return stringErrors(value, schema, place.path);
  if (typeof value === 'number') return numberErrors(value, schema, place.path);
  if (Array.isArray(value)) return listErrors(value, schema, place);
  return isObject(value) ? objectErrors(value, schema, place) : [];
}

function jsonType(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function typeErrors(value: Json, schema: Schema, path: string): FieldError[] {
  const actual = jsonType(value);
  const { type, format } = schema;
  const expected = schema['x-kubernetes-int-or-string']
    ? ['integer', 'string']
    : type === undefined
      ? []
      : [type];
  const fits = expected.some((each) => each === actual || (each === 'number' && typeof value === 'number'));
  if (expected.length === 0 || fits) return [];
  const said = (wanted: string, found: string): FieldError[] => [
    typeInvalid(path, found, `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`),
  ];
  // Where a format is wanted, it is compared with the format of the value, which only numbers have.
  if (format === undefined || value === null || typeof value === 'string' || Array.isArray(value))
    return said(expected.join(','), actual);
  return said(format, actual === 'number' ? 'float64' : actual === 'integer' ? 'int64' : '');
}

const enumErrors = (value: Json, schema: Schema, path: string): FieldError[] =>
  schema.enum && !schema.enum.some((allowed) => equal(allowed, value))
    ? [notSupported(path, value, schema.enum)]
    : [];

function stringErrors(value: string, schema: Schema, path: string): FieldError[] {
  const { format } = schema;
  const first = textError(value, schema, path);
  if (format === undefined || hasFormat(value, format)) return first;
  return [
    ...first,
    typeInvalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`),
  ];
}

/** Of length and pattern only the first fault is told. */
function textError(value: string, { minLength, maxLength, pattern }: Schema, path: string): FieldError[] {
  const length = Array.from(value).length;
  if (maxLength !== undefined && length > maxLength) return [tooLong(path, maxLength)];
  if (minLength !== undefined && length < minLength) {
    return [invalidValue(path, value, `${path} in body should be at least ${minLength} chars long`)];
  }
  if (pattern === undefined || new RegExp(pattern, 'u').test(value)) return [];
  return [invalidValue(path, value, `${path} in body should match '${pattern}'`)];
}

function numberErrors(value: number, schema: Schema, path: string): FieldError[] {
  const { minimum, maximum, multipleOf, exclusiveMinimum, exclusiveMaximum } = schema;
  const said = (rule: string): FieldError => invalidValue(path, value, `${path} in body should be ${rule}`);
  const errors: FieldError[] = [];
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    errors.push(said(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`));
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    errors.push(said(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`));
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf))
    errors.push(said(`a multiple of ${multipleOf}`));
  return [...errors, ...formatErrors(value, schema, path)];
}

/** Told without the field, as the server does. */
function formatErrors(value: number, { type, format }: Schema, path: string): FieldError[] {
  const limit = format === 'int32' ? 2 ** 31 : 2 ** 63;
  const fits = Number.isInteger(value) && value >= -limit && value < limit;
  if (type !== 'integer' || format === undefined || fits) return [];
  const detail = `Checked value must be of type integer with format ${format} in ${path}`;
  return [invalidValue('<nil>', '', detail)];
}

function listErrors(list: readonly Json[], schema: Schema, { path, old }: Place): FieldError[] {
  const { minItems, maxItems, items } = schema;
  const errors: FieldError[] = [];
  if (maxItems !== undefined && list.length > maxItems) errors.push(tooMany(path, list.length, maxItems));
  if (minItems !== undefined && list.length < minItems) {
    errors.push(invalidValue(path, list.length, `${path} in body should have at least ${minItems} items`));
  }
  if (!items) return errors;
  return [
    ...errors,
    ...list.flatMap((item, index) =>
      schemaErrors(item, items, { path: `${path}[${index}]`, old: twin(item, old, schema) }),
    ),
  ];
}

/** The same item of a keyed list before the change. */
export function twin(item: Json, old: Json | undefined, schema: Schema): Json | undefined {
  if (!Array.isArray(old) || !isObject(item) || listType(schema) !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return old.find((other) => isObject(other) && keys.every((key) => equal(other[key], item[key])));
}

function objectErrors(object: JsonObject, schema: Schema, { path, old }: Place): FieldError[] {
  const { minProperties, maxProperties, required: needed = [] } = schema;
  const count = Object.keys(object).length;
  const below = (field: string): string => (path === '' ? field : `${path}.${field}`);
  const before = isObject(old) ? old : {};
  const errors = needed.filter((field) => object[field] === undefined).map((field) => required(below(field)));
  if (maxProperties !== undefined && count > maxProperties) errors.push(tooMany(path, count, maxProperties));
  if (minProperties !== undefined && count < minProperties) {
    errors.push(
      invalidValue(path, count, `${path} in body should have at least ${minProperties} properties`),
    );
  }
  return [
    ...errors,
    ...Object.entries(object).flatMap(([field, value]) => {
      const declared = fieldSchema(schema, field);
      return declared ? schemaErrors(value, declared, { path: below(field), old: before[field] }) : [];
    }),
  ];
}

/** allOf, anyOf, oneOf and not add conditions; they never describe new fields. */
function combined(value: Json, schema: Schema, path: string): FieldError[] {
  const fits = (other: Schema): boolean => schemaErrors(value, other, { path, old: undefined }).length === 0;
  const said = (detail: string): FieldError => invalidValue(path, isObject(value) ? '' : value, detail);
  const errors = (schema.allOf ?? []).flatMap((other) =>
    schemaErrors(value, other, { path, old: undefined }),
  );
  if (schema.anyOf && !schema.anyOf.some(fits))
    errors.push(said(`${path} in body must validate at least one schema (anyOf)`));
  if (schema.oneOf && schema.oneOf.filter(fits).length !== 1) {
    errors.push(
      said(
        `${path} in body must validate one and only one schema (oneOf). Found ${schema.oneOf.some(fits) ? 'more than one valid alternative' : 'none valid'}`,
      ),
    );
  }
  if (schema.not && fits(schema.not)) errors.push(said(`${path} in body must not validate the schema (not)`));
  return errors;
}

/** Members of sets and keys of keyed lists must be unique; this is judged even when the values are wrong otherwise. */
export function uniquenessErrors(
  value: Json | undefined,
  old: Json | undefined,
  schema: Schema,
  path = '',
): FieldError[] {
  if (value === undefined || (old !== undefined && equal(value, old))) return [];
  if (isObject(value)) {
    const before = isObject(old) ? old : {};
    return Object.entries(value).flatMap(([field, item]) => {
      const declared = fieldSchema(schema, field);
      return declared
        ? uniquenessErrors(item, before[field], declared, path === '' ? field : `${path}.${field}`)
        : [];
    });
  }
  if (!Array.isArray(value)) return [];
  const items = schema.items ?? {};
  return [
    ...repeated(value, schema, path),
    ...value.flatMap((item, index) =>
      uniquenessErrors(item, twin(item, old, schema), items, `${path}[${index}]`),
    ),
  ];
}

function repeated(list: readonly Json[], schema: Schema, path: string): FieldError[] {
  if (listType(schema) === 'atomic') return [];
  const stray = listType(schema) === 'map' ? list.findIndex((item) => item !== null && !isObject(item)) : -1;
  if (stray >= 0)
    return [
      invalidValue(`${path}[${stray}]`, list[stray], 'must be an object for an array of list-type map'),
    ];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const fields = schema.items?.properties ?? {};
  const identity = (item: Json): Json => {
    if (listType(schema) === 'set' || !isObject(item)) return item;
    return Object.fromEntries(keys.map((key) => [key, item[key] ?? fields[key]?.default ?? null]));
  };
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const id = identity(item);
    const text = JSON.stringify(id);
    if (seen.has(text)) return [duplicate(`${path}[${index}]`, id)];
    seen.add(text);
    return [];
  });
}
