/**
 * Schemas of the built-in kinds, read from the field metadata that the client library ships for its own serialiser. Each
 * model is a small module of its own and is loaded only when something of that kind is first written or explained.
 */
import { createRequire } from 'node:module';
import { isAtomicModel, keyDefault, listSemantics, structSemantics } from './merge-keys.ts';
import { anything, type Schema } from '../../../../operator/schema/schema.ts';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

const require = createRequire(import.meta.url);
const loaded = new Map<string, Schema>();

/** Fields that may hold a number or a word, and ones that hold whole documents. */
const special: Readonly<Record<string, Schema>> = {
  any: anything,
  object: anything,
  RawExtension: anything,
  IntOrString: { 'x-kubernetes-int-or-string': true },
  V1MicroTime: { type: 'string', format: 'micro-time' },
  Date: { type: 'string', format: 'date-time' },
  string: { type: 'string' },
  boolean: { type: 'boolean' },
};

/** The schema behind a reference; any other schema as it is. */
export function resolve(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...here } = schema;
  const model = modelSchema($ref);
  return Object.keys(here).length === 0 ? model : { ...model, ...here };
}

export const modelModulePath = (name: string): string =>
  require.resolve(`@kubernetes/client-node/dist/gen/models/${name}.js`);

export function modelSchema(name: string): Schema {
  const known = loaded.get(name);
  if (known) return known;
  const schema = buildModel(name);
  loaded.set(name, schema);
  return schema;
}

function buildModel(name: string): Schema {
  if (name === 'V1JSONSchemaProps') return { type: 'object', ...anything };
  const module = require(modelModulePath(name)) as Record<string, { attributeTypeMap?: Attribute[] }>;
  const attributes = module[name]?.attributeTypeMap ?? [];
  const properties: Record<string, Schema> = {};
  for (const attribute of attributes) {
    const { baseName } = attribute;
    properties[baseName] = { ...fieldOf(name, baseName, attribute), ...keyDefault(name, baseName) };
  }
  return {
    type: 'object',
    properties,
    ...(isAtomicModel(name) ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  };
}

function fieldOf(model: string, field: string, { type, format }: Attribute): Schema {
  if (model === 'V1ObjectMeta' && field === 'managedFields') return { type: 'array', items: anything };
  const item = /^Array<(.*)>$/.exec(type)?.[1] ?? /^Set<(.*)>$/.exec(type)?.[1];
  if (item !== undefined) {
    return {
      type: 'array',
      items: fieldOf(model, '', { baseName: '', type: item, format }),
      ...listSemantics(model, field),
    };
  }
  const value = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (value !== undefined) {
    const additionalProperties = fieldOf(model, '', { baseName: '', type: value, format });
    return { type: 'object', additionalProperties, ...structSemantics(model, field, '') };
  }
  if (type === 'number') return number(format);
  if (type === 'string' && format === 'byte') return { type: 'string', format };
  return special[type] ?? { $ref: type, ...structSemantics(model, field, type) };
}

const number = (format: string): Schema =>
  format.startsWith('int') ? { type: 'integer', format } : { type: 'number', ...(format ? { format } : {}) };
