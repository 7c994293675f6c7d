/**
 * A local copy of one kind, kept true by a list and the watch that follows it.
 *
 *   list --> cache --> watch from the list's resourceVersion --> cache ... until the watch ends or breaks
 *    ^                   |  it ended, or the connection broke: watch again from where it was
 *    +-------------------+  it expired, was refused, or it is time again: list
 *
 * Whoever listens is told keys with the objects before and after, in order, and must only note them down.
 */
import type { Logger } from 'pino';
import { backoffMs } from '../../common/backoff.ts';
import type { Clock, Random } from '../../common/clock.ts';
import { AppError, toAppError } from '../../common/errors.ts';
import type { Kube, KubeObject, ListQuery, ObjectName, Resource, WatchEvent } from './kube.ts';
import { isOlder } from './resource-version.ts';
import {
  keyOf,
  ObjectCache,
  withoutManagedFields,
  type IndexFunction,
  type ObjectReader,
} from './object-cache.ts';

export interface ReflectorOptions<T extends KubeObject> {
  readonly kube: Pick<Kube, 'list' | 'watch'>;
  readonly resource: Resource<T>;
  readonly query: ListQuery;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  /** Drops what nobody reads before an object is kept; must not change what it was given. */
  readonly transform?: (object: T) => T;
  /** Called after the cache changed; only `before` for a deletion, only `after` for a new object. */
  readonly onChange?: (key: string, before: T | undefined, after: T | undefined) => void;
  /** How often everything is listed anew, whatever the watch says. Default 10 minutes. */
  readonly relistMs?: number;
  readonly metrics?: ReflectorMetrics;
}

export interface ReflectorMetrics {
  listed(reason: ListReason, objects: number): void;
  /** `lost` objects were found gone by a list though no watch event told it. */
  corrected(lost: number): void;
  failed(error: AppError): void;
}

export type ListReason = 'first' | 'expired' | 'refused' | 'periodic';

const retryDelay = { baseMs: 500, capMs: 30_000 };

/** A server that lags catches up within seconds. */
const believedAfterMs = 60_000;

/** A watch that ends sooner made no progress, so the next one waits; a server ends its watches after minutes. */
const shortWatchMs = 1_000;

