/** Instances whose jobs wait for a slot here. All are called when one frees: the first to come gets it, the others ask again. */
import type { Post } from '../fleet/post.ts';

export class CapacityCallers {
  readonly #post: Post;
  readonly #instanceId: string;
  readonly #waiting = new Set<string>();

  constructor(post: Post, instanceId: string) {
    this.#post = post;
    this.#instanceId = instanceId;
  }

  add(instanceId: string): void {
    this.#waiting.add(instanceId);
  }

  call(nodeId: string): void {
    for (const waiting of this.#waiting) {
      void this.#post.send(waiting, { type: 'capacity', node_id: nodeId, from: this.#instanceId });
    }
    this.#waiting.clear();
  }
}
