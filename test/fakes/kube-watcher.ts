/** One open watch: events that wait to be read, or a reader that waits for an event. */
import type { KubeObject, ListQuery, WatchEvent } from '../../operator/kube/kube.ts';
import { selects } from './kube-selectors.ts';
import { wire } from './wire.ts';

/** What happened to one object. */
export interface Change {
  readonly version: number;
  readonly kind: string;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
  readonly object: KubeObject;
}

export class Watcher {
  readonly kind: string;
  readonly #query: ListQuery;
  readonly #signal: AbortSignal;
  readonly #events: WatchEvent<KubeObject>[] = [];
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(kind: string, query: ListQuery, signal: AbortSignal) {
    this.kind = kind;
    this.#query = query;
    this.#signal = signal;
    signal.addEventListener('abort', () => {
      this.#wake();
    });
  }

  /** An object that leaves the selection is DELETED for this watch, one that enters it is ADDED. */
  see({ kind, before, after, object }: Change): void {
    if (kind !== this.kind) return;
    const was = before !== undefined && selects(this.#query, before);
    const is = after !== undefined && selects(this.#query, after);
    if (!was && !is) return;
    this.offer({ type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', object: wire(object) });
  }

  offer(event: WatchEvent<KubeObject>): void {
    this.#events.push(event);
    this.#wake();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#wake();
  }

  async next(): Promise<WatchEvent<KubeObject> | undefined> {
    for (;;) {
      if (this.#signal.aborted) return undefined;
      const event = this.#events.shift();
      if (event) return event;
      if (this.#error) throw this.#error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
