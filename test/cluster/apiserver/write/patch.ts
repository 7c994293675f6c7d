/** PATCH in its four forms. All but apply are an update of the patched object. */
import type { Call } from '../api.ts';
import { resolve } from '../schema/models.ts';
import { apply } from '../apply/apply.ts';
import { invalidValue } from '../../../../operator/schema/field-error.ts';
import { jsonValue, mediaType, requireObject, yamlValue } from '../http/body.ts';
import { copy, isObject, objectAt, type Json, type JsonObject } from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import { timestamp, type ApiObject } from '../../../../operator/schema/object.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic-merge.ts';
import { badRequest, invalid, notFound, unsupportedMediaType } from '../status.ts';
import { decode, normalise } from './decode.ts';
import { checkApplyOptions } from './options.ts';
import { create, load, update, type Write } from './persist.ts';
import { objectSchema } from '../../../../operator/schema/unknown-fields.ts';

const applyType = 'application/apply-patch+yaml';

export interface Patched {
  readonly object: ApiObject;
  readonly created: boolean;
}

export function patch(write: Write): Patched {
  const { call, api, kind } = write;
  const type = mediaType(call.contentType);
  checkApplyOptions(call, type === applyType);
  const old = load(api, kind, call.info.namespace, call.info.name);
  if (type === applyType) return applyPatch(write, old);
  checkPatchType(kind, type);
  if (!old) throw notFound(kind, call.info.name);
  const patched = patchedDocument(kind, old, call, type);
  return { object: update(write, decodePatched(write, patched), old), created: false };
}

function checkPatchType(kind: Kind, type: string): void {
  const strategic = kind.custom ? [] : ['application/strategic-merge-patch+json'];
  const types = ['application/json-patch+json', 'application/merge-patch+json', ...strategic, applyType];
  if (!types.includes(type)) throw unsupportedMediaType(types.join(', '));
}

export function patchedDocument(kind: Kind, old: JsonObject, { body }: Call, type: string): Json {
  const patch = jsonValue(body);
  if (type === 'application/json-patch+json') return jsonPatch(old, patch);
  if (type === 'application/merge-patch+json') return mergePatch(old, requireObject(patch));
  return strategicMerge(old, requireObject(patch), objectSchema(resolve(kind.schema))) ?? {};
}

/** A patch is written against what the client knew, so unknown fields are a fault of the patch. */
function decodePatched({ kind, call, options }: Write, document: Json): ApiObject {
  const object = copy(requireObject(document)) as ApiObject;
  if (!isObject(object['metadata'])) throw badRequest('metadata: Required value');
  checkIdentity(kind, object, call);
  const given = JSON.stringify(object);
  const faults = normalise(kind, object).map((field) => `unknown field ${JSON.stringify(field)}`);
  if (faults.length > 0 && options.fieldValidation === 'Strict') {
    throw invalid('', '', '', [invalidValue('patch', given, `strict decoding error: ${faults.join(', ')}`)]);
  }
  if (options.fieldValidation === 'Warn') call.warnings.push(...faults);
  return object;
}

function checkIdentity(kind: Kind, object: ApiObject, { info }: Call): void {
  if (object.kind !== kind.kind)
    throw badRequest(`the kind in the data (${object.kind}) does not match ${kind.kind}`);
  if (object.metadata.name !== info.name) {
    throw badRequest(
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${info.name})`,
    );
  }
}

function applyPatch(write: Write, old: ApiObject | undefined): Patched {
  const { api, call, kind, options, subresource } = write;
  const config = appliedConfig(write);
  if (!old && subresource !== '') throw notFound(kind, call.info.name);
  const author = { manager: options.fieldManager, subresource, time: timestamp(api.clock.now()) };
  const { object, managedFields } = apply(kind, old, config, author, options.force);
  const wish = copy(object as JsonObject) as ApiObject;
  delete wish.metadata.managedFields;
  normalise(kind, wish);
  const entry: Write = { ...write, ownership: () => managedFields };
  if (old) return { object: update(entry, withVersion(wish, config, old), old), created: false };
  delete wish.metadata.uid;
  return { object: create(entry, wish), created: true };
}

/** An apply is against whatever is there, unless it names a resourceVersion itself. */
function withVersion(wish: ApiObject, config: ApiObject, old: ApiObject): ApiObject {
  const resourceVersion = config.metadata.resourceVersion ?? old.metadata.resourceVersion;
  return { ...wish, metadata: { ...wish.metadata, ...(resourceVersion ? { resourceVersion } : {}) } };
}

/** The wish as it was written: neither pruned nor defaulted, so that only what it names is owned. */
function appliedConfig({ call, kind }: Write): ApiObject {
  const config = copy(requireObject(yamlValue(call.body)));
  if (objectAt(config, 'metadata')?.['managedFields'] !== undefined)
    throw badRequest('metadata.managedFields must be nil');
  if (config['kind'] === undefined || config['apiVersion'] === undefined)
    throw badRequest('invalid object type: /, Kind=');
  const { metadata } = decode(kind, config, { ...call, warnings: [] }, lenient);
  return {
    ...(config as ApiObject),
    metadata: { ...(config as ApiObject).metadata, name: metadata.name || call.info.name },
  };
}

const lenient = { dryRun: false, fieldManager: '', fieldValidation: 'Ignore', force: false } as const;
