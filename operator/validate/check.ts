/** One SchedulerCluster, judged as the API server judges a create or, given what stands there now, an update. */
import { customErrors, customKindOf } from '../schema/custom-resource.ts';
import { applySchemaDefaults } from '../schema/defaults.ts';
import type { FieldError } from '../schema/field-error.ts';
import { typeFault } from '../schema/go-types.ts';
import { copy, objectAt, objectsAt, stringAt, type JsonObject } from '../schema/json.ts';
import { customRules, metadataErrors, resolveMetadata, tidyMetadata } from '../schema/metadata.ts';
import type { ApiObject } from '../schema/object.ts';
import { objectSchema, prune } from '../schema/unknown-fields.ts';
import { definition } from './definition.ts';

const group = stringAt(definition, 'spec', 'group') ?? '';
const kind = stringAt(definition, 'spec', 'names', 'kind') ?? '';
const listKind = stringAt(definition, 'spec', 'names', 'listKind') ?? `${kind}List`;
const versions = new Map(
  objectsAt(definition, 'spec', 'versions').map((served) => [
    `${group}/${stringAt(served, 'name') ?? ''}`,
    customKindOf(served),
  ]),
);

/** Whether somebody meant to write one of ours, rightly or not. */
export const isOurs = ({ apiVersion, kind: said }: JsonObject): boolean =>
  said === kind || (typeof apiVersion === 'string' && apiVersion.startsWith(`${group}/`));

/** The members of a list of objects; undefined for what is no list. */
export function membersOf(document: JsonObject): JsonObject[] | undefined {
  const isList = document['kind'] === 'List' || document['kind'] === listKind;
  return isList ? objectsAt(document, 'items') : undefined;
}

/** Everything that the API server would refuse, in its words. Unknown fields do not hide the rest. */
export function check(document: JsonObject, old?: JsonObject): FieldError[] {
  const served = versions.get(stringAt(document, 'apiVersion') ?? '');
  if (document['kind'] !== kind || !served) return [noSuchKind(document)];
  const object = named(document);
  const fault = typeFault(object.metadata, resolveMetadata({ $ref: 'V1ObjectMeta' }), metadataPlace);
  if (fault !== undefined) return [{ field: 'metadata', reason: 'FieldValueTypeInvalid', message: fault }];
  tidyMetadata(object);
  const unknown = prune(object, objectSchema(served.schema), resolveMetadata);
  applySchemaDefaults(object, served.schema);
  const before = old && named(old);
  if (before) applySchemaDefaults(before, served.schema);
  // Status goes through a door of its own.
  if (before?.['status'] === undefined) Reflect.deleteProperty(object, 'status');
  else object['status'] = before['status'];
  return [
    ...unknown.map(unknownField),
    ...customErrors(served, object, before, metadataErrors(object, customRules)),
  ];
}

const metadataPlace = { struct: 'ObjectMeta', path: '', resolve: resolveMetadata };

/** A name that is to be generated counts as one. */
function named(document: JsonObject): ApiObject {
  const metadata = objectAt(document, 'metadata') ?? {};
  const generated = metadata['generateName'];
  const isGenerated = (metadata['name'] ?? '') === '' && typeof generated === 'string' && generated !== '';
  const name = isGenerated ? `${generated}xxxxx` : (metadata['name'] ?? '');
  return copy({ ...document, metadata: { ...metadata, name } }) as ApiObject;
}

const unknownField = (field: string): FieldError => ({
  field,
  reason: 'FieldValueInvalid',
  message: 'unknown field',
});

const noSuchKind = ({ apiVersion, kind: said }: JsonObject): FieldError => ({
  field: 'apiVersion',
  reason: 'FieldValueInvalid',
  message: `no matches for kind ${JSON.stringify(said ?? '')} in version ${JSON.stringify(apiVersion ?? '')}; there is ${kind} in ${[...versions.keys()].join(', ')}`,
});

/** What tells one object from another within a version of its kind. */
export const addressOf = (document: JsonObject): string =>
  [stringAt(document, 'metadata', 'namespace') ?? '', stringAt(document, 'metadata', 'name') ?? ''].join('/');
