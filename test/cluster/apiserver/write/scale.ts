/** The scale subresource: one number and a selector, read from and written to the paths the kind declares. */
import type { Call } from '../api.ts';
import { mediaType, parseObject } from '../http/body.ts';
import { invalidValue, required } from '../../../../operator/schema/field-error.ts';
import {
  at,
  numberAt,
  objectAt,
  setAt,
  stringAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { ScalePaths } from '../../../../operator/schema/custom-resource.ts';
import type { Kind } from '../kinds/kind.ts';
import { copyObject, type ApiObject } from '../../../../operator/schema/object.ts';
import { selectorText } from '../read/columns.ts';
import { conflict, invalid, notFound } from '../status.ts';
import { load, update, type Write } from './persist.ts';
import { patchedDocument } from './patch.ts';

function scaleOf(paths: ScalePaths, object: ApiObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector
    ? (stringAt(object, ...paths.selector) ?? '')
    : selectorText(at(object, 'spec', 'selector'));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      uid: uid ?? '',
      resourceVersion: resourceVersion ?? '',
      creationTimestamp: creationTimestamp ?? null,
    },
    spec: { replicas: numberAt(object, ...paths.specReplicas) ?? 0 },
    status: { replicas: numberAt(object, ...paths.statusReplicas) ?? 0, ...(selector ? { selector } : {}) },
  };
}

/** GET, PUT and PATCH of `…/scale`. Answers with the new Scale. */
export function scale(write: Write, paths: ScalePaths): JsonObject {
  const { api, kind, call } = write;
  const { name, namespace, verb } = call.info;
  const old = load(api, kind, namespace, name);
  if (!old) throw notFound(kind, name);
  const current = scaleOf(paths, old);
  if (verb === 'get') return current;
  const wanted =
    verb === 'update' ? parseObject(call.body, mediaType(call.contentType)) : patchedScale(current, call);
  return scaleOf(paths, withReplicas(write, old, wanted, paths));
}

const scaleKind = { custom: true, schema: {} } as unknown as Kind;

const patchedScale = (current: JsonObject, call: Call): JsonObject =>
  patchedDocument(scaleKind, current, call, mediaType(call.contentType)) as JsonObject;

function withReplicas(write: Write, old: ApiObject, wanted: JsonObject, paths: ScalePaths): ApiObject {
  const { kind } = write;
  const { name } = old.metadata;
  const version = stringAt(objectAt(wanted, 'metadata'), 'resourceVersion');
  if (version && version !== old.metadata.resourceVersion) throw conflict(kind, name);
  const replicas = numberAt(wanted, 'spec', 'replicas') ?? 0;
  if (!kind.custom && replicas < 0) {
    throw invalid('autoscaling', 'Scale', name, [
      invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
  }
  if (objectAt(old, ...paths.specReplicas.slice(0, -1)) === undefined) {
    throw invalid(kind.group, kind.kind, name, [required(paths.specReplicas.join('.'))]);
  }
  const object = copyObject(old);
  setAt(object, paths.specReplicas, replicas);
  return update({ ...write, subresource: 'scale' }, object, old);
}
