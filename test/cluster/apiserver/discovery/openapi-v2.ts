/**
 * OpenAPI v2 in protobuf, the only form in which clients ask for it. kubectl checks a `v1` List by it before it sends the
 * objects one by one. It is the definitions of all v3 documents and nothing about paths.
 */
import {
  objectAt,
  objectsAt,
  stringAt,
  stringsAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { Registry } from '../kinds/registry.ts';
import { booleanField, bytesField } from '../protobuf/wire.ts';
import { openApiDocument, openApiIndex } from './openapi.ts';
import { version } from './version.ts';

/** What clients ask for, and what it is called in the answer: `@` may not stand in a media type. */
export const openApiV2Asked = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
export const openApiV2Type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** Numbers of the fields in the messages of gnostic's OpenAPIv2.proto. */
const document = { swagger: 1, info: 2, paths: 8, definitions: 9 } as const;
const info = { title: 1, version: 2 } as const;
const named = { name: 1, value: 2 } as const;
const anyValue = { yaml: 2 } as const;
const schema = {
  ref: 1,
  format: 2,
  description: 4,
  required: 19,
  additionalProperties: 21,
  type: 22,
  items: 23,
  properties: 25,
  vendorExtension: 31,
} as const;
/** Messages that hold nothing but a list, or one of two things. */
const [first, second] = [1, 2] as const;

export function openApiV2(registry: Registry): Buffer {
  const schemas = allSchemas(registry);
  return Buffer.concat([
    bytesField(document.swagger, '2.0'),
    bytesField(
      document.info,
      Buffer.concat([bytesField(info.title, 'Kubernetes'), bytesField(info.version, version.gitVersion)]),
    ),
    bytesField(document.paths, ''),
    bytesField(document.definitions, namedSchemas(schemas)),
  ]);
}

function allSchemas(registry: Registry): JsonObject {
  const roots = Object.keys(objectAt(openApiIndex(registry), 'paths') ?? {});
  const schemas = roots.map((root) => objectAt(openApiDocument(registry, root), 'components', 'schemas'));
  return Object.fromEntries(schemas.flatMap((one) => Object.entries(one ?? {})));
}

const namedSchemas = (schemas: JsonObject): Buffer =>
  Buffer.concat(
    Object.entries(schemas).map(([name, value]) =>
      bytesField(first, namedMessage(name, schemaMessage(value as JsonObject))),
    ),
  );

const namedMessage = (name: string, value: Buffer): Buffer =>
  Buffer.concat([bytesField(named.name, name), bytesField(named.value, value)]);

function schemaMessage(value: JsonObject): Buffer {
  const said = [described(value), kinds(value)];
  const reference = stringAt(objectsAt(value, 'allOf')[0], '$ref') ?? stringAt(value, '$ref');
  if (reference !== undefined) said.push(bytesField(schema.ref, definition(reference)));
  else if (!isAnything(value)) said.push(shape(value));
  return Buffer.concat(said);
}

const definition = (reference: string): string =>
  reference.replace('#/components/schemas/', '#/definitions/');

/** v2 has no word for "a number or a word", nor for fields that are kept unread: such a value is not described. */
const isAnything = (value: JsonObject): boolean =>
  value['x-kubernetes-int-or-string'] === true || value['x-kubernetes-preserve-unknown-fields'] === true;

function shape(value: JsonObject): Buffer {
  const [type, format] = [stringAt(value, 'type'), stringAt(value, 'format')];
  const [items, properties] = [objectAt(value, 'items'), objectAt(value, 'properties')];
  return Buffer.concat([
    ...(type === undefined ? [] : [bytesField(schema.type, bytesField(first, type))]),
    ...(format === undefined ? [] : [bytesField(schema.format, format)]),
    ...stringsAt(value, 'required').map((name) => bytesField(schema.required, name)),
    ...(items ? [bytesField(schema.items, bytesField(first, schemaMessage(items)))] : []),
    ...(properties ? [bytesField(schema.properties, namedSchemas(properties))] : []),
    additional(value),
  ]);
}

function additional(value: JsonObject): Buffer {
  const { additionalProperties } = value;
  if (typeof additionalProperties === 'boolean')
    return bytesField(schema.additionalProperties, booleanField(second, additionalProperties));
  const values = objectAt(value, 'additionalProperties');
  return values
    ? bytesField(schema.additionalProperties, bytesField(first, schemaMessage(values)))
    : Buffer.alloc(0);
}

function described(value: JsonObject): Buffer {
  const description = stringAt(value, 'description');
  return description === undefined ? Buffer.alloc(0) : bytesField(schema.description, description);
}

/** Which kinds a definition is of; JSON is YAML. */
function kinds(value: JsonObject): Buffer {
  const name = 'x-kubernetes-group-version-kind';
  if (!value[name]) return Buffer.alloc(0);
  const yaml = bytesField(anyValue.yaml, JSON.stringify(value[name]));
  return bytesField(schema.vendorExtension, namedMessage(name, yaml));
}
