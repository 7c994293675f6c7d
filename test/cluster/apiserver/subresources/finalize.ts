/** `namespaces/…/finalize`: where the namespace controller says that nothing is left inside. */
import type { Api, Call } from '../api.ts';
import { mediaType, parseObject } from '../http/body.ts';
import { listAt, objectAt, type JsonObject } from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import { copyObject } from '../../../../operator/schema/object.ts';
import { methodNotAllowed, notFound } from '../status.ts';
import { isFinished } from '../write/persist.ts';

export function finalize(api: Api, kind: Kind, call: Call): JsonObject {
  if (call.info.verb !== 'update') throw methodNotAllowed();
  const stored = api.store.get(kind.storage, undefined, call.info.name);
  if (!stored) throw notFound(kind, call.info.name);
  const wanted = parseObject(call.body, mediaType(call.contentType));
  const next = copyObject(stored);
  const finalizers = listAt(wanted, 'spec', 'finalizers');
  next['spec'] = { ...objectAt(next, 'spec'), finalizers };
  if (finalizers.length === 0) next['spec'] = {};
  const result = isFinished(kind, next)
    ? api.store.remove(kind.storage, next)
    : api.store.put(kind.storage, next);
  return result;
}
