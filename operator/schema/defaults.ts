/** Defaults written in a structural schema, filled where a field is absent. */
import { copy, isObject, type Json, type JsonObject } from './json.ts';
import type { Schema } from './schema.ts';

export function applySchemaDefaults(value: Json | undefined, schema: Schema): void {
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items)
      value.forEach((item) => {
        applySchemaDefaults(item, items);
      });
  } else if (isObject(value)) fillObject(value, schema);
}

function fillObject(object: JsonObject, schema: Schema): void {
  for (const [field, declared] of Object.entries(schema.properties ?? {})) {
    dropNull(object, field, declared);
    if (object[field] === undefined && declared.default !== undefined) object[field] = copy(declared.default);
    applySchemaDefaults(object[field], declared);
  }
  const rest = schema.additionalProperties;
  if (typeof rest !== 'object') return;
  for (const field of Object.keys(object)) {
    if (Object.hasOwn(schema.properties ?? {}, field)) continue;
    dropNull(object, field, rest);
    applySchemaDefaults(object[field], rest);
  }
}

/** Null where it is not allowed means absent, and gives way to the default. */
function dropNull(object: JsonObject, field: string, declared: Schema): void {
  if (object[field] === null && declared.nullable !== true) Reflect.deleteProperty(object, field);
}