export class Reflector<T extends KubeObject> implements ObjectReader<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #cache: ObjectCache<T>;
  readonly #stopped = new AbortController();
  /** Resolves to true after the first complete list, to false when stopped before. */
  readonly synced: Promise<boolean>;
  #resolveSynced!: (synced: boolean) => void;
  /** Why the next round begins with a list; undefined when it can watch from `#resourceVersion`. */
  #listReason: ListReason | undefined = 'first';
  #resourceVersion = '';
  /** Since when lists are older than what is known. */
  #olderSince: number | undefined;
  #watching: AbortController | undefined;
  #failures = 0;
  #heardAt: number;
  #relistAt: number;
  #isSynced = false;

  /** Starts at once. */
  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#cache = new ObjectCache(options.indexes);
    this.#heardAt = this.#relistAt = options.clock.monotonic();
    this.synced = new Promise((resolve) => (this.#resolveSynced = resolve));
    void this.#run();
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Milliseconds since the server was last heard by a list, an event or a bookmark: how old the copy may be. */
  get ageMs(): number {
    return this.#options.clock.monotonic() - this.#heardAt;
  }

  get size(): number {
    return this.#cache.size;
  }

  get(name: ObjectName): T | undefined {
    return this.#cache.get(name);
  }

  list(): readonly T[] {
    return this.#cache.list();
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#cache.byIndex(index, value);
  }

  /** Ends the watch. From now on the copy does not change and nobody is told anything; it stays readable. */
  stop(): void {
    this.#stopped.abort();
    this.#watching?.abort();
    this.#resolveSynced(false);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped()) {
      try {
        if (this.#listReason !== undefined) await this.#list(this.#listReason);
        const startedAt = this.#options.clock.monotonic();
        await this.#watch();
        if (this.#options.clock.monotonic() - startedAt < shortWatchMs) await this.#pause();
        else this.#failures = 0;
      } catch (caught) {
        this.#noteFailure(toAppError(caught));
        await this.#pause();
      }
    }
  }

  async #list(reason: ListReason): Promise<void> {
    const { kube, resource, query, metrics, clock, random, relistMs = 600_000 } = this.#options;
    const { items, resourceVersion } = await kube.list(resource, query);
    if (this.#isStopped()) return;
    this.#refuseOlder(resourceVersion);
    metrics?.listed(reason, items.length);
    this.#replace(items);
    this.#resourceVersion = resourceVersion;
    this.#listReason = undefined;
    this.#heardAt = clock.monotonic();
    this.#relistAt = this.#heardAt + relistMs * (0.9 + 0.2 * random.next());
    this.#isSynced = true;
    this.#resolveSynced(true);
  }

  /**
   * A list from a copy that is late would take back what is known already. One that stays older is believed: the server may have
   * been restored from a backup.
   */
  #refuseOlder(resourceVersion: string): void {
    const now = this.#options.clock.monotonic();
    if (!isOlder(resourceVersion, this.#resourceVersion)) this.#olderSince = undefined;
    else this.#olderSince ??= now;
    if (this.#olderSince === undefined || now - this.#olderSince >= believedAfterMs) return;
    throw new AppError('unavailable', 'the list is older than what is known already', {
      facts: { listed: resourceVersion, known: this.#resourceVersion },
    });
  }

  /** Takes a list for the truth: what it does not name was deleted while nobody watched. */
  #replace(items: readonly T[]): void {
    const listed = new Set(items.map(({ metadata }) => keyOf(metadata)));
    const lost = this.#cache.keys().filter((key) => !listed.has(key));
    if (lost.length > 0) this.#options.metrics?.corrected(lost.length);
    for (const key of lost) this.#remove(key);
    for (const item of items) this.#put(item);
  }

  /** Follows the changes until the watch ends, it expires, or it is time to list. Throws when it breaks. */
  async #watch(): Promise<void> {
    const { kube, resource, query, clock } = this.#options;
    if (this.#isStopped()) return;
    const watching = (this.#watching = new AbortController());
    const cancelRelist = clock.after(Math.max(0, this.#relistAt - clock.monotonic()), () => {
      this.#listReason = 'periodic';
      watching.abort();
    });
    const from = { ...query, resourceVersion: this.#resourceVersion };
    try {
      for await (const event of kube.watch(resource, from, watching.signal)) {
        if (watching.signal.aborted) return;
        if (!this.#take(event)) return;
      }
    } finally {
      cancelRelist();
    }
  }

  /** Returns false when the watch is of no more use. */
  #take(event: WatchEvent<T>): boolean {
    if (event.type === 'EXPIRED') {
      this.#listReason = 'expired';
      return false;
    }
    this.#heardAt = this.#options.clock.monotonic();
    this.#failures = 0;
    if (event.type === 'BOOKMARK') {
      this.#resourceVersion = event.resourceVersion || this.#resourceVersion;
      return true;
    }
    if (event.type === 'DELETED') this.#remove(keyOf(event.object.metadata));
    else this.#put(event.object);
    this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion;
    return true;
  }

  #put(object: T): void {
    const { transform } = this.#options;
    const trimmed = withoutManagedFields(object);
    const after = transform ? transform(trimmed) : trimmed;
    const key = keyOf(after.metadata);
    const before = this.#cache.set(key, after);
    if (!before || !sameVersion(before, after)) this.#tell(key, before, after);
  }

  #remove(key: string): void {
    const before = this.#cache.delete(key);
    if (before) this.#tell(key, before, undefined);
  }

  #tell(key: string, before: T | undefined, after: T | undefined): void {
    const { onChange, log, resource } = this.#options;
    try {
      onChange?.(key, before, after);
    } catch (error) {
      log.error({ kind: resource.kind, key, err: error }, 'change handler failed');
    }
  }

  /** A broken connection resumes where it was; any other refusal makes the next round begin with a list. */
  #noteFailure(error: AppError): void {
    if (this.#isStopped()) return;
    const { log, metrics, resource } = this.#options;
    const resumable = error.code === 'unavailable' || error.code === 'timeout';
    if (!resumable) this.#listReason ??= 'refused';
    metrics?.failed(error);
    log.warn({ kind: resource.kind, failures: this.#failures + 1, err: error }, 'list or watch failed');
  }

  async #pause(): Promise<void> {
    this.#failures++;
    const { clock, random } = this.#options;
    await clock.sleep(backoffMs(this.#failures, random.next(), retryDelay), this.#stopped.signal);
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }
}

const sameVersion = (a: KubeObject, b: KubeObject): boolean =>
  a.metadata.resourceVersion !== undefined &&
  a.metadata.resourceVersion === b.metadata.resourceVersion &&
  a.metadata.uid === b.metadata.uid;
