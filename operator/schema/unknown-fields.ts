/** Fields a schema does not know: their paths for warnings and strict errors, and their removal. */
import { isObject, type Json, type JsonObject } from './json.ts';
import { anything, fieldSchema, keepsUnknown, type Resolve, type Schema } from './schema.ts';

const metadataSchema: Schema = { $ref: 'V1ObjectMeta' };
const typeFields = ['apiVersion', 'kind'];

/** The schema of a whole object: what its kind declares, already resolved, plus what every object has. */
export function objectSchema(schema: Schema): Schema {
  const { properties, ...rest } = schema;
  const text: Schema = { type: 'string' };
  return {
    ...rest,
    type: 'object',
    properties: { ...properties, apiVersion: text, kind: text, metadata: metadataSchema },
  };
}

/** Removes unknown fields in place and returns their paths in the form `spec.list[0].field`. */
export function prune(object: JsonObject, schema: Schema, resolve: Resolve, path = ''): string[] {
  const removed: string[] = [];
  for (const field of Object.keys(object)) {
    const here = path === '' ? field : `${path}.${field}`;
    const known = fieldSchema(schema, field) ?? embeddedField(schema, field);
    if (known) removed.push(...pruneValue(object[field], known, resolve, here));
    else if (!keepsUnknown(schema)) {
      Reflect.deleteProperty(object, field);
      removed.push(here);
    }
  }
  return removed;
}

function embeddedField(schema: Schema, field: string): Schema | undefined {
  if (!schema['x-kubernetes-embedded-resource']) return undefined;
  if (field === 'metadata') return metadataSchema;
  return typeFields.includes(field) ? anything : undefined;
}

function pruneValue(value: Json | undefined, declared: Schema, resolve: Resolve, path: string): string[] {
  const schema = resolve(declared);
  if (Array.isArray(value)) {
    const items = schema.items;
    return items ? value.flatMap((item, index) => pruneValue(item, items, resolve, `${path}[${index}]`)) : [];
  }
  return isObject(value) ? prune(value, schema, resolve, path) : [];
}
