/**
 * In which order a session hears its answers: by utterance index, with a bounded hold. Every utterance that was
 * submitted is answered sooner or later, if only by a failure, so an answer waits for lower indexes that are open. An
 * index that was skipped is waited for until the hold ends, and then declared missing.
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
}

/** A wider gap is a client that counts anew, not utterances on their way. */
const gapMax = 100;

export class DeliveryOrder<Answer> {
  readonly #holdMs: number;
  /** How many open utterances each index has; rooms and careless clients use one twice. */
  readonly #open = new Map<number, number>();
  /** Answers that wait, by index and then by sequence. */
  readonly #held: Held<Answer>[] = [];
  /** Every index below is over with. Undefined until the first utterance, whose index starts the count. */
  #next: number | undefined;
  #released = false;

  /** @param holdMs how long an answer waits for lower indexes at most */
  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** An utterance was submitted: its answer will come. */
  submitted(index: number): void {
    this.#open.set(index, (this.#open.get(index) ?? 0) + 1);
    if (this.#next === undefined || (!this.#released && index < this.#next)) this.#next = index;
  }

  /** The utterance turned out to be one that was submitted before: no answer of its own will come. */
  withdrawn(index: number): void {
    this.#close(index);
  }

  answered(answered: Answered<Answer>, nowMs: number): void {
    this.#close(answered.index);
    const at = this.#held.findIndex((held) => isBefore(answered, held));
    this.#held.splice(at === -1 ? this.#held.length : at, 0, { ...answered, sinceMs: nowMs });
  }

  /** What may be sent now, in order. */
  release(nowMs: number): Release<Answer>[] {
    const released: Release<Answer>[] = [];
    const due = this.#held.findLastIndex((held) => nowMs - held.sinceMs >= this.#holdMs);
    for (let place = 0; this.#held[0]; place++) {
      const [head] = this.#held;
      if (place > due && !this.#isNext(head.index)) break;
      released.push(...this.#gapBelow(head.index), { kind: 'answer', answered: head });
      this.#held.shift();
      this.#passed(head.index);
    }
    return released;
  }

  /** When `release` must be called again although nothing happens; undefined when nothing waits. */
  wakeAtMs(): number | undefined {
    const since = this.#held.map((held) => held.sinceMs);
    return since.length === 0 ? undefined : Math.min(...since) + this.#holdMs;
  }

  /** The lowest sequence number that still waits here; the outbox must keep it. */
  lowestHeldSeq(): number | undefined {
    const seqs = this.#held.filter((held) => held.seq > 0).map((held) => held.seq);
    return seqs.length === 0 ? undefined : Math.min(...seqs);
  }

  #isNext(index: number): boolean {
    return index <= (this.#next ?? index);
  }

  #close(index: number): void {
    const left = (this.#open.get(index) ?? 0) - 1;
    if (left > 0) this.#open.set(index, left);
    else this.#open.delete(index);
  }

  #gapBelow(index: number): Release<Answer>[] {
    const from = this.#next ?? index;
    if (index - from > gapMax) return [];
    const missing: Release<Answer>[] = [];
    for (let gap = from; gap < index; gap++) {
      if (!this.#open.has(gap)) missing.push({ kind: 'missing', index: gap });
    }
    return missing;
  }

  #passed(index: number): void {
    this.#released = true;
    const over = this.#open.has(index) ? index : index + 1;
    this.#next = Math.max(this.#next ?? 0, over);
  }
}

const isBefore = (a: Answered<unknown>, b: Answered<unknown>): boolean =>
  a.index < b.index || (a.index === b.index && a.seq < b.seq);
