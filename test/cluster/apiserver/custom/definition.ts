/** CustomResourceDefinitions: defaults, the most common mistakes, and the kinds that follow from one. */
import { resolve } from '../schema/models.ts';
import { invalidValue, required, type FieldError } from '../../../../operator/schema/field-error.ts';
import {
  equal,
  fill,
  listAt,
  objectAt,
  objectsAt,
  stringAt,
  stringsAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { Kind, Strategy } from '../kinds/kind.ts';
import { copyObject, timestamp, type ApiObject } from '../../../../operator/schema/object.ts';
import { printerColumns } from '../read/printer-columns.ts';
import type { Schema } from '../../../../operator/schema/schema.ts';
import { customKindOf } from '../../../../operator/schema/custom-resource.ts';
import { objectSchema, prune } from '../../../../operator/schema/unknown-fields.ts';
import { compile } from '../../../../operator/schema/cel.ts';
import { applySchemaDefaults } from '../../../../operator/schema/defaults.ts';
import { structuralErrors } from './structural.ts';

const allVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

export const definitionStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(definition) {
    const names = objectAt(definition, 'spec', 'names') ?? {};
    const kind = stringAt(names, 'kind') ?? '';
    fill(names, 'singular', kind.toLowerCase());
    fill(names, 'listKind', `${kind}List`);
    const spec = objectAt(definition, 'spec');
    if (spec) fill(spec, 'conversion', { strategy: 'None' });
  },
  prepareForCreate(definition) {
    definition['status'] = {
      conditions: [],
      acceptedNames: { kind: '', plural: '' },
      storedVersions: storedVersions(definition),
    };
  },
  validate: definitionErrors,
  validateUpdate: immutableErrors,
};

const versionsOf = (definition: ApiObject): JsonObject[] => objectsAt(definition, 'spec', 'versions');

const storedVersions = (definition: ApiObject): string[] =>
  versionsOf(definition)
    .filter((version) => version['storage'] === true)
    .map((version) => stringAt(version, 'name') ?? '');

function definitionErrors(definition: ApiObject): FieldError[] {
  const group = stringAt(definition, 'spec', 'group') ?? '';
  const plural = stringAt(definition, 'spec', 'names', 'plural') ?? '';
  const expected = `${plural}.${group}`;
  const versions = versionsOf(definition);
  const wrongName = definition.metadata.name !== expected;
  return [
    ...(wrongName
      ? [invalidValue('metadata.name', definition.metadata.name, `must be spec.names.plural+"."+spec.group`)]
      : []),
    ...(storedVersions(definition).length === 1
      ? []
      : [invalidValue('spec.versions', null, 'must have exactly one version marked as storage version')]),
    ...(stringAt(definition, 'spec', 'scope') ? [] : [required('spec.scope')]),
    ...versions.flatMap((version, index) => versionErrors(version, index, versions.length)),
  ];
}

/** A single version's schema is reported under `spec.validation`, where it stood in older versions of the API. */
function versionErrors(version: JsonObject, index: number, count: number): FieldError[] {
  const path =
    count === 1 ? 'spec.validation.openAPIV3Schema' : `spec.versions[${index}].schema.openAPIV3Schema`;
  const schema = objectAt(version, 'schema', 'openAPIV3Schema');
  if (!schema) return [required(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required')];
  return structuralErrors(schema, path, compile);
}

function immutableErrors(definition: ApiObject, old: ApiObject): FieldError[] {
  const fixed = [
    ['spec', 'group'],
    ['spec', 'scope'],
    ['spec', 'names', 'kind'],
    ['spec', 'names', 'plural'],
  ];
  return fixed
    .filter((path) => !equal(stringAt(definition, ...path), stringAt(old, ...path)))
    .map((path) => invalidValue(path.join('.'), stringAt(definition, ...path), 'field is immutable'));
}

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** The definition with its names accepted and its kinds served. */
export function established(definition: ApiObject, nowMs: number): ApiObject {
  const next = copyObject(definition);
  const finalizers = next.metadata.finalizers ?? [];
  if (!finalizers.includes(cleanupFinalizer)) next.metadata.finalizers = [...finalizers, cleanupFinalizer];
  const known = new Set([...stringsAt(next, 'status', 'storedVersions'), ...storedVersions(next)]);
  next['status'] = {
    ...objectAt(next, 'status'),
    conditions: withEstablished(listAt(next, 'status', 'conditions').length > 0, next, timestamp(nowMs)),
    acceptedNames: objectAt(next, 'spec', 'names') ?? {},
    storedVersions: [...known],
  };
  return next;
}

function withEstablished(alreadyThere: boolean, definition: ApiObject, time: string): JsonObject[] {
  if (alreadyThere) return objectsAt(definition, 'status', 'conditions');
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    lastTransitionTime: time,
    reason,
    message,
  });
  return [
    condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
    condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
  ];
}

/** One kind per served version; all versions are stored alike. */
export function kindsOf(definition: ApiObject): Kind[] {
  return versionsOf(definition)
    .filter((version) => version['served'] === true)
    .map((version) => kindOf(definition, version));
}

function kindOf(definition: ApiObject, version: JsonObject): Kind {
  const names = objectAt(definition, 'spec', 'names') ?? {};
  const group = stringAt(definition, 'spec', 'group') ?? '';
  const plural = stringAt(names, 'plural') ?? '';
  const hasStatus = objectAt(version, 'subresources', 'status') !== undefined;
  const apiVersion = `${group}/${stringAt(version, 'name') ?? ''}`;
  const { schema, scale } = customKindOf(version);
  return {
    group,
    version: stringAt(version, 'name') ?? '',
    kind: stringAt(names, 'kind') ?? '',
    listKind: stringAt(names, 'listKind') ?? '',
    plural,
    singular: stringAt(names, 'singular') ?? '',
    shortNames: stringsAt(names, 'shortNames'),
    categories: stringsAt(names, 'categories'),
    namespaced: stringAt(definition, 'spec', 'scope') === 'Namespaced',
    verbs: allVerbs,
    hasStatus,
    hasGeneration: true,
    ...(scale ? { scale } : {}),
    subresources: [],
    schema,
    columns: printerColumns(objectsAt(version, 'additionalPrinterColumns')),
    strategy: { nameCheck: 'subdomain' },
    custom: true,
    storage: `${group}/${plural}`,
    fromStorage: reader(schema, apiVersion),
  };
}

/**
 * Objects may have been written under another version or an older schema: they are shown pruned and defaulted by this
 * one. Stored objects never change, so each is brought into form once.
 */
function reader(schema: Schema, apiVersion: string): (stored: ApiObject) => ApiObject {
  const shown = new WeakMap<ApiObject, ApiObject>();
  const whole = objectSchema(schema);
  return (stored) => {
    const known = shown.get(stored);
    if (known) return known;
    const object: ApiObject = { ...copyObject(stored), apiVersion };
    prune(object, whole, resolve);
    applySchemaDefaults(object, schema);
    shown.set(stored, object);
    return object;
  };
}
