/** Lists: selected, paged and consistent. A page token names a revision, so pages are all of one moment. */
import type { Api, Call } from '../api.ts';
import {
  copy,
  isObject,
  numberAt,
  stringAt,
  type Json,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { badRequest, expired } from '../status.ts';
import { fromStorage } from '../write/persist.ts';
import { formOf, renderList, type ListMeta, type View } from './form.ts';
import { askedRevision, checkListOptions, notInFuture, tooOld } from './resource-version.ts';
import { hasSelectors, selection } from './selectors.ts';

export const viewOf = ({ clock }: Api, kind: Kind, { accept, info }: Call): View => ({
  kind,
  form: formOf(accept),
  now: clock.now(),
  includeObject: info.query.get('includeObject') ?? 'Metadata',
});

interface Page {
  readonly revision: number;
  /** The last key already given, in the order of the store. */
  readonly after: string;
}

export function list(api: Api, kind: Kind, call: Call): JsonObject {
  const { query, namespace } = call.info;
  checkListOptions(query, false);
  const page = pageOf(query.get('continue') ?? '');
  const revision = page?.revision ?? exactRevision(api, query);
  const all = objectsAtRevision(api, kind, namespace, revision, page !== undefined);
  const selected = all.map((object) => fromStorage(kind, object)).filter(selection(kind.plural, query));
  const { items, next, remaining } = cut(selected, page, limitOf(query));
  const at = revision ?? api.store.revision;
  const metadata: ListMeta = {
    resourceVersion: String(at),
    ...(next === undefined ? {} : { continue: tokenOf({ revision: at, after: next }) }),
    ...(remaining > 0 && !hasSelectors(query) ? { remainingItemCount: remaining } : {}),
  };
  return renderList(viewOf(api, kind, call), items, metadata);
}

/** Only an exact match goes back in time; everything else may be answered with the present. */
function exactRevision({ store }: Api, query: URLSearchParams): number | undefined {
  const asked = askedRevision(query);
  notInFuture(asked, store.revision);
  if (asked === undefined || asked === 0) return undefined;
  const match = query.get('resourceVersionMatch') ?? '';
  const isExact = match === 'Exact' || (match === '' && limitOf(query) > 0);
  return isExact ? asked : undefined;
}

function objectsAtRevision(
  { store }: Api,
  kind: Kind,
  namespace: string,
  revision: number | undefined,
  isNextPage: boolean,
): ApiObject[] {
  const scope = kind.namespaced && namespace !== '' ? namespace : undefined;
  if (revision === undefined) return store.list(kind.storage, scope);
  const found = store.listAt(kind.storage, revision, scope);
  if (found) return found;
  if (!isNextPage) throw tooOld(revision, store.compacted);
  throw expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
  );
}

const limitOf = (query: URLSearchParams): number => Math.max(0, Number(query.get('limit') ?? 0) || 0);

const keyOf = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

function cut(
  objects: readonly ApiObject[],
  page: Page | undefined,
  limit: number,
): { items: ApiObject[]; next: string | undefined; remaining: number } {
  const rest = page ? objects.filter((object) => keyOf(object) > page.after) : [...objects];
  if (limit === 0 || rest.length <= limit) return { items: rest, next: undefined, remaining: 0 };
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, next: last && keyOf(last), remaining: rest.length - limit };
}

const tokenOf = ({ revision, after }: Page): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString('base64url');

function pageOf(token: string): Page | undefined {
  if (token === '') return undefined;
  const decoded = parsed(token);
  const revision = numberAt(decoded, 'rv');
  const after = stringAt(decoded, 'start');
  if (revision === undefined || after === undefined) throw badRequest('continue key is not valid');
  return { revision, after };
}

function parsed(token: string): Json | undefined {
  try {
    const value = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Json;
    return isObject(value) ? copy(value) : undefined;
  } catch {
    return undefined;
  }
}
