/** An applied object must fit its schema before anything is merged; the answer to one that does not is a bare 500. */
import { isObject, shown, type Json } from '../../../../operator/schema/json.ts';
import { groupVersion, type Kind } from '../kinds/kind.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { resolve } from '../schema/models.ts';
import { fieldSchema, keepsUnknown, listType, type Schema } from '../../../../operator/schema/schema.ts';
import { ApiError } from '../status.ts';
import { pathText } from './field-set.ts';
import { itemEdge, itemSchema } from './typed.ts';

export function checkTyped(kind: Kind, config: ApiObject, schema: Schema): void {
  const { namespace = '', name } = config.metadata;
  const faults = faultsIn(config, schema, '');
  if (faults.length === 0) return;
  const what = `(${namespace}/${name}; ${groupVersion(kind)}, Kind=${kind.kind})`;
  const all =
    faults.length === 1 ? faults.join('') : `errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
  throw new ApiError(500, '', `failed to create typed patch object ${what}: ${all}`);
}

function faultsIn(value: Json | undefined, declared: Schema, path: string): string[] {
  const schema = resolve(declared);
  if (value === null || value === undefined || schema['x-kubernetes-int-or-string']) return [];
  const expected = mismatch(value, schema);
  if (expected) return [`${path}: expected ${expected}, got ${goValue(value, expected)}`];
  if (isObject(value))
    return Object.entries(value).flatMap(([field, item]) => fieldFaults(field, item, schema, path));
  return Array.isArray(value) ? itemFaults(value, schema, path) : [];
}

function fieldFaults(field: string, value: Json | undefined, schema: Schema, path: string): string[] {
  const here = `${path}.${field}`;
  const known = fieldSchema(schema, field);
  if (known) return faultsIn(value, known, here);
  const isOpen = keepsUnknown(schema) || (schema.type === undefined && !schema.properties);
  return isOpen ? [] : [`${here}: field not declared in schema`];
}

function itemFaults(list: readonly Json[], schema: Schema, path: string): string[] {
  const items = itemSchema(schema);
  if (listType(schema) === 'atomic')
    return list.flatMap((item, index) => faultsIn(item, items, `${path}[${index}]`));
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const keyless = keyFault(item, schema);
    if (keyless !== undefined)
      return [`${path}: element ${index}: associative list with keys has an element that ${keyless}`];
    const edge = pathText([itemEdge(item, schema)]);
    if (seen.has(edge)) return [`${path}: duplicate entries for key ${edge}`];
    seen.add(edge);
    return faultsIn(item, items, `${path}${edge}`);
  });
}

/** Keys may be left to their defaults, but not all of them without any. */
function keyFault(item: Json, schema: Schema): string | undefined {
  if (listType(schema) !== 'map') return undefined;
  const fields = itemSchema(schema).properties ?? {};
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const missing = keys.filter((key) => !isObject(item) || item[key] === undefined);
  const [first] = missing.filter((key) => fields[key]?.default === undefined);
  if (first === undefined) return undefined;
  if (missing.length < keys.length)
    return `omits key field ${JSON.stringify(first)} (and doesn't have default value)`;
  const all = `[${keys.map((key) => JSON.stringify(key)).join(' ')}]`;
  return `omits all key fields ${all} (and doesn't have default values for any key fields)`;
}

const numeric = 'numeric (int or float)';
const expectations: Readonly<Record<string, { fits: (value: Json) => boolean; name: string }>> = {
  object: { fits: isObject, name: 'map' },
  array: { fits: Array.isArray, name: 'list' },
  // Quantities are described as strings, and may be written as numbers.
  string: { fits: (value) => typeof value === 'string' || typeof value === 'number', name: 'string' },
  integer: { fits: (value) => typeof value === 'number', name: numeric },
  number: { fits: (value) => typeof value === 'number', name: numeric },
  boolean: { fits: (value) => typeof value === 'boolean', name: 'boolean' },
};

function mismatch(value: Json, { type = '' }: Schema): string | undefined {
  const expected = expectations[type];
  return expected && !expected.fits(value) ? expected.name : undefined;
}

/** How Go prints the value that did not fit; numbers are told by type only. */
function goValue(value: Json, expected: string): string {
  if (expected === numeric) return typeof value;
  if (isObject(value))
    return `&value.valueUnstructured{Value:map[string]interface {}${JSON.stringify(value)}}`;
  return expected === 'string'
    ? `&value.valueUnstructured{Value:${JSON.stringify(value)}}`
    : `&{${shown(value)}}`;
}
