/** Watches: the changes after a revision, as one JSON document per line, until either side ends it. */
import type { ServerResponse } from 'node:http';
import type { Api, Call } from '../api.ts';
import type { JsonObject } from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import { groupVersion } from '../kinds/kind.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import type { Change } from '../storage/store.ts';
import { fromStorage } from '../write/persist.ts';
import { render, type View } from './form.ts';
import { viewOf } from './list.ts';
import { askedRevision, checkListOptions, notInFuture, tooOld } from './resource-version.ts';
import { selection, type Predicate } from './selectors.ts';

/** Often enough to keep a client's position fresh, seldom enough to cost nothing. */
const bookmarkEveryMs = 30_000;
const defaultTimeoutSeconds = 1_800;
/** A client that does not read is cut off; it resumes from its last resourceVersion. */
const bufferMaxBytes = 32 * 1024 * 1024;

interface Watch {
  readonly api: Api;
  readonly kind: Kind;
  readonly view: View;
  readonly wanted: Predicate;
  readonly namespace: string;
  readonly bookmarks: boolean;
  /** Returns false once the stream is over. */
  readonly send: (type: string, object: JsonObject) => void;
  isFirst: boolean;
}

/** Answers on `response` until the client leaves, time is up or `signal` aborts. Throws before the first byte only. */
export function watch(api: Api, kind: Kind, call: Call, response: ServerResponse, signal: AbortSignal): void {
  const { query, namespace } = call.info;
  checkListOptions(query, true);
  const from = askedRevision(query);
  notInFuture(from, api.store.revision);
  const stream = openStream(response, kind);
  const watching: Watch = {
    api,
    kind,
    view: viewOf(api, kind, call),
    wanted: selection(kind.plural, query),
    namespace: kind.namespaced ? namespace : '',
    bookmarks: query.get('allowWatchBookmarks') === 'true',
    send: stream.send,
    isFirst: true,
  };
  stream.open();
  if (start(watching, from, query.get('sendInitialEvents'))) follow(watching, query, response, signal);
  else response.end();
}

interface Stream {
  readonly open: () => void;
  readonly send: (type: string, object: JsonObject) => void;
}

function openStream(response: ServerResponse, kind: Kind): Stream {
  return {
    open() {
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
      response.flushHeaders();
    },
    send(type, object) {
      response.write(`${JSON.stringify({ type, object: { apiVersion: groupVersion(kind), ...object } })}\n`);
      if (response.writableLength > bufferMaxBytes) response.destroy();
    },
  };
}

/** Tells what was before the watch began. False when that is forgotten, and the client must list again. */
function start(watching: Watch, from: number | undefined, sendInitial: string | null): boolean {
  const { api, kind } = watching;
  const wantsState = sendInitial === null ? from === undefined || from === 0 : sendInitial === 'true';
  if (wantsState) {
    sendState(watching);
    if (sendInitial === 'true') sendInitialEnd(watching);
    return true;
  }
  const missed = api.store.since(kind.storage, from ?? api.store.revision);
  if (!missed) {
    watching.send('ERROR', tooOld(from ?? 0, api.store.compacted).status);
    return false;
  }
  for (const change of missed) tell(watching, change);
  return true;
}

function sendState(watching: Watch): void {
  const { api, kind, namespace } = watching;
  for (const stored of api.store.list(kind.storage, namespace === '' ? undefined : namespace)) {
    const object = fromStorage(kind, stored);
    if (watching.wanted(object)) emit(watching, 'ADDED', object);
  }
}

function sendInitialEnd(watching: Watch): void {
  if (watching.bookmarks) sendBookmark(watching, { 'k8s.io/initial-events-end': 'true' });
}

function follow(
  watching: Watch,
  query: URLSearchParams,
  response: ServerResponse,
  signal: AbortSignal,
): void {
  const { api, kind, bookmarks } = watching;
  const seconds = Number(query.get('timeoutSeconds') ?? 0) || defaultTimeoutSeconds;
  const stopAll = (): void => {
    for (const stop of stops) stop();
  };
  const end = (): void => {
    // It closes only when the reader has read all; nothing may be written until then.
    stopAll();
    response.end();
  };
  const stops = [
    api.store.subscribe(kind.storage, (change) => {
      tell(watching, change);
    }),
    api.clock.after(seconds * 1000, end),
    bookmarks
      ? every(api, bookmarkEveryMs, () => {
          sendBookmark(watching);
        })
      : () => undefined,
  ];
  signal.addEventListener('abort', end, { once: true });
  response.on('close', () => {
    signal.removeEventListener('abort', end);
    stopAll();
  });
}

function every({ clock }: Api, ms: number, action: () => void): () => void {
  let stop = clock.after(ms, tick);
  function tick(): void {
    stop = clock.after(ms, tick);
    action();
  }
  return () => {
    stop();
  };
}

/** An object that comes into or leaves the selection is added or deleted for this watcher. */
function tell(watching: Watch, { type, object, previous }: Change): void {
  const { kind, wanted, namespace } = watching;
  if (namespace !== '' && object.metadata.namespace !== namespace) return;
  const now = fromStorage(kind, object);
  const was = previous !== undefined && wanted(fromStorage(kind, previous));
  const is = type !== 'DELETED' && wanted(now);
  if (is) emit(watching, was ? 'MODIFIED' : 'ADDED', now);
  else if (was) emit(watching, 'DELETED', type === 'DELETED' ? now : lastSeen(kind, object, previous));
}

/** What a watcher knew of an object that left its selection, at the revision of the leaving. */
function lastSeen(kind: Kind, object: ApiObject, previous: ApiObject): ApiObject {
  const resourceVersion = object.metadata.resourceVersion ?? '';
  return fromStorage(kind, { ...previous, metadata: { ...previous.metadata, resourceVersion } });
}

function emit(watching: Watch, type: string, object: ApiObject): void {
  const shown = render({ ...watching.view, now: watching.api.clock.now() }, object);
  // Only the first table of a watch carries the column headers.
  watching.send(
    type,
    watching.view.form === 'table' && !watching.isFirst ? { ...shown, columnDefinitions: null } : shown,
  );
  watching.isFirst = false;
}

function sendBookmark({ api, kind, view, send }: Watch, annotations?: Record<string, string>): void {
  const meta = {
    resourceVersion: String(api.store.revision),
    creationTimestamp: null,
    ...(annotations ? { annotations } : {}),
  };
  const identity = { apiVersion: groupVersion(kind), kind: kind.kind };
  if (view.form === 'object') send('BOOKMARK', { ...identity, metadata: meta });
  else
    send(
      'BOOKMARK',
      render({ ...view, includeObject: 'Metadata' }, { ...identity, metadata: { name: '', ...meta } }),
    );
}
