/**
 * In which order a session hears its answers: by utterance index, with a bounded hold. Every utterance that was
 * submitted is answered sooner or later, if only by a failure, so an answer waits for lower indexes that are open. An
 * index that was skipped is waited for until the hold ends, and then declared missing.
 *
 * Of a session that was taken over only those utterances are known that have no answer yet, or none that was
 * acknowledged. They are waited for as ever, but what lies between them is not missing: most of it was answered before.
 *
 * Deterministic: time is a parameter, in milliseconds of one monotonic clock.
 */

export interface Answered<Answer> {
  readonly index: number;
  /** Sequence number in the outbox; 0 for an answer that never stood there. */
  readonly seq: number;
  readonly answer: Answer;
}

export type Release<Answer> =
  | { readonly kind: 'answer'; readonly answered: Answered<Answer> }
  | { readonly kind: 'missing'; readonly index: number };

interface Held<Answer> extends Answered<Answer> {
  readonly sinceMs: number;
  readonly restored: boolean;
}

/** A wider gap is a client that counts anew, not utterances on their way. */
const gapMax = 100;

export class DeliveryOrder<Answer> {
  readonly #holdMs: number;
  /** How many open utterances each index has; rooms and careless clients use one twice. */
  readonly #open = new Map<number, number>();
  /** The same of those that were submitted before the session was taken over. */
  readonly #restored = new Map<number, number>();
  /** Those that were restored and answered here, at `#next` or above: never missing, and nobody waits for them. */
  readonly #restoredAndOver = new Set<number>();
  /** Answers that wait, by index and then by sequence. */
  readonly #held: Held<Answer>[] = [];
  /** Every index below is over with. Undefined until the first release: the lowest index known then starts the count. */
  #next: number | undefined;
  /** Restored utterances up to here hold nobody up any more. */
  #passed = -1;

  /** @param holdMs how long an answer waits for lower indexes at most */
  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** An utterance was submitted: its answer will come. */
  submitted(index: number): void {
    add(this.#open, index);
  }

  /** An utterance was submitted before the session was taken over, and its answer will come, or come again. */
  restored(index: number): void {
    add(this.#restored, index);
  }

  /** The utterance turned out to be one that was submitted before: no answer of its own will come. */
  withdrawn(index: number): void {
    remove(this.#open, index);
  }

  answered(answered: Answered<Answer>, nowMs: number): void {
    const restored = remove(this.#restored, answered.index);
    if (!restored) remove(this.#open, answered.index);
    const at = this.#held.findIndex((held) => isBefore(answered, held));
    const place = at === -1 ? this.#held.length : at;
    this.#held.splice(place, 0, { ...answered, sinceMs: nowMs, restored });
  }

  /** What may be sent now, in order. Each is over with when it is taken; what is not taken stays. */
  *release(nowMs: number): Generator<Release<Answer>, void> {
    for (let [head] = this.#held; head && (this.#isNext(head) || this.#mustGo(nowMs)); [head] = this.#held) {
      yield* this.#gapBelow(head);
      this.#pass(head);
      this.#held.shift();
      yield { kind: 'answer', answered: head };
    }
  }

  /** When `release` must be called again although nothing happens; undefined when nothing waits. */
  wakeAtMs(): number | undefined {
    if (this.#held.length === 0) return undefined;
    return Math.min(...this.#held.map((held) => held.sinceMs)) + this.#holdMs;
  }

  /** The lowest sequence number that still waits here; the outbox must keep it. */
  lowestHeldSeq(): number | undefined {
    if (this.#held.length === 0) return undefined;
    const seqs = this.#held.filter((held) => held.seq > 0).map((held) => held.seq);
    return seqs.length === 0 ? undefined : Math.min(...seqs);
  }

  /** One that has waited as long as it may goes, and all before it. */
  #mustGo(nowMs: number): boolean {
    return this.#held.some(({ sinceMs }) => nowMs - sinceMs >= this.#holdMs);
  }

  #isNext({ index, restored }: Held<Answer>): boolean {
    const isLower = (open: number) => open < index && open > this.#passed;
    if (some(this.#restored, isLower)) return false;
    if (!restored) return index <= this.#nextIndex();
    return !some(this.#open, (open) => open < index && open >= this.#nextIndex());
  }

  #gapBelow({ index, restored }: Held<Answer>): Release<Answer>[] {
    const from = this.#nextIndex();
    if (restored || index - from > gapMax) return [];
    const missing: Release<Answer>[] = [];
    for (let gap = from; gap < index; gap++) {
      if (!this.#isExpected(gap) && !this.#restoredAndOver.has(gap))
        missing.push({ kind: 'missing', index: gap });
    }
    return missing;
  }

  #pass({ index, restored }: Held<Answer>): void {
    this.#passed = Math.max(this.#passed, index);
    if (restored) this.#restoredAndOver.add(index);
    else this.#next = Math.max(this.#nextIndex(), this.#open.has(index) ? index : index + 1);
    this.#skipRestored();
  }

  #skipRestored(): void {
    if (this.#next === undefined) return;
    while (this.#restoredAndOver.has(this.#next) && !this.#isExpected(this.#next)) this.#next++;
    for (const index of this.#restoredAndOver) if (index < this.#next) this.#restoredAndOver.delete(index);
  }

  #isExpected(index: number): boolean {
    return this.#open.has(index) || this.#restored.has(index);
  }

  /** Restored utterances do not start the count: what lies between them and the first new one is not missing. */
  #nextIndex(): number {
    if (this.#next !== undefined) return this.#next;
    let lowest = Number.POSITIVE_INFINITY;
    for (const index of this.#open.keys()) lowest = Math.min(lowest, index);
    for (const { index, restored } of this.#held) if (!restored) lowest = Math.min(lowest, index);
    return lowest;
  }
}

const isBefore = (a: Answered<unknown>, b: Answered<unknown>): boolean =>
  a.index < b.index || (a.index === b.index && a.seq < b.seq);

const add = (counts: Map<number, number>, index: number): void => {
  counts.set(index, (counts.get(index) ?? 0) + 1);
};

/** Whether there was one. */
function remove(counts: Map<number, number>, index: number): boolean {
  const count = counts.get(index);
  if (count === undefined) return false;
  if (count > 1) counts.set(index, count - 1);
  else counts.delete(index);
  return true;
}

function some(counts: ReadonlyMap<number, number>, holds: (index: number) => boolean): boolean {
  for (const index of counts.keys()) if (holds(index)) return true;
  return false;
}
