/**
 * Built-in kinds are decoded into typed structs, so a value of the wrong type is a 400 before any validation. Null means
 * absent there, and is taken out.
 */
import { isObject, type Json, type JsonObject } from '../json.ts';
import { resolve } from '../schema/models.ts';
import { fieldSchema, type Schema } from '../schema/schema.ts';

/** The first value that does not fit its field's type, in the decoder's words. Removes nulls in place. */
export function typeFault(object: JsonObject, schema: Schema, struct: string, path = ''): string | undefined {
  for (const [field, value] of Object.entries(object)) {
    if (value === null) {
      if (!schema.additionalProperties) Reflect.deleteProperty(object, field);
      continue;
    }
    const declared = fieldSchema(schema, field);
    if (!declared || value === undefined) continue;
    const here = path === '' ? field : `${path}.${field}`;
    const fault = valueFault(value, resolve(declared), `${struct}.${here}`, here, declared.$ref ?? struct);
    if (fault) return fault;
  }
  return undefined;
}

function valueFault(
  value: Json,
  schema: Schema,
  where: string,
  path: string,
  struct: string,
): string | undefined {
  const expected = goType(schema);
  if (expected && !fits(value, schema, path))
    return `json: cannot unmarshal ${jsonType(value)} into Go struct field ${where} of type ${expected}`;
  if (Array.isArray(value) && schema.items) {
    const items = resolve(schema.items);
    for (const item of value) {
      const fault = valueFault(item, items, where, path, schema.items.$ref ?? struct);
      if (fault) return fault;
    }
  }
  return isObject(value) ? typeFault(value, schema, struct.replace(/^V\d+/, ''), path) : undefined;
}

/** Quantities are described as strings, and may be written as numbers. */
const quantityPath = /(^|\.)((limits|requests|capacity|allocatable)\.[^.]+(\.[^.]+)*|sizeLimit|divisor)$/;

function fits(value: Json, schema: Schema, path: string): boolean {
  switch (schema.type) {
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string' || (typeof value === 'number' && quantityPath.test(path));
    case 'boolean':
      return typeof value === 'boolean';
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    default:
      return true;
  }
}

function goType(schema: Schema): string | undefined {
  switch (schema.type) {
    case 'integer':
      return schema.format ?? 'int64';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'array':
      return `[]${schema.items?.$ref?.replace(/^V(\d+)/, 'v$1.') ?? schema.items?.type ?? 'any'}`;
    case 'object':
      return schema.properties ? 'struct' : 'map[string]string';
    default:
      return undefined;
  }
}

function jsonType(value: Json): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  if (typeof value === 'boolean') return 'bool';
  return Array.isArray(value) ? 'array' : typeof value;
}
