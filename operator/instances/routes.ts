/**
 * Has the instances of each cluster try the routes between them: one try at a time for a cluster, soon while something is
 * not known, else about once a minute. The cluster is reconciled only when its status would change.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../common/clock.ts';
import {
  among,
  nextTry,
  nothingKnown,
  routesSeen,
  withTry,
  type Member,
  type RoutesKnown,
  type RoutesSeen,
  type Tried,
} from '../decide/routes.ts';
import type { AdminClient } from './admin-client.ts';

export interface RoutesOptions {
  readonly client: Pick<AdminClient, 'probe'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Asks for a look at a cluster. */
  readonly wake: (key: string) => void;
  /** Told of each try, for metrics. */
  readonly observe?: ((key: string, tried: Tried) => void) | undefined;
}

interface Cluster {
  members: readonly Member[];
  token: string;
  known: RoutesKnown;
  readonly stop: AbortController;
  /** Ends the pause before the next try. */
  nudge: () => void;
}

export class Routes {
  readonly #options: RoutesOptions;
  readonly #clusters = new Map<string, Cluster>();

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** Undefined when nobody tries the routes of this cluster. */
  seen(key: string): RoutesSeen | undefined {
    const cluster = this.#clusters.get(key);
    return cluster && routesSeen(cluster.members, cluster.known);
  }

  /**
   * @param members those that are ready, in order
   * @param uids of all pods of the cluster
   */
  follow(key: string, members: readonly Member[], uids: ReadonlySet<string>, token: string): void {
    const cluster = this.#clusters.get(key);
    if (!cluster) {
      this.#begin(key, { members, token, known: nothingKnown });
      return;
    }
    const hasChanged = !isDeepStrictEqual(cluster.members, members);
    cluster.known = among(cluster.known, uids, members);
    if (hasChanged) cluster.known = { ...cluster.known, withinMs: 0 };
    Object.assign(cluster, { members, token });
    if (hasChanged) cluster.nudge();
  }

  forget(key: string): void {
    this.#clusters.get(key)?.stop.abort();
    this.#clusters.delete(key);
  }

  #begin(key: string, start: Pick<Cluster, 'members' | 'token' | 'known'>): void {
    const cluster: Cluster = { ...start, stop: new AbortController(), nudge: () => undefined };
    this.#clusters.set(key, cluster);
    void this.#keepTrying(key, cluster);
  }

  async #keepTrying(key: string, cluster: Cluster): Promise<void> {
    const { signal } = cluster.stop;
    while (!signal.aborted) {
      const next = nextTry(cluster.members, cluster.known);
      if (await this.#nudged(cluster, next?.inMs ?? idleMs)) continue;
      if (next && !isStopped(signal)) await this.#try(key, cluster, next.route);
    }
  }

  /** Waits; true when the members changed meanwhile. */
  async #nudged(cluster: Cluster, forMs: number): Promise<boolean> {
    const { clock, random } = this.#options;
    const pause = new AbortController();
    cluster.nudge = () => {
      pause.abort();
    };
    const pauseMs = forMs * (0.8 + 0.4 * random.next());
    await clock.sleep(pauseMs, AbortSignal.any([cluster.stop.signal, pause.signal]));
    return pause.signal.aborted;
  }

  async #try(key: string, cluster: Cluster, route: { from: Member; to: Member }): Promise<void> {
    const { client, wake, observe } = this.#options;
    const { from, to } = route;
    const tried = await client.probe(from.address, cluster.token, to.instanceId);
    if (isStopped(cluster.stop.signal)) return;
    observe?.(key, tried);
    const isStill = (member: Member) => cluster.members.some(({ uid }) => uid === member.uid);
    // Whoever left meanwhile explains the failure.
    if (!isStill(from) || !isStill(to)) return;
    const before = routesSeen(cluster.members, cluster.known);
    cluster.known = withTry(cluster.known, route, tried);
    if (!isDeepStrictEqual(before, routesSeen(cluster.members, cluster.known))) wake(key);
  }
}

/** With nobody to try, only a change ends the pause. */
const idleMs = 3_600_000;

/** The signal may have aborted during an await, which the compiler does not know. */
const isStopped = (signal: AbortSignal): boolean => signal.aborted;
