/**
 * Where streamed audio is cut into utterances: where the client says so, where it paused, and where the buffer is full.
 * Deterministic: time is a parameter, in milliseconds of one monotonic clock.
 */

export interface SegmentationLimits {
  /** Silence that ends an utterance; 0: only the client's word does. */
  readonly pauseMs: number;
  /** What one utterance may hold; more begins the next. */
  readonly maxBytes: number;
}

/** `send`: the client said so. `pause`: nothing came for a while. `limit`: the buffer was full. */
export type CutReason = 'send' | 'pause' | 'limit';

export interface Segment<Part> {
  readonly reason: CutReason;
  readonly parts: readonly Part[];
}

export class Segmentation<Part extends { readonly length: number }> {
  readonly #limits: SegmentationLimits;
  #parts: Part[] = [];
  #bytes = 0;
  #lastMs = 0;

  constructor(limits: SegmentationLimits) {
    this.#limits = limits;
  }

  /** The next chunk. Returns what is complete now, in order: at most what lay here before, and what the chunk ends. */
  chunk(part: Part | undefined, isFinal: boolean, nowMs: number): Segment<Part>[] {
    const { maxBytes } = this.#limits;
    const complete = this.paused(nowMs);
    if (part && part.length > 0) {
      if (this.#bytes + part.length > maxBytes) complete.push(...this.#cut('limit'));
      this.#parts.push(part);
      this.#bytes += part.length;
      this.#lastMs = nowMs;
    }
    if (isFinal) complete.push(...this.#cut('send'));
    return complete;
  }

  /** What a pause has ended by now. */
  paused(nowMs: number): Segment<Part>[] {
    const dueMs = this.pauseAtMs();
    return dueMs !== undefined && nowMs >= dueMs ? this.#cut('pause') : [];
  }

  /** When `paused` must be asked again though no chunk comes; undefined when nothing waits for that. */
  pauseAtMs(): number | undefined {
    const { pauseMs } = this.#limits;
    return this.#parts.length === 0 || pauseMs === 0 ? undefined : this.#lastMs + pauseMs;
  }

  /** An empty buffer is no utterance. */
  #cut(reason: CutReason): Segment<Part>[] {
    if (this.#parts.length === 0) return [];
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    return [{ reason, parts }];
  }
}
