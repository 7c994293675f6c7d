/**
 * A second API server behind the same address whose copy of the store is old until it has caught up. Writes are always true, because
 * both servers ask the same store; what is old besides the watches depends:
 *
 *   watches      it tells nothing new, and refuses watches from a time that it does not know yet
 *   lists        and lists are as old: what a server without consistent lists answers, and one that lists by resourceVersion=0
 *   everything   and single objects too: what no server should do, a store that reads from a follower
 */
import { leases } from '../../../operator/kube/resources.ts';
import type { KubeObject, Resource } from '../../../operator/kube/kube.ts';
import { keyOf } from '../../../operator/kube/object-cache.ts';
import type { RequestInfo } from '../../cluster/apiserver/http/request-info.ts';
import { selects } from '../../fakes/kube-selectors.ts';
import type { FakeKube } from '../../fakes/kube.ts';
import { infoOf, listed, queryOf, refusal, resourceOf } from './api-server.ts';
import type { HttpAnswer, HttpHandler } from './http.ts';

export type Old = 'watches' | 'lists' | 'everything';

interface Copy {
  readonly version: number;
  readonly old: Old;
}

export class Twin {
  readonly #kube: FakeKube;
  readonly #server: HttpHandler;
  /** Undefined when it is up to date. */
  #copy: Copy | undefined;
  #caughtUp: Promise<void> = Promise.resolve();
  #catchUp: () => void = () => undefined;

  constructor(kube: FakeKube, server: HttpHandler) {
    this.#kube = kube;
    this.#server = server;
  }

  /** From now on everybody is connected to the copy of that time. */
  freeze(version: number, old: Old): void {
    if (this.#copy) return;
    this.#copy = { version, old };
    this.#caughtUp = new Promise((resolve) => (this.#catchUp = resolve));
    this.#kube.breakWatches();
  }

  thaw(): void {
    this.#copy = undefined;
    this.#catchUp();
  }

  readonly handler: HttpHandler = async (request) => {
    const info = infoOf(request);
    const resource = resourceOf(info);
    const copy = this.#copy;
    if (!copy || !resource || resource.kind === leases.kind) return this.#server(request);
    if (info.verb !== 'watch') return this.#read(copy, resource, info) ?? this.#server(request);
    if (Number(info.query.get('resourceVersion')) > copy.version)
      return copy.old === 'watches' ? refusal(504, 'Timeout') : refusal(410, 'Expired');
    await this.#caughtUp;
    return this.#server(request);
  };

  /** The old answer, where it has one. */
  #read({ version, old }: Copy, resource: Resource, info: RequestInfo): HttpAnswer | undefined {
    const objects = () => objectsAt(this.#kube, resource, version);
    if (info.verb === 'list' && old !== 'watches') {
      const items = objects().filter((object) => selects(queryOf(info), object));
      return listed(resource, { items, resourceVersion: String(version) });
    }
    if (info.verb !== 'get' || old !== 'everything') return undefined;
    const found = objects().find((object) => keyOf(object.metadata) === keyOf(info));
    return found ? { status: 200, body: JSON.stringify(found) } : refusal(404, 'NotFound');
  }
}

/** All of a kind as they were. */
function objectsAt({ history }: FakeKube, { kind }: Resource, version: number): KubeObject[] {
  const objects = new Map<string, KubeObject>();
  for (const change of history) {
    if (change.kind !== kind || change.version > version) continue;
    const key = keyOf(change.object.metadata);
    if (change.after) objects.set(key, change.after);
    else objects.delete(key);
  }
  return [...objects.values()];
}
