/** From a request about a resource to the verb that answers it. */
import type { ServerResponse } from 'node:http';
import type { Api, Call } from '../api.ts';
import type { JsonObject } from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { render } from '../read/form.ts';
import { list, viewOf } from '../read/list.ts';
import { selection } from '../read/selectors.ts';
import { watch } from '../read/watch.ts';
import { methodNotAllowed, notFound, UnknownPath } from '../status.ts';
import { deleteOptions, deleteStored, deletionAnswer } from '../write/delete.ts';
import { decode } from '../write/decode.ts';
import { writeOptions } from '../write/options.ts';
import { patch } from '../write/patch.ts';
import { create, load, update, type Write } from '../write/persist.ts';
import { scale } from '../write/scale.ts';
import { review, isReview } from '../auth/reviews.ts';
import { podSubresource } from '../subresources/pods.ts';
import { token } from '../subresources/token.ts';
import { finalize } from '../subresources/finalize.ts';
import { mediaType, parseObject } from './body.ts';

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

/** Undefined when the response is written elsewhere: watches and logs are streams. */
export type Routed = Answer | undefined;

const ok = (body: JsonObject): Answer => ({ status: 200, body });

export function route(
  api: Api,
  call: Call,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Routed> | Routed {
  const { group, version, plural, subresource } = call.info;
  if (isReview(group, plural)) return { status: 201, body: review(api, call) };
  const kind = api.registry.find(group, version, plural);
  if (!kind) throw new UnknownPath();
  if (subresource === '') return main(api, kind, call, response, signal);
  return sub(api, kind, call, response, signal);
}

function main(api: Api, kind: Kind, call: Call, response: ServerResponse, signal: AbortSignal): Routed {
  const { verb } = call.info;
  if (kind.namespaced && call.info.namespace === '' && !['list', 'watch'].includes(verb))
    throw methodNotAllowed();
  switch (verb) {
    case 'get':
      return ok(render(viewOf(api, kind, call), existing(api, kind, call)));
    case 'list':
      return ok(list(api, kind, call));
    case 'watch':
      watch(api, kind, call, response, signal);
      return undefined;
    case 'create':
      return { status: 201, body: createObject(api, kind, call) };
    case 'update':
      return ok(updateObject(api, kind, call, ''));
    case 'patch':
      return patchObject(api, kind, call, '');
    case 'delete':
      return ok(deleteObject(api, kind, call));
    case 'deletecollection':
      return ok(deleteCollection(api, kind, call));
    default:
      throw methodNotAllowed();
  }
}

function sub(
  api: Api,
  kind: Kind,
  call: Call,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Routed> | Routed {
  const { subresource, verb } = call.info;
  if (subresource === 'status' && kind.hasStatus) return status(api, kind, call);
  if (subresource === 'scale' && kind.scale) {
    const options = writeOptions(call, verb === 'patch' ? 'PatchOptions' : 'UpdateOptions');
    return ok(scale({ api, call, kind, options, subresource }, kind.scale));
  }
  if (!kind.subresources.includes(subresource)) throw new UnknownPath();
  if (kind.plural === 'pods') return podSubresource(api, kind, call, response, signal);
  if (subresource === 'token') return { status: 201, body: token(api, call) };
  return ok(finalize(api, kind, call));
}

function status(api: Api, kind: Kind, call: Call): Routed {
  const { verb } = call.info;
  if (verb === 'get') return ok(render(viewOf(api, kind, call), existing(api, kind, call)));
  if (verb === 'update') return ok(updateObject(api, kind, call, 'status'));
  if (verb === 'patch') return patchObject(api, kind, call, 'status');
  throw methodNotAllowed();
}

export function existing(api: Api, kind: Kind, call: Call): ApiObject {
  const { name, namespace } = call.info;
  const found = load(api, kind, namespace, name);
  if (!found) throw notFound(kind, name);
  return found;
}

const bodyOf = (call: Call): JsonObject => parseObject(call.body, mediaType(call.contentType));

const answerWith = (write: Write, object: ApiObject): JsonObject =>
  render(viewOf(write.api, write.kind, write.call), object);

function createObject(api: Api, kind: Kind, call: Call): JsonObject {
  const options = writeOptions(call, 'CreateOptions');
  const write: Write = { api, kind, call, options, subresource: '' };
  return answerWith(write, create(write, decode(kind, bodyOf(call), call, options)));
}

function updateObject(api: Api, kind: Kind, call: Call, subresource: string): JsonObject {
  const options = writeOptions(call, 'UpdateOptions');
  const write: Write = { api, kind, call, options, subresource };
  const object = decode(kind, bodyOf(call), call, options);
  object.metadata.name ||= call.info.name;
  return answerWith(write, update(write, object, existing(api, kind, call)));
}

function patchObject(api: Api, kind: Kind, call: Call, subresource: string): Answer {
  const options = writeOptions(call, 'PatchOptions');
  const write: Write = { api, kind, call, options, subresource };
  const { object, created } = patch(write);
  return { status: created ? 201 : 200, body: answerWith(write, object) };
}

function storedOf(api: Api, kind: Kind, namespace: string, name: string): ApiObject {
  const stored = api.store.get(kind.storage, kind.namespaced ? namespace : undefined, name);
  if (!stored) throw notFound(kind, name);
  return stored;
}

function deleteObject(api: Api, kind: Kind, call: Call): JsonObject {
  const stored = storedOf(api, kind, call.info.namespace, call.info.name);
  return deletionAnswer(kind, deleteStored(api, kind, stored, deleteOptions(call)));
}

function deleteCollection(api: Api, kind: Kind, call: Call): JsonObject {
  const options = deleteOptions(call);
  const items = api.store.list(kind.storage, kind.namespaced ? call.info.namespace : undefined);
  const selected = items.filter(selection(kind.plural, call.info.query));
  for (const item of selected) deleteStored(api, kind, item, options);
  return list(api, kind, { ...call, info: { ...call.info, query: new URLSearchParams() } });
}
