/** From a body to an object of the asked kind: identity checked, unknown fields reported or refused, defaults filled. */
import type { Call } from '../api.ts';
import { applySchemaDefaults } from '../../../../operator/schema/defaults.ts';
import { invalidValue } from '../../../../operator/schema/field-error.ts';
import { copy, isObject, shown, stringAt, type JsonObject } from '../../../../operator/schema/json.ts';
import { groupVersion, type Kind } from '../kinds/kind.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { resolve } from '../schema/models.ts';
import { badRequest, invalid } from '../status.ts';
import { tidyMetadata } from '../../../../operator/schema/metadata.ts';
import { typeFault } from '../../../../operator/schema/go-types.ts';
import type { WriteOptions } from './options.ts';
import { objectSchema, prune } from '../../../../operator/schema/unknown-fields.ts';

/** Throws 400 for a wrong kind or type, and under Strict for unknown fields. Nothing of `body` is kept or changed. */
export function decode(kind: Kind, body: JsonObject, call: Call, options: WriteOptions): ApiObject {
  const object = identified(kind, body);
  checkAddress(object, call);
  const unknown = normalise(kind, object);
  const faults = unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (faults.length > 0 && options.fieldValidation === 'Strict') {
    throw badRequest(`${cannotHandle(kind)}: strict decoding error: ${faults.join(', ')}`);
  }
  if (options.fieldValidation === 'Warn') call.warnings.push(...faults);
  return object;
}

const cannotHandle = ({ kind, version }: Kind): string =>
  `${kind} in version "${version}" cannot be handled as a ${kind}`;

function identified(kind: Kind, body: JsonObject): ApiObject {
  const absent = kind.custom ? '' : undefined;
  const apiVersion = body['apiVersion'] ?? absent ?? groupVersion(kind);
  const name = body['kind'] ?? absent ?? kind.kind;
  if (name === '') throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(body)}'`);
  if (apiVersion !== groupVersion(kind)) {
    const detail = `does not match the expected API version (${groupVersion(kind)})`;
    throw badRequest(`the API version in the data (${shown(apiVersion)}) ${detail}`);
  }
  const metadata = isObject(body['metadata']) ? { name: '', ...body['metadata'] } : { name: '' };
  if (name !== kind.kind) throw wrongKind(kind, shown(name), stringAt(metadata, 'name') ?? '');
  return copy({ ...body, apiVersion, kind: name, metadata });
}

function wrongKind(kind: Kind, name: string, objectName: string): Error {
  if (kind.custom)
    return invalid(kind.group, name, objectName, [invalidValue('kind', name, `must be ${kind.kind}`)]);
  return badRequest(`${name} in version "${kind.version}" cannot be handled as a ${kind.kind}`);
}

/** The URL decides; an object that says otherwise is a mistake. */
function checkAddress({ metadata }: ApiObject, { info }: Call): void {
  if (
    info.namespace &&
    metadata.namespace &&
    metadata.namespace !== info.namespace &&
    info.plural !== 'namespaces'
  ) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  }
  if (info.name && info.verb !== 'create' && metadata.name && metadata.name !== info.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`,
    );
  }
}

/**
 * Brings an object into the form the server works with, in place: typed, pruned and defaulted. Returns the paths of the
 * fields that were unknown.
 */
export function normalise(kind: Kind, object: ApiObject): string[] {
  const schema = objectSchema(resolve(kind.schema));
  const metaPath = kind.custom ? '' : 'metadata';
  const metaFault = typeFault(object.metadata, resolve({ $ref: 'V1ObjectMeta' }), {
    struct: 'ObjectMeta',
    path: metaPath,
    resolve,
  });
  const fault =
    metaFault ??
    (kind.custom ? undefined : typeFault(object, schema, { struct: kind.kind, path: '', resolve }));
  if (fault) throw badRequest(`${cannotHandle(kind)}: ${fault}`);
  tidyMetadata(object);
  const unknown = prune(object, schema, resolve);
  setDefaults(kind, object);
  return unknown;
}

export function setDefaults(kind: Kind, object: ApiObject): void {
  if (kind.custom) applySchemaDefaults(object, kind.schema);
  kind.strategy.setDefaults?.(object);
}
