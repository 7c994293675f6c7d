/**
 * A local copy of a kind that the cluster may not know, or not let us see: empty meanwhile, and no reason to wait. It is asked for
 * again when somebody misses it, so a cluster in which nobody does is never asked.
 *
 *   unknown --list--> served --404--> absent     --missed, at most once a minute--> list
 *                       |             forbidden
 *                       +----403------^
 */
import type { AppError } from '../../common/errors.ts';
import type { KubeObject, ObjectName } from './kube.ts';
import type { ObjectReader } from './object-cache.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';

export type Presence = 'unknown' | 'served' | 'absent' | 'forbidden';

export interface OptionalKindOptions<T extends KubeObject> extends ReflectorOptions<T> {
  /** The kind came or went. */
  readonly onPresence: () => void;
}

export const askAgainMs = 60_000;

export class OptionalKind<T extends KubeObject> implements ObjectReader<T> {
  readonly #options: OptionalKindOptions<T>;
  /** Resolves to true when it is known whether the kind is there, and all of it is; to false when stopped before. */
  readonly synced: Promise<boolean>;
  #resolveSynced!: (synced: boolean) => void;
  #reflector: Reflector<T>;
  #presence: Presence = 'unknown';
  #askedAt = 0;
  #isStopped = false;

  /** Starts at once. */
  constructor(options: OptionalKindOptions<T>) {
    this.#options = options;
    this.synced = new Promise((resolve) => (this.#resolveSynced = resolve));
    this.#reflector = this.#ask();
  }

  get presence(): Presence {
    return this.#presence;
  }

  get isSynced(): boolean {
    return this.#presence !== 'unknown';
  }

  /** A copy of what is not there is never old. */
  get ageMs(): number {
    return this.#presence === 'served' ? this.#reflector.ageMs : 0;
  }

  get size(): number {
    return this.#presence === 'served' ? this.#reflector.size : 0;
  }

  get(name: ObjectName): T | undefined {
    return this.#presence === 'served' ? this.#reflector.get(name) : undefined;
  }

  list(): readonly T[] {
    return this.#presence === 'served' ? this.#reflector.list() : [];
  }

  byIndex(index: string, value: string): readonly T[] {
    const found = this.#reflector.byIndex(index, value);
    return this.#presence === 'served' ? found : [];
  }

  /** Somebody wants the kind and did not find it: a watch may not have ended with it. */
  missed(): void {
    if (this.#isStopped || this.#presence === 'unknown') return;
    const nowMs = this.#options.clock.monotonic();
    if (this.#presence === 'served') {
      this.#askedAt = nowMs;
      this.#reflector.stop();
      this.#found('absent');
    } else if (nowMs - this.#askedAt >= askAgainMs) this.#reflector = this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    this.#reflector.stop();
    this.#resolveSynced(false);
  }

  #ask(): Reflector<T> {
    const { metrics } = this.#options;
    this.#askedAt = this.#options.clock.monotonic();
    const reflector: Reflector<T> = new Reflector({
      ...this.#options,
      metrics: {
        listed: (reason, objects) => metrics?.listed(reason, objects),
        corrected: (lost) => metrics?.corrected(lost),
        failed: (error) => {
          this.#failed(reflector, error);
        },
      },
    });
    void reflector.synced.then((isServed) => {
      if (isServed && reflector === this.#reflector) this.#found('served');
    });
    return reflector;
  }

  /** A kind that is not there is no failure; anything else is the reflector's to try again. */
  #failed(reflector: Reflector<T>, error: AppError): void {
    if (error.code !== 'not_found' && error.code !== 'forbidden') {
      this.#options.metrics?.failed(error);
      return;
    }
    reflector.stop();
    this.#found(error.code === 'forbidden' ? 'forbidden' : 'absent');
  }

  #found(presence: Presence): void {
    const before = this.#presence;
    this.#presence = presence;
    this.#resolveSynced(true);
    if (before !== presence && before !== 'unknown') this.#options.onPresence();
  }
}
