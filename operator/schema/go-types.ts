/**
 * Built-in kinds are decoded into typed structs, so a value of the wrong type is a 400 before any validation. Null means
 * absent there, and is taken out; times are written in one form.
 */
import { isObject, type Json, type JsonObject } from './json.ts';
import { timestamp } from './object.ts';
import { fieldSchema, type Resolve, type Schema } from './schema.ts';

/** Where a value stands: the innermost struct, and the path from the root without list indexes and map keys. */
interface Place {
  readonly resolve: Resolve;
  readonly struct: string;
  readonly path: string;
}

/** The first value that does not fit its field's type, in the decoder's words. Changes nulls and times in place. */
export function typeFault(object: JsonObject, schema: Schema, place: Place): string | undefined {
  const { path } = place;
  for (const [field, value] of Object.entries(object)) {
    const declared = fieldSchema(schema, field);
    if (value === null && schema.properties) Reflect.deleteProperty(object, field);
    if (!declared || value === undefined || value === null) continue;
    const here = schema.properties ? [path, field].filter((part) => part !== '').join('.') : path;
    const fault = timeFault(object, field, declared) ?? valueFault(value, declared, { ...place, path: here });
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const fractionless = '2006-01-02T15:04:05Z07:00';
const withMicros = '2006-01-02T15:04:05.000000Z07:00';
const timeForm = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Times are kept in UTC: whole seconds for Time, exactly six digits, which a client must also write, for MicroTime. */
function timeFault(object: JsonObject, field: string, { format }: Schema): string | undefined {
  const text = object[field];
  if ((format !== 'date-time' && format !== 'micro-time') || typeof text !== 'string') return undefined;
  const isMicro = format === 'micro-time';
  const [, whole = '', fraction = '', zone = ''] = timeForm.exec(text) ?? [];
  const ms = Date.parse(`${whole}${zone}`);
  if (isMicro && fraction.length !== 7)
    return `parsing time ${JSON.stringify(text)} as "${withMicros}": cannot parse "${fraction}${zone}" as ".000000"`;
  if (Number.isNaN(ms))
    return `parsing time ${JSON.stringify(text)} as "${fractionless}": cannot parse ${JSON.stringify(text)} as "2006"`;
  const seconds = timestamp(ms);
  object[field] = isMicro ? seconds.replace('Z', `${fraction}Z`) : seconds;
  return undefined;
}

function valueFault(value: Json, declared: Schema, place: Place): string | undefined {
  const { struct, path, resolve } = place;
  const schema = resolve(declared);
  const expected = struct === 'OwnerReference' && path.endsWith('.uid') ? 'types.UID' : goType(schema);
  if (expected !== undefined && !fits(value, schema, path)) {
    return `json: cannot unmarshal ${jsonType(value)} into Go struct field ${struct}.${path} of type ${expected}`;
  }
  const inner = declared.$ref === undefined ? struct : goName(declared.$ref);
  if (isObject(value)) return typeFault(value, schema, { ...place, struct: inner });
  const { items } = schema;
  if (!Array.isArray(value) || !items) return undefined;
  for (const item of value) {
    const fault = item === null ? undefined : valueFault(item, items, place);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const goName = (model: string): string => model.replace(/^([A-Z][a-z]+)?V\d+/, '');

/** Quantities are described as strings, and may be written as numbers. */
const quantityField = /(^|\.)(limits|requests|capacity|allocatable|sizeLimit|divisor)$/;

function fits(value: Json, schema: Schema, path: string): boolean {
  switch (schema.type) {
    case 'integer':
      return Number.isInteger(value);
    case 'string':
      return typeof value === 'string' || (typeof value === 'number' && quantityField.test(path));
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case undefined:
      return true;
    default:
      return typeof value === schema.type;
  }
}

const goScalars: Readonly<Record<string, string>> = { number: 'float64', boolean: 'bool', string: 'string' };

function goType(schema: Schema): string | undefined {
  const { type, format, items, properties } = schema;
  if (type === 'integer') return format ?? 'int64';
  if (type === 'object') return properties ? 'struct' : 'map[string]string';
  if (type === 'array')
    return `[]${items?.$ref === undefined ? (items?.type ?? 'any') : `v1.${goName(items.$ref)}`}`;
  return type === undefined ? undefined : goScalars[type];
}

function jsonType(value: Json): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  if (typeof value === 'boolean') return 'bool';
  return Array.isArray(value) ? 'array' : typeof value;
}
